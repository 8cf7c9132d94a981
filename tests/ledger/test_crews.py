"""The mark of a send by several workers: while a run of it goes on, it is not taken back."""

from collections.abc import Iterator

import pytest

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import RunState
from migma_nb.ledger import control, crews, journal
from migma_nb.ledger.control import Wish
from migma_nb.ledger.schema import RunRecord
from migma_nb.ledger.store import Ledger, open_ledger


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    """Give a ledger with a send by several workers."""
    opened = open_ledger(place)
    opened.writing(lambda conn: crews.leave_mark(conn, "crew"))
    yield opened
    opened.close()


def begin(ledger: Ledger, number: int) -> str:
    """Let a part's run begin, as its worker does; return its id."""
    run = RunRecord(
        crews.run_id_of("crew", number, "a"), "s", "m", "plan", "https://x:443", False, "fp", 1, 1, None, 1.0
    )
    with ledger.write() as conn:
        crews.require(conn, "crew")
        journal.begin(conn, run, [])
    return run.run_id


def test_the_mark_stays_while_a_run_goes_on_and_nothing_begins_once_it_is_gone(ledger: Ledger) -> None:
    """A run that begins between two looks is seen in the transaction that would take the mark back."""
    run_id = begin(ledger, 0)
    assert not ledger.writing(lambda conn: crews.end(conn, "crew"))
    other = begin(ledger, 1)  # the mark goes on still
    ledger.writing(lambda conn: crews.stop(conn, "crew"))
    for one in (run_id, other):
        with ledger.read() as conn:
            assert Wish.STOP is control.wish_of(conn, one)
    with pytest.raises(LedgerError, match="was stopped, or is over"):
        begin(ledger, 2)
    for one in (run_id, other):
        assert not ledger.writing(lambda conn: crews.end(conn, "crew"))
        with ledger.write() as conn:
            journal.finish(conn, one, RunState.STOPPED, reason=None, detail=None, now=2.0)
    assert ledger.writing(lambda conn: crews.end(conn, "crew"))
    assert not ledger.reading(lambda conn: crews.is_known(conn, "crew"))
    with pytest.raises(LedgerError, match="was stopped, or is over"):
        begin(ledger, 3)
