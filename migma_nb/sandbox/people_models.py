"""What answers show of people and of the account: contacts, tags, segments, topics, domains and projects."""

from typing import Any

from pydantic import Field

from migma_nb.sandbox.shown import Shown


class Contact(Shown):
    """A contact (section 5)."""

    id: str
    email: str
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    country: str | None = None
    language: str | None = None
    tags: list[str]
    custom_fields: dict[str, Any] = Field(default={})
    status: str
    unsubscribed_at: str | None = None
    created_at: str
    updated_at: str


class Tag(Shown):
    """A tag (section 5); it counts all its contacts, whatever their status."""

    id: str
    name: str
    color: str
    description: str = ""
    subscriber_count: int
    created_at: str
    updated_at: str


class Segment(Shown):
    """A segment (section 5); ``count`` is the number of its contacts, whatever their status."""

    id: str
    name: str
    description: str = ""
    filters: dict[str, Any]
    count: int
    created_at: str
    updated_at: str


class Topic(Shown):
    """A topic (section 5)."""

    id: str
    name: str
    description: str = ""
    default_subscription: str
    visibility: str
    display_order: int
    is_active: bool
    created_at: str
    updated_at: str | None = None


class Deleted(Shown):
    """What was taken out."""

    id: str
    deleted: bool = True


class DnsRecord(Shown):
    """A DNS record that a sending domain needs."""

    type: str
    name: str
    value: str
    priority: int | None = None
    status: str


class Domain(Shown):
    """A sending domain: the SDK's names and those of the documents together (section 7)."""

    id: str = Field(alias="_id")
    domain: str
    region: str
    region_name: str
    status: str
    is_verified: bool
    dkim_status: str
    mail_from_domain: str
    mail_from_status: str
    dns_records: list[DnsRecord]
    ownership_verified: bool
    open_tracking: bool
    click_tracking: bool
    branded_tracking: bool
    is_managed_domain: bool
    created_at: str
    verified_at: str | None = None
    connect_url: str | None = None


class Project(Shown):
    """A project (contract summary)."""

    id: str = Field(alias="_id")
    name: str
    status: str
    created_at: str | None = None
