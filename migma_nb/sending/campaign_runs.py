"""Migma's campaigns sent as batches of a mailing: claimed and journaled like any, settled by reading them.

Making a campaign mails nobody. Its send and its schedule are the one call of a plan whose target is claimed
in the ledger, so that no other campaign and no batch of the same mailing goes to that target too. Where the
answer is lost, the campaign's own status tells whether it was taken.
"""

import hashlib
import time
from dataclasses import replace

import sqlalchemy as sa

from migma_nb.api import campaigns, loop
from migma_nb.api.campaigns import DRAFT
from migma_nb.api.errors import CallError, ConfirmationError, InputError
from migma_nb.api.models import encode
from migma_nb.api.resources import CampaignInfo
from migma_nb.api.settings import Settings
from migma_nb.api.states import State
from migma_nb.ledger import clock, journal, rulings
from migma_nb.ledger.batches import CAMPAIGN
from migma_nb.ledger.places import Setting
from migma_nb.ledger.rulings import Ruling, Word
from migma_nb.ledger.schema import ClaimState, Standing
from migma_nb.ledger.standings import standing_of
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.frozen import Plan, Request
from migma_nb.sending import live
from migma_nb.sending.campaigns import Step
from migma_nb.sending.gate import SendOptions

#: A draft is believed to have missed its send only so long (seconds) after the answer was lost.
SETTLED_AFTER_S = 60.0
#: So often and with such a wait (seconds) a campaign is looked at after its answer was lost.
LOOKS, LOOK_WAIT_S = 5, 2.0
_STEPS = ("send", "schedule")
#: A campaign in one of these has mailed people, or is about to.
_GONE = frozenset({"scheduled", "pending_review", "sending", "throttled", "ab_testing", "sent"})


def audience_of(plan: Plan, settings: Settings, info: CampaignInfo) -> int | None:
    """Return how many people a campaign would mail by what the API tells now, None where it tells nothing."""
    if info.estimated_recipients is not None or plan.target is None:
        return info.estimated_recipients
    kind = plan.target.recipient_type
    return loop.call(campaigns.holds(settings, kind, plan.target.id, info.project_id))


def check_confirm(plan: Plan, settings: Settings, info: CampaignInfo, step: Step, confirm: object) -> None:
    """Refuse to let a campaign go that was not confirmed with the number of its people.

    Raises:
        ConfirmationError: says the number, or the plan's id where no number is told. Nothing was sent.
    """
    count = audience_of(plan, settings, info)
    wanted: int | str = plan.id if count is None else count
    if confirm == wanted and not isinstance(confirm, bool):
        return
    if confirm is None and settings.sandbox:
        return
    people = "everybody" if count is None else "1 person" if count == 1 else f"{count:,} people"
    where = "the sandbox" if settings.sandbox else f"LIVE at {settings.origin}"
    why = "" if confirm is None else f", and confirm={confirm!r} is not that"
    when = "" if step.name == "send" else f" at {step.body['scheduledAt']}"
    argument = "" if step.name == "send" else "at=…, "
    raise ConfirmationError(
        f"This would mail {people} in {plan.target}{when}, {where}{why}. Nothing was sent.",
        hint=f"To go on, type: campaign.{step.name}({argument}confirm={wanted!r})",
    )


def start(
    plan: Plan,
    settings: Settings,
    campaign_id: str,
    step: Step,
    *,
    confirm: object,
    ledger: Setting = None,
    preflight: bool | int = True,
) -> live.LiveRun:
    """Let a campaign go, as the one call of a run of its mailing; one that has gone does not go again.

    Args:
        plan: the plan that it was made from.
        settings: the client's settings.
        campaign_id: the campaign.
        step: send or schedule.
        confirm: the number of its people, or the plan's id.
        ledger: as for `live.start`.
        preflight: as in `SendOptions`.

    Raises:
        InputError: it has gone without this ledger's doing, or is cancelled. Nothing was sent.
        ConfirmationError: it was not confirmed. Nothing was sent.
        LedgerError: the ledger cannot be written. Nothing was sent.
        CallError: how it stands could not be read. Nothing was sent.
    """
    opened = open_ledger(ledger or settings.ledger)
    info = loop.call(campaigns.fetch(settings, campaign_id))
    settle(opened, plan, settings, info)
    stands = _standing(opened, plan, settings)
    missed = stands is not None and _missed(opened, stands, info)
    if stands is None or missed or stands.state in {ClaimState.FREE, ClaimState.REFUSED}:
        _check_status(info, step)
        check_confirm(plan, settings, info, step, confirm)
    if stands is not None and missed:
        words = f"no answer came, and the campaign {info.id} was still a draft at Migma"
        _rule(opened, stands, Ruling(0, Word.NOT_TAKEN, words))
    refused = stands is not None and stands.state is ClaimState.REFUSED
    options = SendOptions(confirmed=True, only_refused=refused, preflight=preflight)
    return live.start(_going(plan, campaign_id, step), settings, options, ledger=ledger)


