"""The route ``GET /v1/metrics/sending`` (migma-api.md section 6): what the account sent and may still send.

The sheet states no permission. Without a limit the limit and what remains of it are null. A bounce or a
complaint is known where a log tells of it, hence for stored emails only.
"""

from datetime import date, timedelta
from typing import Any

from pydantic import Field

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.asked import Asked, query_of
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.scope import answer
from migma_nb.sandbox.shown import Shown


class MetricsAsked(Asked):
    """How many months of history, the present one included."""

    months: int = Field(default=0, ge=0, le=24)


class Month(Shown):
    """What became of a month's mails."""

    sent: int
    delivered: int
    bounced: int
    complained: int


class PastMonth(Month):
    """A month of the history."""

    period: str


class Today(Shown):
    """How today stands."""

    sent: int
    reserved: int
    daily_limit: int | None
    remaining_today: int | None


class SendingMetrics(Shown):
    """What the account sent, and what it may still send."""

    period: str
    monthly: Month
    today: Today
    monthly_limit: int | None
    remaining_month: int | None
    history: list[PastMonth] | None = None


def _get_metrics(call: Call, context: Context) -> Answer:
    asked = query_of(call, MetricsAsked)
    account, quota = context.account, context.account.quota
    day, reserved = quota.today, quota.reserved
    period, sent_today = day[:7], quota.sent_in(day)
    monthly = _month(account, period)
    data: dict[str, Any] = {
        "period": period,
        "monthly": monthly,
        "today": {
            "sent": sent_today,
            "reserved": reserved,
            "dailyLimit": quota.daily_limit,
            "remainingToday": _rest(quota.daily_limit, sent_today + reserved),
        },
        "monthlyLimit": quota.monthly_limit,
        "remainingMonth": _rest(quota.monthly_limit, monthly["sent"] + reserved),
    }
    if asked.months:
        periods = _months(day, asked.months)
        data["history"] = [{"period": each, **_month(account, each)} for each in periods]
    return answer(call, data)


def _month(account: Account, period: str) -> dict[str, int]:
    sent = account.quota.sent_in(period)
    statuses = [line.status for line in account.log if line.created_at.startswith(period)]
    bounced, complained = statuses.count("bounced"), statuses.count("complained")
    return {"sent": sent, "delivered": sent - bounced, "bounced": bounced, "complained": complained}


def _rest(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


def _months(today: str, number: int) -> list[str]:
    """The last months, newest first, as ``2026-11``."""
    first = date.fromisoformat(today).replace(day=1)
    found = []
    for _ in range(number):
        found.append(first.isoformat()[:7])
        first = (first - timedelta(days=1)).replace(day=1)
    return found


OPERATIONS = [
    Operation(
        method="GET",
        path="/metrics/sending",
        action=_get_metrics,
        summary="What the account sent, and what its limits leave",
        source="section 6",
        permission=None,
        query=MetricsAsked,
        data=SendingMetrics,
        refusals=(400,),
    ),
]
