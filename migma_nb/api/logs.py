"""The log of one stored email: what Migma took for whom (migma-api.md, section 6)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from migma_nb.api.answers import parsed
from migma_nb.api.connection import Connection
from migma_nb.api.errors import AccountError, CallError, InputError
from migma_nb.api.meaning import Answer, NoAnswer, Verdict, judge
from migma_nb.api.settings import Settings

_NOT_FOUND = 404
#: The API's own limit for a page.
PAGE = 100
#: So many pages are read at most: a log that goes on is another mailing's.
MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log; `created_at` is seconds since the epoch by the server's clock."""

    tracking_id: str
    to_email: str
    subject: str
    status: str
    created_at: float


@dataclass(frozen=True, slots=True)
class EmailLog:
    """What was read of a log, newest first; `ahead_s` is how far the server's clock is ahead of ours."""

    entries: list[LogEntry]
    ahead_s: float


def subject_digest(subject: str) -> str:
    """Return what stands in a record for a subject: its hash, since a subject may hold a name."""
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()


async def read_log(settings: Settings, email_id: str, *, since: float) -> EmailLog:
    """Return the log of a stored email, as far back as is asked for.

    Args:
        settings: the client's settings; the key needs `email:read`.
        email_id: the email.
        since: our clock's time (seconds since the epoch) of the oldest line that matters.

    Raises:
        InputError: the account has no such email.
        CallError: no clear answer came; nothing is changed by asking again.
    """
    entries: list[LogEntry] = []
    cursor: str | None = None
    ahead_s = 0.0
    async with Connection(settings) as connection:
        for _ in range(MOST_PAGES):
            query = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
            answer = await connection.get(f"/emails/{quote(email_id, safe='')}/logs?{urlencode(query)}")
            data = _data(answer, email_id)
            ahead_s = _ahead(answer)
            page = [entry for line in data.get("emails") or [] if (entry := _entry(line))]
            entries += page
            cursor = data.get("nextCursor")
            past = bool(page) and min(entry.created_at for entry in page) < since + ahead_s - 60
            if past or not cursor or data.get("hasMore") is False:
                break
    return EmailLog(entries, ahead_s)


def _data(answer: Answer | NoAnswer, email_id: str) -> dict[str, Any]:
    if isinstance(answer, Answer) and answer.complete and answer.status // 100 == 2:  # noqa: PLR2004
        parts = parsed(answer.body) or {}
        data = parts.get("data")
        if parts.get("success") is not False and isinstance(data, dict):
            return data
    if isinstance(answer, Answer) and answer.status == _NOT_FOUND:
        raise InputError(f"The account has no email {email_id!r}, so there is no log to read.")
    meaning = judge(answer, uncertain=False, now=datetime.now(UTC))
    error = AccountError if meaning.verdict is Verdict.HALT else CallError
    raise error(
        f"The log of email {email_id!r} could not be read: {meaning.detail}.",
        hint="Nothing was changed. The key needs the permission email:read; ask again later.",
        status=meaning.status,
        code=meaning.code,
        request_id=meaning.request_id,
    )


def _entry(line: Any) -> LogEntry | None:
    """Read a line; one without who, what and when tells nothing certain."""
    if not isinstance(line, dict):
        return None
    texts = [line.get(name) for name in ("tracking_id", "to_email", "subject", "status", "created_at")]
    if not all(isinstance(text, str) and text for text in texts):
        return None
    tracking_id, to_email, subject, status, created_at = (str(text) for text in texts)
    try:
        when = datetime.fromisoformat(created_at)
    except ValueError:
        return None
    stamp = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return LogEntry(tracking_id, to_email, subject, status, stamp)


def _ahead(answer: Answer | NoAnswer) -> float:
    date = answer.headers.get("date", "") if isinstance(answer, Answer) else ""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
