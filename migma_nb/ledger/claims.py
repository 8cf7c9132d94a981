"""The claim: who may send to a person in a mailing, decided by single conditional writes.

Whether a person is mailed twice hangs on this file, on what an answer means, and on the runner. Every
function runs inside a write transaction that its caller commits to disk before anything else happens.
"""

import hashlib

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
from migma_nb.ledger.dialects import insert
from migma_nb.ledger.schema import (
    SCHEMA_VERSION,
    ClaimState,
    Intent,
    Outcome,
    Standing,
    Taken,
    attempts,
    claims,
    meta,
    rows,
    runs,
)
from migma_nb.ledger.standings import person, standing_of


def idempotency_key(scope: str, mailing: str, recipient: str, generation: int) -> str:
    """Return the key of a person in a mailing: 68 characters, the same for every attempt of a generation."""
    parts = "\n".join(f"{len(part)}:{part}" for part in (scope, mailing, recipient, str(generation)))
    return "mnb-" + hashlib.sha256(parts.encode()).hexdigest()


def take(conn: sa.Connection, intent: Intent, seen: Standing | None) -> Taken | Standing:
    """Claim a person and write the intent to send, or return how the person stands instead.

    Args:
        conn: an open write transaction.
        intent: what is about to leave.
        seen: how the runner saw the person when it decided to send; None for nobody's. A claim that has
            changed since is not taken.

    Raises:
        LedgerError: this run is no longer on record as running, so it may not send.
    """
    _require_alive(conn, intent.run_id)
    if not _claim(conn, intent, seen):
        found = standing_of(conn, intent.scope, intent.mailing, intent.recipient)
        if found is None:
            raise LedgerError("A claim vanished from the ledger while it was being taken.")
        return found
    return _write_intent(conn, intent)


def again(conn: sa.Connection, intent: Intent) -> Taken:
    """Write the intent of a further attempt on a claim that this run holds.

    Raises:
        LedgerError: this run no longer holds the claim, so it may not send.
    """
    _require_alive(conn, intent.run_id)
    return _write_intent(conn, intent)


def record(conn: sa.Connection, taken: Taken, intent: Intent, outcome: Outcome) -> None:
    """Write what an attempt came to, before anybody is shown it.

    A definite answer is written even where another process has meanwhile called the row unknown: what is
    known to be mailed stays on record. Nothing definite is ever turned back.
    """
    conn.execute(
        attempts.update()
        .where(attempts.c.attempt_id == taken.attempt_id)
        .values(
            finished_at=outcome.finished_at,
            verdict=outcome.verdict,
            reason=outcome.reason,
            http_status=outcome.http_status,
            request_id=outcome.request_id,
        )
    )
    # Whoever took this run for dead may have called the row unknown, and nobody has taken it up since.
    open_states = [ClaimState.HELD] + [ClaimState.UNKNOWN] * (outcome.state is ClaimState.REFUSED)
    writable = sa.and_(
        claims.c.run_id == intent.run_id,
        claims.c.state.in_(open_states),
        claims.c.generation == taken.generation,
    )
    if outcome.state in {ClaimState.ACCEPTED, ClaimState.ALREADY_SENT}:
        writable = claims.c.state.not_in([ClaimState.ACCEPTED, ClaimState.ALREADY_SENT])
    begun_anew = {"generation": taken.generation + 1, "attempts": 0, "first_attempt_at": None}
    conn.execute(
        claims.update()
        .where(claims.c.claim_id == taken.claim_id, writable)
        .values(
            state=outcome.state,
            reason=outcome.reason,
            detail=outcome.detail,
            uncertain=outcome.uncertain,
            finished_at=outcome.finished_at,
            latency_s=outcome.latency_s,
            message_id=outcome.message_id,
            provider=outcome.provider,
            api_status=outcome.api_status,
            http_status=outcome.http_status,
            request_id=outcome.request_id,
            **(begun_anew if outcome.fresh else {}),
        )
    )


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


def settle_dead(conn: sa.Connection, run_id: str, now: float) -> bool:
    """Settle the rows of a run that died; only who has taken its lock may call this.

    An intent without an outcome becomes unknown, a claim without an open intent is released.

    Returns:
        Whether there was anything to settle (somebody else may have been quicker).
    """
    found = conn.execute(
        runs.update()
        .where(runs.c.run_id == run_id, runs.c.state.in_(LIVE_STATES))
        .values(state=RunState.DIED, reason=Reason.RUN_DIED, finished_at=now)
    )
    if found.rowcount != 1:
        return False
    close(conn, run_id, now, reason=Reason.RUN_DIED, detail=None)
    return True


