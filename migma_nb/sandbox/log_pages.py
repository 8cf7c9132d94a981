"""The log of a stored email or a campaign as the API shows it, page by page (migma-api.md section 6)."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.campaign_models import LogsQuery as CampaignLogsQuery
from migma_nb.sandbox.email_models import EmailLogLine, LogsQuery
from migma_nb.sandbox.records import LogLine

#: How long a line is kept (seconds): "about 30 days".
KEPT_S = 30 * 24 * 3600.0


def page_of(
    account: Account,
    lines: Sequence[LogLine],
    query: LogsQuery | CampaignLogsQuery,
    shown: type[EmailLogLine],
) -> dict[str, Any]:
    """One page of a log, newest first, as the API shows it.

    Args:
        account: Tells the time.
        lines: The log, oldest first.
        query: Which page.
        shown: Whose fields are its columns.
    """
    # In one format of one length, so that they compare as the moments do.
    oldest = account.clock.timestamp(account.clock.now() - KEPT_S)
    end = len(lines)
    if query.cursor:
        end = bisect_left(lines, int(query.cursor.removeprefix("before-")), key=lambda line: line.id)
    begin = bisect_left(lines, oldest, key=lambda line: line.created_at)
    wanted = (
        lines[each] for each in range(end - 1, begin - 1, -1) if query.status in (None, lines[each].status)
    )
    found = list(islice(wanted, query.limit + 1))
    page, more = found[: query.limit], len(found) > query.limit
    return {
        "emails": [{name: getattr(line, name) for name in shown.model_fields} for line in page],
        "nextCursor": f"before-{page[-1].id}" if more else None,
        "hasMore": more,
    }
