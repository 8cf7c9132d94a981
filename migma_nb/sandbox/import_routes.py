"""The routes below ``/v1/projects/emails``: list, ``import-html``, a conversation's status (section 4)."""

from migma_nb.sandbox.asked import body_of, query_of
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.conversations import conversations_of, listed_as_json, status_as_json
from migma_nb.sandbox.email_models import ConversationStatus, EmailList, EmailsQuery, ImportBegun, ImportBody
from migma_nb.sandbox.envelope import Answer, Refusal, success
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation


def _list(call: Call, context: Context) -> Answer:
    query = query_of(call, EmailsQuery)
    wanted = (query.search or "").casefold()
    found = [
        each
        for each in conversations_of(context.account, query.project_id)
        if query.status in (None, each["status"]) and wanted in each["title"].casefold()
    ]
    begin = (query.page - 1) * query.limit
    page = found[begin : begin + query.limit]
    pagination = {"total": len(found), "page": query.page, "limit": query.limit}
    pagination["hasMore"] = len(found) > begin + query.limit
    data = {"emails": [listed_as_json(context.account, each) for each in page], "pagination": pagination}
    return success(data, request_id=call.request_id, timestamp=call.received_at)


def _import(call: Call, context: Context) -> Answer:
    wanted = body_of(call, ImportBody)
    if context.policy.strict and wanted.project_id not in context.account.projects:
        raise Refusal(404, "NOT_FOUND", f"projectId: there is no '{wanted.project_id}'.")
    files = [(each.name, each.source) for each in wanted.htmls or ()]
    files = files or [(wanted.name or "", wanted.html or "")]
    conversation_id = context.conversations.begin(wanted.project_id, files)["conversationId"]
    data = {
        "conversationId": conversation_id,
        "status": "pending",
        "message": "The import has begun; ask for the conversation's status.",
        "link": f"https://sandbox.invalid/conversations/{conversation_id}",
    }
    return success(data, request_id=call.request_id, timestamp=call.received_at)


def _status(call: Call, context: Context) -> Answer:
    conversation_id = call.params["conversation_id"]
    data = status_as_json(context.account, conversation_id)
    if data is None:
        raise Refusal(404, "NOT_FOUND", f"There is no conversation '{conversation_id}'.")
    return success(data, request_id=call.request_id, timestamp=call.received_at)


OPERATIONS = [
    Operation(
        method="GET",
        path="/projects/emails",
        action=_list,
        summary="A page of a project's conversations, newest first",
        # migma-api.md has no list of emails; the path, its query and its pages are the vendor's Node SDK's.
        source="SDKi:src/resources/emails.ts@29d8ccd",
        permission="email:read",
        query=EmailsQuery,
        data=EmailList,
        refusals=(400,),
    ),
    Operation(
        method="POST",
        path="/projects/emails/import-html",
        action=_import,
        summary="Make emails of HTML",
        source="section 4",
        # The contract summary infers the first; who may send could always make emails (section 1).
        permission=("email:write", "email:send"),
        body=ImportBody,
        data=ImportBegun,
        refusals=(400, 404, 409),
        idempotent=True,
    ),
    Operation(
        method="GET",
        path="/projects/emails/{conversation_id}/status",
        action=_status,
        summary="How far a conversation has come, and its emails",
        source="section 4",
        permission="email:read",
        data=ConversationStatus,
        refusals=(404,),
    ),
]
