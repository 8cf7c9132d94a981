"""A run whose rows are looked up in windows does what one does that sees them all at once."""

import gc
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.ledger.store import open_ledger
from migma_nb.sending.agenda import Task
from migma_nb.sending.recording import put_on_record
from tests.sending.windows import record_of, start_in_windows
from tests.servers.scripted import Act, Call, Memory, ScriptedServer

Plan = Callable[..., mg.SendPlan]
#: What may have befallen a person before, and may now: answered at once, so that an example is quick.
ACTS = [Act.OK, Act.REFUSE, Act.ERROR_AFTER, Act.ERROR_BEFORE, Act.NO_SUCCESS, Act.FORBIDDEN]
SEES_ALL = 10_000


@dataclass(frozen=True)
class Case:
    """A mailing to some people: what befell each before (None: nobody tried), and what does now."""

    before: tuple[Act | None, ...]
    now: tuple[Act, ...]
    window: int
    limit: int | None
    only_refused: bool
    edited: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a mailing to some people."""
    size = draw(st.integers(1, 9))
    return Case(
        tuple(draw(st.lists(st.sampled_from([None, *ACTS[:-1]]), min_size=size, max_size=size))),
        tuple(draw(st.lists(st.sampled_from([Act.OK] * 4 + ACTS), min_size=size, max_size=size))),
        window=draw(st.integers(1, 4)),
        limit=draw(st.none() | st.integers(1, size)),
        only_refused=draw(st.booleans()),
        edited=draw(st.booleans()),
    )


def planned(size: int, **changes: object) -> mg.SendPlan:
    """Plan a mailing to so many people."""
    options: dict[str, object] = {"mailing": "m", "sender": "Acme <a@acme.example>", "subject": "Hello"}
    options |= {"template": "<p>x</p>", "project_id": "p", "transactional": True}
    people = pd.DataFrame({"email": [f"p{at}@d.example" for at in range(size)]})
    return mg.plan(people, **options | changes)  # type: ignore[arg-type]


def client_of(server: ScriptedServer, workers: int = 1, timeout: float = 20.0) -> mg.Migma:
    """Return a client of one account, whichever server it is."""
    return mg.Migma(
        "k" * 20, base_url=server.url, account="one", timeout=timeout, workers=workers, rate="9999/second"
    )


def befalls(acts: tuple[Act | None, ...]) -> Callable[[Call], Act]:
    """Return a script that does to each person what is written for them."""
    return lambda call: (
        acts[int(call.recipient[1:].partition("@")[0])] or Act.OK if call.recipient else Act.OK
    )


def told(run: mg.Run, *own: str) -> pd.DataFrame:
    """Return what an account says, without times, ids and addresses that differ from run to run."""
    frame = run.frame.drop(columns=["first_attempt_at", "finished_at", "latency_s"])
    for name in own:
        frame = frame.replace(name, "its own", regex=True)
    return frame


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_account_is_the_same_in_whatever_windows_it_is_worked(case: Case) -> None:
    """Every history of a mailing, every limit, retry and refusal: the same rows end in the same way."""
    with TemporaryDirectory() as folder, ScriptedServer(befalls(case.before)) as server:
        place = Path(folder) / "before.sqlite3"
        tried = tuple(at for at, act in enumerate(case.before) if act is not None)
        earlier = None
        if tried:
            some = planned(len(case.before), allow=[f"p{at}@d.example" for at in tried])
            earlier = some.send(client_of(server), confirm=len(tried), progress=False, ledger=place)
        ends = []
        for window in (case.window, SEES_ALL):
            copy = Path(folder) / f"{window}.sqlite3"
            if earlier is not None:
                with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(copy)) as target:
                    source.backup(target)
            with ScriptedServer(befalls(case.now)) as fresh:
                ends.append(_end(case, window, fresh, str(copy), earlier))
    assert ends[1] == ends[0]


def _end(
    case: Case, window: int, server: ScriptedServer, place: str, earlier: mg.Run | None
) -> tuple[object, ...]:
    plan = planned(len(case.now), **({"subject": "Again"} if case.edited else {}))
    asked = {"limit": case.limit, "only_refused": case.only_refused}
    try:
        run = start_in_windows(plan, client_of(server), window, ledger=place, **asked)  # type: ignore[arg-type]
    except mg.InputError as error:
        return (str(error),)
    run.wait(timeout=30, progress=False)
    account = told(run, server.url, *([earlier.id] if earlier else []))
    return run.state, run.counts, account.to_dict("index"), server.mailed


def test_a_doubt_waits_for_the_proof_that_a_later_window_brings(hasten: None, tmp_path: Path) -> None:
    """The first row's answer is lost; only an acceptance in a later window proves that keys are honoured."""
    del hasten
    numbers = iter(range(100))
    script = lambda call: Act.DROP_AFTER if call.recipient and next(numbers) == 0 else Act.OK  # noqa: E731
    with ScriptedServer(script) as server:
        run = start_in_windows(
            planned(5), client_of(server, timeout=0.5), 1, ledger=str(tmp_path / "ledger.sqlite3")
        )
        run.wait(timeout=30, progress=False)
    assert {"accepted": 5} == run.counts
    assert {1} == set(server.mailed.values())


