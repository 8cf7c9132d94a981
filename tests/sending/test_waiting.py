"""Nobody waits for ever: every way in which a run could wait for a claim that nobody will settle."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.ledger import claims
from migma_nb.ledger.leave import leave
from migma_nb.ledger.schema import ClaimState, Intent
from migma_nb.ledger.schema import claims as claimed
from migma_nb.ledger.store import open_ledger
from tests.servers.scripted import Act, Call, ScriptedServer

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Return where the ledger is."""
    return str(tmp_path / "ledger.sqlite3")


def until(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something happens, and fail where it does not."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def client_of(
    server: ScriptedServer, *, timeout: float = 0.5, rate: str = "1000/second", key: str = "k"
) -> mg.Migma:
    """Return a live client of a scripted server, one row at a time."""
    return mg.Migma(key * 20, base_url=server.url, workers=1, rate=rate, timeout=timeout)


def held(place: str) -> int:
    """Return how many claims are held."""
    count = sa.select(sa.func.count()).where(claimed.c.state == ClaimState.HELD)
    return int(open_ledger(place).reading(lambda conn: conn.execute(count).scalar_one()))


def test_a_run_that_waits_for_a_paused_one_says_so_and_can_be_stopped(
    plan: Plan, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bar and summary name the run, its standing, and what a person can do; stop() ends the wait at once."""
    with ScriptedServer(lambda _: Act.COME_LATER) as server:
        paused = plan(20).start(client_of(server), confirm=20, ledger=place)
        until(lambda: 1 == len(server.calls))
        paused.pause()
        until(lambda: paused.state is mg.RunState.PAUSED)
        server.script = lambda _: Act.OK
        # A 429 holds everybody who sends with that key, so this run has one of its own.
        waiting = plan(20).start(client_of(server, key="c"), confirm=20, ledger=place)
        until(lambda: 19 == len(server.mailed))
        until(lambda: f"1 rows are held by run {paused.id}, which is paused" in waiting.summary())
        assert f"mg.open_run('{paused.id}').resume() or .stop()" in waiting.summary()
        waiting.wait(timeout=1.0)
        assert f"1 held by run {paused.id} (paused)" in capsys.readouterr().err
        waiting.stop()
        waiting.wait(timeout=10, progress=False)
        assert (mg.RunState.STOPPED, {"accepted": 19, "unknown": 1}) == (waiting.state, waiting.counts)
        assert "elsewhere" == waiting.frame["reason"][0]
        paused.stop()
        paused.wait(timeout=10, progress=False)
        assert {"already_sent": 19, "not_sent": 1} == paused.counts
    assert 0 == held(place)


def test_a_run_does_not_wait_for_itself(plan: Plan, place: str) -> None:
    """A claim of its own that no attempt stands behind (its commit was reported as failed) is taken anew."""
    made = plan(12)
    with ScriptedServer(lambda _: Act.OK) as server:
        run = made.start(client_of(server, rate="10/second"), confirm=12, ledger=place)
        scope = server.url
        last = Intent(scope, "m", "p11@d4.example", run.id, made.id, "sha", "fp", time.time())
        open_ledger(place).writing(lambda conn: claims.take(leave(conn, run.id), last, None))
        run.wait(timeout=30, progress=False)
        assert (mg.RunState.FINISHED, {"accepted": 12}) == (run.state, run.counts)
    assert {1} == set(server.mailed.values())
    assert 0 == held(place)


def test_a_limit_holds_for_rows_that_are_taken_over_too(plan: Plan, place: str) -> None:
    """Ten rows at most, whatever another run gives back meanwhile."""
    with ScriptedServer(lambda _: Act.COME_LATER) as server:
        other = plan(20).start(client_of(server), confirm=20, ledger=place)
        until(lambda: 1 == len(server.calls))
        server.script = lambda _: Act.OK
        run = plan(20).start(client_of(server, key="c"), confirm=20, limit=10, ledger=place)
        until(lambda: 10 == len(server.mailed))
        other.stop()
        run.wait(timeout=20, progress=False)
    assert {"accepted": 10, "not_sent": 10} == run.counts
    assert 10 == len(server.mailed)


def test_a_doubt_that_another_run_settled_meanwhile_is_not_called_unknown(plan: Plan, place: str) -> None:
    """Two runs take up the same doubt; the one that is too late sees what the other found."""
    with ScriptedServer(
        lambda call: Act.DROP_AFTER if call.recipient == "p1@d1.example" else Act.OK
    ) as server:
        first = plan(3).send(client_of(server), confirm=3, limit=2, progress=False, ledger=place)
        assert {"accepted": 1, "unknown": 1, "not_sent": 1} == first.counts
        server.script = lambda _: Act.OK
        runs = [plan(3).start(client_of(server), confirm=3, ledger=place) for _ in range(3)]
        for run in runs:
            run.wait(timeout=30, progress=False)
            assert 3 == sum(run.counts.get(mg.State(state), 0) for state in ("accepted", "already_sent"))
    assert {1} == set(server.mailed.values())


def test_a_stopped_run_tells_of_rows_that_others_mailed_meanwhile(plan: Plan, place: str) -> None:
    """What another run has mailed by the time of the stop is `already_sent`, not `not_sent`."""
    with ScriptedServer(lambda _: Act.OK) as server:
        slow = plan(20).start(client_of(server, rate="1/second"), confirm=20, ledger=place)
        until(lambda: len(server.calls) >= 1)
        plan(20).send(client_of(server), confirm=20, progress=False, ledger=place)
        slow.stop()
        slow.wait(timeout=20, progress=False)
        assert 20 == slow.counts.get(mg.State.ACCEPTED, 0) + slow.counts.get(mg.State.ALREADY_SENT, 0)
    assert {1} == set(server.mailed.values())


def test_a_run_that_came_through_a_link_takes_nobody_for_dead(plan: Plan, place: str, tmp_path: Path) -> None:
    """One ledger under two names: both names lead to the same locks."""
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "other-name.sqlite3"
    with ScriptedServer(lambda _: Act.OK) as server:
        run = plan(30).start(client_of(server, rate="20/second"), confirm=30, ledger=place)
        until(lambda: len(server.calls) >= 1)
        link.symlink_to(place)
        assert ["running"] == list(mg.history(ledger=link)["state"])
        run.wait(timeout=20, progress=False)
    assert {"accepted": 30} == run.counts


def test_a_run_whose_end_could_not_be_recorded_holds_nobody_up(plan: Plan, place: str) -> None:
    """Its process lives on, but its lock is free: the next run settles it and goes on."""

    def script(call: Call) -> Act:
        del call
        # The ledger breaks under the first run: no outcome, no end.
        open_ledger(place).writing(lambda conn: conn.execute(sa.text(_BREAK)))
        server.script = lambda _: Act.OK
        return Act.OK

    with ScriptedServer(script) as server:
        broken = plan(5).send(client_of(server), confirm=5, progress=False, ledger=place)
        assert mg.RunState.HALTED is broken.state
        open_ledger(place).writing(lambda conn: conn.execute(sa.text("DROP TRIGGER broken")))
        run = plan(5).send(client_of(server), confirm=5, progress=False, ledger=place)
    # The first row's answer could not be recorded; the next run asks again under the key, or cannot tell.
    assert run.counts in ({"accepted": 4, "unknown": 1}, {"accepted": 5})
    assert {1} == set(server.mailed.values())
    assert 0 == held(place)


_BREAK = """CREATE TRIGGER broken BEFORE UPDATE ON claims
BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END"""
