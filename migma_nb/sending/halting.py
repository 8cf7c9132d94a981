"""Why a run halts, in words that say what to mend; a halted run can be taken up again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from migma_nb.api.errors import LedgerError
from migma_nb.api.meaning import Meaning
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason
from migma_nb.sending.budget import MOST_IN_A_ROW

_MEND = {
    Reason.BAD_KEY: "Check the API key (Settings → API Integration), make a client with it, and send again.",
    Reason.NO_PERMISSION: "Give the API key the permission EMAIL_SEND, and send again.",
    Reason.QUOTA: "Raise the quota or wait until it is renewed, and send again.",
    Reason.NOT_THE_API: "Check base_url or MIGMA_BASE_URL, and send again.",
    Reason.NO_CONNECTION: "Check the network and base_url, and send again.",
    Reason.LEDGER: "Mend the ledger's place, and send again.",
}


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a run halted: a stable reason, and a sentence or two for a person."""

    reason: Reason
    detail: str


def halt_for(meaning: Meaning, settings: Settings) -> Halt:
    """Return the halt that an answer about the account, the server or a long wait calls for."""
    mend = _MEND.get(meaning.reason, "Send again to go on.")
    if meaning.wait_s and meaning.reason in {Reason.RATE_LIMITED, Reason.UNAVAILABLE}:
        until = datetime.now(UTC) + timedelta(seconds=meaning.wait_s)
        mend = f"Send again after {until:%Y-%m-%d %H:%M} UTC to go on."
    return Halt(meaning.reason, f"{_server(settings)}: {meaning.detail}. {mend}")


def halt_for_budget(meaning: Meaning, settings: Settings) -> Halt:
    """Return the halt for too many failures of one kind in a row."""
    mend = _MEND.get(meaning.reason, "Mend the cause, and send again to go on with the rest.")
    words = f"{MOST_IN_A_ROW} answers in a row were alike ({meaning.detail})"
    return Halt(meaning.reason, f"{_server(settings)}: {words}. {mend}")


def halt_for_refusals(meaning: Meaning, settings: Settings) -> Halt:
    """Return the halt for a server that refuses everything and does not say until when."""
    words = (
        "It has refused everything since, so a day's quota is probably used up. Send again later to go on."
    )
    return Halt(meaning.reason, f"{_server(settings)}: {meaning.detail}. {words}")


def halt_for_ledger(error: LedgerError) -> Halt:
    """Return the halt for a ledger that takes no more records: without it nothing may be sent."""
    return Halt(Reason.LEDGER, str(error))


def _server(settings: Settings) -> str:
    return settings.origin
