"""How a run ends in the ledger, by its own hand or after its death: nothing of it is left open.

Every function runs inside a write transaction of its caller.
"""

import sqlalchemy as sa

from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import ACCOUNT_COLUMNS, ClaimState, attempts, claims, rows, runs

_OF_RUN: sa.BindParameter[str] = sa.bindparam("of_run")
_THIS_RUN = runs.c.run_id == _OF_RUN
_DIED = Prepared(
    runs.update()
    .where(_THIS_RUN, sa.or_(*(runs.c.state == state for state in LIVE_STATES)))
    .values(state=RunState.DIED, reason=Reason.RUN_DIED),
    ("finished_at",),
)

_OPEN = (attempts.c.run_id == _OF_RUN, attempts.c.finished_at.is_(None))
_HELD = (claims.c.run_id == _OF_RUN, claims.c.state == ClaimState.HELD)
_IN_DOUBT = (claims.c.run_id == _OF_RUN, claims.c.state == ClaimState.UNKNOWN)
_HELD_WITH_INTENT = Prepared(
    claims.update()
    .where(*_HELD, claims.c.claim_id.in_(sa.select(attempts.c.claim_id).where(*_OPEN)))
    .values(
        state=ClaimState.UNKNOWN,
        uncertain=True,
        reason=Reason.RUN_DIED,
        detail="the run that sent this ended before the answer was on record",
    )
)
_OPEN_ATTEMPTS = Prepared(
    attempts.update().where(*_OPEN).values(verdict="lost", reason=Reason.RUN_DIED), ("finished_at",)
)
_HELD_IN_DOUBT = Prepared(claims.update().where(*_HELD, claims.c.uncertain).values(state=ClaimState.UNKNOWN))
_HELD_STILL = Prepared(claims.update().where(*_HELD).values(state=ClaimState.FREE), ("reason",))

_WAITING = rows.update().where(rows.c.run_id == _OF_RUN, rows.c.state == State.WAITING)
# What is known of the mail stands beside the row too: a person must see since when it is uncertain.
_ACCOUNT = {
    name: sa.select(claims.c[name])
    .where(*_IN_DOUBT, claims.c.recipient == rows.c.recipient)
    .scalar_subquery()
    for name in ACCOUNT_COLUMNS
}
_ROWS_IN_DOUBT = Prepared(
    _WAITING.where(rows.c.recipient.in_(sa.select(claims.c.recipient).where(*_IN_DOUBT))).values(
        {name: known for name, known in _ACCOUNT.items() if name != "detail"} | {"state": State.UNKNOWN}
    ),
    ("detail",),
)
_ROWS_UNBEGUN = Prepared(_WAITING.values(state=State.NOT_SENT), ("reason", "detail"))

#: How a row ends whose turn in a run had not come, where others have dealt with its person meanwhile.
_MEANWHILE = (
    (State.ALREADY_SENT, (ClaimState.ACCEPTED, ClaimState.ALREADY_SENT), "mailed by another run"),
    (State.UNKNOWN, (ClaimState.UNKNOWN,), "unknown since another run tried"),
    (State.UNKNOWN, (ClaimState.HELD,), "another run was at work on it"),
)
_WHY = {ClaimState.ACCEPTED: Reason.EARLIER_RUN, ClaimState.HELD: Reason.ELSEWHERE}


#: In words of its own: SQLite has UPDATE ... FROM only since 3.33, and a system's Python may come with an
#: older one; one subquery for each column takes ten times as long.
_THEIRS = """claims, runs WHERE runs.run_id = :of_run AND claims.scope = runs.scope
AND claims.mailing = runs.mailing AND claims.recipient = rows.recipient AND claims.state IN ({stands})"""
_OF_OTHERS = """UPDATE rows SET state = :state, detail = :what, {known}
WHERE run_id = :of_run AND state = :waiting AND EXISTS (SELECT 1 FROM {theirs})"""


def _ended_by_others(state: State, stands: tuple[ClaimState, ...], what: str) -> Prepared:
    """Return what ends the rows of a run whose people stand so in its mailing."""
    theirs = _THEIRS.format(stands=", ".join(f"'{one}'" for one in stands))
    # What is known of the mail stands beside the row; who is still at work on it knows more than the ledger.
    told = () if ClaimState.HELD in stands else ACCOUNT_COLUMNS
    why = _WHY.get(stands[0])
    names = [name for name in told if name != "detail" and not (why and name == "reason")]
    known = ["reason = :why"] if why else []
    if names:
        columns = ", ".join(f"claims.{name}" for name in names)
        known.append(f"({', '.join(names)}) = (SELECT {columns} FROM {theirs})")  # noqa: S608 - nobody's text
    values = {"state": state, "what": what, "waiting": State.WAITING} | ({"why": why} if why else {})
    return Prepared(sa.text(_OF_OTHERS.format(known=", ".join(known), theirs=theirs)).bindparams(**values))


_ROWS_OF_OTHERS = [_ended_by_others(*how) for how in _MEANWHILE]


def settle_dead(conn: sa.Connection, run_id: str, now: float) -> bool:
    """Settle the rows of a run that died; only who has taken its lock may call this.

    An intent without an outcome becomes unknown, a claim without an open intent is released.

    Returns:
        Whether there was anything to settle (somebody else may have been quicker).
    """
    if _DIED.run(conn, {"of_run": run_id, "finished_at": now}) != 1:
        return False
    close(conn, run_id, now, reason=Reason.RUN_DIED, detail=None)
    return True


def close(conn: sa.Connection, run_id: str, now: float, *, reason: Reason, detail: str | None) -> None:
    """Leave nothing of a run open: no claim held, no attempt without an end, no row waiting.

    A claim that an ended run still held would make every later run wait for it for ever. An intent without
    an outcome becomes unknown, also where the outcome could not be written.
    """
    run = {"of_run": run_id}
    _HELD_WITH_INTENT.run(conn, run)
    _OPEN_ATTEMPTS.run(conn, run | {"finished_at": now})
    _HELD_IN_DOUBT.run(conn, run)
    _HELD_STILL.run(conn, run | {"reason": reason})
    _ROWS_IN_DOUBT.run(conn, run | {"detail": detail})
    for ended in _ROWS_OF_OTHERS:
        ended.run(conn, run)
    _ROWS_UNBEGUN.run(conn, run | {"reason": reason, "detail": detail})
