"""The claim: who may send to a person in a mailing, decided by single conditional writes.

Whether a person is mailed twice hangs on this file, on what an answer means, and on the runner. Every
function runs inside a write transaction that its caller commits to disk before anything else happens.
"""

import hashlib

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import Reason
from migma_nb.ledger.dialects import INSERTS
from migma_nb.ledger.leave import Leave
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import (
    ClaimState,
    Intent,
    Outcome,
    Standing,
    Taken,
    attempts,
    claims,
)
from migma_nb.ledger.standings import WHOSE, standing_of

# What every row goes through is built and compiled once: that costs ten times what running it does.
_BYTES_COLUMNS = ("payload_sha256", "key_fingerprint", "subject_sha256", "email_id")
_INTENT_COLUMNS = ("scope", "mailing", "recipient", "run_id", "plan_id", *_BYTES_COLUMNS)
_ATTEMPT_COLUMNS = ("finished_at", "verdict", "reason", "http_status", "request_id")
_CLAIM_COLUMNS = (
    *("state", "reason", "detail", "uncertain", "finished_at", "latency_s"),
    *("message_id", "provider", "api_status", "http_status", "request_id"),
)
_OUTCOME_COLUMNS = tuple(dict.fromkeys((*_CLAIM_COLUMNS, *_ATTEMPT_COLUMNS)))
_THIS_CLAIM = claims.c.claim_id == sa.bindparam("the_claim")
_OF_RUN = claims.c.run_id == sa.bindparam("of_run")
_OF_GENERATION = claims.c.generation == sa.bindparam("of_generation")
_FIRST_CLAIM = Prepared(
    {name: make(claims).on_conflict_do_nothing() for name, make in INSERTS.items()},
    (*_INTENT_COLUMNS, "state", "generation", "uncertain", "idempotency_key", "attempts", "first_attempt_at"),
    claims.c.claim_id,
)
_TAKE_OVER = claims.update().where(
    _THIS_CLAIM, claims.c.state == sa.bindparam("in_state"), _OF_RUN, _OF_GENERATION
)
_HELD_BY_RUN = sa.select(
    claims.c.claim_id, claims.c.generation, claims.c.uncertain, claims.c.first_attempt_at, claims.c.attempts
).where(*WHOSE, _OF_RUN, claims.c.state == ClaimState.HELD)
_ANOTHER_ATTEMPT = claims.update().where(_THIS_CLAIM).values(attempts=claims.c.attempts + 1)
_ATTEMPT = Prepared(
    attempts.insert(),
    ("claim_id", "run_id", "generation", "payload_sha256", "key_fingerprint", "intent_at"),
    attempts.c.attempt_id,
)
_ATTEMPT_ENDS = Prepared(
    attempts.update().where(attempts.c.attempt_id == sa.bindparam("the_attempt")), _ATTEMPT_COLUMNS
)


def _outcome(state: ClaimState) -> sa.Update:
    """Return what writes an outcome of this state, where that may still be written."""
    now = claims.c.state
    if state in {ClaimState.ACCEPTED, ClaimState.ALREADY_SENT}:
        return claims.update().where(_THIS_CLAIM, now != ClaimState.ACCEPTED, now != ClaimState.ALREADY_SENT)
    still_open = now == ClaimState.HELD
    if state is ClaimState.REFUSED:
        # Whoever took this run for dead may have called the row unknown, and nobody has taken it up since.
        still_open = sa.or_(still_open, now == ClaimState.UNKNOWN)
    return claims.update().where(_THIS_CLAIM, _OF_RUN, still_open, _OF_GENERATION)


_BEGUN_ANEW = {"attempts": 0, "first_attempt_at": None}
_OUTCOME = {state: Prepared(_outcome(state), _CLAIM_COLUMNS) for state in ClaimState}
_FRESH_OUTCOME = {
    state: Prepared(_outcome(state).values(_BEGUN_ANEW), (*_CLAIM_COLUMNS, "generation"))
    for state in ClaimState
}

