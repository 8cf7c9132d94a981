"""How a long run comes on record in pieces, and how one that died before it had begun is cleared away.

While its rows are written there is no run: nobody sees them, nothing is sent, and other writers get their
turn between two pieces. The run itself is written last, in one transaction with what two runs that begin at
once must see of each other. Until then a note says that it is beginning; only who can take its lock, which
its process holds from before the note, may clear it away.
"""

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.ledger.dialects import insert
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import meta, rows
from migma_nb.ledger.store import Ledger

#: So many rows are cleared away in one transaction.
_CLEARED_AT_ONCE = 50_000
_BEGINNING = "beginning:"
_NOTES = Prepared(sa.select(meta.c.name).where(meta.c.name.startswith(_BEGINNING, autoescape=True)))
_CLEARING = "clearing"
_THIS = meta.c.name == sa.bindparam("the_note")
_TO_BE_CLEARED = Prepared(meta.update().where(_THIS).values(value=_CLEARING))
_CLEARED = Prepared(meta.delete().where(_THIS))
_GOES_ON = (_THIS, meta.c.value != _CLEARING)
_STILL_NOTED = Prepared(sa.select(meta.c.name).where(*_GOES_ON))
_BEGUN = Prepared(meta.delete().where(*_GOES_ON))


def note(conn: sa.Connection, run_id: str, now: float) -> None:
    """Note that a run is beginning, before the first of its rows is on record; its lock must be held."""
    made = insert(conn, meta).values(name=_BEGINNING + run_id, value=str(now))
    conn.execute(made.on_conflict_do_nothing())


def require(conn: sa.Connection, run_id: str) -> None:
    """See that a run that is beginning may go on; in each transaction that writes rows of it.

    Raises:
        LedgerError: somebody took it for dead, so that its rows may be gone. It must not begin.
    """
    _require(_STILL_NOTED.one(conn, {"the_note": _BEGINNING + run_id}) is not None, run_id)


def begun(conn: sa.Connection, run_id: str) -> None:
    """Take the note back, in the transaction that puts the run itself on record; raises as `require`."""
    _require(_BEGUN.run(conn, {"the_note": _BEGINNING + run_id}) == 1, run_id)


def _require(noted: bool, run_id: str) -> None:
    if not noted:
        raise LedgerError(
            f"Run {run_id} was cleared away by another process while it was beginning. Nothing was sent.",
            hint="Was its lock file removed, or the connection to the ledger lost? Send again.",
        )


def clear_the_dead(ledger: Ledger) -> None:
    """Clear away what is on record of runs that died before they had begun; nobody was mailed by them."""
    with ledger.read() as conn:
        notes = _NOTES.all(conn, {})
    for (name,) in notes:
        run_id = name.removeprefix(_BEGINNING)
        lock = ledger.life_lock(run_id)
        if not lock.take():
            continue
        try:
            clear(ledger, run_id)
        finally:
            lock.release(for_good=True)


def clear(ledger: Ledger, run_id: str) -> None:
    """Clear a run away that has not begun; only who holds its lock may call this."""
    note = {"the_note": _BEGINNING + run_id}
    # From here on it cannot begin any more; where it has begun meanwhile, its rows are its account.
    if ledger.writing(lambda conn: _TO_BE_CLEARED.run(conn, note)) != 1:
        return
    of_run = rows.c.run_id == run_id
    last = sa.select(sa.func.max(rows.c.position)).where(of_run)
    end = ledger.reading(lambda conn: conn.execute(last).scalar())
    for start in range(0, 0 if end is None else end + 1, _CLEARED_AT_ONCE):
        part = rows.delete().where(of_run, rows.c.position.between(start, start + _CLEARED_AT_ONCE - 1))
        ledger.writing(lambda conn, part=part: conn.execute(part))  # type: ignore[misc]
    ledger.writing(lambda conn: _CLEARED.run(conn, note))
