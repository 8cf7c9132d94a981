"""The bodies of answers, read so that a strange or missing part is never fatal."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from migma_nb.api.models import BatchStatus, SendAnswer

Model = TypeVar("Model", bound=BaseModel)


def parsed(body: bytes) -> dict[str, Any] | None:
    """Return a body as the JSON object it is, or None where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def send_answer(parts: dict[str, Any] | None) -> SendAnswer:
    """Read `data` with every part optional; a part of a strange type is left out, never fatal."""
    data = (parts or {}).get("data")
    if not isinstance(data, dict):
        return SendAnswer()
    return _tolerantly(SendAnswer, data)


def batch_status(data: dict[str, Any]) -> BatchStatus:
    """Read how far a batch is, from an answer's `data`, in the same way."""
    return _tolerantly(BatchStatus, data)


def _tolerantly(model: type[Model], data: dict[str, Any]) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        strange = {str(part["loc"][0]) for part in error.errors(include_url=False, include_input=False)}
        return model.model_validate({name: value for name, value in data.items() if name not in strange})


def text_of(value: Any) -> str | None:
    """Return a text that says something, at most 500 characters of it, or None.

    What could steer a terminal or turn the reading order stands there as its code.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    if value.isprintable():
        return value[:500]
    text = " ".join(value[:500].split())
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