def test_doubts_alone_do_not_wait_for_windows_that_bring_no_proof(hasten: None, tmp_path: Path) -> None:
    """Every answer is lost, on a server that forgets keys: each row ends as unknown, nobody waits on."""
    del hasten
    with ScriptedServer(lambda _: Act.DROP_AFTER, Memory.NOTHING) as server:
        ledger = str(tmp_path / "ledger.sqlite3")
        run = start_in_windows(planned(6), client_of(server, workers=2, timeout=0.5), 1, ledger=ledger)
        run.wait(timeout=30, progress=False)
    assert ("finished", {"unknown": 6}) == (run.state, run.counts)
    assert {1} == set(server.mailed.values())


def test_no_more_rows_are_in_memory_than_a_window_and_the_workers_hold(tmp_path: Path) -> None:
    """Looked at in the middle of a run of 400, twenty to a window, three at work."""
    seen: list[int] = []

    def script(call: Call) -> Act:
        if call.recipient and call.number % 40 == 0:
            seen.append(sum(isinstance(one, Task) for one in gc.get_objects()))
        return Act.OK

    with ScriptedServer(script) as server:
        ledger = str(tmp_path / "ledger.sqlite3")
        run = start_in_windows(planned(400), client_of(server, workers=3), 20, ledger=ledger)
        run.wait(timeout=60, progress=False)
    assert {"accepted": 400} == run.counts
    # A window is called when half of the one before is left.
    assert len(seen) >= 8
    assert max(seen) <= 20 + 10 + 2 * 3


@pytest.mark.parametrize("stop", ["stop", "halt"])
def test_rows_that_no_window_has_called_are_accounted_for_at_a_stop(tmp_path: Path, stop: str) -> None:
    """Who was mailed before is told so, with that mail's id; of the others, who lay beyond the limit."""
    place = str(tmp_path / "ledger.sqlite3")
    begun: list[mg.Run] = []

    def script(call: Call) -> Act:
        if call.recipient == "p1@d.example":
            if stop == "halt":
                return Act.BAD_KEY
            while not begun:
                time.sleep(0.01)
            begun[0].stop()
        return Act.OK

    with ScriptedServer(lambda _: Act.OK) as server:
        allow = ["p6@d.example", "p7@d.example"]
        before = planned(10, allow=allow).send(client_of(server), confirm=2, progress=False, ledger=place)
        server.script = script
        begun.append(start_in_windows(planned(10), client_of(server), 1, limit=7, ledger=place))
        run = begun[0].wait(timeout=30, progress=False)
    states = Counter(run.frame["state"])
    assert ("stopped" if stop == "stop" else "halted") == run.state
    assert 2 == states["already_sent"]
    assert list(before.frame["message_id"][6:8]) == list(run.frame["message_id"][6:8])
    assert ["limit"] == list(run.frame["reason"][9:])
    assert 10 == states["accepted"] + states["not_sent"] + states["already_sent"]
    assert {1} == set(server.mailed.values())


def test_a_run_that_died_tells_of_rows_it_had_not_called_what_their_claims_know(tmp_path: Path) -> None:
    """Its process ended before it had called any: who was mailed before keeps that mail's id and times."""
    place = tmp_path / "ledger.sqlite3"
    with ScriptedServer(lambda _: Act.OK) as server:
        before = planned(9, allow=["p7@d.example"]).send(
            client_of(server), confirm=1, progress=False, ledger=place
        )
        client, plan = client_of(server), planned(9)
    ledger = open_ledger(place)
    record = record_of(plan, client, "20260101-000000-dead")
    lock = ledger.life_lock(record.run_id)
    assert lock.take()
    put_on_record(ledger, plan._plan, record, lambda _: None)
    lock.release(for_good=False)
    run = mg.open_run(record.run_id, ledger=place)
    assert mg.RunState.DIED is run.state
    assert {"not_sent": 8, "already_sent": 1} == run.counts
    for name in ("message_id", "first_attempt_at", "idempotency_key", "payload_sha256"):
        assert before.frame[name][7] == run.frame[name][7]
