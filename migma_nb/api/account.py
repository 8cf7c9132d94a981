"""What the API tells of the account itself: its domains, its quota, and how its contacts stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from migma_nb.api.connection import Connection
from migma_nb.api.reads import PAGE, Read, items_of, read, read_list

_VERIFIED = frozenset({"verified", "success", "active"})
#: Contact statuses to which the API sends nothing, whatever the mail (S21).
NEVER_MAILED = ("bounced",)
#: Those that marketing mail leaves out as well; `complained` is an older word (migma-api.md, section 5).
NO_MARKETING = ("unsubscribed", "non-subscribed", "complained")


@dataclass(frozen=True, slots=True)
class Quota:
    """How many mails the account may still send, None where the API does not say."""

    today: int | None
    month: int | None

    @property
    def least(self) -> int | None:
        """The smaller of the two that are known."""
        known = [number for number in (self.today, self.month) if number is not None]
        return min(known, default=None)


async def read_domains(connection: Connection) -> Read:
    """Read the account's sending domains (`GET /v1/domains`; needs `domain:read`)."""
    return await read_list(connection, "/domains")


def is_verified(domain: Mapping[str, Any]) -> bool | None:
    """Return whether a domain may send, None where the API's words leave it open.

    The literal for "verified" is in no document (migma-api.md, section 7), so an unknown word says nothing.
    """
    if isinstance(domain.get("isVerified"), bool):
        return bool(domain["isVerified"])
    if domain.get("verifiedAt") or str(domain.get("status", "")).lower() in _VERIFIED:
        return True
    return None


def related(sender_domain: str, domains: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Return the account's domains that a sender's domain may stand for: itself, its parents, its streams."""
    wanted = sender_domain.casefold()
    found = []
    for domain in domains:
        name = str(domain.get("domain") or "").casefold() if isinstance(domain, Mapping) else ""
        if name and (name == wanted or wanted.endswith(f".{name}") or name.endswith(f".{wanted}")):
            found.append(domain)
    return sorted(found, key=lambda domain: str(domain["domain"]).casefold() != wanted)


async def read_quota(connection: Connection) -> tuple[Quota, Read]:
    """Read how many mails are left (`GET /v1/metrics/sending`)."""
    found = await read(connection, "/metrics/sending")
    data = found.data if isinstance(found.data, Mapping) else {}
    today = data.get("today") if isinstance(data.get("today"), Mapping) else {}
    return Quota(_whole((today or {}).get("remainingToday")), _whole(data.get("remainingMonth"))), found


async def read_contacts(connection: Connection, project_id: str, page: int = 1, **filters: str) -> Read:
    """Read one page of a project's contacts (`audience:read`); `count` is that of all pages."""
    found = await read(
        connection, "/contacts", {"projectId": project_id, "page": page, "limit": PAGE, **filters}
    )
    return found if found.trouble else Read(items_of(found.data), found.count)


def status_of(contact: Any) -> tuple[str, str]:
    """Return a contact's address and status, "" where there is none; the older `active` is `subscribed`."""
    if not isinstance(contact, Mapping):
        return "", ""
    status = str(contact.get("status") or "").lower()
    return str(contact.get("email") or ""), "subscribed" if status == "active" else status


async def read_group(connection: Connection, kind: str, group_id: str, project_id: str | None) -> Read:
    """Read a tag or a segment; an audience is the API's other word for a segment (S9)."""
    room = "tags" if kind == "tag" else "segments"
    return await read(connection, f"/{room}/{quote(group_id, safe='')}", {"projectId": project_id})


def size_of(group: Any) -> int | None:
    """Return how many people a tag (`subscriberCount`) or a segment (`count`) holds, None where untold."""
    if not isinstance(group, Mapping):
        return None
    told = group.get("subscriberCount")
    return _whole(told if told is not None else group.get("count"))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
