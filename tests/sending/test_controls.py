"""Pause, resume, stop and attach: from a thread, from a callback, from another process."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import migma_nb as mg
from tests.servers.scripted import Act, Call, ScriptedServer

Plan = Callable[..., mg.SendPlan]
Mails = Callable[[mg.Sandbox], Counter[str]]


def until(happens: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something happens, and fail where it does not."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_paused_run_sends_nothing_until_it_goes_on(plan: Plan, mails: Mails) -> None:
    """Rows wait, nobody is lost, and the pause is on record for whoever opens the run."""
    with mg.Sandbox() as sandbox:
        run = plan(40).start(sandbox.client(rate="40/second"))
        until(lambda: run.counts.get(mg.State.ACCEPTED, 0) >= 3)
        threading.Thread(target=run.pause).start()
        until(lambda: run.state is mg.RunState.PAUSED)
        time.sleep(0.4)  # what is in flight comes back
        sent = len(mails(sandbox))
        time.sleep(0.4)
        assert sent == len(mails(sandbox))
        assert not run.counts.get(mg.State.SENDING)
        assert 40 == len(run.frame)
        assert "waiting" in set(run.frame["state"])
        assert run.summary().startswith("Paused 'm'")
        run.resume()
        run.wait(progress=False)
        assert (mg.RunState.FINISHED, {"accepted": 40}) == (run.state, run.counts)
        assert {1} == set(mails(sandbox).values())


def test_a_button_pauses_resumes_and_stops_while_the_run_goes_on(plan: Plan, mails: Mails) -> None:
    """A widget's callback returns at once; what it asked for happens in the run's own thread."""
    widgets = pytest.importorskip("ipywidgets")
    with mg.Sandbox() as sandbox:
        run = plan(300).start(sandbox.client(rate="40/second"))
        asked = {"pause": run.pause, "resume": run.resume, "stop": run.stop}
        button = {name: widgets.Button(description=name) for name in asked}
        for name, ask in asked.items():
            button[name].on_click(lambda _, ask=ask: ask())
        for name, state in {"pause": "paused", "resume": "running", "stop": "stopped"}.items():
            button[name].click()
            until(lambda state=state: run.state == state)  # type: ignore[misc]
        run.wait(progress=False)
        assert mails(sandbox).total() == run.counts.get(mg.State.ACCEPTED, 0)
        assert {"accepted", "not_sent"} >= set(run.frame["state"])


def test_a_paused_run_can_be_stopped(plan: Plan) -> None:
    """Its rows are `not_sent`, and the next send goes on with them."""
    with mg.Sandbox() as sandbox:
        run = plan(30).start(sandbox.client(rate="40/second"))
        run.pause()
        run.stop()
        run.wait(timeout=15, progress=False)
        assert mg.RunState.STOPPED is run.state
        assert {"accepted", "not_sent"} >= set(run.frame["state"])
        run.stop()
        with pytest.raises(mg.InputError, match="has ended"):
            run.resume()
        plan(30).send(sandbox.client(), progress=False)
        assert 30 == len(sandbox.outbox)


def test_another_process_pauses_resumes_and_stops_a_run_that_is_going(plan: Plan, place: str) -> None:
    """A new kernel opens the run by its id while the first still sends."""
    ledger = place
    with mg.Sandbox() as sandbox:
        run = plan(4000).start(sandbox.client(rate="40/second"), ledger=ledger)
        code = (
            "import sys, time, migma_nb as mg\n"
            "run = mg.open_run(sys.argv[1])\n"
            "assert run.state == 'running', run.state\n"
            "run.pause()\n"
            "while run.state != 'paused': time.sleep(0.05)\n"
            "time.sleep(0.6)\n"
            "before = run.counts\n"
            "time.sleep(0.6)\n"
            "assert before == run.counts, (before, run.counts)\n"
            "run.resume()\n"
            "while run.state != 'running': time.sleep(0.05)\n"
            "run.stop()\n"
            "run.wait()\n"
            "print(run.state, len(run.frame))\n"
        )
        found = subprocess.run(
            [sys.executable, "-c", code, run.id],
            env={**os.environ, "MIGMA_LEDGER": ledger},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ("stopped 4000", "") == (found.stdout.strip(), found.stderr)
        run.wait(timeout=15, progress=False)
        assert mg.RunState.STOPPED is run.state
        assert len(sandbox.outbox) == run.counts[mg.State.ACCEPTED]


def test_a_wish_of_this_process_overrules_one_from_elsewhere(plan: Plan, place: str) -> None:
    """Paused there, resumed here: it goes on, and does not fall back into the pause."""
    ledger = place
    with mg.Sandbox() as sandbox:
        run = plan(60).start(sandbox.client(rate="40/second"), ledger=ledger)
        mg.open_run(run.id, ledger=ledger).pause()
        until(lambda: run.state is mg.RunState.PAUSED)
        run.resume()
        run.wait(timeout=30, progress=False)
        assert {"accepted": 60} == run.counts


def test_failures_of_one_kind_pause_the_run_and_a_person_decides(plan: Plan) -> None:
    """`wait` returns with the run paused; once the cause is mended it goes on, and nobody is lost."""
    broken = threading.Event()
    broken.set()

    def script(call: Call) -> Act:
        del call
        return Act.REFUSE if broken.is_set() else Act.OK

    with ScriptedServer(script) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=2, rate="1000/second")
        run = plan(60).start(client, confirm=60)
        run.wait(timeout=30, progress=False)
        assert mg.RunState.PAUSED is run.state
        assert "25 answers in a row were alike" in run.summary()
        until(lambda: not run.counts.get(mg.State.SENDING))
        refused = run.counts[mg.State.REFUSED]
        assert 27 > refused >= 25
        broken.clear()
        run.resume()
        run.wait(timeout=30, progress=False)
        assert {"accepted": 60 - refused, "refused": refused} == run.counts
        again = run.retry(confirm=refused, progress=False)
        assert {"accepted": refused, "already_sent": 60 - refused} == again.counts
        assert {1} == set(server.mailed.values())
        assert 60 == len(server.mailed)


def test_who_resumes_a_run_that_paused_itself_can_wait_for_its_end_at_once(
    plan: Plan, tmp_path: Path
) -> None:
    """However long the ledger takes to note it: `wait` tells nobody again of a pause that is over."""
    place = tmp_path / "ledger.sqlite3"
    with ScriptedServer(lambda call: Act.REFUSE if call.number <= 25 else Act.OK) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=1, rate="1000/second")
        run = plan(40).start(client, confirm=40, ledger=place)
        run.wait(timeout=30, progress=False)
        assert mg.RunState.PAUSED is run.state
        with closing(sqlite3.connect(place, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            done = threading.Timer(1.0, other.execute, ["ROLLBACK"])
            done.start()
            run.resume()
            run.wait(timeout=30, progress=False)
            done.join()
        assert (mg.RunState.FINISHED, {"refused": 25, "accepted": 15}) == (run.state, run.counts)


def test_a_send_that_pauses_itself_ends_where_nobody_can_resume_it(plan: Plan) -> None:
    """`plan.send` returns when done: it halts, and the same line goes on from there."""
    with ScriptedServer(lambda call: Act.REFUSE if call.number <= 25 else Act.OK) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=1, rate="1000/second")
        run = plan(40).send(client, confirm=40, progress=False)
        assert (mg.RunState.HALTED, {"refused": 25, "not_sent": 15}) == (run.state, run.counts)
        again = plan(40).send(client, confirm=40, progress=False)
        assert {"refused": 25, "accepted": 15} == again.counts


def test_a_long_pause_makes_no_key_too_young(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, mails: Mails
) -> None:
    """A doubt that waited for longer than the API remembers keys is not repeated."""
    monkeypatch.setattr("migma_nb.api.meaning.SHORTEST_LOST_WAIT_S", 0.5)
    acts = {3: Act.DROP_AFTER}
    with ScriptedServer(lambda call: acts.get(call.number, Act.OK)) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=1, rate="20/second", timeout=0.3)
        run = plan(60).start(client, confirm=60)
        until(lambda: len(server.calls) >= 4)
        run.pause()
        until(lambda: run.state is mg.RunState.PAUSED)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 23 * 3600)
        run.resume()
        run.wait(timeout=30, progress=False)
    assert {"accepted": 59, "unknown": 1} == run.counts
    assert ["key_too_old"] == list(run.unknown["reason"])
    assert {1} == set(server.mailed.values())
    del mails
