"""The routes ``GET /v1/emails/{id}`` and ``GET /v1/emails/{id}/logs`` (migma-api.md section 6)."""

from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.email_log import page_of
from migma_nb.sandbox.envelope import Answer, Refusal, success
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation


def _get_email(call: Call, context: Context) -> Answer:
    email = _known(call, context)
    if email is None:
        raise _unknown(call)
    shown = {
        "emailId": email["emailId"],
        "conversationId": email["conversationId"],
        "status": "completed",
        "subject": email["subject"],
        "preheader": "",
        "html": email["html"],
        "warnings": [],
        "updatedAt": email.get("updatedAt"),
    }
    return success(shown, request_id=call.request_id, timestamp=call.received_at)


def _get_logs(call: Call, context: Context) -> Answer:
    # In a rehearsal any email may be sent from, so each has a log, if an empty one.
    if context.policy.strict and _known(call, context) is None:
        raise _unknown(call)
    data = page_of(context.account, call.params["email_id"], call.query)
    return success(data, request_id=call.request_id, timestamp=call.received_at)


def _known(call: Call, context: Context) -> Resource | None:
    return context.account.emails.get(call.params["email_id"])


def _unknown(call: Call) -> Refusal:
    return Refusal(404, "NOT_FOUND", f"There is no email '{call.params['email_id']}'.")


OPERATIONS = [
    Operation(
        method="GET",
        path="/emails/{email_id}",
        action=_get_email,
        summary="A stored email with its HTML",
        source="section 7, contract summary",
        permission="email:read",
        refusals=(404,),
    ),
    Operation(
        method="GET",
        path="/emails/{email_id}/logs",
        action=_get_logs,
        summary="A page of a stored email's log, newest first",
        source="section 6",
        permission="email:read",
        refusals=(400, 404),
    ),
]
