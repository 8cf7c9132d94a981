"""The log of stored emails and campaigns (migma-api.md section 6): who got a mail, and what became of it.

Mails from a raw template have no email, hence no line here. Blind copies and tests have none either: no
document names them. A line comes once the queue has dealt with the mail: soon after a send there may be none.
"""

from functools import partial
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.consent import meaning_of
from migma_nb.sandbox.engagement import EVENTS
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.records import LogLine, Send
from migma_nb.sandbox.render import fill_subject

#: Reasons for a suppression as the documents have them, with what they are for (section 2).
_SUPPRESSIONS = {
    "bounced": "bounce",
    "complained": "complaint",
    "unsubscribed": "unsubscribe",
    "non-subscribed": "unsubscribe",
    "topic_opt_out": "unsubscribe",
    "invalid": "manual",
}
#: A mail that was clicked and is opened again is still one that was clicked.
_RANKS = {"opened": 1, "clicked": 2, "complained": 3}


def log_mail(
    account: Account,
    send: Send,
    to: str,
    fields: dict[str, Any],
    *,
    contact_id: str | None,
    left_out: str | None,
) -> None:
    """Write a line for one recipient of a stored email or a campaign. The caller holds ``account.change()``.

    Args:
        account: The account.
        send: What was accepted.
        to: The recipient.
        fields: The contact's fields that the subject may name, for batches.
        contact_id: The recipient's contact, if there is one.
        left_out: Why the recipient was left out, or None if the mail was handed off.
    """
    if (send.email_id is None and send.campaign_id is None) or send.is_test:
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
        subscriber_id=contact_id,
        conversation_id=send.conversation_id,
        campaign_id=send.campaign_id,
        suppression_type=_SUPPRESSIONS[left_out] if left_out else None,
        suppression_reason=left_out,
    )
    engagement = None if left_out else account.engagement
    if engagement:
        line.status, now = "sent", account.clock.now()
        fate = engagement.fate(to, account.mails_to(to))
        line.planned = [[now + after_s, event] for after_s, event in fate]
    account.add_line(line)
    if left_out is None and meaning_of(to) == "complained":
        note_event(account, line.tracking_id, "complained")
    _plan(account, line)


def note_event(account: Account, tracking_id: str, event: str) -> LogLine:
    """Let something become of a mail that is in the log. The caller holds ``account.change()``.

    Raises:
        ValueError: There is no such event.
        LookupError: No line has that tracking id.
    """
    if event not in EVENTS:
        raise ValueError(f"There is no status {event!r}; there are {', '.join(EVENTS)}.")
    line = account.tracked.get(tracking_id)
    if line is None:
        raise LookupError(f"No mail in the log has the tracking id {tracking_id!r}.")
    _note(account, line, event, account.clock.timestamp())
    return line


def resume(account: Account) -> None:
    """Take up what was still to become of mails when the account was last closed."""
    for line in account.log:
        _plan(account, line)


def _plan(account: Account, line: LogLine) -> None:
    for at, event in line.planned:
        account.timetable.put(at, partial(_befall, account, line, event))


def _befall(account: Account, line: LogLine, event: str, at: float) -> None:
    """Let a planned event happen, with what follows for the contact: it is suppressed from now on."""
    line.planned = [each for each in line.planned if each != [at, event]]
    _note(account, line, event, account.clock.timestamp(at))
    contact = account.audience.contacts.get(line.subscriber_id or "")
    if contact and event in {"bounced", "complained", "unsubscribed"}:
        account.audience.put_contact(contact["email"], contact["projectId"], {"status": event})


def _note(account: Account, line: LogLine, event: str, at: str) -> None:
    if event == "unsubscribed":
        # The log has no word for it; the figures count it.
        line.unsubscribed_at = line.unsubscribed_at or at
    elif _RANKS.get(event, 9) >= _RANKS.get(line.status, 0):
        line.status = event
    if event == "opened" or (event == "clicked" and not line.opened_at):
        line.opened_at, line.open_count = line.opened_at or at, line.open_count + 1
    if event == "clicked":
        line.clicked_at, line.click_count = line.clicked_at or at, line.click_count + 1
    if event == "bounced":
        line.bounce_type = "Permanent"
    if event == "complained":
        line.complaint_type = "abuse"
    account.log.put(str(line.id), line)
