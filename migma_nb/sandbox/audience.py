"""Contacts, tags, segments and topics of an account (migma-api.md section 5), and who is in which."""

from collections.abc import Iterable, Mapping
from typing import Any

from migma_nb.sandbox.clock import Clock
from migma_nb.sandbox.consent import ALWAYS_EXCLUDED
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.segmentation import is_in
from migma_nb.sandbox.store import Journal, Table

Resource = dict[str, Any]

STANDARD_FIELDS = ("email", "firstName", "lastName", "phone", "country", "language")
_SNAKE_CASE = {"firstName": "first_name", "lastName": "last_name"}


class Audience:
    """The people of an account, in memory and in the journal. The account's lock guards it.

    A contact bears its tags by name. In one project an address has one contact and a name one tag. Records
    are replaced as a whole and never changed in place, so that the indexes over them hold.

    Args:
        journal: Where the records are also kept, or None.
        clock: Tells the time.
    """

    def __init__(self, journal: Journal | None, clock: Clock) -> None:
        self._clock = clock
        self.contacts: Table[Resource] = Table("contact", journal, dict, dict)
        self.tags: Table[Resource] = Table("tag", journal, dict, dict)
        self.segments: Table[Resource] = Table("segment", journal, dict, dict)
        self.topics: Table[Resource] = Table("topic", journal, dict, dict)
        # Dicts for sets that keep their order.
        self._by_address: dict[str, list[str]] = {}
        self._by_project: dict[str, dict[str, None]] = {}
        self._tagged: dict[tuple[str, str], dict[str, None]] = {}
        self._tag_ids = {(tag["projectId"], tag["name"]): tag["id"] for tag in self.tags}
        for contact in self.contacts:
            self._index(contact)

    def _index(self, contact: Resource) -> None:
        ids = self._by_address.setdefault(contact["email"].casefold(), [])
        if contact["id"] not in ids:
            ids.append(contact["id"])
        self._by_project.setdefault(contact["projectId"], {})[contact["id"]] = None
        for name in contact["tags"]:
            self._tagged.setdefault((contact["projectId"], name), {})[contact["id"]] = None

    def _put(self, contact: Resource) -> Resource:
        known = self.contacts.get(contact["id"])
        for name in set(known["tags"]).difference(contact["tags"]) if known else ():
            del self._tagged[contact["projectId"], name][contact["id"]]
        self.contacts.put(contact["id"], contact)
        self._index(contact)
        return contact

    def find_contact(self, address: str, project_id: str, *, any_project: bool) -> Resource | None:
        """The contact of an address in a project; with ``any_project``, else in whichever project has it."""
        ids = self._by_address.get(address.casefold(), [])
        contacts = [contact for each in ids if (contact := self.contacts.get(each))]
        own = [contact for contact in contacts if contact["projectId"] == project_id]
        found = own or (contacts if any_project else [])
        return found[0] if found else None

    def put_contact(self, email: str, project_id: str, fields: Mapping[str, Any]) -> Resource:
        """Add a contact, or change the project's one of that address; tags go by name, new ones are made.

        Args:
            email: The address.
            project_id: The project.
            fields: Any of status, tags, topics, customFields and the standard fields, under the API's names;
                each replaces what was there.
        """
        now = self._clock.timestamp()
        known = self.find_contact(email, project_id, any_project=False)
        contact: Resource = dict(known) if known else {"id": new_id(), "email": email, "createdAt": now}
        blank = dict.fromkeys(STANDARD_FIELDS[1:]) | {"tags": [], "customFields": {}, "topics": {}}
        given = {name: value for name, value in fields.items() if value is not None}
        contact = blank | contact | given | {"projectId": project_id, "updatedAt": now}
        contact["status"] = normal_status(contact.get("status", "subscribed"))
        since = contact.get("unsubscribedAt") or now
        contact["unsubscribedAt"] = since if contact["status"] == "unsubscribed" else None
        contact["tags"] = list(dict.fromkeys(contact["tags"]))
        for name in contact["tags"]:
            self.put_tag(name, project_id)
        return self._put(contact)

    def take_contact(self, email: str, project_id: str, fields: Mapping[str, Any]) -> Resource:
        """Add a contact or change the one of that address as an import does, which no source describes.

        The sandbox's choice: tags are added, ``customFields`` are merged key by key, other fields are
        replaced by those given. A status that is not given stays as it is. **One that is given holds**, so
        that ``status: subscribed`` brings an unsubscribed contact back: the dangerous reading, against which
        a client has to guard. Only ``bounced`` and ``invalid`` stay, as they say what the mailbox is (S21).
        """
        known = self.find_contact(email, project_id, any_project=False)
        if known is None:
            return self.put_contact(email, project_id, fields)
        merged = dict(fields)
        merged["tags"] = [*known["tags"], *(fields.get("tags") or ())]
        merged["customFields"] = {**known["customFields"], **(fields.get("customFields") or {})}
        if known["status"] in ALWAYS_EXCLUDED:
            merged["status"] = None
        return self.put_contact(email, project_id, merged)

    def delete_contact(self, contact: Resource) -> None:
        """Take a contact out; what it chose is forgotten with it."""
        self.contacts.delete(contact["id"])
        self._by_address[contact["email"].casefold()].remove(contact["id"])
        del self._by_project[contact["projectId"]][contact["id"]]
        for name in contact["tags"]:
            del self._tagged[contact["projectId"], name][contact["id"]]

    def contacts_of(self, project_id: str) -> list[Resource]:
        """The contacts of a project."""
        return self._contacts(self._by_project.get(project_id, {}))

    def _contacts(self, ids: Iterable[str]) -> list[Resource]:
        return [contact for each in ids if (contact := self.contacts.get(each))]

    def find_tag(self, name: str, project_id: str) -> Resource | None:
        """The project's tag of that name."""
        return self.tags.get(self._tag_ids.get((project_id, name), ""))

    def put_tag(
        self, name: str, project_id: str, *, color: str = "#6366f1", description: str = ""
    ) -> Resource:
        """The project's tag of that name; made if there is none."""
        known = self.find_tag(name, project_id)
        if known is not None:
            return known
        now = self._clock.timestamp()
        tag: Resource = {"id": new_id(), "name": name, "color": color, "description": description}
        tag |= {"projectId": project_id, "createdAt": now, "updatedAt": now}
        self.tags.put(tag["id"], tag)
        self._tag_ids[project_id, name] = tag["id"]
        return tag

    def change_tag(self, tag: Resource, changes: Mapping[str, Any]) -> Resource:
        """Change a tag; its contacts follow it to a new name, which no other tag may have."""
        changed = {**tag, **changes, "updatedAt": self._clock.timestamp()}
        if changed["name"] != tag["name"]:
            del self._tag_ids[tag["projectId"], tag["name"]]
            self._tag_ids[tag["projectId"], changed["name"]] = tag["id"]
            for contact in self.members_of_tag(tag):
                names = [changed["name"] if name == tag["name"] else name for name in contact["tags"]]
                self._put({**contact, "tags": names})
        self.tags.put(tag["id"], changed)
        return changed

    def delete_tag(self, tag: Resource) -> None:
        """Take a tag out, and off its contacts, which stay."""
        for contact in self.members_of_tag(tag):
            self._put({**contact, "tags": [name for name in contact["tags"] if name != tag["name"]]})
        del self._tag_ids[tag["projectId"], tag["name"]]
        self.tags.delete(tag["id"])

    def put_segment(
        self, name: str, project_id: str, filters: Mapping[str, Any], description: str = ""
    ) -> Resource:
        """A new segment; ``filters`` are the API's, see ``segmentation``."""
        now = self._clock.timestamp()
        segment: Resource = {"id": new_id(), "name": name, "description": description}
        segment |= {"filters": dict(filters), "projectId": project_id, "createdAt": now, "updatedAt": now}
        self.segments.put(segment["id"], segment)
        return segment

    def put_topic(self, name: str, project_id: str, fields: Mapping[str, Any]) -> Resource:
        """A new topic; ``opt_in`` has contacts in until they leave, ``opt_out`` out until they join."""
        now = self._clock.timestamp()
        topic: Resource = {"description": "", "defaultSubscription": "opt_in", "visibility": "public"}
        topic |= {"displayOrder": 0, "isActive": True, "createdAt": now, "updatedAt": now, **fields}
        if topic["defaultSubscription"] not in {"opt_in", "opt_out"}:
            raise ValueError(
                f"default_subscription is {topic['defaultSubscription']!r}; it is 'opt_in' or 'opt_out'."
            )
        topic |= {"id": new_id(), "name": name, "projectId": project_id}
        self.topics.put(topic["id"], topic)
        return topic

    def tag_size(self, tag: Resource) -> int:
        """How many contacts a tag has, whatever their status."""
        return len(self._tagged.get((tag["projectId"], tag["name"]), {}))

    def members_of_tag(self, tag: Resource) -> list[Resource]:
        """The contacts of a tag."""
        return self._contacts(self._tagged.get((tag["projectId"], tag["name"]), {}))

    def members_of_segment(self, segment: Resource) -> list[Resource]:
        """The contacts that the filters of a segment let through."""
        names = {tag["id"]: tag["name"] for tag in self.tags if tag["projectId"] == segment["projectId"]}
        people = self.contacts_of(segment["projectId"])
        return [contact for contact in people if is_in(contact, segment["filters"], names)]


def normal_status(status: str) -> str:
    """A contact's status in the newer words: the older ``active`` is ``subscribed``."""
    return "subscribed" if status == "active" else status


def personal_fields(contact: Resource) -> dict[str, Any]:
    """What a batch's template may name: custom fields, standard fields over them, also in snake case."""
    standard = {name: contact[name] for name in STANDARD_FIELDS if contact[name] not in (None, "")}
    snake = {_SNAKE_CASE[name]: value for name, value in standard.items() if name in _SNAKE_CASE}
    return {**contact["customFields"], **snake, **standard}
