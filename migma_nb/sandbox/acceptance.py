"""Accepting a send: what it names is looked up, its recipients are counted, and it goes into the queue."""

from dataclasses import dataclass
from typing import Any

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.audience import Resource, personal_fields
from migma_nb.sandbox.consent import exclusion
from migma_nb.sandbox.email_log import log_mail
from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.records import Progress, Send, Suppression
from migma_nb.sandbox.rules import Wanted


@dataclass(frozen=True, slots=True)
class Policy:
    """What the sandbox enforces beyond the field rules.

    Attributes:
        strict: Domains, providers, permissions, projects, conversations, emails and topics must exist.
        any_domain: Whether every sender's domain counts as verified.
        generation: ``"b"`` or ``"c"``: whose answers and batch statuses (migma-api.md section 0) are spoken.
        raw_template: Whether ``template`` is taken, which the newest documents name no more.
        short_batch_path: Whether batches are found at PUBAPI's path alone (section 3).
        import_mode: Whether a bulk import goes on in the background: "auto" above 5,000 rows, else "async"
            or "sync".
    """

    strict: bool
    any_domain: bool
    generation: str
    raw_template: bool
    short_batch_path: bool
    import_mode: str


@dataclass(frozen=True, slots=True)
class _Content:
    html: str
    project_id: str
    conversation_id: str | None
    email_id: str | None


def accept(
    wanted: Wanted,
    account: Account,
    policy: Policy,
    *,
    request_id: str,
    idempotency_key: str | None,
    campaign_id: str | None = None,
    is_test: bool = False,
) -> Send:
    """Put a send into the queue. The caller holds ``account.change()``.

    Args:
        wanted: What is asked for.
        account: Whose recipients and emails it names.
        policy: What is enforced.
        request_id: Of the request that asks for it.
        idempotency_key: That the request bears, or None.
        campaign_id: The campaign that it is for, if any.
        is_test: Whether it is Migma's own test mail, whose sender no domain of the account's stands for.

    Raises:
        Refusal: 400 or 404, or 402 where the quota is used up; nothing has been accepted.
    """
    if not is_test:
        _check_sender(wanted, account, policy)
    content = _content(wanted, account, policy)
    if policy.strict:
        _must_exist("projectId", content.project_id, account.projects, "S17")
        if wanted.topic_id:
            _must_exist("topicId", wanted.topic_id, account.audience.topics, "section 2")
    members: list[Resource] | None = None
    if wanted.recipient_type != "email":
        project_id = content.project_id if policy.strict else None
        members = members_of(wanted.recipient_type, wanted.recipient_id or "", account, project_id)
    send = Send(
        id=new_id("send_" if members is None else "batch_"),
        request_id=request_id,
        accepted_at=account.clock.timestamp(),
        idempotency_key=idempotency_key,
        recipient_type=wanted.recipient_type,
        recipient_email=wanted.recipient_email if members is None else None,
        recipient_id=wanted.recipient_id if members is not None else None,
        sender=wanted.sender,
        from_name=wanted.from_name,
        reply_to=wanted.reply_to,
        bcc=wanted.bcc,
        subject=wanted.subject,
        html_digest=account.keep_text(content.html),
        variables=wanted.variables,
        provider=wanted.provider,
        project_id=content.project_id,
        conversation_id=content.conversation_id,
        email_id=content.email_id,
        topic_id=wanted.topic_id,
        transactional=wanted.transactional,
        campaign_id=campaign_id,
        is_test=is_test,
    )
    left_out = _left_out(send, _people(send, members, account, policy), account)
    account.quota.require((1 if members is None else len(members)) - len(left_out))
    _enqueue(send, members, left_out, account)
    return send


def _check_sender(wanted: Wanted, account: Account, policy: Policy) -> None:
    domain = wanted.sender.rpartition("@")[2].casefold()
    known = account.domains.get(domain)
    if not policy.any_domain and not (known and known["isVerified"]):
        message = f"from: the domain '{domain}' is not verified; verify it before sending (S10)."
        raise Refusal(400, "DOMAIN_NOT_VERIFIED", message)
    if not policy.strict or wanted.provider == "migma":
        return
    provider = account.providers.get(wanted.provider)
    if not (provider and provider["connected"]):
        where = "Settings → Integrations → Email Providers"
        message = f"providerType: '{wanted.provider}' is not connected; connect it in {where} (S16)."
        raise Refusal(400, "PROVIDER_NOT_CONNECTED", message)


