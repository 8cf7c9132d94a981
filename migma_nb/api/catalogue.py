"""Lists of what an account holds, all pages of them, and one thing of a list by its name or ID."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from migma_nb.api.connection import Connection
from migma_nb.api.errors import InputError
from migma_nb.api.projects import list_projects, project_for
from migma_nb.api.reads import part_of_path, read, read_list
from migma_nb.api.resources import (
    CampaignInfo,
    Contact,
    DomainInfo,
    EmailInfo,
    ProjectInfo,
    Resource,
    SegmentInfo,
    TagInfo,
    TopicInfo,
)
from migma_nb.api.settings import Settings

Kind = TypeVar("Kind", bound=Resource)
#: So many near or equal ones are named in a question.
_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Shelf(Generic[Kind]):
    """One list of the API.

    Args:
        path: below the base URL.
        kind: the model of its items.
        words: what they are, for an error.
        permission: what the key needs.
        name: what the list is called within `data`, where it is not `data` itself.
        of_project: whether it is asked for by project.
    """

    path: str
    kind: type[Kind]
    words: str
    permission: str
    name: str | None = None
    of_project: bool = True


TAGS = Shelf("/tags", TagInfo, "the tags", "audience:read", "tags")
SEGMENTS = Shelf("/segments", SegmentInfo, "the segments", "audience:read", "segments")
TOPICS = Shelf("/topics", TopicInfo, "the topics", "audience:read", "topics")
CONTACTS = Shelf("/contacts", Contact, "the contacts", "audience:read", "contacts")
DOMAINS = Shelf("/domains", DomainInfo, "the sending domains", "domain:read", "domains", of_project=False)
# Not in the sheet: the newer SDK's path and paging (SDKi:src/resources/emails.ts@29d8ccd).
EMAILS = Shelf("/projects/emails", EmailInfo, "the emails", "email:read", "emails")
# One of two, by generation (migma-api.md, section 1).
CAMPAIGNS = Shelf("/campaigns", CampaignInfo, "the campaigns", "campaign:read (or email:read)", "campaigns")


async def everything(
    settings: Settings,
    shelf: Shelf[Kind],
    query: Mapping[str, Any] | None = None,
    *,
    project_id: str | None = None,
    most: int | None = None,
) -> list[Kind]:
    """Return all items of a list.

    Args:
        settings: the client's settings.
        shelf: the list.
        query: what to ask for besides the project; None values are left out.
        project_id: as for `project_for`; not used by lists of the whole account.
        most: so many items suffice; None for all.

    Raises:
        InputError: a project has to be named.
        AccountError, CallError: the list could not be read.
    """
    async with Connection(settings) as connection:
        asked = dict(query or {})
        if shelf.of_project:
            asked["projectId"] = await project_for(connection, project_id)
        return await _listed(connection, shelf, asked, most)


async def projects(settings: Settings) -> list[ProjectInfo]:
    """Return the account's projects.

    Raises:
        AccountError, CallError: they could not be read.
    """
    async with Connection(settings) as connection:
        return await list_projects(connection)


async def contacts(
    settings: Settings,
    *,
    tag: str | None = None,
    status: str | None = None,
    search: str | None = None,
    project_id: str | None = None,
    most: int | None = None,
) -> list[Contact]:
    """Return the contacts, or those with a tag, a status, or a text in them.

    Args:
        settings: the client's settings.
        tag: a tag's name or ID.
        status: as the API has it, such as "subscribed".
        search: what to look for; the API does not document where it looks.
        project_id: as for `project_for`.
        most: so many suffice; None for all.

    Raises:
        InputError: there is no such tag, or a project has to be named.
        AccountError, CallError: they could not be read.
    """
    async with Connection(settings) as connection:
        query: dict[str, Any] = {"projectId": await project_for(connection, project_id)}
        query |= {"status": status, "search": search}
        if tag is None:
            return await _listed(connection, CONTACTS, query, most)
        known = one_of(await _listed(connection, TAGS, {"projectId": query["projectId"]}), tag, "tag")
        # By name as the API's page has it, by ID as another source has it (migma-api.md, section 5).
        found = await _listed(connection, CONTACTS, query | {"tags": known.name}, most)
        if not found and known.subscriber_count:
            found = await _listed(connection, CONTACTS, query | {"tags": known.id}, most)
        return found


async def contact(settings: Settings, who: str, *, project_id: str | None = None) -> Contact:
    """Return the contact of an address, or of an ID.

    Raises:
        InputError: there is none.
        AccountError, CallError: it could not be read.
    """
    async with Connection(settings) as connection:
        project = await project_for(connection, project_id)
        if "@" not in who:
            found = await read(connection, f"/contacts/{part_of_path(who)}", {"projectId": project})
            words = f"a contact with the ID {who.strip()!r} in project {project}"
            return Contact.of(found.wanted(words, permission=CONTACTS.permission))
        wanted = who.strip().casefold()
        query = {"projectId": project, "search": who.strip()}
        for one in await _listed(connection, CONTACTS, query):
            if one.email is not None and one.email.strip().casefold() == wanted:
                return one
        # Where the search does not look at addresses: another source has contacts by them (section 5).
        direct = await read(connection, f"/contacts/{part_of_path(who)}", {"projectId": project})
        one = Contact.of(direct.data)
        if one.email is not None and one.email.strip().casefold() == wanted:
            return one
    raise InputError(
        f"There is no contact {who.strip()!r} in project {project}.",
        hint=f"client.contacts(search={who.strip().partition('@')[0]!r}) looks for a part of it.",
    )


async def by_name(
    settings: Settings, shelf: Shelf[Kind], wanted: str, what: str, *, project_id: str | None = None
) -> Kind:
    """Return the one item of a list that has this name or ID.

    Args:
        settings: the client's settings.
        shelf: the list.
        wanted: the name or the ID.
        what: what it is, in one word, such as "tag".
        project_id: as for `project_for`.

    Raises:
        InputError: none has it, or several; names near ones.
        AccountError, CallError: the list could not be read.
    """
    return one_of(await everything(settings, shelf, project_id=project_id), wanted, what)


def one_of(items: Sequence[Kind], wanted: object, what: str) -> Kind:
    """Return the item with this ID, else with this name, else with it but for capitals and outer space.

    Raises:
        InputError: none fits, or several do.
    """
    if not isinstance(wanted, str) or not wanted.strip():
        raise InputError(f"A {what} is wanted by its name or ID, not by {wanted!r}.")
    text = wanted.strip()
    called = [(one, _named(one)) for one in items]
    by_id = [one for one in items if getattr(one, "id", None) == text]
    exactly = [one for one, name in called if name == wanted]
    about = [one for one, name in called if name.strip().casefold() == text.casefold()]
    for found in (by_id, exactly, about):
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(f"{_named(one)!r} ({getattr(one, 'id', None)})" for one in found)
            raise InputError(
                f"{len(found)} {what}s are called {text!r}: {listed}.",
                hint="Name the one you mean by its ID.",
            )
    raise InputError(f"There is no {what} {text!r}.", hint=_near(text, [name for _, name in called], what))


def _named(one: Resource) -> str:
    return str(getattr(one, "name", None) or "")


def _near(text: str, names: Sequence[str], what: str) -> str:
    plain = {name.strip().casefold(): name for name in names if name.strip()}
    wanted = text.casefold()
    near = get_close_matches(wanted, plain, n=_MOST_NAMED, cutoff=0.6)
    near += [name for name in plain if wanted in name and name not in near]
    if near:
        return f"Near ones: {', '.join(repr(plain[name]) for name in near[:_MOST_NAMED])}."
    if not plain:
        return f"The project has no {what}."
    rest = len(plain) - _MOST_NAMED
    some = ", ".join(repr(name) for name in list(plain.values())[:_MOST_NAMED])
    return f"There are: {some}{f' and {rest} more' if rest > 0 else ''}."


async def _listed(
    connection: Connection, shelf: Shelf[Kind], query: Mapping[str, Any], most: int | None = None
) -> list[Kind]:
    found = await read_list(connection, shelf.path, query, name=shelf.name, most=most)
    return [shelf.kind.of(one) for one in found.wanted(shelf.words, permission=shelf.permission)]
