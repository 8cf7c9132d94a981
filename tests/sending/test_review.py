"""Histories found by reading against the code: mailed twice, not on record, doubted or waited for in vain."""

import asyncio
import hashlib
import json
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.api.states import State
from migma_nb.ledger import claims, journal
from migma_nb.ledger.leave import leave
from migma_nb.ledger.locks import LifeLock
from migma_nb.ledger.schema import Intent, RowRecord, RunRecord, Taken, attempts
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger, open_ledger
from tests.servers.balancer import Balancer
from tests.servers.scripted import Act, Call, ScriptedServer, _Answer

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the ledger of a test is."""
    return tmp_path / "ledger.sqlite3"


def client_of(url: str, *, rate: str = "1000/second", workers: int = 1) -> mg.Migma:
    """Return a live client that soon gives up on an answer."""
    return mg.Migma("k" * 20, base_url=url, timeout=0.3, workers=workers, rate=rate)


def scripted(*acts: Act) -> Callable[[Call], Act]:
    """Return a script that does these to the first requests, and nothing to the rest."""
    left: Iterator[Act] = iter(acts)
    return lambda call: next(left, Act.OK)  # noqa: ARG005 - a script's signature


def living(plan: mg.SendPlan, url: str, ledger: Ledger, *, holds: int) -> LifeLock:
    """Put another run on record that lives as long as its lock is held, with its first rows taken."""
    frozen, settings = plan._plan, client_of(url).settings
    run = RunRecord(
        "other",
        settings.scope,
        "m",
        plan.id,
        url,
        False,
        "fp",
        frozen.size,
        frozen.singles,
        None,
        time.time(),
    )
    lock = ledger.life_lock(run.run_id)
    assert lock.take()
    people = range(frozen.size)
    records = [RowRecord(at, frozen.recipient(at), frozen.address(at), State.WAITING) for at in people]
    ledger.writing(lambda conn: journal.begin(conn, run, records))
    for at in range(holds):
        digest = hashlib.sha256(frozen.body(at)).hexdigest()
        who, key = frozen.recipient(at), settings.key.fingerprint()
        intent = Intent(run.scope, "m", who, "other", plan.id, digest, key, time.time())
        ledger.writing(
            lambda conn, intent=intent: claims.take(leave(conn, "other"), intent, None)  # type: ignore[misc]
        )
    return lock


class Answering(ScriptedServer):
    """A scripted server that answers mails as `reply` says, where it says something."""

    reply: Callable[[Call, _Answer], _Answer | None] = staticmethod(lambda call, usual: None)  # noqa: ARG005 - see above

    def _worked(self, call: Call, act: Act) -> _Answer:
        usual = super()._worked(call, act)
        return (self.reply(call, usual) if call.recipient else None) or usual


def test_keys_proven_on_one_of_two_servers_protect_no_repeat_on_the_other(plan: Plan, place: Path) -> None:
    """A repeat goes over a new connection, so the proof must too: a balancer may lead it elsewhere."""
    numbers = iter(range(1, 100))
    script = lambda call: Act.DROP_AFTER if next(numbers) == 3 else Act.OK  # noqa: E731, ARG005 - one for both
    with ScriptedServer(script) as one, ScriptedServer(script) as two, Balancer(one, two) as balancer:
        run = plan(4).send(client_of(balancer.url), confirm=4, progress=False, ledger=place)
        mailed = one.mailed + two.mailed
    assert {1} == set(mailed.values())
    assert {"accepted": 3, "unknown": 1} == run.counts


@pytest.mark.parametrize(("strange", "shown"), [("\ud800", "\\ud800"), ("\0", "\\x00")])
def test_a_strange_character_in_an_answer_does_not_lose_it(
    plan: Plan, place: Path, strange: str, shown: str
) -> None:
    """No database can hold a lone surrogate: the ledger refused the record of a mail that was accepted."""

    def reply(_: Call, usual: _Answer) -> _Answer:
        answer = json.loads(usual.body)
        answer["data"]["message"] = f"queued {strange}"
        return _Answer(200, json.dumps(answer).encode())

    with Answering(scripted()) as server:
        server.reply = reply
        run = plan(3).send(client_of(server.url), confirm=3, progress=False, ledger=place)
    assert {"accepted": 3} == run.counts
    assert f"queued {shown}" == run.frame["detail"][0]


def test_doubts_that_wait_for_a_proof_do_not_starve_the_rows_that_could_bring_it(
    plan: Plan, place: Path
) -> None:
    """Two doubts, one worker, a slow pace: each look at a doubt took a turn, and the run never ended."""
    with ScriptedServer(scripted(Act.DROP_BEFORE, Act.DROP_BEFORE)) as server:
        run = plan(5).start(client_of(server.url, rate="2/second"), confirm=5, ledger=place)
        ended = run.wait(30, progress=False).state
        run.stop()
        run.wait(progress=False)
    assert ("finished", {"accepted": 5}) == (ended, run.counts)


@pytest.mark.parametrize("headers", [{"Retry-After": "9" * 20}, {"Retry-After": "9" * 400}])
def test_a_wait_beyond_all_calendars_halts_like_any_long_wait(
    plan: Plan, place: Path, headers: dict[str, str]
) -> None:
    """It overflowed the sentence that says until when, and left rows waiting in a run that was over."""
    with Answering(scripted()) as server:
        server.reply = lambda *_: _Answer(429, b'{"success":false,"error":"slowly"}', headers)
        run = plan(3).send(client_of(server.url), confirm=3, progress=False, ledger=place)
    assert ("halted", "rate_limited", {"not_sent": 3}) == (run.state, run.frame["reason"][2], run.counts)


def test_a_fault_of_our_own_leaves_no_row_waiting(
    plan: Plan, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is raised, and yet the run has an end on record, and each row a state."""

    def broken(*_: object, **__: object) -> float:
        raise ZeroDivisionError

    with ScriptedServer(scripted()) as server:
        monkeypatch.setattr("migma_nb.sending.runner.repeat_after", broken)
        run = plan(3).start(client_of(server.url), confirm=3, ledger=place)
        with pytest.raises(ZeroDivisionError):
            run.wait(progress=False)
    assert ("halted", {"unknown": 1, "not_sent": 2}) == (run.state, run.counts)
    monkeypatch.setenv("MIGMA_LEDGER", str(place))
    assert "halted" == mg.open_run(run.id).state


