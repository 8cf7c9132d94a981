"""The log of one stored email: what Migma took for whom, and what became of it (migma-api.md, section 6)."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from migma_nb.api.connection import Connection
from migma_nb.api.errors import AccountError, CallError, InputError
from migma_nb.api.meaning import Verdict
from migma_nb.api.reads import PAGE, Read, part_of_path, read
from migma_nb.api.settings import Settings

#: So many pages are read at most: a log that goes on is another mailing's.
MOST_PAGES = 2_000
#: So far beyond what is asked for a log is read (seconds): its clock may be off.
MARGIN_S = 86_400.0
#: Migma keeps a line for about 30 days (seconds).
KEPT_S = 30 * 86_400.0
_HINT = "Nothing was changed. The key needs the permission email:read; ask again later."


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log.

    `created_at`, `opened_at` and `clicked_at` are seconds since the epoch by the server's clock, None where
    they cannot be read; the texts are "" and the counts None where the line has none.
    """

    tracking_id: str
    to_email: str
    subject: str
    status: str
    created_at: float | None
    opened_at: float | None = None
    clicked_at: float | None = None
    open_count: int | None = None
    click_count: int | None = None
    bounce_type: str = ""
    complaint_type: str = ""


@dataclass(frozen=True, slots=True)
class EmailLog:
    """What was read of a log, newest first; `ahead_s` is how far the server's clock is ahead of ours."""

    entries: list[LogEntry]
    ahead_s: float


def subject_digest(subject: str) -> str:
    """Return what stands in a record for a subject: its hash, since a subject may hold a name."""
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()


async def read_log(
    settings: Settings, email_id: str, *, since: float, only: Collection[str] | None = None
) -> EmailLog:
    """Return the log of a stored email, as far back as is asked for.

    Args:
        settings: the client's settings; the key needs `email:read`.
        email_id: the email.
        since: our clock's time (seconds since the epoch) of the oldest line that matters.
        only: tracking ids; where all of them have been read, nothing older matters. None where that cannot
            be said.

    Raises:
        InputError: the account has no such email.
        CallError: no clear answer came, or the log has no end; nothing is changed by asking again.
    """
    entries: list[LogEntry] = []
    missing = None if only is None else set(only)
    cursor: str | None = None
    seen: set[str] = set()
    async with Connection(settings) as connection:
        while len(seen) < MOST_PAGES:
            query = {"limit": PAGE, "cursor": cursor}
            found = await read(connection, f"/emails/{part_of_path(email_id)}/logs", query)
            data = _data(found, email_id)
            page = [entry for line in data["emails"] if (entry := _entry(line))]
            entries += page
            cursor = data.get("nextCursor")
            if _is_past(page, since + found.ahead_s) or not cursor or data.get("hasMore") is False:
                return EmailLog(entries, found.ahead_s)
            if missing is not None:
                missing -= {entry.tracking_id for entry in page}
                if not missing:
                    return EmailLog(entries, found.ahead_s)
            if not isinstance(cursor, str) or cursor in seen:
                break
            seen.add(cursor)
    raise CallError(
        f"The log of email {email_id!r} does not come to an end, so nothing is certain from it.",
        hint="Nothing was changed. Ask again later, or look into the dashboard.",
    )


def _is_past(page: list[LogEntry], since: float) -> bool:
    newest = max((entry.created_at for entry in page if entry.created_at is not None), default=None)
    return newest is not None and newest < since - MARGIN_S


def _data(found: Read, email_id: str) -> dict[str, Any]:
    if found.trouble is None:
        if isinstance(found.data, dict) and isinstance(found.data.get("emails"), list):
            return found.data
        raise CallError(f"The log of email {email_id!r} could not be read: the answer is no log.", hint=_HINT)
    if found.missing:
        raise InputError(
            f"The account has no email {email_id!r}, so there is no log to read. Nothing was changed."
        )
    error = AccountError if found.trouble.verdict is Verdict.HALT else CallError
    raise error(
        f"The log of email {email_id!r} could not be read: {found.trouble.detail.rstrip('.')}.",
        hint=_HINT,
        status=found.trouble.status,
        code=found.trouble.code,
        request_id=found.trouble.request_id,
    )


def _entry(line: Any) -> LogEntry | None:
    """Read a line; one without address or subject is nobody's."""
    if not isinstance(line, dict):
        return None
    to_email, subject = _text(line, "to_email"), _text(line, "subject")
    if not to_email or not subject:
        return None
    return LogEntry(
        tracking_id=_text(line, "tracking_id"),
        to_email=to_email,
        subject=subject,
        status=_text(line, "status"),
        created_at=_moment(line, "created_at"),
        opened_at=_moment(line, "opened_at"),
        clicked_at=_moment(line, "clicked_at"),
        open_count=_count(line, "open_count"),
        click_count=_count(line, "click_count"),
        bounce_type=_text(line, "bounce_type"),
        complaint_type=_text(line, "complaint_type"),
    )


def _text(line: dict[str, Any], name: str) -> str:
    value = line.get(name)
    return value if isinstance(value, str) else ""


def _count(line: dict[str, Any], name: str) -> int | None:
    value = line.get(name)
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if usable else None


def _moment(line: dict[str, Any], name: str) -> float | None:
    try:
        when = datetime.fromisoformat(_text(line, name))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
