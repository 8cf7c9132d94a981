"""The application: all routes under ``/v1`` and ``/api/v1``, and the envelope for what no route answers."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from migma_nb.sandbox import (
    campaign_routes,
    contact_import_routes,
    contact_routes,
    domain_routes,
    email_routes,
    import_routes,
    metrics_routes,
    project_routes,
    segment_routes,
    sending_routes,
    tag_routes,
    topic_routes,
)
from migma_nb.sandbox.acceptance import Policy
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Refusal, failure
from migma_nb.sandbox.exchange import note, read
from migma_nb.sandbox.misbehave import Dropped, shown
from migma_nb.sandbox.openapi import document
from migma_nb.sandbox.operations import Operation

_PREFIXES = ("/v1", "/api/v1")
OPERATIONS = [
    *sending_routes.OPERATIONS,
    *email_routes.OPERATIONS,
    *import_routes.OPERATIONS,
    *campaign_routes.OPERATIONS,
    *contact_routes.OPERATIONS,
    *contact_import_routes.OPERATIONS,
    *tag_routes.OPERATIONS,
    *segment_routes.OPERATIONS,
    *topic_routes.OPERATIONS,
    *domain_routes.OPERATIONS,
    *project_routes.OPERATIONS,
    *metrics_routes.OPERATIONS,
]
#: Older names that still answer (section 5).
ALIASES = {"/contacts": "/subscribers", "/segments": "/audiences"}


def operations_of(policy: Policy) -> list[Operation]:
    """What a server with that policy serves."""
    sending = sending_routes.operations(
        raw_template=policy.raw_template, short_batch_path=policy.short_batch_path
    )
    served = [*sending, *(each for each in OPERATIONS if each not in sending_routes.OPERATIONS)]
    # A path of words comes before one that would take a word for an id.
    return sorted(served, key=lambda each: [part.startswith("{") for part in each.path.split("/")])


def make_app(context: Context) -> Starlette:
    """The ASGI application over a context."""
    served = operations_of(context.policy)

    async def show_document(_: Request) -> Response:
        return JSONResponse(document(served, context.base_url))

    # Not by Mount, whose own router would redirect a trailing slash.
    routes = [operation.route(prefix) for prefix in _PREFIXES for operation in _also_by_older_names(served)]
    # The document needs no key, is no part of the API and so is not logged as a request.
    app = Starlette(
        routes=[*(Route(f"{prefix}/openapi.json", show_document) for prefix in ("", *_PREFIXES)), *routes],
        exception_handlers={HTTPException: _no_route},
    )
    app.router.redirect_slashes = False
    app.state.context = context
    return app


def _also_by_older_names(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        yield operation
        for name, older in ALIASES.items():
            if operation.path.startswith(name):
                yield replace(operation, path=older + operation.path.removeprefix(name))


async def _no_route(request: Request, error: Exception) -> Response:
    """404 and 405 in the API's envelope."""
    context: Context = request.app.state.context
    try:
        call = await read(request)
    except ClientDisconnect:
        return Dropped()
    headers = error.headers if isinstance(error, HTTPException) else None
    refusal = Refusal(404, "NOT_FOUND", f"There is no {call.path} here.", headers)
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        refusal = Refusal(405, "METHOD_NOT_ALLOWED", f"{call.method} is not allowed on {call.path}.", headers)
    note(call, context, refusal.status)
    return shown(failure(refusal, request_id=call.request_id, timestamp=call.received_at))