#: The one status from 400 to 499 that is not stored under a key (migma-api.md, section 2).
_NOT_STORED = 429


def idempotency_key(scope: str, mailing: str, recipient: str, generation: int) -> str:
    """Return the key of a person in a mailing: 68 characters, the same for every attempt of a generation."""
    whose = f"{len(scope)}:{scope}\n{len(mailing)}:{mailing}\n{len(recipient)}:{recipient}"
    parts = f"{whose}\n{len(str(generation))}:{generation}"
    return "mnb-" + hashlib.sha256(parts.encode()).hexdigest()


def take(given: Leave, intent: Intent, seen: Standing | None) -> Taken | Standing:
    """Claim a person and write the intent to send, or return how the person stands instead.

    Args:
        given: the leave of the intent's run, asked for in this transaction.
        intent: what is about to leave.
        seen: how the runner saw the person when it decided to send; None for nobody's. A claim that has
            changed since is not taken.
    """
    conn = given.to(intent)
    if seen is None:
        taken = _claim_first(conn, intent)
    else:
        taken = _write_intent(conn, intent) if _claim_seen(conn, intent, seen) else None
    if taken is not None:
        return taken
    found = standing_of(conn, intent.scope, intent.mailing, intent.recipient)
    if found is None:
        raise LedgerError("A claim vanished from the ledger while it was being taken.")
    return found


def again(given: Leave, intent: Intent) -> Taken:
    """Write the intent of a further attempt on a claim that this run holds.

    Args:
        given: as for `take`.
        intent: what is about to leave.

    Raises:
        LedgerError: this run no longer holds the claim, so it may not send.
    """
    return _write_intent(given.to(intent), intent)


def record(conn: sa.Connection, taken: Taken, intent: Intent, outcome: Outcome) -> bool:
    """Write what an attempt came to, before anybody is shown it.

    A definite answer is written even where another process has meanwhile called the row unknown: what is
    known to be mailed stays on record. Nothing definite is ever turned back.

    Returns:
        Whether the claim is now as this outcome says.
    """
    found = {name: getattr(outcome, name) for name in _OUTCOME_COLUMNS}
    _ATTEMPT_ENDS.run(conn, {**found, "the_attempt": taken.attempt_id})
    whose = {"the_claim": taken.claim_id, "of_run": intent.run_id, "of_generation": taken.generation}
    claim = {**found, **whose}
    if outcome.fresh:
        return _FRESH_OUTCOME[outcome.state].run(conn, claim | {"generation": taken.generation + 1}) == 1
    return _OUTCOME[outcome.state].run(conn, claim) == 1


def let_go(conn: sa.Connection, claim_id: int, run_id: str, reason: Reason) -> bool:
    """Give back a claim that this run holds between attempts: free, or unknown if it may have been mailed.

    Returns:
        Whether the claim is unknown now.
    """
    conn.execute(
        claims.update()
        .where(claims.c.claim_id == claim_id, claims.c.run_id == run_id, claims.c.state == ClaimState.HELD)
        .values(
            state=sa.case((claims.c.uncertain, ClaimState.UNKNOWN), else_=ClaimState.FREE),
            reason=sa.case((claims.c.uncertain, claims.c.reason), else_=reason),
        )
    )
    return conn.execute(sa.select(claims.c.state).where(claims.c.claim_id == claim_id)).scalar() == (
        ClaimState.UNKNOWN
    )


def _claim_first(conn: sa.Connection, intent: Intent) -> Taken | None:
    """Claim a person whom nobody has claimed, with the intent; None where somebody was quicker."""
    key = idempotency_key(intent.scope, intent.mailing, intent.recipient, 1)
    claim = {name: getattr(intent, name) for name in _INTENT_COLUMNS}
    claim |= {"state": ClaimState.HELD, "generation": 1, "uncertain": False, "idempotency_key": key}
    claim |= {"attempts": 1, "first_attempt_at": intent.at}
    claim_id = _FIRST_CLAIM.add(conn, claim)
    if claim_id is None:
        return None
    return Taken(
        claim_id, _attempt(conn, intent, claim_id, 1), 1, key, uncertain=False, first_attempt_at=intent.at
    )


