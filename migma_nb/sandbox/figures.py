"""What the log adds up to (migma-api.md section 6): an email's metrics and a campaign's stats.

They count every line, also those that the log itself no longer shows. What a rate is a share of no document
says; here it is the mails that were sent for deliveries and bounces, and those delivered for the rest.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.records import LogLine

_DELIVERED = frozenset({"delivered", "opened", "clicked", "complained"})


def metrics_of(account: Account, lines: Sequence[LogLine]) -> dict[str, Any]:
    """An email's metrics over all its sends."""
    sent = [line for line in lines if line.status != "suppressed"]
    total = _counts(sent)
    rates = {
        "deliveryRate": _rate(total["delivered"], len(sent)),
        "openRate": _rate(total["opened"], total["delivered"]),
        "clickRate": _rate(total["clicked"], total["delivered"]),
        "bounceRate": _rate(total["bounced"], len(sent)),
        "complaintRate": _rate(total["complained"], total["delivered"]),
        "unsubscribeRate": _rate(total["unsubscribed"], total["delivered"]),
    }
    days: dict[str, list[LogLine]] = {}
    for line in sent:
        days.setdefault(line.created_at[:10], []).append(line)
    countries = Counter(_country(account, line) for line in sent if line.opened_at)
    return {
        "summary": {"totalEmails": len(sent)} | total | rates,
        "timeSeries": [{"date": day, "sent": len(each)} | _day(each) for day, each in sorted(days.items())],
        "countryBreakdown": [{"country": name, "count": n} for name, n in countries.most_common() if name],
        "lastUpdated": account.clock.timestamp(),
        "cached": False,
    }


def stats_of(account: Account, lines: Sequence[LogLine]) -> dict[str, Any]:
    """A campaign's stats."""
    sent = [line for line in lines if line.status != "suppressed"]
    total, now = _counts(sent), account.clock.timestamp()
    return {
        "totalSent": len(sent),
        "totalDelivered": total["delivered"],
        "uniqueOpens": total["opened"],
        "totalOpens": sum(line.open_count for line in sent),
        "uniqueClicks": total["clicked"],
        "totalClicks": sum(line.click_count for line in sent),
        "unsubscribes": total["unsubscribed"],
        "bounces": total["bounced"],
        "openRate": _rate(total["opened"], total["delivered"]),
        "clickRate": _rate(total["clicked"], total["delivered"]),
        "lastUpdated": now,
        "reporting": {"status": "live", "source": "tracking-worker", "updatedAt": now},
    }


def _counts(lines: Sequence[LogLine]) -> dict[str, int]:
    return {
        "delivered": sum(line.status in _DELIVERED for line in lines),
        "opened": sum(line.opened_at is not None for line in lines),
        "clicked": sum(line.clicked_at is not None for line in lines),
        "bounced": sum(line.status == "bounced" for line in lines),
        "complained": sum(line.status == "complained" for line in lines),
        "unsubscribed": sum(line.unsubscribed_at is not None for line in lines),
    }


def _day(lines: Sequence[LogLine]) -> dict[str, int]:
    counts = _counts(lines)
    del counts["unsubscribed"]
    return counts


def _country(account: Account, line: LogLine) -> str | None:
    contact = account.audience.contacts.get(line.subscriber_id or "")
    return contact["country"] if contact else None


def _rate(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
