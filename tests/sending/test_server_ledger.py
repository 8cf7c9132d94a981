"""A send whose ledger is in PostgreSQL: two at once, a lost lock, a killed process, a killed server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import migma_nb as mg
from migma_nb.ledger import clock
from tests.servers.postgres import PostgresServer
from tests.servers.scripted import Act, Call, ScriptedServer

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """Give the URL of an empty database."""
    with postgres.database() as made:
        yield made


def client_of(server: ScriptedServer, *, rate: str = "1000/second") -> mg.Migma:
    """Return a live client of a scripted server."""
    return mg.Migma("k" * 20, base_url=server.url, workers=2, rate=rate, timeout=2.0)


def ok(call: Call) -> Act:
    """Accept everything."""
    del call
    return Act.OK


def test_everybody_is_mailed_once_and_the_ledger_is_named_without_its_password(
    plan: Plan, url: str, postgres: PostgresServer
) -> None:
    """By `ledger=` and by `MIGMA_LEDGER` alike; another process sees the run."""
    with ScriptedServer(ok) as server:
        first = plan(30).send(client_of(server), confirm=30, progress=False, ledger=url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MIGMA_LEDGER", url)
            again = plan(30).send(client_of(server), confirm=30, progress=False)
            history = mg.history()
    assert ({"accepted": 30}, {"already_sent": 30}) == (first.counts, again.counts)
    assert {1} == set(server.mailed.values())
    assert ["finished", "finished"] == list(history["state"])
    shown = first.summary() + again._repr_html_() + history.to_string() + first.frame.to_string()
    assert f"ledger postgresql://postgres@127.0.0.1:{postgres.port}/" in first.summary()
    assert postgres.password not in shown


def test_two_runs_at_once_share_the_work(plan: Plan, url: str) -> None:
    """Nobody twice, nobody forgotten, and neither waits for ever."""
    with ScriptedServer(ok) as server:
        runs = [plan(60).start(client_of(server), confirm=60, ledger=url) for _ in range(2)]
        counts = [run.wait(timeout=120, progress=False).counts for run in runs]
    assert {1} == set(server.mailed.values())
    assert 60 == len(server.mailed)
    assert [60, 60] == [sum(count.values()) for count in counts]
    assert {"accepted", "already_sent"} >= set().union(*counts)
    assert 60 == sum(count.get(mg.State.ACCEPTED, 0) for count in counts)


@pytest.mark.parametrize(("hours", "then"), [(23.5, "unknown"), (1.0, "accepted")])
@pytest.mark.parametrize("wrong_by_h", [-30.0, 4.0])
def test_a_keys_age_is_the_servers_however_wrong_a_computers_clock_is(
    plan: Plan, url: str, monkeypatch: pytest.MonkeyPatch, *, hours: float, then: str, wrong_by_h: float
) -> None:
    """The first run's computer goes right, the second one's does not."""
    acts = iter([Act.OK, Act.OK, *[Act.DROP_AFTER] * 4])
    with ScriptedServer(lambda call: next(acts, Act.OK)) as server:  # noqa: ARG005 - a script's signature
        client = mg.Migma("k" * 20, base_url=server.url, workers=1, rate="1000/second", timeout=0.3)
        first = plan(3).send(client, confirm=3, progress=False, ledger=url)
        real, servers = time.time, clock.now
        monkeypatch.setattr(clock, "now", lambda conn: servers(conn) + hours * 3600)
        monkeypatch.setattr(time, "time", lambda: real() + wrong_by_h * 3600)
        again = plan(3).send(client, confirm=3, progress=False, ledger=url)
    assert {"accepted": 2, "unknown": 1} == first.counts
    assert {"already_sent": 2, then: 1} == again.counts
    assert {1} == set(server.mailed.values())


def let_go(postgres: PostgresServer, url: str) -> None:
    """End the connection that holds a run's lock."""
    with postgres.connect() as connection:
        query = (
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND datname = %s AND pg_stat_activity.state = 'idle'"
        )
        connection.execute(query, [url.rpartition("/")[2]])