def test_a_stored_403_of_other_bytes_is_no_conflict(plan: Plan, place: Path) -> None:
    """The template was edited after a halt: the same key with other bytes made a doubt for ever."""
    with ScriptedServer(scripted(Act.FORBIDDEN_STORED)) as server:
        client = client_of(server.url)
        plan(3).send(client, confirm=3, progress=False, ledger=place)
        edited = plan(3, subject="Dear {{first_name}}")
        run = edited.send(client, confirm=3, progress=False, ledger=place)
    assert {"accepted": 3} == run.counts
    assert {1} == set(server.mailed.values())


def test_a_direct_call_with_the_key_of_a_refused_one_says_that_nothing_was_sent() -> None:
    """The 403 that is kept under the key comes back as a replay, which is no success."""
    with ScriptedServer(scripted(Act.FORBIDDEN_STORED)) as server:
        client = client_of(server.url)
        fields = {"recipient_type": "email", "recipient_email": "ann@x.example", "from_": "a@acme.example"}
        fields |= {"from_name": "A", "subject": "S", "template": "<p>x</p>", "project_id": "p"}
        for error, told in ((mg.AccountError, "403"), (mg.NotSentError, "another idempotency_key")):
            with pytest.raises(error, match=told):
                client.send(idempotency_key="mine", **fields)
        assert {} == dict(server.mailed)


def test_a_doubt_whose_replay_is_the_accounts_trouble_is_settled(plan: Plan, place: Path) -> None:
    """The lost answer was a 403, kept under the key: it halted each run of a day."""

    class Dropping(ScriptedServer):
        dropped = False

        async def _say(self, writer: asyncio.StreamWriter, answer: _Answer | None) -> bool:
            if answer is not None and answer.status == 403 and not self.dropped:
                self.dropped = True
                return False
            return await super()._say(writer, answer)

    with Dropping(scripted(Act.OK, Act.FORBIDDEN_STORED)) as server:
        run = plan(4).send(client_of(server.url), confirm=4, progress=False, ledger=place)
    assert ("finished", {"accepted": 4}) == (run.state, run.counts)
    assert {1} == set(server.mailed.values())


def test_rows_of_a_run_that_died_are_asked_for_again_by_who_waited_for_them(plan: Plan, place: Path) -> None:
    """Whoever begins with nothing to send had not looked for the proof, and called them unknown."""
    with ScriptedServer(scripted()) as server:
        client = client_of(server.url)
        plan(2, mailing="earlier").send(client, confirm=2, progress=False, ledger=place)
        lock = living(plan(2), server.url, open_ledger(place), holds=2)
        run = plan(2).start(client, confirm=2, ledger=place)
        time.sleep(1)
        lock.release(for_good=False)
        run.wait(30, progress=False)
    assert {"accepted": 2} == run.counts


