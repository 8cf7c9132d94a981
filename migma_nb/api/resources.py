"""What an account holds, as the API tells it: tags, segments, topics, contacts, domains, projects.

Read so that an answer of another generation is never fatal: every field may be absent, a value of a strange
kind counts as absent, unknown fields are kept, and words of an enum are kept as they are, with one exception
(migma-api.md, section 5): the contact status `active` of the older generation is `subscribed`.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.alias_generators import to_camel

#: Statuses of a contact in the older generation, as the newer one says them.
_NEWER = {"active": "subscribed"}


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _newer_status(value: str) -> str:
    return _NEWER.get(value.strip().lower(), value)


Time = Annotated[datetime, AfterValidator(_in_utc)]
Id = Annotated[str, BeforeValidator(_text)]
ContactStatus = Annotated[str, AfterValidator(_newer_status)]
_OWN_ID = Field(default=None, validation_alias=AliasChoices("id", "_id"))


class Resource(BaseModel):
    """Something that the API holds; its fields in snake_case, what is not documented in `more`."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", frozen=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _strange_is_absent(cls, value: Any, check: ValidatorFunctionWrapHandler) -> Any:
        try:
            return check(value)
        except ValidationError:
            return None

    @classmethod
    def of(cls, data: Any) -> Self:
        """Return what an answer's `data` says; an empty one where it is no object."""
        return cls.model_validate(data if isinstance(data, dict) else {})

    @property
    def more(self) -> dict[str, Any]:
        """The fields that no document names, under the API's own names."""
        return dict(self.model_extra or {})


class TagInfo(Resource):
    """A tag, and how many contacts have it."""

    id: Id | None = _OWN_ID
    name: str | None = None
    subscriber_count: int | None = None
    description: str | None = None
    color: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class SegmentInfo(Resource):
    """A segment, and how many contacts are in it; `filters` as the API has them."""

    id: Id | None = _OWN_ID
    name: str | None = None
    count: int | None = None
    description: str | None = None
    filters: dict[str, Any] | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class TopicInfo(Resource):
    """A topic that contacts follow or leave."""

    id: Id | None = _OWN_ID
    name: str | None = None
    description: str | None = None
    default_subscription: str | None = None
    visibility: str | None = None
    display_order: int | None = None
    is_active: bool | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class Contact(Resource):
    """A contact; `tags` are names."""

    id: Id | None = _OWN_ID
    email: str | None = None
    status: ContactStatus | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    country: str | None = None
    language: str | None = None
    tags: list[Any] | None = None
    custom_fields: dict[str, Any] | None = None
    unsubscribed_at: Time | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class DomainInfo(Resource):
    """A sending domain; `verified` is what its several words come to, None where they do not tell."""

    domain: str | None = None
    status: str | None = None
    is_verified: bool | None = None
    verified_at: Time | None = None
    region: str | None = None
    dkim_status: str | None = None
    mail_from_status: str | None = None
    ownership_verified: bool | None = None
    open_tracking: bool | None = None
    click_tracking: bool | None = None
    is_managed_domain: bool | None = None
    dns_records: list[Any] | None = None
    created_at: Time | None = None

    @property
    def verified(self) -> bool | None:
        """Whether mails may come from it (S10), as far as the API's words tell."""
        words = {"verified", "success", "active"}
        if self.is_verified or self.verified_at is not None or (self.status or "").lower() in words:
            return True
        return self.is_verified


class ProjectInfo(Resource):
    """A project, which holds contacts, tags and emails."""

    id: Id | None = _OWN_ID
    name: str | None = None
    status: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class EmailInfo(Resource):
    """A generated email in the list of a project; its content is read by its conversation."""

    conversation_id: Id | None = None
    email_id: Id | None = None
    title: str | None = None
    subject: str | None = None
    preview_text: str | None = None
    status: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class CampaignInfo(Resource):
    """A campaign of Migma's, and how it stands."""

    id: Id | None = _OWN_ID
    name: str | None = None
    status: str | None = None
    subject: str | None = None
    recipient_type: str | None = None
    recipient_id: Id | None = None
    estimated_recipients: int | None = None
    conversation_id: Id | None = None
    email_id: Id | None = None
    project_id: Id | None = None
    from_: str | None = Field(default=None, validation_alias="from")
    from_name: str | None = None
    reply_to: str | None = None
    topic_id: Id | None = None
    provider_type: str | None = None
    preheader_text: str | None = None
    variables: dict[str, Any] | None = None
    batch_id: Id | None = None
    scheduled_at: Time | None = None
    scheduled_timezone: str | None = None
    sent_at: Time | None = None
    completed_at: Time | None = None
    error: str | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
