"""What runs write besides claims: their beginning, their rows, their end, and the proofs of servers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.meaning import KEY_LIFE_S
from migma_nb.api.states import LIVE_STATES, Reason, RunState
from migma_nb.ledger import beginnings, clock
from migma_nb.ledger.dialects import insert
from migma_nb.ledger.endings import close, settle_dead
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import (
    ACCOUNT_COLUMNS,
    ClaimState,
    RowRecord,
    RunRecord,
    Settled,
    attempts,
    claims,
    proofs,
    rows,
    runs,
)
from migma_nb.ledger.store import Ledger

#: A positive proof is believed for a day (seconds).
PROOF_LIFE_S = 24 * 3600.0
_NOTHING: Mapping[str, Any] = dict.fromkeys(ACCOUNT_COLUMNS)

# Compiled once, since every row or every run goes through it.
_ROW = Prepared(
    rows.update().where(
        rows.c.run_id == sa.bindparam("of_run"), rows.c.position == sa.bindparam("at_position")
    ),
    ("state", *ACCOUNT_COLUMNS),
)
_FIRST_ROW = Prepared(
    rows.insert(), ("run_id", "position", "recipient", "address", "state", "reason", "detail")
)

_FIRST_RUN = Prepared(runs.insert(), (*(field.name for field in fields(RunRecord)), "state"))
_RUN_ENDS = Prepared(
    runs.update().where(runs.c.run_id == sa.bindparam("of_run")), ("state", "reason", "detail", "finished_at")
)
_RUNNING = Prepared(sa.select(runs.c.run_id).where(sa.or_(*(runs.c.state == state for state in LIVE_STATES))))
_NEWEST = Prepared(sa.select(sa.func.max(attempts.c.intent_at)))
_PROOF = Prepared(
    sa.select(proofs.c.proven_at).where(
        proofs.c.origin == sa.bindparam("of_origin"),
        proofs.c.key_fingerprint == sa.bindparam("of_fingerprint"),
    )
)
_ACCEPTED_KEY = Prepared(
    sa.select(claims.c.idempotency_key)
    .join(runs, runs.c.run_id == claims.c.run_id)
    .where(
        runs.c.server == sa.bindparam("of_origin"),
        claims.c.key_fingerprint == sa.bindparam("of_fingerprint"),
        claims.c.state == ClaimState.ACCEPTED,
        claims.c.http_status.is_not(None),
        claims.c.first_attempt_at > sa.bindparam("since"),
        claims.c.finished_at <= sa.bindparam("until"),
    )
    .order_by(claims.c.first_attempt_at.desc())
    .limit(1)
)


def begin(conn: sa.Connection, run: RunRecord, records: Iterable[RowRecord]) -> None:
    """Put a run and its rows (or the last of them) on record, before anything else of it happens."""
    _FIRST_RUN.run(conn, {"state": RunState.RUNNING, **asdict(run)})
    write_rows(conn, run.run_id, records)


def write_rows(conn: sa.Connection, run_id: str, records: Iterable[RowRecord]) -> None:
    """Put rows of a run on record as it begins with them."""
    # Not by `asdict`, which copies: a long list waits for this.
    values = (
        {
            "run_id": run_id,
            "position": record.position,
            "recipient": record.recipient,
            "address": record.address,
            "state": record.state,
            "reason": record.reason,
            "detail": record.detail,
        }
        for record in records
    )
    _FIRST_ROW.run_all(conn, values)


def settle_rows(conn: sa.Connection, run_id: str, settled: Sequence[Settled]) -> None:
    """Write what became of rows in this run, with what their claims know of the mail."""
    if settled:
        _ROW.run_all(
            conn,
            (
                {
                    **_NOTHING,
                    **row.account,
                    "state": row.state,
                    "reason": row.reason,
                    "detail": row.detail,
                    "of_run": run_id,
                    "at_position": row.position,
                }
                for row in settled
            ),
        )


def finish(
    conn: sa.Connection,
    run_id: str,
    state: RunState,
    *,
    reason: Reason | None,
    detail: str | None,
    now: float,
) -> None:
    """Write a run's end. Rows whose turn never came are `not_sent`, for the run's reason."""
    close(conn, run_id, now, reason=reason or Reason.STOPPED, detail=detail)
    end = {"state": state, "reason": reason, "detail": detail, "finished_at": now}
    _RUN_ENDS.run(conn, end | {"of_run": run_id})


def settle_the_dead(ledger: Ledger, *, but: str | None = None) -> list[str]:
    """Settle every run that is on record as running and whose lock can be taken.

    Args:
        ledger: the ledger.
        but: a run to leave alone: the caller's own.

    Returns:
        The ids of the runs that had died.
    """
    if not ledger.writable:
        return []
    beginnings.clear_the_dead(ledger)
    with ledger.read() as conn:
        running = _RUNNING.all(conn, {})
    died = []
    for (run_id,) in running:
        if run_id == but:
            continue
        lock = ledger.life_lock(run_id)
        if not lock.take():
            continue
        try:
            with ledger.write() as conn:
                if settle_dead(conn, run_id, clock.now(conn)):
                    died.append(run_id)
        finally:
            lock.release(for_good=True)
    return died


def settle_for_a_look(ledger: Ledger) -> list[str]:
    """Settle the dead before somebody looks; where that cannot be done, they see what is on record."""
    try:
        return settle_the_dead(ledger)
    except LedgerError:
        return []


def newest_entry(conn: sa.Connection) -> float | None:
    """Return the time of the ledger's newest attempt (seconds since the epoch), None if it has none."""
    found: float | None = _NEWEST.one(conn, {})[0]
    return found


def is_proven(conn: sa.Connection, origin: str, key_fingerprint: str, now: float) -> bool:
    """Return whether this server was seen to honour idempotency keys within the last day."""
    found = _PROOF.one(conn, {"of_origin": origin, "of_fingerprint": key_fingerprint})
    return found is not None and 0 <= now - found[0] < PROOF_LIFE_S


def accepted_key(conn: sa.Connection, origin: str, key_fingerprint: str, now: float) -> str | None:
    """Return the idempotency key of a mail that this server accepted not long ago, or None."""
    whose = {"of_origin": origin, "of_fingerprint": key_fingerprint}
    found = _ACCEPTED_KEY.one(conn, whose | {"since": now - KEY_LIFE_S, "until": now})
    return None if found is None else found[0]


def write_proof(conn: sa.Connection, origin: str, key_fingerprint: str, now: float) -> None:
    """Keep a positive proof. A negative one is never kept."""
    made = insert(conn, proofs).values(origin=origin, key_fingerprint=key_fingerprint, proven_at=now)
    conn.execute(
        made.on_conflict_do_update(
            index_elements=["origin", "key_fingerprint"], set_={"proven_at": made.excluded.proven_at}
        )
    )
