"""Campaigns of Migma's made from plans: what a plan must be for it, and when a campaign is to go.

Making a campaign mails nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

from migma_nb.api import campaigns, emails, loop
from migma_nb.api.connection import Connection
from migma_nb.api.errors import InputError
from migma_nb.api.hints import IMPORT_HTML
from migma_nb.api.projects import project_for
from migma_nb.api.resources import CampaignInfo
from migma_nb.api.settings import Settings
from migma_nb.planning.frozen import Plan
from migma_nb.planning.sources import Target


@dataclass(frozen=True, slots=True)
class Step:
    """What lets a campaign go: `send`, or `schedule` with its body."""

    name: str
    body: Mapping[str, Any]


def body_of(plan: Plan, settings: Settings, name: str | None) -> dict[str, Any]:
    """Return the campaign that a plan means, as it is posted.

    Args:
        plan: a plan on a tag or audience, whose content Migma holds.
        settings: of the client to ask for project and conversation with.
        name: what it is called at Migma; None takes the mailing's name.

    Raises:
        InputError: the plan is no campaign: its recipients, its content, or a field that campaigns lack.
        AccountError, CallError: its project or conversation could not be read.
    """
    target = _checked_target(plan)
    constants = dict(plan.constants)
    project = loop.call(_project(settings, constants.get("projectId")))
    conversation = constants.get("conversationId") or _conversation(plan, settings)
    body = {
        "projectId": project,
        "name": _name(plan.mailing if name is None else name),
        "conversationId": conversation,
        # An audience and a segment are one; campaigns know the first word only (section 5).
        "recipientType": "tag" if target.recipient_type == "tag" else "audience",
        "recipientId": target.id,
        **_variables(plan),
    }
    kept = ("emailId", "subject", "from", "fromName", "replyTo", "topicId", "providerType")
    return body | {name: constants[name] for name in kept if name in constants}


def _checked_target(plan: Plan) -> Target:
    if plan.target is None:
        raise InputError(
            "A campaign goes to one tag or audience, this plan to a list.",
            hint='Plan with mg.Tag("…") or mg.Audience("…"), or send the list: plan.send(client).',
        )
    own = [name for name in ("subject", "conversationId", "emailId") if name in plan.per_row]
    if own:
        raise InputError(
            f"A campaign is made of what the plan says, not of what a row says itself ({', '.join(own)}).",
            hint='Plan with mg.Tag("…"), and give subject= and email_id= as arguments.',
        )
    if plan.has_errors:
        raise InputError("The plan has errors, so no campaign was made.", hint="See plan.issues.")
    if "template" in plan.constants:
        raise InputError(
            "A campaign is made of an email that Migma holds, not of raw HTML.", hint=IMPORT_HTML
        )
    if plan.constants.get("transactional"):
        raise InputError(
            "A campaign is marketing mail: it leaves out unsubscribed people.",
            hint="Plan with transactional=False, or send the batch itself: plan.send(client).",
        )
    return plan.target


def _variables(plan: Plan) -> dict[str, Any]:
    given = plan.values(0)
    return {"variables": given} if given else {}


async def _project(settings: Settings, given: str | None) -> str:
    if given is not None:
        return given
    async with Connection(settings) as connection:
        return await project_for(connection, None)


def _conversation(plan: Plan, settings: Settings) -> str:
    email_id = str(plan.constants["emailId"])
    found = plan.stored.conversation_id if plan.stored is not None else None
    found = found or loop.call(emails.fetch_email(settings, email_id)).conversation_id
    if found is None:
        raise InputError(
            f"The server names no conversation of the email {email_id!r}, which a campaign needs.",
            hint="Plan with conversation_id= in place of email_id=.",
        )
    return found


def _name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError(f"name={name!r} is no name for a campaign.")
    return name.strip()


def make(plan: Plan, settings: Settings, name: str | None) -> CampaignInfo:
    """Return the campaign of a plan, made if its project has none. Nobody is mailed.

    Raises:
        InputError: the plan is no campaign, or another one has its name.
        CallError: it was not made, or perhaps (UnknownError); the same call looks for it first.
    """
    body = body_of(plan, settings, name)
    return loop.call(campaigns.make(settings, body, scope_key=f"{settings.scope}\n{plan.mailing}"))


def schedule_step(at: object) -> Step:
    """Return the schedule for a moment.

    Args:
        at: an aware datetime.

    Raises:
        InputError: it is none, has no time zone, does not exist in its zone, or has passed.
    """
    example = 'datetime(2026, 12, 1, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))'
    if not isinstance(at, datetime):
        raise InputError(f"at={at!r} is no datetime.", hint=f"Write at={example}.")
    if at.tzinfo is None or at.utcoffset() is None:
        raise InputError(
            f"at={at.isoformat(sep=' ')} has no time zone, so that it could be any of 24 hours.",
            hint=f"Write at={example}, with `from zoneinfo import ZoneInfo`.",
        )
    if not MINYEAR < at.year < MAXYEAR:
        raise InputError(f"There is no telling when {at.isoformat(sep=' ')} is.", hint=f"Write at={example}.")
    moment = at.astimezone(UTC)
    if moment.astimezone(at.tzinfo).replace(tzinfo=None) != at.replace(tzinfo=None):
        raise InputError(f"There is no {at.isoformat(sep=' ')}: the clocks go forward over that hour.")
    if moment <= datetime.now(UTC):
        raise InputError(f"{at.isoformat(sep=' ')} has passed.", hint="campaign.send() sends it now.")
    zone = getattr(at.tzinfo, "key", None) or getattr(at.tzinfo, "zone", None)
    shown = at if zone else moment
    body = {"scheduledAt": shown.isoformat(timespec="seconds"), "scheduledTimezone": str(zone or "UTC")}
    return Step("schedule", body)