def test_a_run_that_loses_its_lock_halts_and_the_next_send_goes_on(
    plan: Plan, url: str, postgres: PostgresServer
) -> None:
    """Its connection to the server ended: nobody else may be sent to from here."""

    def script(call: Call) -> Act:
        if call.number == 5:
            let_go(postgres, url)
        return Act.OK

    with ScriptedServer(script) as server:
        run = plan(40).send(client_of(server), confirm=40, progress=False, ledger=url)
        mailed = len(server.mailed)
        again = plan(40).send(client_of(server), confirm=40, progress=False, ledger=url)
    assert mg.RunState.HALTED is run.state
    assert "has lost its lock" in run.summary()
    assert 40 > mailed >= 5
    assert {"accepted": mailed, "not_sent": 40 - mailed} == run.counts
    assert {"already_sent": mailed, "accepted": 40 - mailed} == again.counts
    assert {1} == set(server.mailed.values())


def test_what_a_run_without_its_lock_still_waits_for_is_not_asked_for_meanwhile(
    plan: Plan, url: str, postgres: PostgresServer
) -> None:
    """Its request may take four times its time-out, whoever says that the run is dead."""
    asked: dict[str, list[float]] = {}

    def script(call: Call) -> Act:
        asked.setdefault(call.recipient, []).append(time.monotonic())
        if len(asked) == 1 and len(asked[call.recipient]) == 1:
            let_go(postgres, url)
            return Act.TRICKLING
        return Act.OK

    with ScriptedServer(script) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=1, rate="1000/second", timeout=1.0)
        first = plan(3).start(client, confirm=3, ledger=url)
        while not asked:
            time.sleep(0.01)
        again = plan(3).send(client, confirm=3, progress=False, ledger=url)
        first.wait(timeout=30, progress=False)
    (twice,) = [times for times in asked.values() if len(times) > 1]
    assert 2 == len(twice)
    assert twice[1] - twice[0] >= 4.0
    assert {1} == set(server.mailed.values())
    assert 3 == len(server.mailed) == sum(again.counts.values())


def test_a_server_killed_in_mid_run_mails_nobody_twice(plan: Plan) -> None:
    """The run halts with a sentence; once the server is back, the next send goes on."""
    with PostgresServer(fsync="on") as postgres:
        url = postgres.url("postgres")

        def script(call: Call) -> Act:
            if call.number == 6:
                postgres.kill()
            return Act.OK

        with ScriptedServer(script) as server:
            run = plan(30).start(client_of(server), confirm=30, ledger=url)
            run.wait(timeout=120, progress=False)
            mailed = server.mailed
            with pytest.raises(mg.LedgerError, match=r"could not be read: .*Nothing is sent without it"):
                run.summary()
            postgres.start()
            again = plan(30).send(client_of(server), confirm=30, progress=False, ledger=url)
            counts, history = again.counts, mg.history(ledger=url)
    assert mg.RunState.HALTED is run.state
    assert 30 > len(mailed) >= 6
    assert {1} == set(server.mailed.values())
    # What was in flight was accepted, and its outcome could not be written: asked for again under its key.
    assert {"already_sent", "accepted"} == set(counts)
    assert 30 == len(server.mailed) == sum(counts.values())
    assert {"died", "finished"} == set(history["state"])


@pytest.mark.proof
def test_a_process_that_is_killed_lets_go_of_its_run_at_once(plan: Plan, url: str, tmp_path: Path) -> None:
    """The server sees its connection end; the next send settles what it left, and goes on."""
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, migma_nb as mg\n"
        "people = [{'email': f'p{n}@d{n % 7}.example', 'first_name': f'N{n}'} for n in range(200)]\n"
        "plan = mg.plan(people, mailing='m', sender='Acme <billing@acme.example>',\n"
        "    subject='Hello {{first_name}}', template='<p>{{first_name}}</p>', project_id='p',\n"
        "    transactional=True)\n"
        "client = mg.Migma('k' * 20, base_url=sys.argv[1], workers=2, rate='50/second', timeout=2.0)\n"
        "plan.send(client, confirm=200, progress=False)\n"
    )
    with ScriptedServer(ok) as server:
        for mailed in (20, 40):
            process = subprocess.Popen(
                [sys.executable, str(program), server.url], env={**os.environ, "MIGMA_LEDGER": url}
            )
            while len(server.mailed) < mailed:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = plan(200).send(client_of(server), confirm=200, progress=False, ledger=url)
        history = mg.history(ledger=url)
    assert {1} == set(server.mailed.values())
    assert 200 == len(server.mailed)
    assert {"accepted", "already_sent"} == set(last.counts)
    assert ["finished", "died", "died"] == list(history["state"])
