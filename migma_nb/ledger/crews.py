"""A send by several workers, as their ledger has it: the mark by which they know it, and their runs.

The client that begins it leaves a mark, and each worker looks for it in the ledger that it opens: who finds
it has opened the same one, however it is addressed. Each part's run begins in a transaction that finds the
mark going, so that once it is taken back nothing begins any more, wherever a task may still be on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import LIVE_STATES, RunState
from migma_nb.ledger.control import Wish
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import meta, runs

_MARK = "crew:"
_THIS = meta.c.name == sa.bindparam("the_mark")
_FOUND = Prepared(sa.select(meta.c.value).where(_THIS))


@dataclass(frozen=True, slots=True)
class PartRun:
    """A run of one part: its id, the part's number, and how it stands on record."""

    run_id: str
    number: int
    state: RunState
    detail: str


def leave_mark(conn: sa.Connection, crew_id: str) -> None:
    """Put on record that a send by several workers is going."""
    conn.execute(meta.insert().values(name=_MARK + crew_id, value=Wish.RUN))


def is_known(conn: sa.Connection, crew_id: str) -> bool:
    """Return whether this ledger knows of a send: whether it is the one that the client opened."""
    return _FOUND.one(conn, {"the_mark": _MARK + crew_id}) is not None


def is_going(conn: sa.Connection, crew_id: str) -> bool:
    """Return whether parts of a send may still begin."""
    found = _FOUND.one(conn, {"the_mark": _MARK + crew_id})
    return found is not None and found[0] == Wish.RUN


def require(conn: sa.Connection, crew_id: str) -> None:
    """See that a part may begin, in the transaction that puts its run on record.

    Raises:
        LedgerError: the send was stopped, or is over.
    """
    if not is_going(conn, crew_id):
        raise LedgerError(f"The send {crew_id} was stopped, or is over. Nothing more of it begins.")


def stop(conn: sa.Connection, crew_id: str) -> None:
    """Let no further part begin, and ask the runs of those that go on to stop."""
    mark = meta.c.name == _MARK + crew_id
    conn.execute(meta.update().where(mark).values(value=Wish.STOP))
    conn.execute(runs.update().where(*_live(crew_id)).values(wanted=Wish.STOP))


def take_mark_back(conn: sa.Connection, crew_id: str) -> None:
    """Put on record that a send is over, whatever became of it."""
    conn.execute(meta.delete().where(meta.c.name == _MARK + crew_id))


def end(conn: sa.Connection, crew_id: str) -> bool:
    """Take the mark back unless a run of the send is still going; return whether it was taken back."""
    if conn.execute(sa.select(runs.c.run_id).where(*_live(crew_id)).limit(1)).one_or_none() is not None:
        return False
    take_mark_back(conn, crew_id)
    return True


def run_id_of(crew_id: str, number: int, nonce: str) -> str:
    """Return the id of a run of a part, from which its send and its part can be told.

    Args:
        crew_id: the send.
        number: the part's, from 0.
        nonce: tells the runs of one part apart.
    """
    return f"{crew_id}-{number:03d}-{nonce}"


def runs_of(conn: sa.Connection, crew_id: str) -> Sequence[PartRun]:
    """Return the runs of a send, by part, those of one part in the order in which they began."""
    query = (
        sa.select(runs.c.run_id, runs.c.state, runs.c.detail)
        .where(_of(crew_id))
        .order_by(runs.c.started_at, runs.c.run_id)
    )
    found = [
        PartRun(run_id, _number(run_id, crew_id), RunState(state), detail or "")
        for run_id, state, detail in conn.execute(query)
    ]
    return sorted(found, key=lambda one: one.number)


def _of(crew_id: str) -> sa.ColumnElement[bool]:
    return runs.c.run_id.startswith(f"{crew_id}-", autoescape=True)


def _live(crew_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _of(crew_id), runs.c.state.in_(LIVE_STATES)


def _number(run_id: str, crew_id: str) -> int:
    return int(run_id.removeprefix(f"{crew_id}-").partition("-")[0])
