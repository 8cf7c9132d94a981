"""One request to its answer: fault, key, limit, permission, idempotency, work and log, in that order."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from migma_nb.sandbox.auth import identify, require
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal, failure
from migma_nb.sandbox.faults import BEFORE_ACCEPT
from migma_nb.sandbox.idempotency import digest_of
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.misbehave import Cut, Dropped, early_refusal, garbled, shown, without_answer
from migma_nb.sandbox.records import Received


@dataclass(slots=True)
class Call:
    """One request, read in full.

    Attributes:
        path: As it came.
        query: A parameter that came several times has its values joined by commas.
        is_sending: Whether it is ``POST /v1/sending``, to which the faults apply.
        fault: The fault that befalls it, or None.
        limits: The rate limit's headers, once the key is known.
    """

    request_id: str
    received_at: str
    method: str
    path: str
    params: Mapping[str, str]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    is_sending: bool = False
    fault: str | None = None
    replayed: bool = False
    limits: dict[str, str] = field(default_factory=dict)

    @property
    def idempotency_key(self) -> str | None:
        """The header's value; an empty one is none."""
        return self.headers.get("idempotency-key") or None


Action = Callable[[Call, Context], Answer]


def endpoint(
    action: Action,
    *,
    permission: str | tuple[str, ...] | None,
    is_sending: bool = False,
    idempotent: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """Make a route's endpoint of what it does.

    Args:
        action: The work; runs inside ``account.change()``, may raise ``Refusal``.
        permission: What the API key needs, one of several where there are several; None where any will do.
        is_sending: Whether faults apply.
        idempotent: Whether it honours ``Idempotency-Key``.
    """

    async def serve(request: Request) -> Response:
        context: Context = request.app.state.context
        try:
            call = await read(request, is_sending=is_sending)
        except ClientDisconnect:
            return Dropped()
        if is_sending:
            call.fault = context.draw_fault()
        if call.fault in BEFORE_ACCEPT:
            return _refuse_early(call, call.fault or "", context)
        answer = await _answer(call, context, action, permission, idempotent=idempotent)
        if answer is None:
            return Dropped()
        return _respond(call, answer, context)

    return serve


async def read(request: Request, *, is_sending: bool = False) -> Call:
    """Take a request in.

    Raises:
        ClientDisconnect: The client left before its body was complete.
    """
    context: Context = request.app.state.context
    return Call(
        request_id=new_id("req_"),
        received_at=context.account.clock.timestamp(),
        method=request.method,
        path=request.scope["path"],
        params=request.path_params,
        query={name: ",".join(request.query_params.getlist(name)) for name in request.query_params},
        headers=request.headers,
        body=await request.body(),
        is_sending=is_sending,
    )


def note(call: Call, context: Context, status: int | None, accepted_id: str | None = None) -> None:
    """Put a request and what was answered into the log."""
    entry = Received(
        request_id=call.request_id,
        time=call.received_at,
        method=call.method,
        path=call.path,
        idempotency_key=call.idempotency_key,
        body_sha256=hashlib.sha256(call.body).hexdigest(),
        status=status,
        replayed=call.replayed,
        fault=call.fault,
        accepted_id=accepted_id,
        is_sending=call.is_sending,
    )
    with context.account.lock:
        context.account.requests.put(call.request_id, entry)


async def _answer(
    call: Call,
    context: Context,
    action: Action,
    permission: str | tuple[str, ...] | None,
    *,
    idempotent: bool,
) -> Answer | None:
    """The true answer, logged; None if the server closed before the work was done."""
    keys = context.idempotency if idempotent and call.idempotency_key else None
    idempotency_key = call.idempotency_key or ""
    digest = digest_of(call.method, call.path.removeprefix("/api"), call.body) if keys else ""
    try:
        with context.account.lock:
            key = identify(call.headers, context.account, context.base_url)
            if context.limit:
                call.limits = context.limit.take(key.fingerprint)
            if permission is not None:
                require(key, permission)
            stored = keys.begin(key.fingerprint, idempotency_key, digest) if keys else None
    except Refusal as refusal:
        # Refused before the key was reserved: nothing is stored, so mending the cause mends the next attempt.
        answer = failure(refusal, request_id=call.request_id, timestamp=call.received_at)
        _conclude(call, context, answer)
        return answer
    if stored is not None:
        call.replayed = True
        _conclude(call, context, stored)
        return stored
    is_open = await context.think()
    kept: Answer | None = None
    with context.account.change():
        try:
            worked = _work(call, context, action) if is_open else None
            kept = worked if worked is not None and _is_kept(call, worked) else None
        finally:
            if keys:
                keys.end(key.fingerprint, idempotency_key, digest, kept)
        _conclude(call, context, worked)
    # Only what is committed may be delivered.
    if worked is not None and worked.accepted_id:
        context.delivery.submit(worked.accepted_id)
    return worked


def _work(call: Call, context: Context, action: Action) -> Answer:
    try:
        return action(call, context)
    except Refusal as refusal:
        return failure(refusal, request_id=call.request_id, timestamp=call.received_at)


def _is_kept(call: Call, answer: Answer) -> bool:
    """429 and 5xx are never kept under a key, nor is what a 500 of the API's own hides."""
    hidden_by_500 = call.fault == "error_500_after_accept" and answer.accepted_id is not None
    return answer.status < 500 and answer.status != 429 and not hidden_by_500


def _conclude(call: Call, context: Context, answer: Answer | None) -> None:
    """Settle whether the fault applies to this answer, and log what will be shown."""
    if answer is None:
        note(call, context, None)
        return
    if call.fault == "error_500_after_accept" and answer.accepted_id is None:
        call.fault = None
    hidden = without_answer(call.fault or "", context.closing)
    status = hidden[1] if hidden else 500 if call.fault == "error_500_after_accept" else answer.status
    note(call, context, status, answer.accepted_id)


def _respond(call: Call, answer: Answer, context: Context) -> Response:
    hidden = without_answer(call.fault or "", context.closing)
    if hidden:
        return hidden[0]
    if call.fault == "error_500_after_accept":
        refusal = Refusal(500, "INTERNAL_ERROR", "An unexpected error occurred.")
        answer = failure(refusal, request_id=call.request_id, timestamp=call.received_at)
    if call.fault == "cut_json":
        response: Response = Cut(answer)
    elif call.fault == "garbled_json":
        response = garbled(answer)
    else:
        response = shown(answer)
    response.headers.update(call.limits)
    return response


def _refuse_early(call: Call, fault: str, context: Context) -> Response:
    refusal = early_refusal(fault)
    if refusal:
        note(call, context, refusal.status)
        return shown(failure(refusal, request_id=call.request_id, timestamp=call.received_at))
    hidden = without_answer(fault, context.closing)
    if hidden is None:
        raise LookupError(f"The fault {fault!r} has no response.")
    note(call, context, hidden[1])
    return hidden[0]
