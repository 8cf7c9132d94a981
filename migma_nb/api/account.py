"""What the API tells of the account itself: its domains, its quota, and how its contacts stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migma_nb.api.connection import Connection
from migma_nb.api.reads import PAGE, Read, items_of, part_of_path, read, read_list
from migma_nb.api.resources import Contact, DomainInfo

#: Contact statuses to which the API sends nothing, whatever the mail (S21).
NEVER_MAILED = ("bounced",)
#: Those that marketing mail leaves out as well; `complained` is an older word (migma-api.md, section 5).
NO_MARKETING = ("unsubscribed", "non-subscribed", "complained")


@dataclass(frozen=True, slots=True)
class Quota:
    """How many mails the account may still send, None where the API does not say; `told` whether it told."""

    today: int | None
    month: int | None
    told: bool

    @property
    def least(self) -> int | None:
        """The smaller of the two that are known."""
        known = [number for number in (self.today, self.month) if number is not None]
        return min(known, default=None)


async def read_domain(connection: Connection, domain: str) -> Read:
    """Read one sending domain (`GET /v1/domains/{domain}`; needs `domain:read`)."""
    return await read(connection, f"/domains/{part_of_path(domain)}")


async def read_domains(connection: Connection) -> Read:
    """Read the account's sending domains (`GET /v1/domains`; needs `domain:read`)."""
    return await read_list(connection, "/domains", name="domains")


def related(sender_domain: str, domains: Iterable[DomainInfo]) -> list[DomainInfo]:
    """Return the account's domains that a sender's domain may stand for: itself, its parents, its streams."""
    wanted = sender_domain.casefold()
    named = [(one, (one.domain or "").casefold()) for one in domains]
    found = [
        (one, name)
        for one, name in named
        if name and (name == wanted or wanted.endswith(f".{name}") or name.endswith(f".{wanted}"))
    ]
    return [one for one, name in sorted(found, key=lambda pair: pair[1] != wanted)]


async def read_quota(connection: Connection) -> tuple[Quota, Read]:
    """Read how many mails are left (`GET /v1/metrics/sending`)."""
    found = await read(connection, "/metrics/sending")
    data = found.data if isinstance(found.data, Mapping) else {}
    today = data.get("today") if isinstance(data.get("today"), Mapping) else {}
    told = "remainingToday" in (today or {}) or "remainingMonth" in data
    return Quota(_whole((today or {}).get("remainingToday")), _whole(data.get("remainingMonth")), told), found


async def read_contacts(connection: Connection, project_id: str, page: int = 1, **filters: str) -> Read:
    """Read one page of a project's contacts (`audience:read`); `count` is that of all pages."""
    found = await read(
        connection, "/contacts", {"projectId": project_id, "page": page, "limit": PAGE, **filters}
    )
    if found.trouble is not None:
        return found
    return Read([Contact.of(one) for one in items_of(found.data, "contacts")], found.count)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
