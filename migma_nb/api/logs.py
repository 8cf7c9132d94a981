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
#: So far beyond what is asked for a log is read (seconds): its clock may be off.
MARGIN_S = 86_400.0
_HINT = "Nothing was changed. The key needs the permission email:read; ask again later."


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log.

    `created_at` is seconds since the epoch by the server's clock, None where it cannot be read;
    `tracking_id` and `status` are "" where the line has none.
    """

    tracking_id: str
    to_email: str
    subject: str
    status: str
    created_at: float | None


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
        CallError: no clear answer came, or the log has no end; nothing is changed by asking again.
    """
    entries: list[LogEntry] = []
    cursor: str | None = None
    seen: set[str] = set()
    async with Connection(settings) as connection:
        while len(seen) < MOST_PAGES:
            query = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
            answer = await connection.get(f"/emails/{quote(email_id, safe='')}/logs?{urlencode(query)}")
            data = _data(answer, email_id)
            ahead_s = _ahead(answer)
            page = [entry for line in data["emails"] if (entry := _entry(line))]
            entries += page
            newest = max((entry.created_at for entry in page if entry.created_at is not None), default=None)
            past = newest is not None and newest < since + ahead_s - MARGIN_S
            cursor = data.get("nextCursor")
            if past or not cursor or data.get("hasMore") is False:
                return EmailLog(entries, ahead_s)
            if not isinstance(cursor, str) or cursor in seen:
                break
            seen.add(cursor)
    raise CallError(
        f"The log of email {email_id!r} does not come to an end, so nothing is certain from it.",
        hint="Nothing was changed. Ask again later, or look into the dashboard.",
    )


def _data(answer: Answer | NoAnswer, email_id: str) -> dict[str, Any]:
    parts = parsed(answer.body) or {} if isinstance(answer, Answer) and answer.complete else {}
    data = parts.get("data")
    if isinstance(answer, Answer) and answer.status // 100 == 2:  # noqa: PLR2004 - a success
        if (
            parts.get("success") is not False
            and isinstance(data, dict)
            and isinstance(data.get("emails"), list)
        ):
            return data
        raise CallError(f"The log of email {email_id!r} could not be read: the answer is no log.", hint=_HINT)
    if isinstance(answer, Answer) and answer.status == _NOT_FOUND and parts:
        raise InputError(
            f"The account has no email {email_id!r}, so there is no log to read. Nothing was changed."
        )
    meaning = judge(answer, uncertain=False, now=datetime.now(UTC))
    error = AccountError if meaning.verdict is Verdict.HALT else CallError
    raise error(
        f"The log of email {email_id!r} could not be read: {meaning.detail}.",
        hint=_HINT,
        status=meaning.status,
        code=meaning.code,
        request_id=meaning.request_id,
    )


def _entry(line: Any) -> LogEntry | None:
    """Read a line; one without address or subject is nobody's."""
    if not isinstance(line, dict):
        return None
    names = ("tracking_id", "to_email", "subject", "status", "created_at")
    tracking_id, to_email, subject, status, created_at = (
        value if isinstance(value := line.get(name), str) else "" for name in names
    )
    if not to_email or not subject:
        return None
    return LogEntry(tracking_id, to_email, subject, status, _moment(created_at))


def _moment(text: str) -> float | None:
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _ahead(answer: Answer | NoAnswer) -> float:
    date = answer.headers.get("date", "") if isinstance(answer, Answer) else ""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0
