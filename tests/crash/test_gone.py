"""A ledger or its locks that somebody deletes or replaces in the middle of a run: nobody is mailed twice."""

import shutil
import threading
from collections.abc import Callable

import pytest

from tests.crash.mailings import HASTE, Mailing
from tests.servers.scripted import Act, Call

Make = Callable[..., Mailing]

#: An outcome that cannot be written is offered again at once, not for four seconds.
IMPATIENT = HASTE | {"migma_nb.ledger.scribe.OUTCOME_WAITS_S": (0.05,)}


def at(number: int, what: Callable[[], object]) -> Callable[[Call], Act]:
    """Return a script that does something at the how many-th mail."""

    def script(call: Call) -> Act:
        if call.number == number:
            what()
        return Act.OK

    return script


def test_locks_deleted_in_the_middle_mail_nobody_twice(mailing: Make) -> None:
    """Another process may then take the run for dead; the run itself sends nothing more from there on."""
    letter = mailing(people=10, workers=2)
    locks = letter.ledger.with_name("ledger.sqlite3.locks")
    deleted = threading.Event()

    def script(call: Call) -> Act:
        if call.number == 3:
            shutil.rmtree(locks, ignore_errors=True)
            deleted.set()
            return Act.SILENT_AFTER
        return Act.OK

    letter.script(script)
    begun = letter.begin()
    assert deleted.wait(30)
    second = letter.begin()
    first, other = begun.wait(), second.wait()
    letter.check_record()
    assert "halted" == first.told.get("state"), first
    assert "no longer on record as running" in first.told["detail"]
    assert "finished" == other.told.get("state"), other
    letter.finish()


@pytest.mark.parametrize("what", ["ledger.sqlite3*", "ledger.sqlite3"])
def test_a_ledger_deleted_in_the_middle_halts_the_run(mailing: Make, what: str) -> None:
    """A row whose intent is in a file that is gone may not leave: nobody would know of it."""
    number = 4
    letter = mailing(workers=1, constants=IMPATIENT)
    folder = letter.ledger.parent

    def delete() -> None:
        for path in folder.glob(what):
            if path.is_file():
                path.unlink()

    letter.script(at(number, delete))
    ended = letter.begin().wait()
    assert number == letter.server.mailed.total(), ended
    assert "halted" == ended.told.get("state"), ended
    assert "deleted or replaced" in ended.told["detail"]
    # A ledger begun anew knows nobody; the server still knows its keys.
    again = letter.finish()
    assert number == list(again.states.values()).count("already_sent")


def test_a_ledger_replaced_in_the_middle_halts_the_run(mailing: Make) -> None:
    """By another ledger, as when somebody restores a backup or a folder is synchronised."""
    number = 4
    letter = mailing(workers=1, constants=IMPATIENT)
    folder = letter.ledger.parent
    other = mailing()
    other.do(people=3)

    def replace() -> None:
        fresh = folder / "fresh"
        shutil.copy(other.ledger, fresh)
        for path in folder.glob("ledger.sqlite3-*"):
            path.unlink()
        fresh.rename(letter.ledger)

    letter.script(at(number, replace))
    ended = letter.begin().wait()
    assert number == letter.server.mailed.total(), ended
    assert "halted" == ended.told.get("state"), ended
    assert "deleted or replaced" in ended.told["detail"]


def test_a_ledger_overwritten_with_rubbish_stops_the_run(mailing: Make) -> None:
    """Neither the run's account nor another send gets past a ledger that cannot be read."""
    letter = mailing(workers=1, constants=IMPATIENT)

    def spoil() -> None:
        for path in letter.ledger.parent.glob("ledger.sqlite3*"):
            if path.is_file():
                with path.open("r+b") as file:
                    file.write(b"\xff" * 8192)

    letter.script(at(4, spoil))
    ended = letter.begin().wait()
    again = letter.begin().wait()
    assert 4 == letter.server.mailed.total()
    assert "LedgerError" == ended.told.get("error"), ended
    assert "LedgerError" == again.told.get("error"), again
