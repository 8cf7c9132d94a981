"""What the routes of campaigns take and show (migma-api.md sections 6 and 7)."""

from typing import Any, Literal

from pydantic import Field
from pydantic.alias_generators import to_snake

from migma_nb.sandbox.asked import Asked
from migma_nb.sandbox.email_models import Address, EmailLogLine, Text
from migma_nb.sandbox.shown import Shown

#: The sandbox has neither reviews nor A/B tests, so that it never says ``pending_review`` or ``ab_testing``.
Status = Literal[
    "draft",
    "pending_review",
    "scheduled",
    "sending",
    "throttled",
    "ab_testing",
    "sent",
    "failed",
    "cancelled",
]
Provider = Literal["ses", "resend", "sendgrid", "mailgun", "migma"]
RecipientType = Literal["audience", "tag"]


class CreateBody(Asked):
    """A campaign to be: always from a stored email, to an audience or a tag, never to a ``segment``."""

    project_id: Text
    name: Text
    conversation_id: Text
    from_: Address = Field(alias="from")
    from_name: Text
    recipient_type: RecipientType
    recipient_id: Text
    email_id: Text | None = None
    subject: Text | None = None
    preheader_text: str | None = None
    reply_to: Address | None = None
    topic_id: Text | None = None
    provider_type: Provider = "migma"
    variables: dict[str, Any] | None = None


class ScheduleBody(Asked):
    """When a campaign is to go; a time without an offset is one of ``scheduledTimezone``."""

    scheduled_at: str = Field(json_schema_extra={"format": "date-time"})
    scheduled_timezone: str = "UTC"


class ListQuery(Asked):
    """Which campaigns are listed; ``archived`` lists those that are, instead of those that are not."""

    project_id: Text | None = None
    status: Status | None = None
    page: int = Field(1, ge=1)
    limit: int = Field(20, ge=1, le=100)
    archived: bool = False


class Campaign(Shown):
    """A campaign."""

    id: str
    project_id: str
    name: str
    conversation_id: str
    email_id: str | None
    subject: str
    preheader_text: str | None
    from_: str = Field(alias="from")
    from_name: str
    reply_to: str | None
    recipient_type: RecipientType
    recipient_id: str
    topic_id: str | None
    estimated_recipients: int
    provider_type: Provider
    variables: dict[str, Any] | None
    status: Status
    scheduled_at: str | None
    scheduled_timezone: str | None
    batch_id: str | None
    sent_at: str | None
    completed_at: str | None
    error: str | None
    archived: bool
    archived_at: str | None
    created_at: str
    updated_at: str


class CampaignList(Shown):
    """A page of campaigns, newest first."""

    campaigns: list[Campaign]
    total: int


class LogsQuery(Asked):
    """Which lines of a campaign's log; fewer words than an email's has."""

    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = Field(None, pattern="^before-[0-9]+$")
    status: Literal["delivered", "opened", "clicked", "bounced", "complained"] | None = None


class CampaignLogLine(EmailLogLine, alias_generator=to_snake):
    """One mail of a campaign's log."""

    user_id: str
    subscriber_id: str | None
    suppression_type: str | None
    suppression_reason: str | None
    conversation_id: str | None
    campaign_id: str


class CampaignLogPage(Shown):
    """A page of a campaign's log, newest first."""

    emails: list[CampaignLogLine]
    next_cursor: str | None
    has_more: bool


class Reporting(Shown):
    """Where the stats are from."""

    status: Literal["live", "cached", "unavailable"]
    source: Literal["tracking-worker", "campaign-cache", "unavailable"]
    updated_at: str


class Stats(Shown):
    """What became of a campaign's mails; rates from 0 to 100."""

    total_sent: int
    total_delivered: int
    unique_opens: int
    total_opens: int
    unique_clicks: int
    total_clicks: int
    unsubscribes: int
    bounces: int
    open_rate: float = Field(ge=0, le=100)
    click_rate: float = Field(ge=0, le=100)
    last_updated: str
    reporting: Reporting
