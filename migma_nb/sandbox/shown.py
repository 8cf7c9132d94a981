"""What answers show of the account's records: each model is a shape's one list of names."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shown(BaseModel):
    """A shape that answers have, under the API's names; what may be None is left out where it is."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=False)

    @classmethod
    def of(cls, record: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Pick this shape's names out of a record, or out of what is given beside it."""
        source = {**record, **more}
        names = [field.alias or name for name, field in cls.model_fields.items()]
        return {name: source[name] for name in names if source.get(name) is not None}


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
    custom_fields: dict[str, Any] = {}
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