def _claim_seen(conn: sa.Connection, intent: Intent, seen: Standing) -> bool:
    """Take a claim by one conditional write, if it is still as it was seen; return whether it is ours now."""
    # A refusal is certain, so what follows it is a new generation with a key of its own.
    fresh = seen.state is ClaimState.REFUSED or _key_is_spent(conn, intent, seen)
    values: dict[str, object] = {
        "state": ClaimState.HELD,
        "run_id": intent.run_id,
        "plan_id": intent.plan_id,
        "generation": seen.generation + int(fresh),
    }
    if fresh:
        values |= {"uncertain": False, "attempts": 0, "first_attempt_at": None}
    unchanged = {
        "the_claim": seen.claim_id,
        "in_state": seen.state,
        "of_run": seen.run_id,
        "of_generation": seen.generation,
    }
    return conn.execute(_TAKE_OVER, values | unchanged).rowcount == 1


def _key_is_spent(conn: sa.Connection, intent: Intent, seen: Standing) -> bool:
    """Return whether the server may keep a certain refusal of other bytes under a free claim's key.

    A 401, 402 or 403 frees the claim, and servers store it: other bytes under the same key would be a
    conflict, which nobody could tell from a mail that another ledger sent.
    """
    if seen.state is not ClaimState.FREE:
        return False
    stored = sa.and_(attempts.c.http_status.between(400, 499), attempts.c.http_status != _NOT_STORED)
    query = sa.select(attempts.c.attempt_id).where(
        attempts.c.claim_id == seen.claim_id,
        attempts.c.generation == seen.generation,
        attempts.c.payload_sha256 != intent.payload_sha256,
        stored,
    )
    return conn.execute(query.limit(1)).first() is not None


def _write_intent(conn: sa.Connection, intent: Intent) -> Taken:
    """Write the intent of an attempt on a claim that this run holds."""
    whose = {
        "whose_scope": intent.scope,
        "whose_mailing": intent.mailing,
        "whose_recipient": intent.recipient,
    }
    held = conn.execute(_HELD_BY_RUN, whose | {"of_run": intent.run_id}).one_or_none()
    if held is None:
        raise LedgerError(f"Run {intent.run_id} no longer holds a claim that it was about to use.")
    first = intent.at if held.first_attempt_at is None else held.first_attempt_at
    key = idempotency_key(intent.scope, intent.mailing, intent.recipient, held.generation)
    bytes_and_key = {name: getattr(intent, name) for name in _BYTES_COLUMNS}
    bytes_and_key |= {"idempotency_key": key, "first_attempt_at": first, "the_claim": held.claim_id}
    conn.execute(_ANOTHER_ATTEMPT, bytes_and_key)
    attempt_id = _attempt(conn, intent, held.claim_id, held.generation)
    age_s = max(0.0, intent.at - first)
    doubt, count = bool(held.uncertain), held.attempts + 1
    return Taken(held.claim_id, attempt_id, held.generation, key, doubt, first, age_s, count)


def _attempt(conn: sa.Connection, intent: Intent, claim_id: int, generation: int) -> int:
    """Put an attempt on record before it leaves; return its number."""
    attempt_id = _ATTEMPT.add(
        conn,
        {
            "claim_id": claim_id,
            "run_id": intent.run_id,
            "generation": generation,
            "payload_sha256": intent.payload_sha256,
            "key_fingerprint": intent.key_fingerprint,
            "intent_at": intent.at,
        },
    )
    if attempt_id is None:
        raise LedgerError("The ledger did not number an attempt.")
    return attempt_id
