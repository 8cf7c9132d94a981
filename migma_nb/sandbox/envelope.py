"""The API's envelope (migma-api.md section 2): success and error bodies, and the error's exception."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API says to one request.

    Attributes:
        status: HTTP status code.
        body: The bytes of the JSON envelope.
        headers: Headers beyond type and length.
        accepted_id: The id of the send that was accepted, or None.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted_id: str | None = None


class Refusal(Exception):  # noqa: N818 - a refusal is an answer of the API, not an error of the sandbox
    """The API says no.

    Args:
        status: HTTP status code.
        code: The envelope's ``code``. Only ``IDEMPOTENCY_CONFLICT`` is documented; the others are ours.
        message: The envelope's ``error``, a sentence that names the field and the rule.
        headers: Extra response headers.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def success(
    data: Any,
    *,
    request_id: str,
    timestamp: str,
    count: int | None = None,
    status: int = 200,
    accepted_id: str | None = None,
) -> Answer:
    """A success with data; lists have their ``count`` beside it (section 5)."""
    body = {"success": True, "data": data, "error": None, "metadata": _metadata(request_id, timestamp)}
    if count is not None:
        body["count"] = count
    return Answer(status, json.dumps(body).encode(), {}, accepted_id)


def failure(refusal: Refusal, *, request_id: str, timestamp: str) -> Answer:
    """The envelope of a refusal."""
    body = {
        "success": False,
        "error": refusal.message,
        "code": refusal.code,
        "metadata": _metadata(request_id, timestamp),
    }
    return Answer(refusal.status, json.dumps(body).encode(), refusal.headers)


def _metadata(request_id: str, timestamp: str) -> dict[str, str]:
    return {"timestamp": timestamp, "requestId": request_id}
