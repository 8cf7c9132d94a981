"""One pace for all who share a ledger and a key: real processes, real servers, real time."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.ledger.schema import SCHEMA_VERSION, meta, metadata, paces
from migma_nb.ledger.store import open_ledger
from tests.servers.scripted import Act, ScriptedServer

Plan = Callable[..., mg.SendPlan]

#: The tables of a ledger of the second version.
SECOND = {"meta", "runs", "claims", "attempts", "rows", "proofs", "rulings"}
SEND = """
import sys, time, pandas as pd, migma_nb as mg
url, key, ledger, mailing, rate, count, begin = sys.argv[1:]
people = pd.DataFrame({"email": [f"p{n}@d.example" for n in range(int(count))]})
plan = mg.plan(people, mailing=mailing, sender="A <a@a.example>", subject="S", template="<p>S</p>",
               project_id="p", transactional=True)
client = mg.Migma(key, base_url=url, rate=rate, workers=4)
print("ready", flush=True)
sys.stdin.readline()
run = plan.send(client, confirm=int(count), progress=False, ledger=ledger)
print(run.counts.get("accepted", 0), int(run.frame["attempts"].sum()), flush=True)
"""


def send_from_two_processes(sandbox: mg.Sandbox, ledger: Path, rate: str, count: int) -> list[list[int]]:
    """Send from two processes that begin together; return what each got accepted, and tries."""
    common = [sandbox.url, sandbox.server.api_key, str(ledger)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SEND, *common, f"m{number}", rate, str(count), ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for one in started:
        assert one.stdout is not None
        assert "ready\n" == one.stdout.readline()
    return [[int(word) for word in one.communicate("\n", timeout=60)[0].split()] for one in started]


def test_two_processes_keep_a_rate_together(tmp_path: Path) -> None:
    """Each alone would keep to four a second; on one ledger both do together, so five are never met."""
    with mg.Sandbox(rate="5/second") as sandbox:
        found = send_from_two_processes(sandbox, tmp_path / "l.sqlite3", "4/second", 8)
    # The proof that keys are honoured goes beside the pace, so one 429 may be met at the beginning.
    assert [8, 8] == [accepted for accepted, _ in found]
    assert sum(attempts for _, attempts in found) <= 18


@pytest.mark.proof
def test_two_processes_learn_a_limit_together_that_neither_is_told(tmp_path: Path) -> None:
    """They feel their way as one: a few 429s, everybody accepted, and what was learned is kept."""
    ledger = tmp_path / "l.sqlite3"
    with mg.Sandbox(rate="4/second") as sandbox:
        found = send_from_two_processes(sandbox, ledger, "auto", 12)
    assert [12, 12] == [accepted for accepted, _ in found]
    assert sum(attempts for _, attempts in found) <= 24 + 12
    with closing(open_ledger(ledger)) as opened:
        assert 1 == opened.reading(lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(paces)))


def test_a_stop_during_a_long_wait_is_heard_at_once(plan: Plan, tmp_path: Path) -> None:
    """The second row's turn comes in a minute; nobody has to sit through it."""
    with ScriptedServer(lambda _: Act.OK) as server:
        client = mg.Migma("k" * 20, base_url=server.url, rate="1/minute")
        run = plan(5).start(client, confirm=5, ledger=tmp_path / "l.sqlite3")
        while not server.accepted:
            time.sleep(0.02)
        began = time.monotonic()
        run.stop()
        run.wait(progress=False)
        assert time.monotonic() - began < 10
    assert {"accepted": 1, "not_sent": 4} == run.counts


def test_a_server_that_refuses_everything_halts_the_run_and_is_not_hammered(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waits grow until the next would be too long; the next send asks once, at once."""
    monkeypatch.setattr("migma_nb.sending.learning.LONGEST_WAIT_S", 1.5)
    acts = {"now": Act.LIMITED_BARE}
    with ScriptedServer(lambda _: acts["now"]) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=4, rate="100/second")
        ledger = tmp_path / "l.sqlite3"
        halted = plan(20).send(client, confirm=20, progress=False, ledger=ledger)
        assert (mg.RunState.HALTED, {"not_sent": 20}) == (halted.state, halted.counts)
        assert "quota" in halted.summary()
        assert len(server.calls) <= 4 + 2
        before = len(server.calls)
        assert mg.RunState.HALTED is plan(20).send(client, confirm=20, progress=False, ledger=ledger).state
        assert 1 == len(server.calls) - before
        acts["now"] = Act.OK
        done = plan(20).send(client, confirm=20, progress=False, ledger=ledger)
        assert {"accepted": 20} == done.counts


def test_a_pace_that_cannot_be_read_is_begun_anew(plan: Plan, tmp_path: Path) -> None:
    """What another version wrote, or nobody, costs no send."""
    ledger = tmp_path / "l.sqlite3"
    with mg.Sandbox() as sandbox:
        client = mg.Migma(sandbox.server.api_key, base_url=sandbox.url, rate="100/second")
        assert {"accepted": 2} == plan(2).send(client, confirm=2, progress=False, ledger=ledger).counts
        for state in ("{", "[]", '{"kind":"new","log":3}', '{"later":1,"per_minute":"x"}'):
            with closing(open_ledger(ledger)) as opened:
                opened.writing(partial(spoil, state))
            sent = plan(2, mailing=state).send(client, confirm=2, progress=False, ledger=ledger)
            assert {"accepted": 2} == sent.counts


def spoil(state: str, conn: sa.Connection) -> None:
    """Write what no version of ours would."""
    conn.execute(paces.update().values(state=state))


def test_what_the_proof_of_keys_posts_is_counted_too(plan: Plan, tmp_path: Path) -> None:
    """The server's limit counts it, so of ten a minute three would be missing in what is learned."""
    ledger = tmp_path / "l.sqlite3"
    with mg.Sandbox() as sandbox:
        client = mg.Migma(sandbox.server.api_key, base_url=sandbox.url)
        plan(2).send(client, confirm=2, progress=False, ledger=ledger)
        with closing(open_ledger(ledger)) as opened:
            state = json.loads(opened.reading(lambda conn: conn.scalars(sa.select(paces.c.state)).one()))
    assert 2 + 3 <= sum(through for _, _, through in state["log"])


def test_an_older_ledger_gets_its_pace_and_keeps_its_rows(plan: Plan, tmp_path: Path) -> None:
    """The step to the present shape runs once; who was mailed stays mailed."""
    ledger = tmp_path / "l.sqlite3"
    with mg.Sandbox() as sandbox:
        client = mg.Migma(sandbox.server.api_key, base_url=sandbox.url, rate="100/second")
        plan(3).send(client, confirm=3, progress=False, ledger=ledger)
        engine = sa.create_engine(f"sqlite:///{ledger}")
        with engine.begin() as conn:
            for table in reversed(metadata.sorted_tables):
                if table.name not in SECOND:
                    table.drop(conn)
            conn.execute(sa.text("ALTER TABLE claims DROP COLUMN email_id"))
            conn.execute(meta.update().values(value="2"))
        engine.dispose()
        again = plan(3).send(client, confirm=3, progress=False, ledger=ledger)
        assert {"already_sent": 3} == again.counts
        with closing(open_ledger(ledger)) as opened:
            assert str(SCHEMA_VERSION) == opened.reading(lambda conn: conn.scalar(sa.select(meta.c.value)))
