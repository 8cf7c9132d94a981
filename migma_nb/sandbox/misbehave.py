"""Responses that do not behave, one for each kind of fault: a closed connection, a cut body, silence."""

import asyncio
import json
import math
import time
from email.utils import formatdate

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from migma_nb.sandbox.envelope import Answer, Refusal

_GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def shown(answer: Answer) -> Response:
    """An answer as it ought to go out."""
    return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")


def early_refusal(fault: str) -> Refusal | None:
    """What the API's envelope says for a fault before acceptance; None if that fault has no envelope."""
    # A client compares an HTTP date with its own clock, so this one is the wall clock's.
    soon = formatdate(math.ceil(time.time()) + 1, usegmt=True)
    limited = ("RATE_LIMIT_EXCEEDED", "Rate limit exceeded. Try again later.")
    gone = ("SERVICE_UNAVAILABLE", "The service is temporarily unavailable.")
    refusals = {
        "error_500_before_accept": Refusal(500, "INTERNAL_ERROR", "An unexpected error occurred."),
        "rate_limited_seconds": Refusal(429, *limited, {"Retry-After": "1"}),
        "rate_limited_date": Refusal(429, *limited, {"Retry-After": soon}),
        "unavailable": Refusal(503, *gone, {"Retry-After": "1"}),
        "unavailable_bare": Refusal(503, *gone),
    }
    return refusals.get(fault)


def without_answer(fault: str, closing: asyncio.Event) -> tuple[Response, int | None] | None:
    """The response of a fault that hides what happened, with the status to note; None for other faults."""
    if fault in {"accept_then_drop", "drop_before_accept"}:
        return Dropped(), None
    if fault in {"silence_before_accept", "silence_after_accept"}:
        return Silent(closing), None
    if fault in {"html_error", "html_error_after_accept"}:
        return HTMLResponse(_GATEWAY_PAGE, 502), 502
    return None


def garbled(answer: Answer) -> Response:
    """The answer with its own status and a complete body that is no JSON."""
    text = json.dumps(json.loads(answer.body))
    return Response(
        text.replace(":", "=").replace('"', "") + "\n", answer.status, media_type="application/json"
    )


class Dropped(Response):
    """No byte of an answer: the TCP connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Close the connection and see it gone, or uvicorn would answer 500 in our place."""
        scope["state"]["transport"].abort()
        await _until_gone(receive)


class Silent(Response):
    """Nothing at all until the client gives up or the server closes.

    Args:
        closing: Set when the server closes.
    """

    def __init__(self, closing: asyncio.Event) -> None:
        super().__init__()
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Wait for either, then close the connection."""
        gone = asyncio.create_task(_until_gone(receive))
        closing = asyncio.create_task(self._closing.wait())
        await asyncio.wait({gone, closing}, return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        scope["state"]["transport"].abort()
        await gone


class Cut(Response):
    """The head and half the body of an answer, then the end of the connection.

    Args:
        answer: The true answer, whose whole length is promised.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body, answer.status, dict(answer.headers), media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half, flush, close."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"]["transport"].close()
        await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
