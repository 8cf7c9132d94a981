"""Histories of locks, forks and clocks, found by reading: who is alive, and what a dead run leaves behind."""

import os
import signal
import time
from pathlib import Path

from migma_nb.api.states import State
from migma_nb.ledger import claims, journal, queries, standings
from migma_nb.ledger.leave import leave
from migma_nb.ledger.locks import FileLifeLock
from migma_nb.ledger.schema import ClaimState, Intent, RowRecord, RunRecord, Taken, attempts
from migma_nb.ledger.schema import claims as table
from migma_nb.ledger.store import Ledger, open_ledger


def begun(path: Path, run_id: str = "one") -> Ledger:
    """Return a ledger with a run on record as running, with one row."""
    ledger = open_ledger(path)
    run = RunRecord(run_id, "s", "m", "plan", "https://x:443", False, "fp", 1, 1, None, 1.0)
    row = RowRecord(0, "ann@x.example", "Ann@x.example", State.WAITING)
    ledger.writing(lambda conn: journal.begin(conn, run, [row]))
    return ledger


def intent(digest: str = "sha", run_id: str = "one") -> Intent:
    """Return what is about to leave."""
    return Intent("s", "m", "ann@x.example", run_id, "plan", digest, "fp", 10.0)


def test_a_living_run_is_seen_through_a_link_to_its_ledger(tmp_path: Path) -> None:
    """The locks lay beside the link, so who came by it took a living run for dead, and ended it."""
    ledger = begun(tmp_path / "ledger.sqlite3")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "link.sqlite3").symlink_to(ledger.path)
    lock = ledger.life_lock("one")
    assert lock.take()
    assert [] == journal.settle_the_dead(open_ledger(folder / "link.sqlite3"))
    lock.release(for_good=True)


def test_a_forked_child_does_not_keep_its_dead_parent_alive(tmp_path: Path) -> None:
    """It inherits the lock's open file: a pool of workers that outlives a killed kernel froze its rows."""
    parent = os.fork()
    if parent == 0:
        FileLifeLock(tmp_path, "r").take()
        if os.fork() == 0:
            (tmp_path / "ready").touch()
            time.sleep(5)
        else:
            time.sleep(60)
        os._exit(0)
    while not (tmp_path / "ready").exists():
        time.sleep(0.05)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    lock = FileLifeLock(tmp_path, "r")
    assert lock.take()
    lock.release(for_good=True)


def test_a_doubt_that_a_dead_run_leaves_says_since_when_and_under_which_key(tmp_path: Path) -> None:
    """Its row had a state and nothing else, so that nobody could tell which options were left."""
    ledger = begun(tmp_path / "ledger.sqlite3")
    taken = ledger.writing(lambda conn: claims.take(leave(conn, "one"), intent(), None))
    assert isinstance(taken, Taken)
    assert ["one"] == journal.settle_the_dead(ledger)
    (row,) = ledger.reading(lambda conn: queries.run_rows(conn, "one"))
    assert ("unknown", "run_died", None) == (row["state"], row["reason"], row["detail"])
    assert (1, 10.0, taken.idempotency_key, "sha") == (
        row["attempts"],
        row["first_attempt_at"],
        row["idempotency_key"],
        row["payload_sha256"],
    )


def test_a_free_claim_keeps_its_key_unless_a_stored_refusal_of_other_bytes_spoils_it(tmp_path: Path) -> None:
    """The same bytes, and answers that no server stores, go on under the key that protects them."""
    ledger = begun(tmp_path / "ledger.sqlite3")
    generations = []
    for status, digest in ((None, "a"), (429, "a"), (403, "b"), (403, "b"), (None, "c")):
        seen = ledger.reading(lambda conn: standings.standing_of(conn, "s", "m", "ann@x.example"))
        taken = ledger.writing(
            lambda conn, seen=seen, d=digest: claims.take(leave(conn, "one"), intent(d), seen)  # type: ignore[misc]
        )
        assert isinstance(taken, Taken)
        generations.append(taken.generation)
        free = {"state": ClaimState.FREE}
        ledger.writing(lambda conn, free=free: conn.execute(table.update().values(free)))  # type: ignore[misc]
        ledger.writing(
            lambda conn, status=status, taken=taken: conn.execute(  # type: ignore[misc]
                attempts.update()
                .where(attempts.c.attempt_id == taken.attempt_id)
                .values(http_status=status, finished_at=11.0)
            )
        )
    assert [1, 1, 1, 1, 2] == generations
