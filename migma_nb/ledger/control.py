"""What somebody, perhaps in another kernel, asks of a run that is going, and whether it is paused."""

from enum import StrEnum

import sqlalchemy as sa

from migma_nb.api.states import LIVE_STATES, Reason, RunState
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import runs

# Compiled once: a run asks for it twice a second.
_WANTED = Prepared(sa.select(runs.c.wanted).where(runs.c.run_id == sa.bindparam("of_run")))


class Wish(StrEnum):
    """What is asked of a run."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


def ask(conn: sa.Connection, run_id: str, wish: Wish) -> bool:
    """Put a wish on record; return whether the run is still on record as going.

    A wish to stop is final.
    """
    found = conn.execute(
        runs.update()
        .where(runs.c.run_id == run_id, runs.c.state.in_(LIVE_STATES))
        .values(wanted=sa.case((runs.c.wanted == Wish.STOP, Wish.STOP), else_=wish))
    )
    return bool(found.rowcount)


def wish_of(conn: sa.Connection, run_id: str) -> Wish:
    """Return what is asked of a run."""
    found = _WANTED.one(conn, {"of_run": run_id})
    return Wish((found and found[0]) or Wish.RUN)


def note_state(
    conn: sa.Connection, run_id: str, state: RunState, reason: Reason | None, detail: str | None
) -> None:
    """Write that a run which is still going is paused, or goes on."""
    conn.execute(
        runs.update()
        .where(runs.c.run_id == run_id, runs.c.state.in_(LIVE_STATES))
        .values(state=state, reason=reason, detail=detail)
    )
