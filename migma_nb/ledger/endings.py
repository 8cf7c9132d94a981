"""How a run ends in the ledger, by its own hand or after its death: nothing of it is left open.

Every function runs inside a write transaction of its caller.
"""

import sqlalchemy as sa

from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
from migma_nb.ledger.schema import ACCOUNT_COLUMNS, ClaimState, attempts, claims, rows, runs


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
    # What is known of the mail stands beside the row too: a person must see since when it is uncertain.
    account: dict[str, object] = {
        name: sa.select(claims.c[name])
        .where(held_in_doubt, claims.c.recipient == rows.c.recipient)
        .scalar_subquery()
        for name in ACCOUNT_COLUMNS
    }
    conn.execute(ended.where(doubtful).values(account | {"state": State.UNKNOWN, "detail": detail}))
    _end_by_others(conn, run_id, ended)
    conn.execute(ended.values(state=State.NOT_SENT, reason=reason, detail=detail))


#: How a row ends whose turn in a run had not come, where others have dealt with its person meanwhile.
_MEANWHILE = (
    (State.ALREADY_SENT, (ClaimState.ACCEPTED, ClaimState.ALREADY_SENT), "mailed by another run"),
    (State.UNKNOWN, (ClaimState.UNKNOWN,), "unknown since another run tried"),
    (State.UNKNOWN, (ClaimState.HELD,), "another run was at work on it"),
)
_WHY = {ClaimState.ACCEPTED: Reason.EARLIER_RUN, ClaimState.HELD: Reason.ELSEWHERE}


def _end_by_others(conn: sa.Connection, run_id: str, still_waiting: sa.Update) -> None:
    """End the rows of a run that others have dealt with, by how their people stand in its mailing."""
    mailing = sa.and_(runs.c.scope == claims.c.scope, runs.c.mailing == claims.c.mailing)
    whose = sa.and_(runs.c.run_id == run_id, claims.c.recipient == rows.c.recipient)
    own = sa.select(claims.c.reason).join(runs, mailing).where(whose).correlate(rows).scalar_subquery()
    for state, stands, what in _MEANWHILE:
        found = sa.select(claims.c.recipient).join(runs, mailing)
        found = found.where(runs.c.run_id == run_id, claims.c.state.in_(stands))
        values = {"state": state, "reason": _WHY.get(stands[0], own), "detail": what}
        conn.execute(still_waiting.where(rows.c.recipient.in_(found)).values(values))
