"""From what an answer means to what is written down: the claim's state and the row's. Pure."""

from typing import NamedTuple

from migma_nb.api.meaning import Meaning, Past, Verdict, obstacle
from migma_nb.api.states import Reason, State
from migma_nb.ledger.batches import CAMPAIGN
from migma_nb.ledger.schema import ClaimState, Outcome


class Decision(NamedTuple):
    """What to write after an attempt; `state` is None while the row waits for its next one.

    `fresh` begins a new generation: what is stored under this key is certain, and no acceptance.
    """

    claim: ClaimState
    state: State | None
    reason: Reason
    claim_reason: Reason
    uncertain: bool
    fresh: bool = False


_SETTLED = {
    Verdict.ACCEPTED: (ClaimState.ACCEPTED, State.ACCEPTED),
    Verdict.ALREADY_SENT: (ClaimState.ALREADY_SENT, State.ALREADY_SENT),
    Verdict.REFUSED: (ClaimState.REFUSED, State.REFUSED),
}


def decide(meaning: Meaning, past: Past, *, repeats: bool) -> Decision:
    """Return what an attempt leaves behind.

    Args:
        meaning: what its answer meant.
        past: the row's generation, this attempt's own doubt not included.
        repeats: the row will be attempted again in this run.
    """
    if meaning.verdict in _SETTLED:
        claim, state = _SETTLED[meaning.verdict]
        return Decision(claim, state, meaning.reason, meaning.reason, uncertain=False)
    doubt = meaning.verdict in {Verdict.LOST, Verdict.UNKNOWN}
    if meaning.verdict is Verdict.OUTDATED:
        claim = ClaimState.HELD if repeats else ClaimState.FREE
        row = None if repeats else State.NOT_SENT
        return Decision(claim, row, meaning.reason, meaning.reason, uncertain=False, fresh=True)
    if repeats:
        why = meaning.reason if doubt or not past.uncertain else Reason.LOST_ANSWER
        return Decision(ClaimState.HELD, None, why, why, uncertain=past.uncertain or doubt)
    if meaning.verdict is Verdict.UNKNOWN:
        return Decision(ClaimState.UNKNOWN, State.UNKNOWN, meaning.reason, meaning.reason, uncertain=True)
    if doubt or past.uncertain:
        # Why it is unknown is kept with the claim; the row says what keeps it from being asked again.
        why = meaning.reason if doubt else Reason.LOST_ANSWER
        hindrance = obstacle(past) or why
        shown = why if hindrance is Reason.LOST_ANSWER else hindrance
        return Decision(ClaimState.UNKNOWN, State.UNKNOWN, shown, why, uncertain=True)
    return Decision(ClaimState.FREE, State.NOT_SENT, meaning.reason, meaning.reason, uncertain=False)


def of_campaign(meaning: Meaning) -> Meaning:
    """Return what the answer to a campaign's call means, its id marked as a campaign's."""
    answer = meaning.answer
    if answer is None or answer.id is None or answer.message_id != answer.id:
        return meaning
    return meaning._replace(answer=answer.model_copy(update={"id": f"{CAMPAIGN}{answer.id}"}))


def outcome_of(meaning: Meaning, decision: Decision, *, now: float, latency_s: float) -> Outcome:
    """Return the record of an attempt: what its answer said, and what was decided on it."""
    answer = meaning.answer
    return Outcome(
        state=decision.claim,
        verdict=meaning.verdict,
        reason=decision.claim_reason,
        detail=meaning.detail,
        uncertain=decision.uncertain,
        fresh=decision.fresh,
        finished_at=now,
        latency_s=round(latency_s, 4),
        message_id=answer.message_id if answer else None,
        provider=answer.provider if answer else None,
        api_status=answer.status if answer else None,
        http_status=meaning.status,
        request_id=meaning.request_id,
    )
