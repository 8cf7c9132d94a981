"""The log of each stored email (migma-api.md section 6): who got it, and what became of it.

Mails from a raw template have no email, hence no line here. Blind copies have none either: no document
names them. A line comes when the queue has dealt with the mail, so soon after a send there may be none yet.
"""

from datetime import datetime
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.consent import meaning_of
from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.records import LogLine, Send, as_json
from migma_nb.sandbox.render import fill_subject

#: How long a line is kept (seconds): "about 30 days".
KEPT_S = 30 * 24 * 3600.0
STATUSES = ("delivered", "opened", "clicked", "bounced", "complained", "suppressed", "sent")
_LONGEST_PAGE = 100
_DEFAULT_PAGE = 50
_NOT_SHOWN = frozenset({"email_id"})


def log_mail(account: Account, send: Send, to: str, fields: dict[str, Any], *, left_out: str | None) -> None:
    """Write a line for one recipient of a stored email. The caller holds ``account.change()``.

    Args:
        account: The account.
        send: What was accepted.
        to: The recipient.
        fields: The contact's fields that the subject may name, for batches.
        left_out: Why the recipient was left out, or None if the mail was delivered.
    """
    if send.email_id is None:
        return
    line = LogLine(
        id=len(account.log) + 1,
        email_id=send.email_id,
        # The inference of section 6: what the send was answered with. A batch's mails need one each.
        tracking_id=new_id("track_") if send.is_batch else send.id,
        domain=send.sender.rpartition("@")[2].casefold(),
        from_email=send.sender,
        to_email=to,
        subject=fill_subject(send.subject, {**fields, **send.variables}),
        status="suppressed" if left_out else "delivered",
        created_at=account.clock.timestamp(),
        bounce_type="Permanent" if left_out == "bounced" else None,
    )
    account.log.put(str(line.id), line)
    if left_out is None and meaning_of(to) == "complained":
        note_event(account, line.tracking_id, "complained")


def note_event(account: Account, tracking_id: str, status: str) -> LogLine:
    """Let something become of a mail that is in the log. The caller holds ``account.change()``.

    Raises:
        ValueError: There is no such status.
        LookupError: No line has that tracking id.
    """
    if status not in STATUSES:
        raise ValueError(f"There is no status {status!r}; there are {', '.join(STATUSES)}.")
    line = next((each for each in account.log if each.tracking_id == tracking_id), None)
    if line is None:
        raise LookupError(f"No mail in the log has the tracking id {tracking_id!r}.")
    line.status = status
    now = account.clock.timestamp()
    if status in {"opened", "clicked"}:
        line.opened_at, line.open_count = line.opened_at or now, line.open_count + 1
    if status == "clicked":
        line.clicked_at, line.click_count = line.clicked_at or now, line.click_count + 1
    if status == "bounced":
        line.bounce_type = "Permanent"
    if status == "complained":
        line.complaint_type = "abuse"
    account.log.put(str(line.id), line)
    return line


def page_of(account: Account, email_id: str, query: dict[str, str]) -> dict[str, Any]:
    """One page of an email's log, newest first, as the API shows it.

    Args:
        account: The account.
        email_id: The email.
        query: ``limit``, ``cursor`` and ``status`` as they came.

    Raises:
        Refusal: 400 for a limit, cursor or status that is none.
    """
    limit, before, status = _limit(query), _before(query), query.get("status")
    if status is not None and status not in STATUSES:
        raise _invalid(f"status must be one of {', '.join(STATUSES)}.")
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


def _limit(query: dict[str, str]) -> int:
    text = query.get("limit", str(_DEFAULT_PAGE))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _LONGEST_PAGE):
        raise _invalid(f"limit must be a whole number from 1 to {_LONGEST_PAGE}.")
    return int(text)


def _before(query: dict[str, str]) -> int | None:
    text = query.get("cursor")
    if text is None:
        return None
    number = text.removeprefix("before-")
    if number == text or not (number.isascii() and number.isdecimal()):
        raise _invalid("cursor is none that this log gave out.")
    return int(number)


def _invalid(message: str) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", f"{message} (section 6)")
