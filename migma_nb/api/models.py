"""The wire models of `POST /v1/sending` and of batch status: the only place with camelCase names."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from migma_nb.api.errors import InputError

#: Characters that would end a mail header and start another one.
UNSAFE_IN_HEADER = frozenset("\r\n\0\v\f\x85\u2028\u2029")


class RecipientType(StrEnum):
    """Whom one call addresses (S9). `audience` and `segment` both mean a segment."""

    EMAIL = "email"
    AUDIENCE = "audience"
    SEGMENT = "segment"
    TAG = "tag"


class ProviderType(StrEnum):
    """Who delivers (S16): Migma's own sending unless another one is connected and named."""

    SES = "ses"
    RESEND = "resend"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"
    MIGMA = "migma"


def _one_line(value: str) -> str:
    if UNSAFE_IN_HEADER.intersection(value):
        raise PydanticCustomError("unsafe_header", "has a line break or NUL, which a mail header cannot hold")
    return value


def _address(value: str) -> str:
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError as error:
        raise PydanticCustomError("address", "{why}", {"why": str(error)}) from None
    return _one_line(value)


def _filled(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "is empty")
    return value


Line = Annotated[str, AfterValidator(_filled), AfterValidator(_one_line)]
Address = Annotated[str, AfterValidator(_address)]
Text = Annotated[str, AfterValidator(_filled)]
#: How many people there can be: a number that every database holds.
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SendRequest(BaseModel):
    """The body of one `POST /v1/sending` (S1–S21; `subject` and `replyTo` from the same page).

    `topic_id` is known from one public source only, `bcc` and `email_id` from the newest generation.
    Unset fields do not go on the wire, so that the API's own defaults hold (S4, S5, S16).
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    recipient_type: RecipientType
    recipient_email: Address | None = None
    recipient_id: Text | None = None
    from_: Address = Field(alias="from")
    from_name: Line
    subject: Line
    reply_to: Address | None = None
    template: Text | None = None
    variables: dict[str, Any] | None = None
    provider_type: ProviderType | None = None
    project_id: Text | None = None
    conversation_id: Text | None = None
    email_id: Text | None = None
    transactional: bool | None = None
    topic_id: Text | None = None
    bcc: list[Address] | None = None

    @model_validator(mode="after")
    def _requirements(self) -> Self:
        for field, rule in self._missing():
            raise PydanticCustomError("required", "{field}: {rule}", {"field": field, "rule": rule})
        return self

    def _missing(self) -> list[tuple[str, str]]:
        single = self.recipient_type is RecipientType.EMAIL
        stored = self.conversation_id is not None or self.email_id is not None
        email, target = self.recipient_email is not None, self.recipient_id is not None
        unless = "required unless conversationId or emailId is given"
        checks = [
            (single and not email, "recipientEmail", "required for a single send (S13)"),
            (not single and email, "recipientEmail", "only for a single send (S13)"),
            (not single and not target, "recipientId", "required for audience, segment and tag (S12)"),
            (single and target, "recipientId", "only for audience, segment and tag (S12)"),
            (self.template is None and not stored, "template", f"{unless} (S14)"),
            (self.project_id is None and not stored, "projectId", f"{unless} (S17)"),
        ]
        return [(field, rule) for wrong, field, rule in checks if wrong]

    def wire(self) -> dict[str, Any]:
        """Return the body as the API names it, unset fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def body(self) -> bytes:
        """Return the exact bytes of the body: UTF-8, keys sorted, the same in every process."""
        return encode(self.wire())


def encode(value: Any) -> bytes:
    """Return a JSON value as the bytes that go on the wire: UTF-8, keys sorted, no NaN, no spaces.

    Raises:
        ValueError: the value holds NaN, an infinity or what is no JSON.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def checked_request(fields: dict[str, Any]) -> SendRequest:
    """Return the request of these fields, refusing it before it leaves where a rule is broken.

    Args:
        fields: fields in snake_case (`from_` for `from`) or as on the wire.

    Raises:
        InputError: names each wrong field and the rule it breaks. Nothing was sent.
    """
    try:
        return SendRequest.model_validate(fields)
    except ValidationError as error:
        problems = "; ".join(_sentence(part) for part in error.errors(include_url=False, include_input=False))
    raise InputError(f"This send was refused before it left: {problems}.", hint="Nothing was sent.")


def _sentence(part: Any) -> str:
    field = ".".join(str(step) for step in part["loc"])
    words = {"missing": "is required", "extra_forbidden": "is no field of this endpoint"}.get(
        part["type"], part["msg"].rstrip(".")
    )
    return f"{field}: {words}" if field else str(words)


class _Tolerant(BaseModel):
    """An answer of the API: every optional part may be absent, and unknown fields are kept."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)


class SendAnswer(_Tolerant):
    """What the API said of an accepted send (S2: queued, not delivered)."""

    id: str | None = None
    provider: str | None = None
    status: str | None = None
    sent_count: int | None = None
    message: str | None = None
    send_id: str | None = None
    batch_id: str | None = None
    email_id: str | None = None
    conversation_id: str | None = None

    @property
    def message_id(self) -> str | None:
        """The handle to find this send again: the batch's, else the tracking id, else the plain id."""
        return self.batch_id or self.send_id or self.id


class Throttle(_Tolerant):
    """Why a batch waits, and until when (newer generation of batch status)."""

    throttled_at: str | None = None
    expires_at: str | None = None
    resume_count: int | None = None
    reason: str | None = None
    remaining_count: int | None = None
    resume_message: str | None = None


class BatchStatus(_Tolerant):
    """How far a batch is: `GET /v1/sending/batches/{id}` (migma-api.md, section 3)."""

    batch_id: str | None = None
    status: str = "unknown"
    recipient_type: str | None = None
    recipient_id: str | None = None
    provider: str | None = None
    total_count: Count | None = None
    queued_count: Count | None = None
    sent_count: Count | None = None
    failed_count: Count | None = None
    subject: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    error: str | None = None
    throttle: Throttle | None = None

    @property
    def ended(self) -> bool:
        """Whether the batch is at its end; an unknown word is not, and is polled on."""
        return is_end(self.status)

    @property
    def throttled(self) -> bool:
        """Whether the batch waits for a limit to be reset; it goes on by itself."""
        return self.status.lower() == "throttled"

    @property
    def resumes_at(self) -> datetime | None:
        """When a throttled batch goes on, None where that is not told."""
        text = self.throttle.expires_at if self.throttle is not None else None
        try:
            found = None if text is None else datetime.fromisoformat(text)
        except ValueError:
            return None
        if found is None:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def is_end(status: str | None) -> bool:
    """Say whether a batch's status, of either generation, is an end."""
    return (status or "").lower() in {"completed", "failed", "partial"}
