"""A ledger that may be read and not written: nothing is sent, and what is on record can still be seen."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.mailings import Mailing

Make = Callable[..., Mailing]


@contextmanager
def mode_of(path: Path, mode: int) -> Iterator[None]:
    """Give a file or folder another mode for a while."""
    before = stat.S_IMODE(path.stat().st_mode)
    path.chmod(mode)
    yield
    path.chmod(before)


@pytest.mark.parametrize("which", ["file", "folder"])
def test_a_ledger_that_may_not_be_written_sends_nothing_and_says_so(mailing: Make, which: str) -> None:
    """A LedgerError with the place and what to do; nobody was mailed; once it may be written it goes on."""
    letter = mailing(bound=True)
    letter.do(step="intent: on disk")
    letter.do(people=1)
    before = letter.server.mailed
    with mode_of(*unwritable(letter, which)):
        ended = letter.do()
    assert "LedgerError" == ended.told.get("error"), (ended.told, ended.said)
    assert str(letter.ledger) in ended.told["message"]
    assert before == letter.server.mailed
    letter.finish()


@pytest.mark.parametrize("which", ["file", "folder"])
@pytest.mark.parametrize("killed", [False, True])
def test_a_ledger_that_may_not_be_written_can_be_looked_at(mailing: Make, which: str, killed: bool) -> None:
    """Its runs, their frames and summaries, also where the last run was killed."""
    letter = mailing(bound=True)
    if killed:
        letter.do(step="outcome: on disk", nth=3)
    else:
        letter.finish()
    with mode_of(*unwritable(letter, which)):
        seen = letter.do("look")
    assert 10 == len(seen.told.get("frame", [])), (seen.told, seen.said)
    if killed:
        letter.finish()


def test_a_lock_that_cannot_be_made_sends_nothing_and_says_so(mailing: Make) -> None:
    """As on a disk without free inodes: a LedgerError, no traceback from the depths."""
    letter = mailing(bound=True)
    letter.do(people=1)
    locks = letter.ledger.with_name("ledger.sqlite3.locks")
    with mode_of(locks, 0o500):
        ended = letter.do()
    assert "LedgerError" == ended.told.get("error"), (ended.told, ended.said)
    assert str(locks) in ended.told["message"]
    assert 1 == letter.server.mailed.total()
    letter.finish()


def test_locks_that_cannot_be_tried_leave_the_run_as_it_stands(mailing: Make) -> None:
    """Nobody can say whether a run is alive: its account can be read all the same."""
    letter = mailing(bound=True)
    letter.do(step="outcome: on disk", nth=3)
    locks = letter.ledger.with_name("ledger.sqlite3.locks")
    for path in locks.iterdir():
        path.unlink()
    with mode_of(locks, 0o500):
        seen = letter.do("look")
    assert 10 == len(seen.told.get("frame", [])), (seen.told, seen.said)
    letter.finish()


def unwritable(letter: Mailing, which: str) -> tuple[Path, int]:
    """Return what is to have which mode, so that the ledger may only be read."""
    return (letter.ledger, 0o400) if which == "file" else (letter.ledger.parent, 0o500)


def test_root_is_bound_by_permissions_in_these_tests(mailing: Make, tmp_path: Path) -> None:
    """Root may write everywhere; the processes of these tests give that up."""
    assert os.access(tmp_path, os.W_OK)
    letter = mailing(tmp_path / "shut", bound=True)
    letter.ledger.parent.mkdir(mode=0o500)
    ended = letter.do()
    assert "LedgerError" == ended.told.get("error"), (ended.told, ended.said)
    assert [] == list(letter.ledger.parent.iterdir())
