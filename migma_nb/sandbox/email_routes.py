"""The routes below ``/v1/emails``: a stored email, its log, its test (migma-api.md sections 6 and 7)."""

from migma_nb.sandbox.acceptance import accept
from migma_nb.sandbox.asked import body_of, query_of
from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.email_models import Email, EmailLogLine, LogPage, LogsQuery, Metrics, TestBody, TestSent
from migma_nb.sandbox.envelope import Answer, Refusal, success
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.figures import metrics_of
from migma_nb.sandbox.log_pages import page_of
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.rules import Wanted

_TEST_SENDER = "test@migma.invalid"


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
    query, account = query_of(call, LogsQuery), context.account
    data = page_of(account, account.lines_of(call.params["email_id"]), query, EmailLogLine)
    return success(data, request_id=call.request_id, timestamp=call.received_at)


def _get_metrics(call: Call, context: Context) -> Answer:
    if context.policy.strict and _known(call, context) is None:
        raise _unknown(call)
    account = context.account
    data = metrics_of(account, account.lines_of(call.params["email_id"]))
    return success(data, request_id=call.request_id, timestamp=call.received_at)


def _known(call: Call, context: Context) -> Resource | None:
    return context.account.emails.get(call.params["email_id"])


def _unknown(call: Call) -> Refusal:
    return Refusal(404, "NOT_FOUND", f"There is no email '{call.params['email_id']}'.")


def _send_test(call: Call, context: Context) -> Answer:
    """A real mail into the outbox: transactional, its placeholders as they stand for want of variables."""
    body = body_of(call, TestBody)
    email = _email_to_test(body, context)
    wanted = Wanted(
        recipient_type="email",
        recipient_email=body.to,
        recipient_id=None,
        sender=_TEST_SENDER,
        from_name="Migma",
        subject=email["subject"],
        reply_to=None,
        bcc=[],
        template=None,
        variables={},
        provider="migma",
        project_id=email["projectId"],
        conversation_id=None,
        email_id=email["emailId"],
        topic_id=None,
        transactional=True,
    )
    account, policy = context.account, context.policy
    send = accept(wanted, account, policy, request_id=call.request_id, idempotency_key=None, is_test=True)
    data = {
        "messageId": send.id,
        "emailId": email["emailId"],
        "conversationId": email["conversationId"],
        "sentTo": body.to,
        "sentAt": send.accepted_at,
        "subject": email["subject"],
    }
    return success(data, request_id=call.request_id, timestamp=call.received_at, accepted_id=send.id)


def _email_to_test(body: TestBody, context: Context) -> Resource:
    """The stored email; it must exist in a rehearsal too, since its subject is part of the answer."""
    if body.email_id is not None:
        found = [email] if (email := context.account.emails.get(body.email_id)) else []
    else:
        found = context.account.emails_of(body.conversation_id or "")
    if not found:
        what = f"emailId '{body.email_id}'" if body.email_id else f"conversationId '{body.conversation_id}'"
        raise Refusal(404, "NOT_FOUND", f"There is no stored email of the {what}.")
    return found[0]


OPERATIONS = [
    Operation(
        method="GET",
        path="/emails/{email_id}",
        action=_get_email,
        summary="A stored email with its HTML",
        source="section 7, contract summary",
        permission="email:read",
        data=Email,
        refusals=(404,),
    ),
    Operation(
        method="GET",
        path="/emails/{email_id}/logs",
        action=_get_logs,
        summary="A page of a stored email's log, newest first",
        source="section 6",
        permission="email:read",
        query=LogsQuery,
        data=LogPage,
        refusals=(400, 404),
    ),
    Operation(
        method="GET",
        path="/emails/{email_id}/metrics",
        action=_get_metrics,
        summary="What became of all mails of a stored email",
        source="section 6",
        permission="email:read",
        data=Metrics,
        refusals=(404,),
    ),
    Operation(
        method="POST",
        path="/emails/test/send",
        action=_send_test,
        summary="Send a stored email to oneself",
        source="section 7",
        permission="email:send",
        body=TestBody,
        data=TestSent,
        refusals=(400, 402, 404),
    ),
]
