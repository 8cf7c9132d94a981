"""The log of a stored email as the API shows it, page by page (migma-api.md section 6)."""

from datetime import datetime
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.email_models import LogsQuery
from migma_nb.sandbox.records import as_json

#: How long a line is kept (seconds): "about 30 days".
KEPT_S = 30 * 24 * 3600.0
_NOT_SHOWN = frozenset({"email_id"})


def page_of(account: Account, email_id: str, query: LogsQuery) -> dict[str, Any]:
    """One page of an email's log, newest first, as the API shows it."""
    limit, status = query.limit, query.status
    before = int(query.cursor.removeprefix("before-")) if query.cursor else None
    oldest = account.clock.now() - KEPT_S
    found = [
        line
        for line in account.log
        if line.email_id == email_id
        and (before is None or line.id < before)
        and (status is None or line.status == status)
        and datetime.fromisoformat(line.created_at).timestamp() >= oldest
    ]
    page = found[: -limit - 1 : -1]
    more = len(found) > limit
    shown = [
        {name: value for name, value in as_json(line).items() if name not in _NOT_SHOWN} for line in page
    ]
    return {"emails": shown, "nextCursor": f"before-{page[-1].id}" if more else None, "hasMore": more}
