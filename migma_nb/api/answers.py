"""The bodies of answers, read so that a strange or missing part is never fatal."""

import json
from typing import Any

from pydantic import ValidationError

from migma_nb.api.models import SendAnswer


def parsed(body: bytes) -> dict[str, Any] | None:
    """Return a body as the JSON object it is, or None where it is none.

    What no database can hold (a lone surrogate, a NUL) is replaced in its texts: an answer with a strange
    character must not be lost when it is put on record.
    """
    try:
        found = _storable(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_storable(part) for part in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(part) for name, part in value.items()}
    return value


def send_answer(parts: dict[str, Any] | None) -> SendAnswer:
    """Read `data` with every part optional; a part of a strange type is left out, never fatal."""
    data = (parts or {}).get("data")
    if not isinstance(data, dict):
        return SendAnswer()
    try:
        return SendAnswer.model_validate(data)
    except ValidationError as error:
        strange = {str(part["loc"][0]) for part in error.errors(include_url=False, include_input=False)}
        return SendAnswer.model_validate({name: value for name, value in data.items() if name not in strange})


def text_of(value: Any) -> str | None:
    """Return a text that says something, at most 500 characters of it, or None."""
    return value[:500] if isinstance(value, str) and value.strip() else None
