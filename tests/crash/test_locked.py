"""A ledger that another program holds: a short lock is waited for, a long one halts, nothing is lost."""

import sqlite3
import time
from collections.abc import Callable

import pytest

from tests.crash.mailings import HASTE, Mailing
from tests.servers.scripted import Act, Call

Make = Callable[..., Mailing]

#: A ledger that is busy is waited for this long, in tests; an outcome is offered once more.
BUSY = HASTE | {"migma_nb.ledger.store.BUSY_S": 0.4, "migma_nb.ledger.scribe.OUTCOME_WAITS_S": (0.05,)}


class OtherProgram:
    """A program that has the ledger open and locks it.

    Args:
        letter: whose ledger.
        how: `IMMEDIATE` keeps writers out, `EXCLUSIVE` means to keep readers out as well.
    """

    def __init__(self, letter: Mailing, how: str) -> None:
        self._letter = letter
        self._how = how
        self._conn: sqlite3.Connection | None = None

    def lock(self) -> None:
        """Take the lock."""
        self._conn = sqlite3.connect(self._letter.ledger, check_same_thread=False, isolation_level=None)
        self._conn.execute(f"BEGIN {self._how}")

    def let_go(self) -> None:
        """Let go of it."""
        if self._conn is not None:
            self._conn.execute("ROLLBACK")
            self._conn.close()


@pytest.mark.parametrize(("how", "number"), [("IMMEDIATE", 1), ("EXCLUSIVE", 4)])
def test_a_ledger_locked_in_the_middle_halts_and_loses_nothing(mailing: Make, how: str, number: int) -> None:
    """No row leaves without its intent; the next send goes on, and nobody is mailed twice."""
    letter = mailing(constants=BUSY)
    other = OtherProgram(letter, how)

    def script(call: Call) -> Act:
        if call.number == number:
            other.lock()
        return Act.OK

    letter.script(script)
    ended = letter.do()
    other.let_go()
    assert "halted" == ended.told.get("state"), ended
    assert "locked" in ended.told["detail"]
    assert "send again to go on" in ended.told["detail"]
    assert letter.server.mailed.total() < 10
    letter.finish()


def test_a_ledger_locked_from_the_start_sends_nothing_and_says_so(mailing: Make) -> None:
    """A LedgerError, and nobody was mailed."""
    letter = mailing(constants=BUSY)
    letter.do(step="run: on disk")
    other = OtherProgram(letter, "IMMEDIATE")
    other.lock()
    ended = letter.do()
    other.let_go()
    assert "LedgerError" == ended.told.get("error"), ended
    assert "locked" in ended.told["message"]
    assert not letter.server.calls
    letter.finish()


def test_a_short_lock_is_waited_for(mailing: Make) -> None:
    """A backup or a browser of databases that holds it for a second costs no row anything."""
    letter = mailing(constants=HASTE)
    other = OtherProgram(letter, "IMMEDIATE")

    def script(call: Call) -> Act:
        if call.number == 1:
            other.lock()
        return Act.OK

    letter.script(script)
    child = letter.begin()
    letter.wait_until(lambda: bool(letter.server.calls))
    time.sleep(1.0)
    other.let_go()
    ended = child.wait()
    assert {"accepted": 10} == ended.told.get("counts"), ended
    letter.check_record()
