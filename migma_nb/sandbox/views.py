"""The account's records as plain dicts: what was delivered, left out and requested, and how batches stand."""

from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.campaigns import as_it_stands
from migma_nb.sandbox.records import Message, Received, Send, as_json
from migma_nb.sandbox.render import fill_html, fill_subject
from migma_nb.sandbox.sending_routes import batch_as_json

Resource = dict[str, Any]


def outbox(account: Account) -> list[Resource]:
    """One dict for each delivered message, in order of delivery, as the person received it."""
    with account.lock:
        messages = [(message, account.sends.get(message.send_id)) for message in account.messages]
        texts = {send.html_digest: account.texts.get(send.html_digest) or "" for _, send in messages if send}
    # Rendering takes its time and needs nothing that changes: the server goes on meanwhile.
    return [_mail(message, send, texts[send.html_digest]) for message, send in messages if send]


def _mail(message: Message, send: Send, template: str) -> Resource:
    values = {**message.fields, **send.variables}
    subject = fill_subject(send.subject, values)
    return {
        "id": message.id,
        "to": message.to,
        "is_bcc": message.is_bcc,
        "from": send.sender,
        "from_name": send.from_name,
        "subject": subject,
        "html": fill_html(template, values),
        "headers": _headers(message, send, subject),
        "transactional": send.transactional,
        "send_id": None if send.is_batch else send.id,
        "batch_id": send.id if send.is_batch else None,
        "idempotency_key": send.idempotency_key,
        "request_id": send.request_id,
        "recipient_type": send.recipient_type,
        "recipient_id": send.recipient_id,
        "project_id": send.project_id,
        "conversation_id": send.conversation_id,
        "email_id": send.email_id,
        "topic_id": send.topic_id,
        "provider": send.provider,
        "reply_to": send.reply_to,
        "bcc": list(send.bcc),
        "accepted_at": send.accepted_at,
        "delivered_at": message.delivered_at,
    }


def _headers(message: Message, send: Send, subject: str) -> dict[str, str]:
    """The mail's headers, names and addresses unencoded; marketing bears List-Unsubscribe (S4, S20)."""
    headers = {
        "From": f"{send.from_name} <{send.sender}>",
        "To": message.addressed_to,
        "Subject": subject,
        "Message-ID": f"<{message.id}@sandbox.invalid>",
    }
    if send.reply_to:
        headers["Reply-To"] = send.reply_to
    if not send.transactional:
        headers["List-Unsubscribe"] = f"<https://sandbox.invalid/unsubscribe/{message.id}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def suppressed(account: Account) -> list[Resource]:
    """One dict for each recipient that a send left out, with the reason."""
    with account.lock:
        return [as_json(each) for each in account.suppressed]


def requests(account: Account) -> list[Resource]:
    """One dict for each request, in the order in which they were settled."""
    with account.lock:
        return [_request(each) for each in account.requests]


def _request(received: Received) -> Resource:
    entry = as_json(received)
    del entry["is_sending"]
    return entry


def sends(account: Account) -> list[Resource]:
    """One dict for each accepted single, with its status in the queue."""
    with account.lock:
        singles = [(send, account.progress.get(send.id)) for send in account.sends if not send.is_batch]
        return [
            {
                "id": send.id,
                "to": send.recipient_email,
                "status": progress.status,
                "transactional": send.transactional,
                "idempotency_key": send.idempotency_key,
                "request_id": send.request_id,
                "accepted_at": send.accepted_at,
            }
            for send, progress in singles
            if progress
        ]


def batches(account: Account, generation: str) -> list[Resource]:
    """One dict for each accepted batch, as the API shows it, with ``transactional`` beside."""
    with account.lock:
        known = [(send, account.progress.get(send.id)) for send in account.sends if send.is_batch]
        return [
            batch_as_json(send, progress, generation) | {"transactional": send.transactional}
            for send, progress in known
            if progress
        ]


def campaigns(account: Account) -> list[Resource]:
    """One dict for each campaign, as the API shows it."""
    with account.lock:
        return [dict(as_it_stands(account, each)) for each in account.campaigns]


def tags(account: Account) -> list[Resource]:
    """The tags, each with the number of its contacts."""
    with account.lock:
        people = account.audience
        return [{**tag, "subscriberCount": people.tag_size(tag)} for tag in people.tags]


def segments(account: Account) -> list[Resource]:
    """The segments, each with the number of its contacts."""
    with account.lock:
        people = account.audience
        return [{**each, "count": len(people.members_of_segment(each))} for each in people.segments]