def test_limit_holds_for_rows_that_others_let_go(plan: Plan, place: Path) -> None:
    """A trial of one row took up everything that a run which died meanwhile had held."""
    with ScriptedServer(scripted()) as server:
        ledger = open_ledger(place)
        lock = living(plan(4), server.url, ledger, holds=3)
        ledger.writing(lambda conn: conn.execute(attempts.update().values(finished_at=time.time())))
        run = plan(4).start(client_of(server.url), confirm=4, limit=1, ledger=place)
        time.sleep(1)
        lock.release(for_good=False)
        run.wait(30, progress=False)
    assert {"accepted": 1, "not_sent": 3} == run.counts
    assert 1 == server.mailed.total()


def test_a_gateways_own_json_is_a_lost_answer(plan: Plan, place: Path) -> None:
    """Gateways answer in JSON too; only the API's own envelope says that nothing is stored under the key."""
    with ScriptedServer(scripted(Act.OK, Act.GATEWAY_BEFORE)) as server:
        gateway = {502: _Answer(502, b'{"message":"Bad gateway"}')}
        say = server._say
        server._say = lambda writer, answer: say(writer, gateway.get(answer.status if answer else 0, answer))  # type: ignore[method-assign]
        run = plan(3).send(client_of(server.url), confirm=3, progress=False, ledger=place)
    assert {"accepted": 3} == run.counts


def test_an_intent_that_was_durable_although_its_commit_failed_is_used(
    plan: Plan, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of writes that is done twice finds its own claims: the run waited for itself for ever."""
    together = Scribe._together
    failed: list[bool] = []

    def broken(self: Scribe, works: list[object]) -> object:
        results = together(self, works)  # type: ignore[arg-type]
        if not failed and len(works) > 1 and any(isinstance(found, Taken) for found, _ in results):
            failed.append(True)
            raise OSError("the connection broke after the commit")
        return results

    monkeypatch.setattr(Scribe, "_together", broken)
    with ScriptedServer(scripted()) as server:
        run = plan(8).start(client_of(server.url, workers=4), confirm=8, ledger=place)
        ended = run.wait(30, progress=False).state
        run.stop()
        run.wait(progress=False)
    assert ([True], "finished", {"accepted": 8}) == (failed, ended, run.counts)
    assert {1} == set(server.mailed.values())


def test_a_batch_does_not_begin_beside_a_run_that_has_claimed_nobody_yet(plan: Plan, place: Path) -> None:
    """The overlap was looked for among claims only, and not in the transaction that begins the run."""
    options: dict[str, Any] = {
        "sender": "A <a@b.example>",
        "subject": "x",
        "template": "<p>x</p>",
        "project_id": "p",
    }
    with ScriptedServer(scripted()) as server:
        lock = living(plan(2), server.url, open_ledger(place), holds=0)
        batch = mg.plan(mg.Tag("t"), mailing="m", transactional=True, **options)
        with pytest.raises(mg.InputError, match="already holds single recipients"):
            batch.send(client_of(server.url), confirm=batch.id, progress=False, ledger=place)
        lock.release(for_good=False)
    assert {} == server.mailed


def test_a_proxy_that_never_connects_makes_no_row_unknown(
    plan: Plan, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time-out of its CONNECT is a read time-out, and yet no byte of the mail has left."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        run = plan(1).start(client_of("https://api.migma.example"), ledger=place)
        run.wait(2, progress=False)
        run.stop()
        run.wait(progress=False)
    assert {"not_sent": 1} == run.counts


def test_a_script_that_ends_while_its_run_goes_on_leaves_no_needless_doubt(place: Path) -> None:
    """A dying interpreter resolves no names any more: what could not even connect was called unknown."""
    script = """
        import sys, threading, time
        import migma_nb as mg
        people = [{"email": f"p{n}@x.example"} for n in range(60)]
        plan = mg.plan(people, mailing="m", sender="A <a@b.example>", subject="x", template="<p>x</p>",
                       project_id="p", transactional=True)
        client = mg.Migma("k" * 20, base_url=sys.argv[1], rate="4/second", timeout=2)
        plan.start(client, confirm=60, ledger=sys.argv[2])
        threading.Thread(target=time.sleep, args=(5,)).start()
        time.sleep(2)
    """
    with ScriptedServer(scripted()) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        command = [sys.executable, "-c", textwrap.dedent(script), url, str(place)]
        subprocess.run(command, check=True, timeout=60)
    states = open_ledger(place).reading(
        lambda conn: conn.exec_driver_sql("SELECT state FROM rows").scalars().all()
    )
    assert {"accepted", "not_sent"} == set(states)
    assert server.mailed.total() == list(states).count("accepted")
