"""The field rules of ``POST /v1/sending`` (S9 to S19): a body becomes ``Wanted``, or a 400 with the rule."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from migma_nb.sandbox.envelope import Refusal

RECIPIENT_TYPES = ("email", "audience", "segment", "tag")
PROVIDERS = ("ses", "resend", "sendgrid", "mailgun", "migma")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call asks for, its fields checked one by one; nothing is looked up yet.

    Attributes:
        transactional: With its default settled (S4, S5, S6, S19).
        template: The HTML, or None if a conversation or an email stands in its place (S3).
    """

    recipient_type: str
    recipient_email: str | None
    recipient_id: str | None
    sender: str
    from_name: str
    subject: str
    reply_to: str | None
    bcc: list[str]
    template: str | None
    variables: dict[str, Any]
    provider: str
    project_id: str | None
    conversation_id: str | None
    email_id: str | None
    topic_id: str | None
    transactional: bool


def parse_json(body: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        Refusal: 400; NaN and Infinity are not JSON.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    try:
        parsed = json.loads(body.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "INVALID_JSON", f"The request body is not valid JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise _invalid("The request body must be a JSON object.")
    return parsed


def check(body: dict[str, Any], *, raw_template: bool) -> Wanted:
    """Check the fields of a body one by one; null counts as absent, unknown fields are ignored.

    Args:
        body: As it came.
        raw_template: Whether ``template`` is taken.

    Raises:
        Refusal: 400 for the first field at fault.
    """
    fields = _Fields(body)
    kind = fields.one_of("recipientType", RECIPIENT_TYPES, "S9", default=None)
    single = kind == "email"
    conversation_id = fields.text("conversationId", "S18")
    email_id = fields.text("emailId", "section 2")
    stands_in = conversation_id is not None or email_id is not None
    if not raw_template:
        _refuse_template(fields, stands_in=stands_in)
    return Wanted(
        recipient_type=kind,
        recipient_email=fields.address("recipientEmail", "S13", required=single, why=_for_type(kind)),
        recipient_id=fields.text("recipientId", "S12", required=not single, why=_for_type(kind)),
        sender=fields.required_address("from", "S10"),
        from_name=fields.required_text("fromName", "S11"),
        subject=fields.required_text("subject", "section 2"),
        reply_to=fields.address("replyTo", "section 2"),
        bcc=fields.addresses("bcc", "section 2"),
        template=fields.text("template", "S14", required=not stands_in, why=_NO_CONVERSATION),
        variables=fields.mapping("variables", "S15"),
        provider=fields.one_of("providerType", PROVIDERS, "S16", default="migma"),
        project_id=fields.text("projectId", "S17", required=not stands_in, why=_NO_CONVERSATION),
        conversation_id=conversation_id,
        email_id=email_id,
        topic_id=fields.text("topicId", "section 2"),
        transactional=fields.truth("transactional", "S19", default=single),
    )


def _refuse_template(fields: "_Fields", *, stands_in: bool) -> None:
    """The newest generation (section 0): no raw HTML; the words and the code are the sandbox's own."""
    how = "make an email of it (POST /v1/projects/emails/import-html) and send that by its emailId"
    if fields.text("template", "section 0") is not None:
        raise _invalid(f"template is no longer taken: {how} (section 0).")
    if not stands_in:
        raise _invalid("emailId or conversationId is required (section 0).")


_NO_CONVERSATION = " unless conversationId (or emailId) is given"


def _for_type(kind: str) -> str:
    return f" when recipientType is '{kind}'"


class _Fields:
    """Reads one field at a time and refuses what does not fit."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    def text(self, name: str, rule: str, *, required: bool = False, why: str = "") -> str | None:
        value = self._body.get(name)
        if value is None or value == "":
            if required:
                raise _invalid(f"{name} is required{why} ({rule}).")
            return None
        if not isinstance(value, str):
            raise _invalid(f"{name} must be a string ({rule}).")
        return value

    def required_text(self, name: str, rule: str) -> str:
        return self.text(name, rule, required=True) or ""

    def address(self, name: str, rule: str, *, required: bool = False, why: str = "") -> str | None:
        value = self.text(name, rule, required=required, why=why)
        if value is not None and not is_address(value):
            raise _invalid(f"{name} must be a valid email address ({rule}).")
        return value

    def required_address(self, name: str, rule: str) -> str:
        return self.address(name, rule, required=True) or ""

    def addresses(self, name: str, rule: str) -> list[str]:
        value = self._body.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(
            isinstance(each, str) and is_address(each) for each in value
        ):
            raise _invalid(f"{name} must be a list of valid email addresses ({rule}).")
        return value

    def one_of(self, name: str, choices: tuple[str, ...], rule: str, *, default: str | None) -> str:
        value = self._body.get(name)
        if value is None and default is not None:
            return default
        if value is None:
            raise _invalid(f"{name} is required: one of {', '.join(choices)} ({rule}).")
        if value not in choices:
            raise _invalid(f"{name} must be one of {', '.join(choices)} ({rule}).")
        return str(value)

    def mapping(self, name: str, rule: str) -> dict[str, Any]:
        value = self._body.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _invalid(f"{name} must be an object ({rule}).")
        return value

    def truth(self, name: str, rule: str, *, default: bool) -> bool:
        value = self._body.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise _invalid(f"{name} must be true or false ({rule}).")
        return value


def is_address(text: str) -> bool:
    """Whether a text has the shape of an email address; loose, as no source says how strict the API is."""
    local, at, domain = text.rpartition("@")
    if not (local and at and domain) or any(char.isspace() or not char.isprintable() for char in text):
        return False
    return "." in domain.strip(".") and ".." not in domain and not set("<>,;@") & set(local)


def _invalid(message: str) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", message)
