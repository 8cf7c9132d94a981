"""How a run comes on record: itself and every row of its plan, a long list in pieces."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import State
from migma_nb.ledger import beginnings, journal
from migma_nb.ledger.schema import RowRecord, RunRecord
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan

#: So many rows are written in one transaction, which others must wait for.
PIECE = 20_000


def put_on_record(
    ledger: Ledger, plan: Plan, run: RunRecord, check: Callable[[sa.Connection], None], *, piece: int = PIECE
) -> Counter[State]:
    """Put a run and all its rows on record; return how many begin in which state.

    Up to a piece it is one transaction. The rows of a longer list are written before the run itself, so that
    its last transaction is as short: until then nobody sees them, and where it fails they are cleared away.

    Args:
        ledger: the ledger.
        plan: what is to be sent.
        run: the run, whose lock the caller holds.
        check: raises where the run must not begin; called in the transaction that makes it seen by others.
        piece: so many rows are written at a time.
    """
    counts: Counter[State] = Counter()
    pieces = _pieces(plan, piece, counts)
    rows = next(pieces)

    def begin(conn: sa.Connection) -> None:
        # In one transaction: two runs that begin at the same moment see each other.
        check(conn)
        journal.begin(conn, run, rows)
        if plan.size > piece:
            beginnings.begun(conn, run.run_id)

    def go_on(conn: sa.Connection) -> None:
        beginnings.require(conn, run.run_id)
        journal.write_rows(conn, run.run_id, rows)

    if plan.size <= piece:
        ledger.writing(begin)
        return counts
    try:
        # What would refuse the run in the end need not wait for a million rows.
        ledger.reading(check)
        ledger.writing(lambda conn: beginnings.note(conn, run.run_id, run.started_at))
        for after in pieces:
            ledger.writing(go_on)
            rows = after
        ledger.writing(begin)
    except BaseException:
        with suppress(LedgerError):
            beginnings.clear(ledger, run.run_id)
        raise
    return counts


def _pieces(plan: Plan, piece: int, counts: Counter[State]) -> Iterator[list[RowRecord]]:
    """Yield the rows in lists; built before each transaction, so that it is open for a short while only."""
    for start in range(0, plan.size, piece):
        found = [_record(plan, position) for position in range(start, min(start + piece, plan.size))]
        counts.update(record.state for record in found)
        yield found


def _record(plan: Plan, position: int) -> RowRecord:
    preset = plan.preset(position)
    if preset is not None:
        state, reason, detail = preset
        return RowRecord(position, None, _storable(plan.address(position)), state, reason, detail)
    return RowRecord(position, plan.recipient(position), plan.address(position), State.WAITING)


def _storable(text: str) -> str:
    """Return what stood in an invalid row's cell, with the characters escaped that no record can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
