"""A long list comes on record in pieces: nobody sees half a run, and none is left behind by who died."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.ledger import beginnings, journal
from migma_nb.ledger.schema import meta, rows, runs
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.sending.recording import put_on_record
from tests.sending.windows import record_of

T = TypeVar("T")

RUN = "20260101-000000-aaaaaa"
CLIENT: dict[str, Any] = {"api_key": "k" * 20, "base_url": "http://127.0.0.1:9"}


def planned() -> mg.SendPlan:
    """Plan a mailing to ten people, with a duplicate and an invalid row among them."""
    people = [f"p{at}@d.example" for at in range(10)] + ["p3@d.example", "nobody\0", None]
    return mg.plan(
        pd.DataFrame({"email": people}),
        address="email",
        mailing="m",
        sender="Acme <a@acme.example>",
        subject="Hello",
        template="<p>x</p>",
        project_id="p",
        transactional=True,
    )


def on_record(ledger: Ledger) -> tuple[list[tuple[object, ...]], int, list[str]]:
    """Return all rows, how many runs there are, and the notes of those that are beginning."""

    def look(conn: sa.Connection) -> tuple[list[tuple[object, ...]], int, list[str]]:
        found = [tuple(row) for row in conn.execute(sa.select(rows).order_by(rows.c.position))]
        count = conn.execute(sa.select(sa.func.count()).select_from(runs)).scalar_one()
        notes = conn.scalars(sa.select(meta.c.name).where(meta.c.name.startswith("beginning:")))
        return found, count, list(notes)

    return ledger.reading(look)


def die_in_the_last_transaction(place: str) -> None:
    """Record a run by threes, and be killed when only its last transaction is left."""
    calls: list[int] = []

    def check(conn: sa.Connection) -> None:
        del conn
        calls.append(1)
        if len(calls) > 1:
            os.kill(os.getpid(), signal.SIGKILL)

    ledger, record = open_ledger(place), record_of(planned(), mg.Migma(**CLIENT), RUN)
    assert ledger.life_lock(RUN).take()
    put_on_record(ledger, planned()._plan, record, check, piece=3)


@pytest.mark.parametrize("piece", [1, 3, 12])
def test_a_list_in_pieces_comes_on_record_as_it_does_at_once(place: str, tmp_path: Path, piece: int) -> None:
    """The same rows, the same counts, and no note is left."""
    found = []
    for where, size in ((place, piece), (str(tmp_path / "whole.sqlite3"), 1_000)):
        ledger, record = open_ledger(where), record_of(planned(), mg.Migma(**CLIENT), RUN)
        counts = put_on_record(ledger, planned()._plan, record, lambda _: None, piece=size)
        found.append((counts, on_record(ledger)))
    assert found[1] == found[0]
    assert (13, 1, []) == (len(found[0][1][0]), *found[0][1][1:])


class Interrupted(Ledger):
    """A ledger whose owner is interrupted before each of its writes.

    Args:
        place: where it is.
        before: called with the number of the write, from 1.
    """

    def __init__(self, place: str, before: Callable[[int], None]) -> None:
        whole = open_ledger(place)
        super().__init__(whole.place, whole._engine, whole.mount)
        self._before = before
        self._number = 0

    def writing(self, work: Callable[[sa.Connection], T]) -> T:
        """Let the other act, then write."""
        self._number += 1
        self._before(self._number)
        return super().writing(work)


def test_nobody_sees_a_run_before_it_has_begun_and_others_may_write_meanwhile(place: str) -> None:
    """Between any two of its transactions there is no run, and another's write goes through."""
    other, plan = open_ledger(place), planned()
    seen = []

    def look(number: int) -> None:
        seen.append((len(on_record(other)[0]), len(mg.history(ledger=place))))
        other.writing(lambda conn: journal.write_proof(conn, "origin", f"key {number}", 1.0))

    lock = other.life_lock(RUN)
    assert lock.take()
    record = record_of(plan, mg.Migma(**CLIENT), RUN)
    put_on_record(Interrupted(place, look), plan._plan, record, lambda _: None, piece=3)
    assert [(0, 0), (0, 0), (3, 0), (6, 0), (9, 0), (12, 0)] == seen
    assert (13, 1) == (len(on_record(other)[0]), len(mg.history(ledger=place)))
    lock.release(for_good=True)


def test_what_a_process_left_that_was_killed_while_it_recorded_is_cleared_away(place: str) -> None:
    """Nobody was mailed and no run is told of; the next send accounts for every row."""
    process = multiprocessing.get_context("spawn").Process(target=die_in_the_last_transaction, args=(place,))
    process.start()
    process.join(60)
    assert -signal.SIGKILL == process.exitcode
    ledger = open_ledger(place)
    left, count, notes = on_record(ledger)
    assert (12, 0, [f"beginning:{RUN}"]) == (len(left), count, notes)
    with mg.Sandbox() as sandbox:
        run = planned().send(sandbox.client(), skip_invalid=True, progress=False, ledger=place)
        assert 10 == len(sandbox.outbox)
    assert {"accepted": 10, "invalid": 2, "duplicate": 1} == run.counts
    left, count, notes = on_record(ledger)
    assert (13, 1, []) == (len(left), count, notes)
    assert {run.id} == {row[0] for row in left}


def test_a_run_that_is_refused_at_last_leaves_nothing_behind(place: str) -> None:
    """Another run took the mailing while the rows were written: they are taken back."""
    ledger, plan = open_ledger(place), planned()
    calls: list[int] = []

    def check(conn: sa.Connection) -> None:
        del conn
        calls.append(1)
        if len(calls) > 1:
            raise mg.InputError("The mailing already holds a batch.")

    record = record_of(plan, mg.Migma(**CLIENT), RUN)
    with pytest.raises(mg.InputError):
        put_on_record(ledger, plan._plan, record, check, piece=3)
    assert ([], 0, []) == on_record(ledger)


def test_a_run_whose_rows_were_cleared_away_while_it_was_beginning_does_not_begin(place: str) -> None:
    """Its lock was lost, and somebody took it for dead: it must not send what nobody accounts for."""
    other, plan = open_ledger(place), planned()

    def clear(number: int) -> None:
        if number == 4:
            beginnings.clear_the_dead(other)

    record = record_of(plan, mg.Migma(**CLIENT), RUN)
    with pytest.raises(mg.LedgerError, match="cleared away"):
        put_on_record(Interrupted(place, clear), plan._plan, record, lambda _: None, piece=3)
    assert ([], 0, []) == on_record(other)
