"""Contacts, tags, segments and topics of an account (migma-api.md section 5), and who is in which."""

from collections.abc import Iterable, Mapping
from typing import Any

from migma_nb.sandbox.clock import Clock
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.store import Journal, Table

Resource = dict[str, Any]

_STANDARD_FIELDS = ("email", "firstName", "lastName", "phone", "country", "language")
_SNAKE_CASE = {"firstName": "first_name", "lastName": "last_name"}


class Audience:
    """The people of an account, in memory and in the journal. The account's lock guards it.

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
        self._by_address: dict[str, list[str]] = {}
        for contact in self.contacts:
            self._index(contact)

    def _index(self, contact: Resource) -> None:
        self._by_address.setdefault(contact["email"].casefold(), []).append(contact["id"])

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
            fields: Any of status, tags, topics, customFields and the standard fields, under the API's names.
        """
        now = self._clock.timestamp()
        known = self.find_contact(email, project_id, any_project=False)
        contact: Resource = dict(known) if known else {"id": new_id(), "email": email, "createdAt": now}
        blank = dict.fromkeys(_STANDARD_FIELDS[1:]) | {"tags": [], "customFields": {}, "topics": {}}
        given = {name: value for name, value in fields.items() if value is not None}
        contact = blank | contact | given | {"projectId": project_id, "updatedAt": now}
        contact["status"] = normal_status(contact.get("status", "subscribed"))
        contact["unsubscribedAt"] = now if contact["status"] == "unsubscribed" else None
        contact["tags"] = list(dict.fromkeys(contact["tags"]))
        for name in contact["tags"]:
            self.put_tag(name, project_id)
        self.contacts.put(contact["id"], contact)
        if not known:
            self._index(contact)
        return contact

    def put_tag(
        self, name: str, project_id: str, *, color: str = "#6366f1", description: str = ""
    ) -> Resource:
        """The project's tag of that name; made if there is none."""
        for known in self.tags:
            if known["name"] == name and known["projectId"] == project_id:
                return known
        now = self._clock.timestamp()
        tag: Resource = {"id": new_id(), "name": name, "color": color, "description": description}
        tag |= {"projectId": project_id, "createdAt": now, "updatedAt": now}
        self.tags.put(tag["id"], tag)
        return tag

    def put_segment(
        self, name: str, project_id: str, filters: Mapping[str, Any], description: str = ""
    ) -> Resource:
        """A new segment; ``filters`` are the API's: tags (IDs), status, customFields (lists of values)."""
        now = self._clock.timestamp()
        segment: Resource = {
            "id": new_id(),
            "name": name,
            "description": description,
            "filters": dict(filters),
        }
        segment |= {"projectId": project_id, "createdAt": now, "updatedAt": now}
        self.segments.put(segment["id"], segment)
        return segment

    def put_topic(self, name: str, project_id: str, default_subscription: str) -> Resource:
        """A new topic; ``opt_in`` has contacts in until they leave, ``opt_out`` out until they join."""
        if default_subscription not in {"opt_in", "opt_out"}:
            raise ValueError(
                f"default_subscription is {default_subscription!r}; it is 'opt_in' or 'opt_out'."
            )
        topic: Resource = {"id": new_id(), "name": name, "projectId": project_id, "isActive": True}
        topic |= {"defaultSubscription": default_subscription, "createdAt": self._clock.timestamp()}
        self.topics.put(topic["id"], topic)
        return topic

    def members_of_tag(self, tag: Resource) -> list[Resource]:
        """The contacts of a tag, one for each address."""
        return _one_for_each_address(
            contact
            for contact in self.contacts
            if tag["name"] in contact["tags"] and contact["projectId"] == tag["projectId"]
        )

    def members_of_segment(self, segment: Resource) -> list[Resource]:
        """The contacts that every filter of a segment lets through, one for each address."""
        filters = segment["filters"]
        names = {tag["name"] for each in filters.get("tags", []) if (tag := self.tags.get(each))}

        def is_in(contact: Resource) -> bool:
            fields = contact["customFields"]
            return (
                contact["projectId"] == segment["projectId"]
                and (not filters.get("tags") or not names.isdisjoint(contact["tags"]))
                and (not filters.get("status") or contact["status"] in filters["status"])
                and all(
                    str(fields.get(key)) in values for key, values in filters.get("customFields", {}).items()
                )
            )

        return _one_for_each_address(filter(is_in, self.contacts))


def normal_status(status: str) -> str:
    """A contact's status in the newer words: the older ``active`` is ``subscribed``."""
    return "subscribed" if status == "active" else status


def personal_fields(contact: Resource) -> dict[str, Any]:
    """What a batch's template may name: custom fields, standard fields over them, also in snake case."""
    standard = {name: contact[name] for name in _STANDARD_FIELDS if contact[name] not in (None, "")}
    snake = {_SNAKE_CASE[name]: value for name, value in standard.items() if name in _SNAKE_CASE}
    return {**contact["customFields"], **snake, **standard}


def _one_for_each_address(contacts: Iterable[Resource]) -> list[Resource]:
    first: dict[str, Resource] = {}
    for contact in contacts:
        first.setdefault(contact["email"].casefold(), contact)
    return list(first.values())
