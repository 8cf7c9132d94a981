"""The routes below ``/v1/campaigns`` (migma-api.md sections 6 and 7)."""

from collections.abc import Callable
from typing import Any

from migma_nb.sandbox.asked import body_of, query_of
from migma_nb.sandbox.campaign_models import (
    Campaign,
    CampaignList,
    CampaignLogLine,
    CampaignLogPage,
    CreateBody,
    ListQuery,
    LogsQuery,
    ScheduleBody,
    Stats,
)
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, success
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.figures import stats_of
from migma_nb.sandbox.log_pages import page_of
from migma_nb.sandbox.operations import Operation

#: The two readings of who may do it (section 1): either permission suffices.
READS = ("email:read", "campaign:read")
WRITES = ("email:send", "campaign:write")


def _answer(call: Call, data: Any, *, status: int = 200, accepted_id: str | None = None) -> Answer:
    return success(
        data, request_id=call.request_id, timestamp=call.received_at, status=status, accepted_id=accepted_id
    )


def _shown(call: Call, context: Context, accepted_id: str | None = None) -> Answer:
    """A campaign as it now stands."""
    return _answer(call, context.campaigns.known(call.params["id"]), accepted_id=accepted_id)


def _create(call: Call, context: Context) -> Answer:
    wanted = body_of(call, CreateBody).model_dump(by_alias=True)
    return _answer(call, context.campaigns.create(wanted), status=201)


def _list(call: Call, context: Context) -> Answer:
    query = query_of(call, ListQuery)
    found = context.campaigns.found(query.project_id, archived=query.archived)
    found = [each for each in found if query.status in (None, each["status"])]
    begin = (query.page - 1) * query.limit
    return _answer(call, {"campaigns": found[begin : begin + query.limit], "total": len(found)})


def _send(call: Call, context: Context) -> Answer:
    key = call.idempotency_key
    send = context.campaigns.send(call.params["id"], request_id=call.request_id, idempotency_key=key)
    return _shown(call, context, accepted_id=send.id)


def _schedule(call: Call, context: Context) -> Answer:
    body = body_of(call, ScheduleBody)
    context.campaigns.schedule(call.params["id"], body.scheduled_at, body.scheduled_timezone)
    return _shown(call, context)


def _cancel(call: Call, context: Context) -> Answer:
    context.campaigns.cancel(call.params["id"])
    return _shown(call, context)


def _archive(call: Call, context: Context) -> Answer:
    context.campaigns.archive(call.params["id"], archived=True)
    return _shown(call, context)


def _unarchive(call: Call, context: Context) -> Answer:
    context.campaigns.archive(call.params["id"], archived=False)
    return _shown(call, context)


def _stats(call: Call, context: Context) -> Answer:
    campaign = context.campaigns.known(call.params["id"])
    return _answer(call, stats_of(context.account, context.account.lines_of(campaign["id"])))


def _logs(call: Call, context: Context) -> Answer:
    query = query_of(call, LogsQuery)
    lines = context.account.lines_of(context.campaigns.known(call.params["id"])["id"])
    return _answer(call, page_of(context.account, lines, query, CampaignLogLine))


def _change(action: Callable[[Call, Context], Answer], path: str, summary: str, **more: Any) -> Operation:
    """One of the steps that a campaign takes."""
    return Operation(
        method="POST",
        path=f"/campaigns/{{id}}/{path}",
        action=action,
        summary=summary,
        source="section 7",
        permission=WRITES,
        data=Campaign,
        **({"refusals": (400, 404)} | more),
    )


def _read(action: Callable[[Call, Context], Answer], path: str, summary: str, **more: Any) -> Operation:
    return Operation(
        method="GET",
        path=f"/campaigns{path}",
        action=action,
        summary=summary,
        source="sections 6 and 7",
        permission=READS,
        **({"refusals": (404,)} | more),
    )


OPERATIONS = [
    Operation(
        method="POST",
        path="/campaigns",
        action=_create,
        summary="Make a campaign of a stored email, as a draft",
        source="section 7",
        permission=WRITES,
        body=CreateBody,
        data=Campaign,
        status=201,
        refusals=(400, 404, 409),
        idempotent=True,
    ),
    _read(_list, "", "A page of campaigns", query=ListQuery, data=CampaignList, refusals=(400,)),
    _read(_shown, "/{id}", "A campaign", data=Campaign),
    _read(_stats, "/{id}/stats", "What became of a campaign's mails, in numbers", data=Stats),
    _read(
        _logs,
        "/{id}/logs",
        "A page of a campaign's log, newest first",
        query=LogsQuery,
        data=CampaignLogPage,
        refusals=(400, 404),
    ),
    _change(
        _send,
        "send",
        "Queue a campaign for delivery",
        refusals=(400, 402, 404, 409, 500, 502, 503),
        idempotent=True,
        is_sending=True,
    ),
    _change(
        _schedule,
        "schedule",
        "Have a campaign go later",
        body=ScheduleBody,
        refusals=(400, 404, 409),
        idempotent=True,
    ),
    _change(_cancel, "cancel", "Take a campaign back, or stop it"),
    _change(_archive, "archive", "Take a campaign out of the list"),
    _change(_unarchive, "unarchive", "Put a campaign back into the list"),
]