def settle(ledger: Ledger, plan: Plan, settings: Settings, info: CampaignInfo) -> bool:
    """Settle a campaign's call whose answer was lost, where the campaign has gone; return whether it was.

    Args:
        ledger: the ledger that has the doubt.
        plan: the plan.
        settings: the client's settings.
        info: how the campaign stands, read after the answer was lost.
    """
    journal.settle_the_dead(ledger)
    stands = _standing(ledger, plan, settings)
    status = (info.status or "").lower()
    refused = stands is not None and stands.state is ClaimState.REFUSED and _ours(stands, info)
    if stands is None or not (refused or _in_doubt(stands, info)) or status in {"", DRAFT}:
        return False
    if refused and status not in _GONE:
        return False
    # A refusal may come because an earlier call, of whoever, was taken: then everybody has it, or will.
    why = "it was refused" if refused else "no answer came"
    words = f"{why}, but the campaign {info.id} is {status} at Migma"
    made = Ruling(0, Word.LOGGED, words, info.batch_id or f"{CAMPAIGN}{info.id}", status)
    _rule(ledger, stands, made, State.REFUSED if refused else State.UNKNOWN)
    return True


def _in_doubt(stands: Standing, info: CampaignInfo) -> bool:
    return stands.state is ClaimState.UNKNOWN and _ours(stands, info)


def _ours(stands: Standing, info: CampaignInfo) -> bool:
    return stands.told("payload_sha256") in {digest_of(str(info.id), step) for step in _STEPS}


def _missed(ledger: Ledger, stands: Standing, info: CampaignInfo) -> bool:
    """Return whether a call in doubt was certainly not taken: the campaign is a draft, long enough after it.

    A call that is still on its way all the same finds this very campaign sent, and is refused.
    """
    first_at = stands.told("first_attempt_at")
    if not _in_doubt(stands, info) or (info.status or "").lower() != DRAFT or first_at is None:
        return False
    return bool(ledger.reading(clock.now) - first_at >= SETTLED_AFTER_S)


def _rule(ledger: Ledger, stands: Standing, made: Ruling, state: State = State.UNKNOWN) -> None:
    def write(conn: sa.Connection) -> None:
        rulings.rule(conn, stands.run_id, [made], clock.now(conn), state)

    ledger.writing(write)


def look_until_settled(
    ledger: Ledger, plan: Plan, settings: Settings, campaign_id: str, *, looks: int | None = None
) -> None:
    """Look at a campaign whose answer was lost until it is settled, a few times at most."""
    for look in range(LOOKS if looks is None else looks):
        time.sleep(LOOK_WAIT_S if look else 0.0)
        try:
            info = loop.call(campaigns.fetch(settings, campaign_id))
        except (CallError, InputError):
            continue
        if settle(ledger, plan, settings, info):
            return


def digest_of(campaign_id: str, step: str) -> str:
    """Return what stands in the record for a campaign's call: its bytes are the same for all campaigns."""
    return hashlib.sha256(f"campaign:{campaign_id}:{step}".encode()).hexdigest()


def _going(plan: Plan, campaign_id: str, step: Step) -> Plan:
    request = Request(
        campaigns.path_of(campaign_id, step.name), encode(dict(step.body)), digest_of(campaign_id, step.name)
    )
    return replace(plan, request=request)


def _standing(ledger: Ledger, plan: Plan, settings: Settings) -> Standing | None:
    return ledger.reading(lambda conn: standing_of(conn, settings.scope, plan.mailing, plan.recipient(0)))


def _check_status(info: CampaignInfo, step: Step) -> None:
    """Refuse what has gone without this ledger's doing: it may have mailed everybody already."""
    status = (info.status or "").lower()
    if status in {"", DRAFT} or (status == "scheduled" and step.name == "send"):
        return
    raise InputError(
        f"The campaign {info.name!r} ({info.id}) is {status!r} at Migma, and not by this ledger. "
        "Nothing was sent.",
        hint="Look at it in the dashboard; for a new one plan under a new mailing name.",
    )


async def last_look(settings: Settings, known: CampaignInfo) -> CampaignInfo:
    """Return a campaign as it stands, or as it was known where no clear answer comes."""
    try:
        return await campaigns.fetch(settings, str(known.id))
    except (CallError, InputError):
        return known
