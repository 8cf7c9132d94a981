"""What ``POST /v1/sending`` takes, and what it and a batch's status show (migma-api.md sections 2 and 3)."""

from typing import Any, Literal

from pydantic import Field

from migma_nb.sandbox.rules import PROVIDERS, RECIPIENT_TYPES
from migma_nb.sandbox.shown import Shown


class Accepted(Shown):
    """A send that was queued; ``sendId``, ``batchId`` and the echoes are the newest generation's."""

    id: str
    provider: str
    status: Literal["queued"]
    sent_count: int | None = None
    message: str | None = None
    send_id: str | None = None
    batch_id: str | None = None
    email_id: str | None = None
    conversation_id: str | None = None


class Throttled(Shown):
    """Why and how long a batch waits."""

    throttled_at: str
    expires_at: str
    resume_count: int
    reason: str
    remaining_count: int
    resume_message: str


class Batch(Shown):
    """How far a batch has come, in the words of both generations."""

    batch_id: str
    status: Literal["pending", "queued", "processing", "throttled", "completed", "partial", "failed"]
    recipient_type: Literal["audience", "segment", "tag"]
    recipient_id: str
    provider: str
    total_count: int = Field(ge=0)
    queued_count: int = Field(ge=0)
    sent_count: int = Field(ge=0)
    failed_count: int = Field(ge=0)
    from_: str = Field(alias="from")
    from_name: str
    subject: str
    created_at: str
    updated_at: str
    error: str | None = None
    throttle: Throttled | None = None


def body_schema(*, raw_template: bool) -> dict[str, Any]:
    """The JSON schema of the body; the rules are checked field by field in ``rules``, which names them.

    Args:
        raw_template: Whether ``template`` is taken.
    """
    text, address = {"type": "string", "minLength": 1}, {"type": "string", "format": "email"}
    fields = {
        "recipientType": {"enum": list(RECIPIENT_TYPES), "description": "S9"},
        "recipientEmail": address | {"description": "Required for a single send (S13)"},
        "recipientId": text | {"description": "Required for audience, segment and tag: the id (S12)"},
        "from": address | {"description": "On a verified domain (S10)"},
        "fromName": text | {"description": "S11"},
        "subject": text,
        "replyTo": address,
        "bcc": {"type": "array", "items": address},
        "template": text | {"description": "HTML, unless conversationId is given (S14)"},
        "emailId": text | {"description": "A stored email"},
        "conversationId": text | {"description": "Stands in place of template and projectId (S3, S18)"},
        "projectId": text | {"description": "Required unless conversationId is given (S17)"},
        "variables": {"type": "object", "description": "S15"},
        "providerType": {"enum": list(PROVIDERS), "default": "migma", "description": "S16"},
        "transactional": {
            "type": "boolean",
            "description": "True for a single, else false (S4, S5, S6, S19)",
        },
        "topicId": text,
    }
    contents: list[dict[str, Any]] = [{"required": ["emailId"]}, {"required": ["conversationId"]}]
    if raw_template:
        contents.append({"required": ["template", "projectId"]})
    else:
        del fields["template"]
    single = {"properties": {"recipientType": {"const": "email"}}, "required": ["recipientEmail"]}
    batch = {
        "properties": {"recipientType": {"enum": list(RECIPIENT_TYPES[1:])}},
        "required": ["recipientId"],
    }
    return {
        "type": "object",
        "properties": fields,
        "required": ["recipientType", "from", "fromName", "subject"],
        "allOf": [{"anyOf": [single, batch]}, {"anyOf": contents}],
    }
