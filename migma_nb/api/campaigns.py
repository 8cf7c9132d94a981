"""Migma's campaigns in the API's dialect: found, made, read and cancelled; the runner sends them."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from migma_nb.api import catalogue
from migma_nb.api.connection import Connection
from migma_nb.api.crowds import crowd_of
from migma_nb.api.errors import CallError, InputError, UnknownError
from migma_nb.api.models import encode
from migma_nb.api.reads import MOST_PAGES, PAGE, items_of, part_of_path, read
from migma_nb.api.resources import CampaignInfo, Id, Resource, Time
from migma_nb.api.settings import Settings
from migma_nb.api.writes import write

READ, WRITE = "campaign:read (or email:read)", "campaign:write (or email:send)"
#: Its mails have not begun to leave, and nothing has been asked for that would let them.
DRAFT = "draft"
#: Nothing more becomes of it.
ENDED = frozenset({"sent", "failed", "cancelled"})
#: What makes two campaigns the same, by the names on the wire.
_CONTENT = (
    *("conversationId", "emailId", "subject", "from", "fromName", "recipientType", "recipientId"),
    *("replyTo", "topicId", "providerType", "variables"),
)


class CampaignLogLine(Resource):
    """One line of a campaign's log (section 6); `id` counts, and the names are snake_case on the wire too."""

    to_email: str | None = None
    status: str | None = None
    created_at: Time | None = None
    opened_at: Time | None = None
    clicked_at: Time | None = None
    open_count: int | None = None
    click_count: int | None = None
    bounce_type: str | None = None
    complaint_type: str | None = None
    suppression_type: str | None = None
    suppression_reason: str | None = None
    subject: str | None = None
    tracking_id: Id | None = None
    subscriber_id: Id | None = None


def path_of(campaign_id: str, step: str = "") -> str:
    """Return the path of a campaign, or of a step such as `send`, below the base URL."""
    return f"/campaigns/{part_of_path(campaign_id)}{f'/{step}' if step else ''}"


async def fetch(settings: Settings, campaign_id: str) -> CampaignInfo:
    """Return a campaign as it stands.

    Raises:
        InputError: the account has no such campaign.
        AccountError, CallError: it could not be read.
    """
    async with Connection(settings) as connection:
        found = await read(connection, path_of(campaign_id))
    return CampaignInfo.of(found.wanted(f"the campaign {campaign_id!r}", permission=READ))


async def make(settings: Settings, body: Mapping[str, Any], *, scope_key: str) -> CampaignInfo:
    """Return the campaign of this name and content, made if the project has none. Nobody is mailed.

    Args:
        settings: the client's settings.
        body: of `POST /v1/campaigns`.
        scope_key: what the idempotency key hangs on besides the body.

    Raises:
        InputError: the project has a campaign of that name with other content, or knows a part of it not.
        RefusedError, AccountError, NotSentError: it was not made.
        UnknownError: it may have been made; the same call looks for it first.
    """
    there = await _find(settings, body)
    if there is not None:
        return there
    digest = hashlib.sha256(encode([scope_key, body])).hexdigest()
    async with Connection(settings) as connection:
        made = await write(connection, "/campaigns", body, key=f"mnb-campaign-{digest}")
    if made.lost:
        there = await _find(settings, body)
        if there is not None:
            return there
    again = "Nobody was mailed. Run the line again: it looks for the campaign before it makes one."
    data = made.wanted(f"make the campaign {body['name']!r}", permission=WRITE, hint=again)
    info = CampaignInfo.of(data)
    if info.id is None:
        raise UnknownError("The server names no ID for the campaign that it made.", hint=again)
    return info


async def _find(settings: Settings, body: Mapping[str, Any]) -> CampaignInfo | None:
    listed = await catalogue.everything(settings, catalogue.CAMPAIGNS, project_id=body["projectId"])
    called = [one for one in listed if one.name == body["name"] and one.id is not None]
    for one in called:
        if not _differing(one, body):
            return one
    if called:
        other = called[0]
        raise InputError(
            f"The project has a campaign {other.name!r} already ({other.id}, {other.status}), with another "
            f"{', '.join(_differing(other, body))}. Nothing was made.",
            hint='Give this one another name: plan.campaign(client, name="…").',
        )
    return None


def _differing(info: CampaignInfo, body: Mapping[str, Any]) -> list[str]:
    """Return in which fields a campaign is not what this body would make; what it keeps to itself is."""
    has = info.model_dump(by_alias=True, exclude_none=True) | ({"from": info.from_} if info.from_ else {})
    return [name for name in _CONTENT if name in body and name in has and has[name] != body[name]]


async def cancel(settings: Settings, campaign_id: str) -> CampaignInfo:
    """Take a campaign back, or stop it where it is; return how it stands then.

    Raises:
        InputError: the account has no such campaign.
        RefusedError, AccountError, NotSentError: it goes on as it was.
        UnknownError: no answer came, and it is not cancelled now.
    """
    async with Connection(settings) as connection:
        done = await write(connection, path_of(campaign_id, "cancel"), {}, key=f"mnb-{secrets.token_hex(16)}")
    info = await fetch(settings, campaign_id)
    if (info.status or "").lower() != "cancelled":
        done.wanted(f"cancel the campaign {campaign_id!r}", permission=WRITE)
    return info


async def stats(settings: Settings, campaign_id: str) -> Mapping[str, Any]:
    """Return what became of a campaign's mails, in numbers, by the API's names.

    Raises:
        InputError: the account has no such campaign.
        AccountError, CallError: it could not be read.
    """
    async with Connection(settings) as connection:
        found = await read(connection, path_of(campaign_id, "stats"))
    data = found.wanted(f"the stats of the campaign {campaign_id!r}", permission=READ)
    return data if isinstance(data, dict) else {}


async def logs(settings: Settings, campaign_id: str, status: str | None) -> list[CampaignLogLine]:
    """Return a campaign's log, all pages, newest first.

    Raises:
        InputError: the account has no such campaign.
        AccountError, CallError: it could not be read, or has no end.
    """
    lines: list[CampaignLogLine] = []
    cursor: str | None = None
    async with Connection(settings) as connection:
        for _ in range(MOST_PAGES):
            query = {"limit": PAGE, "cursor": cursor, "status": status}
            found = await read(connection, path_of(campaign_id, "logs"), query)
            data = found.wanted(f"the log of the campaign {campaign_id!r}", permission=READ)
            lines += [CampaignLogLine.of(one) for one in items_of(data, "emails")]
            following = data.get("nextCursor") if isinstance(data, dict) else None
            if not following or following == cursor or data.get("hasMore") is False:
                return lines
            cursor = str(following)
    raise CallError(f"The log of the campaign {campaign_id!r} has no end.", hint="Ask for one status of it.")


async def holds(settings: Settings, kind: str, target_id: str, project_id: str | None) -> int | None:
    """Return how many contacts a tag or segment holds, None where that is not told."""
    where = {"tag": "tags"}.get(kind, "segments")
    async with Connection(settings) as connection:
        found = await read(connection, f"/{where}/{part_of_path(target_id)}", {"projectId": project_id})
    return crowd_of(found.data).count if isinstance(found.data, dict) else None
