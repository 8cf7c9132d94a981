"""The log of each stored email (migma-api.md section 6): who got it, and what became of it.

Mails from a raw template have no email, hence no line here. Blind copies and tests have none either: no
document names them. A line comes once the queue has dealt with the mail: soon after a send there may be none.
"""

from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.consent import meaning_of
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.records import LogLine, Send
from migma_nb.sandbox.render import fill_subject

STATUSES = ("delivered", "opened", "clicked", "bounced", "complained", "suppressed", "sent")


def log_mail(account: Account, send: Send, to: str, fields: dict[str, Any], *, left_out: str | None) -> None:
    """Write a line for one recipient of a stored email. The caller holds ``account.change()``.

    Args:
        account: The account.
        send: What was accepted.
        to: The recipient.
        fields: The contact's fields that the subject may name, for batches.
        left_out: Why the recipient was left out, or None if the mail was delivered.
    """
    if send.email_id is None or send.is_test:
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
