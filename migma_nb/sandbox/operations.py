"""What a route takes, does and answers, declared once: for the server and for its OpenAPI document."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.routing import Route

from migma_nb.sandbox.exchange import Action, endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API.

    Attributes:
        method: The HTTP method.
        path: Below ``/v1``, its parameters in braces.
        action: The work; runs inside ``account.change()``, may raise ``Refusal``.
        summary: What it does, in one line.
        source: The section of migma-api.md that it comes from.
        permission: What the API key needs, one of several where there are several; None where any will do.
        query: The model of its query, read with ``asked.query_of``; None where it takes none.
        body: The model of its JSON body, read with ``asked.body_of``, or a JSON schema; None for none.
        body_type: The media type of its body.
        data: The model of ``data`` in its answer, or a JSON schema.
        counts: Whether ``count`` stands beside ``data``.
        status: The status of its success.
        refusals: The statuses with which it may say no, apart from 401, 403 and 429.
        idempotent: Whether it honours ``Idempotency-Key``.
        is_sending: Whether the faults apply to it.
    """

    method: str
    path: str
    action: Action
    summary: str
    source: str
    permission: str | tuple[str, ...] | None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | dict[str, Any] | None = None
    body_type: str = "application/json"
    data: Any = None
    counts: bool = False
    status: int = 200
    refusals: tuple[int, ...] = ()
    idempotent: bool = False
    is_sending: bool = False

    def route(self, prefix: str) -> Route:
        """Its route below a prefix."""
        serve = endpoint(
            self.action,
            permission=self.permission,
            is_sending=self.is_sending,
            idempotent=self.idempotent,
        )
        return Route(prefix + self.path, serve, methods=[self.method])
