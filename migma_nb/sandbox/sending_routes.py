"""The routes ``POST /v1/sending`` and ``GET /v1/sending/batches/{id}`` (migma-api.md sections 2 and 3)."""

from typing import Any

from migma_nb.sandbox.acceptance import accept
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal, success
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.records import Progress, Send
from migma_nb.sandbox.rules import check, parse_json
from migma_nb.sandbox.sending_models import Accepted, Batch, body_schema

_STATUS_IN_B = {"queued": "pending", "throttled": "processing", "partial": "completed"}


def batch_as_json(send: Send, progress: Progress, generation: str) -> dict[str, Any]:
    """A batch as the API shows it; generation B has fewer words for its state, and no ``throttle``.

    What the documents leave open, decided here: whom a batch leaves out from the beginning is in none of its
    counts; who may no longer be mailed when the turn comes is in ``totalCount`` and ``failedCount``.
    """
    status = progress.status
    shown: dict[str, Any] = {
        "batchId": send.id,
        "status": _STATUS_IN_B.get(status, status) if generation == "b" else status,
        "recipientType": send.recipient_type,
        "recipientId": send.recipient_id,
        "provider": send.provider,
        "totalCount": progress.total,
        "queuedCount": progress.total - progress.sent - progress.failed,
        "sentCount": progress.sent,
        "failedCount": progress.failed,
        "from": send.sender,
        "fromName": send.from_name,
        "subject": send.subject,
        "createdAt": send.accepted_at,
        "updatedAt": progress.updated_at,
    }
    if progress.error:
        shown["error"] = progress.error
    if progress.throttle and generation != "b":
        shown["throttle"] = {
            "throttledAt": progress.throttle.throttled_at,
            "expiresAt": progress.throttle.expires_at,
            "resumeCount": progress.resumed,
            "reason": progress.throttle.reason,
            "remainingCount": progress.total - progress.done,
            "resumeMessage": progress.throttle.resume_message,
        }
    return shown


def _post_sending(call: Call, context: Context) -> Answer:
    wanted = check(parse_json(call.body), raw_template=context.policy.raw_template)
    key = call.idempotency_key
    send = accept(wanted, context.account, context.policy, request_id=call.request_id, idempotency_key=key)
    data: dict[str, Any] = {"id": send.id, "provider": send.provider, "status": "queued"}
    data["message"] = "Batch queued for delivery" if send.is_batch else "Email queued for delivery"
    if context.policy.generation == "c":
        data["batchId" if send.is_batch else "sendId"] = send.id
        echoes = {"emailId": send.email_id, "conversationId": send.conversation_id}
        data |= {name: value for name, value in echoes.items() if value}
    return success(data, request_id=call.request_id, timestamp=call.received_at, accepted_id=send.id)


def _get_batch(call: Call, context: Context) -> Answer:
    batch_id = call.params["batch_id"]
    send = context.account.sends.get(batch_id)
    progress = context.account.progress.get(batch_id)
    if send is None or progress is None or not send.is_batch:
        raise Refusal(404, "NOT_FOUND", f"There is no batch '{batch_id}'.")
    shown = batch_as_json(send, progress, context.policy.generation)
    return success(shown, request_id=call.request_id, timestamp=call.received_at)


def operations(*, raw_template: bool = True, short_batch_path: bool = False) -> list[Operation]:
    """The two operations.

    Args:
        raw_template: Whether ``template`` is taken.
        short_batch_path: Whether a batch's status is at PUBAPI's path instead (section 3).
    """
    return [
        Operation(
            method="POST",
            path="/sending",
            action=_post_sending,
            summary="Queue an email to one recipient, an audience, a segment or a tag (S1, S2)",
            source="section 2",
            permission="email:send",
            body=body_schema(raw_template=raw_template),
            data=Accepted,
            refusals=(400, 402, 404, 409, 500, 502, 503),
            idempotent=True,
            is_sending=True,
        ),
        Operation(
            method="GET",
            path="/sending/{batch_id}" if short_batch_path else "/sending/batches/{batch_id}",
            action=_get_batch,
            summary="How far a batch has come",
            source="section 3",
            permission="email:read",
            data=Batch,
            refusals=(404,),
        ),
    ]


OPERATIONS = operations()