def _content(wanted: Wanted, account: Account, policy: Policy) -> _Content:
    """HTML and project: as given, else as the email or conversation has them (S3, S14, S17, S18)."""
    project_id = wanted.project_id
    email: Resource | None = None
    if wanted.email_id or wanted.conversation_id:
        email = _stored_email(wanted, account, policy)
    if email:
        project_id = project_id or email["projectId"]
    html = (
        wanted.template
        if wanted.template is not None
        else (email["html"] if email else _unknown_content(wanted))
    )
    return _Content(
        html=html,
        project_id=project_id or account.default_project["id"],
        conversation_id=wanted.conversation_id or (email["conversationId"] if email else None),
        email_id=wanted.email_id or (email["emailId"] if email else None),
    )


def _stored_email(wanted: Wanted, account: Account, policy: Policy) -> Resource | None:
    if wanted.email_id:
        email = account.emails.get(wanted.email_id)
        if email is None and policy.strict:
            raise _not_found("emailId", wanted.email_id, "section 2")
        return email
    emails = account.emails_of(wanted.conversation_id or "")
    if not emails and policy.strict:
        raise _not_found("conversationId", wanted.conversation_id, "S18")
    if len(emails) > 1 and wanted.template is None:
        message = "conversationId: the conversation holds several emails; name one by emailId (section 2)."
        raise Refusal(400, "VALIDATION_ERROR", message)
    return emails[0] if emails else None


def _unknown_content(wanted: Wanted) -> str:
    """In a rehearsal the stored email is known to Migma alone; the outbox says so instead of showing it."""
    source = f"email {wanted.email_id}" if wanted.email_id else f"conversation {wanted.conversation_id}"
    return f"<p>[The content of {source} is not known to the sandbox.]</p>"


def members_of(
    recipient_type: str, recipient_id: str, account: Account, project_id: str | None
) -> list[Resource]:
    """The contacts of a batch.

    Args:
        recipient_type: ``audience``, ``segment`` or ``tag``.
        recipient_id: Of the segment or tag.
        account: Whose it is.
        project_id: The project that it must belong to; None for any.

    Raises:
        Refusal: 404 for an unknown tag or segment, in a rehearsal too.
    """
    audience = account.audience
    is_tag = recipient_type == "tag"
    group = (audience.tags if is_tag else audience.segments).get(recipient_id)
    if group is None or project_id not in (None, group["projectId"]):
        raise _not_found("recipientId", recipient_id, "S12", recipient_type)
    return audience.members_of_tag(group) if is_tag else audience.members_of_segment(group)


def _people(
    send: Send, members: list[Resource] | None, account: Account, policy: Policy
) -> list[tuple[str, Resource | None]]:
    if members is not None:
        return [(contact["email"], contact) for contact in members]
    address = send.recipient_email or ""
    anywhere = not policy.strict
    return [(address, account.audience.find_contact(address, send.project_id, any_project=anywhere))]


def _left_out(send: Send, people: list[tuple[str, Resource | None]], account: Account) -> dict[str, str]:
    """Who is not to be mailed as things stand, and why, by address."""
    topic = account.audience.topics.get(send.topic_id or "")
    reasons = {
        address: exclusion(address, contact, topic, transactional=send.transactional)
        for address, contact in people
    }
    return {address: reason for address, reason in reasons.items() if reason is not None}


def _enqueue(send: Send, members: list[Resource] | None, reasons: dict[str, str], account: Account) -> None:
    now = account.clock.timestamp()
    total = 1
    if members is not None:
        reachable = []
        for contact in members:
            reason = reasons.get(contact["email"])
            if reason is None:
                reachable.append(contact["id"])
            else:
                left_out = Suppression(send.id, contact["email"], reason, send.transactional, now)
                account.suppressed.put(f"{send.id}:{contact['email']}", left_out)
                log_mail(
                    account,
                    send,
                    contact["email"],
                    personal_fields(contact),
                    contact_id=contact["id"],
                    left_out=reason,
                )
        account.members.put(send.id, reachable)
        total = len(reachable)
    account.sends.put(send.id, send)
    progress = Progress("queued", total, now)
    if total == 0:
        progress.status, progress.error = "failed", "No recipient of this batch may be mailed."
    else:
        account.unfinished += 1
        account.quota.queue(progress)
    account.progress.put(send.id, progress)


def _must_exist(field: str, value: str, table: Any, rule: str) -> None:
    if value not in table:
        raise _not_found(field, value, rule)


def _not_found(field: str, value: str | None, rule: str, kind: str = "") -> Refusal:
    what = f"no {kind} has the id" if kind else "there is no"
    return Refusal(404, "NOT_FOUND", f"{field}: {what} '{value}' ({rule}).")
