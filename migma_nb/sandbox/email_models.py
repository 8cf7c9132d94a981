"""What the routes of stored emails take and show (migma-api.md sections 4, 6 and 7)."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_snake
from pydantic.config import JsonDict

from migma_nb.sandbox.asked import Asked
from migma_nb.sandbox.rules import is_address
from migma_nb.sandbox.shown import Shown

#: How far the making of an email has come.
Making = Literal["pending", "processing", "completed", "failed"]
Text = Annotated[str, Field(min_length=1)]


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError("must be a valid email address")
    return text


Address = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"format": "email"})]


def given(name: str, kind: str) -> JsonDict:
    """The schema of an object that has a field; null counts as absent."""
    return {"required": [name], "properties": {name: {"type": kind}}}


class HtmlFile(Asked):
    """One file of HTML, or an .eml."""

    name: Text
    source: Text


class ImportBody(Asked):
    """``html``, or up to twelve files; what else the API takes changes nothing here."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [given("html", "string"), given("htmls", "array")]})

    project_id: Text
    html: Text | None = None
    name: Text | None = None
    htmls: Annotated[list[HtmlFile], Field(min_length=1, max_length=12)] | None = None
    instruction: str | None = None
    languages: list[str] | None = None
    visibility: Literal["private", "unlisted", "public"] | None = None
    generate_media: bool | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.html is None) == (self.htmls is None):
            raise ValueError("give html or htmls, one of the two")
        return self


class ImportBegun(Shown):
    """An import that is at work."""

    conversation_id: str
    status: Literal["pending"]
    message: str
    link: str


class MadeEmail(Shown):
    """One email of a conversation."""

    email_id: str
    conversation_id: str
    slot: int = Field(ge=1)
    subject: str
    preheader: str
    html: str
    status: Literal["ready"]


class Made(Shown):
    """What a conversation has made."""

    subject: str
    emails: list[MadeEmail]


class ConversationStatus(Shown):
    """How far a conversation has come; ``result`` stands there once it is completed."""

    conversation_id: str
    status: Making
    created_at: str
    updated_at: str
    result: Made | None = None
    error: str | None = None


class EmailsQuery(Asked):
    """Which conversations of a project are listed."""

    project_id: Text
    page: int = Field(1, ge=1)
    limit: int = Field(20, ge=1, le=100)
    status: Making | None = None
    search: str | None = None


class ListedEmail(Shown):
    """A conversation in the list; its emails' ids are in its status."""

    conversation_id: str
    title: str
    subject: str | None
    preview_text: str | None
    status: Making
    screenshot_url: str | None
    created_at: str
    updated_at: str


class Pagination(Shown):
    """Where a page stands in its list."""

    total: int
    page: int
    limit: int
    has_more: bool


class EmailList(Shown):
    """A page of a project's conversations."""

    emails: list[ListedEmail]
    pagination: Pagination


class Email(Shown):
    """A stored email."""

    email_id: str
    conversation_id: str
    status: str
    subject: str
    preheader: str
    html: str
    warnings: list[str]
    updated_at: str | None


class TestBody(Asked):
    """One of the two ids; without either there is nothing to send."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [given("emailId", "string"), given("conversationId", "string")]}
    )

    to: Address
    email_id: Text | None = None
    conversation_id: Text | None = None

    @model_validator(mode="after")
    def _content(self) -> Self:
        if self.email_id is None and self.conversation_id is None:
            raise ValueError("emailId or conversationId is required")
        return self


class TestSent(Shown):
    """A test that was sent."""

    message_id: str
    email_id: str | None = None
    conversation_id: str
    sent_to: str
    sent_at: str
    subject: str


class LogsQuery(Asked):
    """Which lines of a log."""

    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, pattern="^before-[0-9]+$")
    status: (
        Literal["delivered", "opened", "clicked", "bounced", "complained", "suppressed", "sent"] | None
    ) = None


class EmailLogLine(Shown):
    """One mail of an email's log, in snake case as the API has it."""

    model_config = ConfigDict(alias_generator=to_snake)

    id: int
    tracking_id: str
    domain: str
    from_email: str
    to_email: str
    subject: str
    status: Literal["delivered", "opened", "clicked", "bounced", "complained", "suppressed", "sent"]
    opened_at: str | None
    clicked_at: str | None
    open_count: int
    click_count: int
    bounce_type: Literal["Permanent", "Transient", "Undetermined"] | None
    complaint_type: str | None
    created_at: str


class LogPage(Shown):
    """A page of an email's log, newest first."""

    emails: list[EmailLogLine]
    next_cursor: str | None
    has_more: bool


class MetricsSummary(Shown):
    """An email's counts, and shares from 0 to 100."""

    total_emails: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    complained: int
    unsubscribed: int
    delivery_rate: float = Field(ge=0, le=100)
    open_rate: float = Field(ge=0, le=100)
    click_rate: float = Field(ge=0, le=100)
    bounce_rate: float = Field(ge=0, le=100)
    complaint_rate: float = Field(ge=0, le=100)
    unsubscribe_rate: float = Field(ge=0, le=100)


class MetricsDay(Shown):
    """What became of a day's mails."""

    date: str
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    complained: int


class MetricsCountry(Shown):
    """Where mails were opened."""

    country: str
    count: int


class Metrics(Shown):
    """An email's metrics over all its sends."""

    summary: MetricsSummary
    time_series: list[MetricsDay]
    country_breakdown: list[MetricsCountry]
    last_updated: str
    cached: bool
