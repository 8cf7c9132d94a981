"""The sandbox's OpenAPI document (3.1), made of what the operations declare."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter

from migma_nb.sandbox.idempotency import MAX_LENGTH
from migma_nb.sandbox.operations import Operation

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_SAID = {
    400: "A field is missing or wrong, or a step is not allowed now.",
    402: "The sending quota is used up.",
    401: "The API key is missing or none.",
    403: "The API key lacks the permission.",
    404: "There is no such thing.",
    409: "The idempotency key was used with another body, or is at work.",
    429: "Too many requests.",
    500: "An error, put in by a fault.",
    502: "A gateway's page, put in by a fault.",
    503: "Unavailable, put in by a fault.",
}
_METADATA = {
    "type": "object",
    "properties": {"timestamp": {"type": "string", "format": "date-time"}, "requestId": {"type": "string"}},
    "required": ["timestamp", "requestId"],
    "additionalProperties": False,
}
_FAILURE = {
    "type": "object",
    "properties": {
        "success": {"const": False},
        "error": {"type": "string"},
        "code": {"type": "string"},
        "metadata": {"$ref": "#/components/schemas/Metadata"},
    },
    "required": ["success", "error", "code", "metadata"],
    "additionalProperties": False,
}
_SECURITY = {
    "Bearer": {"type": "http", "scheme": "bearer"},
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Authorization: ApiKey KEY`",
    },
    "X-API-Key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body again within 24 hours get the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
}
_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "The answer is that of an earlier request with the same key.",
        "schema": {"const": "true"},
    }
}


def document(operations: Iterable[Operation], base_url: str) -> Json:
    """The document.

    Args:
        operations: What is served.
        base_url: Where, without ``/v1``.
    """
    served = list(operations)
    schemas, definitions = _schemas(served)
    paths: Json = {}
    for number, operation in enumerate(served):
        described = _operation(operation, schemas, number)
        paths.setdefault(f"/v1{operation.path}", {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Migma API, as the sandbox of migma_nb serves it",
            "version": "1",
            "description": "Written from public documents; the live API may differ.",
        },
        "servers": [{"url": base_url}],
        "security": [{name: []} for name in _SECURITY],
        "paths": paths,
        "components": {
            "securitySchemes": _SECURITY,
            "schemas": {**definitions, "Metadata": _METADATA, "Failure": _FAILURE},
        },
    }


def _schemas(operations: list[Operation]) -> tuple[dict[tuple[int, str], Json], Json]:
    """The schema of each operation's body and data, and the definitions that they share."""
    adapters: list[tuple[tuple[int, str], Any]] = []
    given: dict[tuple[int, str], Json] = {}
    for number, operation in enumerate(operations):
        for part in ("body", "data"):
            declared = getattr(operation, part)
            if isinstance(declared, dict):
                given[number, part] = declared
            elif declared is not None:
                adapters.append(((number, part), TypeAdapter(declared)))
    made, definitions = TypeAdapter.json_schemas(
        [(key, "validation", adapter) for key, adapter in adapters], ref_template=_REF
    )
    return given | {key: schema for (key, _), schema in made.items()}, definitions.get("$defs", {})


def _operation(operation: Operation, schemas: dict[tuple[int, str], Json], number: int) -> Json:
    needs = operation.permission
    permissions = [needs] if isinstance(needs, str) else list(needs or ())
    described: Json = {
        "operationId": _name(operation),
        "tags": [operation.path.split("/")[1]],
        "summary": operation.summary,
        "description": f"From migma-api.md, {operation.source}. Needs {' or '.join(permissions)}."
        if permissions
        else f"From migma-api.md, {operation.source}. Any key will do.",
        "x-permissions": permissions,
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas.get((number, "data"))),
    }
    if operation.body is not None:
        content = {operation.body_type: {"schema": schemas[number, "body"]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _name(operation: Operation) -> str:
    words = operation.path.replace("{", "by_").replace("}", "").replace("-", "_").strip("/").split("/")
    return "_".join([operation.method.lower(), *words])


def _parameters(operation: Operation) -> list[Json]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    schema = {"type": "string", "minLength": 1}
    found: list[Json] = [{"name": each, "in": "path", "required": True, "schema": schema} for each in in_path]
    if operation.query is not None:
        found += _query(operation.query)
    if operation.idempotent:
        found.append(_IDEMPOTENCY_KEY)
    return found


def _query(model: type[BaseModel]) -> list[Json]:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(field)}
        for name, field in schema.get("properties", {}).items()
    ]


def _without_null(field: Json) -> Json:
    """A parameter that is not given is absent: there is no null in a query."""
    kept = {name: value for name, value in field.items() if name not in {"anyOf", "title"}}
    if kept.get("default", ...) is None:
        del kept["default"]
    choices = [each for each in field.get("anyOf", ()) if each.get("type") != "null"]
    return kept | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})


def _responses(operation: Operation, data: Json | None) -> Json:
    envelope: Json = {
        "type": "object",
        "properties": {
            "success": {"const": True},
            "data": data if data is not None else {},
            "error": {"type": "null"},
            "metadata": {"$ref": "#/components/schemas/Metadata"},
        },
        "required": ["success", "data", "error", "metadata"],
        "additionalProperties": False,
    }
    if operation.counts:
        envelope["properties"]["count"] = {"type": "integer", "minimum": 0}
        envelope["required"].append("count")
    success: Json = {"description": "Done.", "content": {"application/json": {"schema": envelope}}}
    if operation.idempotent:
        success["headers"] = _REPLAYED
    statuses = {401, 429, *operation.refusals}
    if operation.permission is not None:
        statuses.add(403)
    if operation.idempotent:
        statuses |= {400, 409}
    return {str(operation.status): success} | {str(each): _refusal(each) for each in sorted(statuses)}


def _refusal(status: int) -> Json:
    content: Json = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    if status == 502:
        content = {"text/html": {"schema": {"type": "string"}}}
    described: Json = {"description": _SAID[status], "content": content}
    if status == 401:
        described["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    if status in {429, 503}:
        described["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return described