def close(conn: sa.Connection, run_id: str, now: float, *, reason: Reason, detail: str | None) -> None:
    """Leave nothing of a run open: no claim held, no attempt without an end, no row waiting.

    A claim that an ended run still held would make every later run wait for it for ever. An intent without
    an outcome becomes unknown, also where the outcome could not be written.
    """
    open_intents = sa.select(attempts.c.claim_id).where(
        attempts.c.run_id == run_id, attempts.c.finished_at.is_(None)
    )
    held = sa.and_(claims.c.run_id == run_id, claims.c.state == ClaimState.HELD)
    held_in_doubt = sa.and_(claims.c.run_id == run_id, claims.c.state == ClaimState.UNKNOWN)
    words = "the run that sent this ended before the answer was on record"
    conn.execute(
        claims.update()
        .where(held, claims.c.claim_id.in_(open_intents))
        .values(state=ClaimState.UNKNOWN, uncertain=True, reason=Reason.RUN_DIED, detail=words)
    )
    conn.execute(
        attempts.update()
        .where(attempts.c.run_id == run_id, attempts.c.finished_at.is_(None))
        .values(finished_at=now, verdict="lost", reason=Reason.RUN_DIED)
    )
    conn.execute(claims.update().where(held, claims.c.uncertain).values(state=ClaimState.UNKNOWN))
    conn.execute(claims.update().where(held).values(state=ClaimState.FREE, reason=reason))
    ended = rows.update().where(rows.c.run_id == run_id, rows.c.state == State.WAITING)
    doubtful = rows.c.recipient.in_(sa.select(claims.c.recipient).where(held_in_doubt))
    conn.execute(ended.where(doubtful).values(state=State.UNKNOWN, reason=Reason.RUN_DIED, detail=detail))
    conn.execute(ended.values(state=State.NOT_SENT, reason=reason, detail=detail))


def _require_alive(conn: sa.Connection, run_id: str) -> None:
    version = sa.select(meta.c.value).where(meta.c.name == "schema_version").scalar_subquery()
    found = conn.execute(sa.select(runs.c.state, version).where(runs.c.run_id == run_id)).one_or_none()
    state, shape = found if found is not None else (None, None)
    if shape is not None and int(shape) > SCHEMA_VERSION:
        raise LedgerError(
            f"A newer migma_nb has brought up the ledger (to its version {shape}) while run {run_id} was "
            "going; this older one sends nothing more.",
            hint="Upgrade migma_nb, restart, and send again to go on.",
        )
    if state not in LIVE_STATES:
        raise LedgerError(
            f"Run {run_id} is no longer on record as running ({state}); it sends nothing more.",
            hint="Was its lock file removed, or the ledger replaced? Send again to go on.",
        )


def _claim(conn: sa.Connection, intent: Intent, seen: Standing | None) -> bool:
    """Take the claim by one conditional write; return whether it is ours now."""
    if seen is None:
        taken = conn.execute(
            insert(conn, claims)
            .values(
                scope=intent.scope,
                mailing=intent.mailing,
                recipient=intent.recipient,
                state=ClaimState.HELD,
                run_id=intent.run_id,
                plan_id=intent.plan_id,
                generation=1,
                uncertain=False,
                attempts=0,
            )
            .on_conflict_do_nothing(),
            # On PostgreSQL the new row's number comes back, and how many rows there were is else forgotten.
            execution_options={"preserve_rowcount": True},
        )
        return taken.rowcount == 1
    # A refusal is certain, so what follows it is a new generation with a key of its own.
    fresh = seen.state is ClaimState.REFUSED
    unchanged = (
        claims.c.claim_id == seen.claim_id,
        claims.c.state == seen.state,
        claims.c.run_id == seen.run_id,
        claims.c.generation == seen.generation,
    )
    values: dict[str, object] = {
        "state": ClaimState.HELD,
        "run_id": intent.run_id,
        "plan_id": intent.plan_id,
        "generation": seen.generation + int(fresh),
    }
    if fresh:
        values |= {"uncertain": False, "attempts": 0, "first_attempt_at": None}
    return conn.execute(claims.update().where(*unchanged).values(values)).rowcount == 1


def _write_intent(conn: sa.Connection, intent: Intent) -> Taken:
    held = conn.execute(
        sa.select(claims.c.claim_id, claims.c.generation, claims.c.uncertain, claims.c.first_attempt_at)
        .where(*person(intent.scope, intent.mailing, intent.recipient))
        .where(claims.c.run_id == intent.run_id, claims.c.state == ClaimState.HELD)
    ).one_or_none()
    if held is None:
        raise LedgerError(f"Run {intent.run_id} no longer holds a claim that it was about to use.")
    first = intent.at if held.first_attempt_at is None else held.first_attempt_at
    key = idempotency_key(intent.scope, intent.mailing, intent.recipient, held.generation)
    conn.execute(
        claims.update()
        .where(claims.c.claim_id == held.claim_id)
        .values(
            attempts=claims.c.attempts + 1,
            first_attempt_at=first,
            payload_sha256=intent.payload_sha256,
            key_fingerprint=intent.key_fingerprint,
            idempotency_key=key,
            subject_sha256=intent.subject_sha256,
        )
    )
    made = conn.execute(
        attempts.insert().values(
            claim_id=held.claim_id,
            run_id=intent.run_id,
            generation=held.generation,
            payload_sha256=intent.payload_sha256,
            key_fingerprint=intent.key_fingerprint,
            intent_at=intent.at,
        )
    )
    attempt_id = made.inserted_primary_key[0] if made.inserted_primary_key else None
    if not isinstance(attempt_id, int):
        raise LedgerError("The ledger did not number an attempt.")
    age_s = max(0.0, intent.at - first)
    return Taken(held.claim_id, attempt_id, held.generation, key, bool(held.uncertain), first, age_s)
