"""Who is under a tag at the API: its contacts read back, by pages or one by one, whichever is fewer calls."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from migma_nb.api.connection import Connection
from migma_nb.api.reads import MOST_PAGES, PAGE, Read, items_of, read
from migma_nb.api.resources import Contact, TagInfo
from migma_nb.planning.addresses import identity
from migma_nb.sending.import_requests import Office


@dataclass(slots=True)
class Members:
    """Who was found under a tag.

    Args:
        found: each person of the list to the contact that the API holds.
        others: how many people who are not in the list were met under the tag.
        whole: whether everybody was read, so that who is not found is not under the tag.
        all_read: whether the tag's other members were read too, so that `others` is their number.
        trouble: why not everybody was read, "" where they were.
        reads: how many calls it took.
    """

    found: dict[str, Contact] = field(default_factory=dict)
    others: int = 0
    whole: bool = False
    all_read: bool = False
    trouble: str = ""
    reads: int = 0


async def read_members(
    office: Office, connection: Connection, tag: TagInfo, people: Collection[str]
) -> Members:
    """Read the people of a list who are under a tag.

    Args:
        office: the import's.
        connection: to the API.
        tag: the tag.
        people: the persons to look for.
    """
    members = Members()
    if tag.subscriber_count is not None and len(people) < math.ceil(tag.subscriber_count / PAGE):
        await _one_by_one(office, connection, tag, people, members)
        return members
    # By name as the API's page has it, by ID as another source has it (migma-api.md, section 5). A comma
    # would part a name in two.
    names = [str(tag.id)] if "," in str(tag.name) else [str(tag.name), str(tag.id)]
    for name in names:
        await _pages(office, connection, name, people, members)
        if members.found or members.others or members.trouble:
            break
    members.all_read = members.whole
    return members


def note_on_others(tag: str, held: int | None, known: int, members: Members | None) -> str:
    """Return a sentence on people under a tag who are not in the list, since mail to it reaches them too.

    Args:
        tag: its name.
        held: how many people it held before the import, None where there was none or it is not known.
        known: how many of the list are on record as imported before.
        members: who was read back, None where nobody was.
    """
    exact = members is not None and members.all_read
    count = members.others if members is not None and exact else max(0, (held or 0) - known)
    if not count:
        return ""
    who = "person who is" if count == 1 else "people who are"
    return (
        f"The tag {tag!r} also holds {'' if exact else 'up to '}{count:,} {who} not in this list: mail to "
        "the tag reaches them too. A tag of its own for each import avoids that."
    )


async def _pages(
    office: Office, connection: Connection, name: str, people: Collection[str], members: Members
) -> None:
    known: set[str] = set()
    for page in range(1, MOST_PAGES + 1):
        found = await _ask(office, connection, {"tags": name, "page": page, "limit": PAGE}, members)
        if found is None:
            return
        items = items_of(found.data, "contacts")
        before = len(known)
        for contact in map(Contact.of, items):
            if contact.email is not None:
                person = identity(contact.email)
                known.add(person)
                if person in people:
                    members.found[person] = contact
        members.others = len(known) - len(members.found)
        enough = len(known) >= found.count if found.count is not None else len(items) < PAGE
        if not items or enough or len(known) == before:
            members.whole = True
            return


async def _one_by_one(
    office: Office, connection: Connection, tag: TagInfo, people: Collection[str], members: Members
) -> None:
    for person in people:
        found = await _ask(office, connection, {"search": person, "limit": PAGE}, members)
        if found is None:
            return
        for contact in map(Contact.of, items_of(found.data, "contacts")):
            under = contact.tags is None or tag.name in contact.tags or tag.id in contact.tags
            if contact.email is not None and identity(contact.email) == person and under:
                members.found[person] = contact
    members.whole = True


async def _ask(
    office: Office, connection: Connection, query: dict[str, Any], members: Members
) -> Read | None:
    """Ask for contacts in the import's pace; None where no clear answer came, which `members` then says."""
    going = await office.pace.turn()
    if going is None:
        members.trouble = "stopped before all were read"
        return None
    found = await read(connection, "/contacts", {"projectId": office.project_id, **query})
    office.pace.note(going)
    members.reads += 1
    if found.trouble is not None:
        members.trouble = found.trouble.detail
        return None
    return found
