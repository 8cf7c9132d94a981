"""Many at once on one ledger: each person once, work shared, and nobody waits for ever."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import migma_nb as mg
from tests.servers.scripted import Act, Call, Memory, ScriptedServer
from tests.servers.senders import Account, Job, Process, account_of, crowd, retry, rule, send

Start = Callable[..., list[Process]]
Plan = Callable[..., mg.SendPlan]


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Return where the ledger is that everybody shares."""
    return str(tmp_path / "ledger.sqlite3")


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts processes; all are ended with the test."""
    with crowd() as begin:
        yield begin


def until(happens: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something happens, and fail where it does not."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def go(processes: list[Process]) -> None:
    """Let all of them begin at once."""
    for process in processes:
        process.tell("go")


def accounts_of(processes: list[Process]) -> list[Account]:
    """Return what all runs of these processes say, once they have ended."""
    return [account for process in processes for account in process.said()]


def assert_each_once(server: ScriptedServer, accounts: list[Account], people: int) -> None:
    """Check that everybody got one mail, and that each run tells the truth about every row of it."""
    assert {1: people} == Counter(server.mailed.values())
    for account in accounts:
        assert ("finished", people) == (account.state, len(account.rows))
        assert people == account.count("accepted") + account.count("already_sent"), account.summary
    mine = Counter(who for account in accounts for who in account.of("accepted"))
    assert {1} == set(mine.values())


def all_ok(call: Call) -> Act:
    """Take everything."""
    del call
    return Act.OK


def test_eight_processes_of_two_runs_each_mail_everybody_once_and_share_the_work(
    start: Start, place: str
) -> None:
    """240 people, sixteen runs, one ledger that nobody has made yet: all end, and each accounts for all."""
    with ScriptedServer(all_ok) as server:
        # All share one pace, and slots are given out half a second's worth at a time.
        job = Job(server.url, place, tuple(range(240)), threads=2, rate="60/second")
        processes = start(send, *[job] * 8)
        go(processes)
        by_process = [process.said() for process in processes]
    accounts = [account for found in by_process for account in found]
    assert_each_once(server, accounts, 240)
    assert 240 == sum(account.count("accepted") for account in accounts)
    at_work = [found for found in by_process if any(account.count("accepted") for account in found)]
    assert len(at_work) > 1


@pytest.mark.parametrize("memory", [Memory.ALL, Memory.NOTHING])
def test_claims_of_killed_processes_are_taken_over_as_far_as_nothing_may_have_left(
    start: Start, place: str, memory: Memory
) -> None:
    """What waited for its next attempt is mailed; what was in flight goes by the proven key or is unknown."""
    with ScriptedServer(lambda _: Act.SILENT_AFTER, memory) as server:
        job = Job(server.url, place, tuple(range(120)), timeout=30.0)
        in_flight = start(send, job)
        go(in_flight)
        until(lambda: 4 == len(server.calls))
        server.script = lambda _: Act.COME_LATER
        # A 429 holds everybody who sends with that key, so this process has one of its own.
        between = start(send, replace(job, key="c" * 20, workers=1))
        go(between)
        until(lambda: 5 == len(server.calls))
        server.script = all_ok
        others = start(send, *[Job(server.url, place, job.people, threads=2, timeout=1.0)] * 4)
        go(others)
        until(lambda: 4 + 115 == len(server.mailed))
        time.sleep(1.0)
        assert 4 + 115 == len(server.mailed), "a row of a process that lives was mailed by another"
        for process in [*in_flight, *between]:
            process.signal(signal.SIGKILL)
        accounts = accounts_of(others)
    # The second of the dead: it knows of the mails of others, and of the four that hung in the first.
    dead = mg.open_run(mg.history(ledger=place).iloc[-2]["run_id"], ledger=place)
    assert {"already_sent": 115, "unknown": 4, "not_sent": 1} == dead.counts
    if memory is Memory.ALL:
        assert_each_once(server, accounts, 120)
        return
    assert {1: 120} == Counter(server.mailed.values())
    for account in accounts:
        assert "finished" == account.state
        assert 116 == account.count("accepted") + account.count("already_sent")
        assert {"run_died"} == {account.rows[who][1] for who in account.of("unknown")}


def test_rows_of_a_process_that_is_stopped_are_waited_for_and_nobody_else_mails_them(
    start: Start, place: str
) -> None:
    """SIGSTOP is no death: others wait and say for whom, a stop ends such a wait at once, and SIGCONT all."""
    with ScriptedServer(lambda _: Act.SILENT_AFTER) as server:
        people = tuple(range(80))
        asleep = start(send, Job(server.url, place, people, timeout=3.0))
        go(asleep)
        until(lambda: 4 == len(server.calls))
        asleep[0].signal(signal.SIGSTOP)
        server.script = all_ok
        others = start(send, *[Job(server.url, place, people, threads=2)] * 3)
        go(others)
        until(lambda: 80 == len(server.mailed))
        time.sleep(1.5)
        assert [] == [process for process in others if process.ended]
        sleeper = mg.history(ledger=place).iloc[-1]["run_id"]
        waiting = mg.open_run(mg.history(ledger=place).iloc[0]["run_id"], ledger=place)
        assert f"4 rows are held by run {sleeper}, which is running" in waiting.summary()
        others[0].tell("stop")
        stopped = accounts_of(others[:1])
        asleep[0].signal(signal.SIGCONT)
        accounts = accounts_of(others[1:] + asleep)
    assert_each_once(server, accounts, 80)
    for account in stopped:
        assert "stopped" == account.state
        assert {("unknown", "elsewhere"): 4} == Counter(
            found for found in account.rows.values() if found[0] not in {"accepted", "already_sent"}
        )


def test_two_analysts_with_keys_of_their_own_mail_nobody_twice(start: Start, place: str) -> None:
    """The key has no part in who a person is; what is in doubt under one is not repeated under the other."""
    with ScriptedServer(lambda call: Act.OK if call.number <= 4 else Act.SILENT_AFTER) as server:
        people = tuple(range(100))
        first = start(send, Job(server.url, place, people, key="first-analyst", timeout=30.0))
        go(first)
        until(lambda: 8 == len(server.calls))
        server.script = all_ok
        second = start(send, *[Job(server.url, place, people, key="second-analyst", timeout=0.5)] * 2)
        go(second)
        until(lambda: 100 == len(server.mailed))
        first[0].signal(signal.SIGKILL)
        accounts = accounts_of(second)
        again = start(send, Job(server.url, place, people, key="first-analyst", timeout=0.5))
        go(again)
        settled = accounts_of(again)
    assert {1: 100} == Counter(server.mailed.values())
    for account in accounts:
        assert {("unknown", "other_api_key"): 4} == Counter(
            found for found in account.rows.values() if found[0] == "unknown"
        )
    assert_each_once(server, settled, 100)


def test_overlapping_lists_of_one_mailing_mail_each_person_once(start: Start, place: str) -> None:
    """Two plans with other words each; whoever is on both lists gets one of the two."""
    with ScriptedServer(all_ok) as server:
        lower = Job(server.url, place, tuple(range(80)), threads=2)
        upper = Job(server.url, place, tuple(range(40, 120)), template="<h1>{{first_name}}</h1>", threads=2)
        processes = start(send, lower, upper, lower, upper)
        go(processes)
        accounts = accounts_of(processes)
    assert {1: 120} == Counter(server.mailed.values())
    assert 120 == sum(account.count("accepted") for account in accounts)
    for account in accounts:
        assert 80 == account.count("accepted") + account.count("already_sent")


def test_two_mailings_at_once_mail_the_same_person_once_each(start: Start, place: str) -> None:
    """A mailing knows nothing of another one."""
    with ScriptedServer(all_ok) as server:
        jobs = [Job(server.url, place, tuple(range(60)), mailing=name) for name in ("a", "b")] * 2
        processes = start(send, *jobs)
        go(processes)
        accounts = accounts_of(processes)
    assert {2: 60} == Counter(server.mailed.values())
    assert 120 == sum(account.count("accepted") for account in accounts)


def test_of_several_words_on_one_unknown_row_at_once_one_counts(start: Start, place: str, plan: Plan) -> None:
    """Four people rule at the same moment: one is heard, the others are told that the row is settled."""
    with ScriptedServer(lambda _: Act.ERROR_BEFORE) as server:
        client = mg.Migma("k" * 20, base_url=server.url, rate="1000/second")
        run = plan(1).send(client, ledger=place, progress=False)
        assert {"unknown": 1} == run.counts
        people = start(rule, *[(place, run.id, word) for word in ("sent", "resend", "sent", "resend")])
        go(people)
        said = [one.said() for one in people]
        server.script = all_ok
        after = plan(1).send(client, ledger=place, progress=False)
    assert 1 == said.count("done")
    refusals = [words for words in said if words != "done"]
    assert all("Nothing was changed" in words for words in refusals)
    heard = ("sent", "resend", "sent", "resend")[said.index("done")]
    assert {"accepted" if heard == "resend" else "already_sent": 1} == after.counts
    assert (1 if heard == "resend" else 0) == sum(server.mailed.values())


def test_of_two_retries_of_one_refused_row_at_once_one_mails(start: Start, place: str, plan: Plan) -> None:
    """The other one says that it was mailed already, or that nobody is refused any more."""
    with ScriptedServer(lambda _: Act.REFUSE) as server:
        job = Job(server.url, place, (0,))
        assert {"refused": 1} == job.plan().send(job.client(), ledger=place, progress=False).counts
        server.script = all_ok
        people = start(retry, *[job] * 3)
        go(people)
        said = [one.said() for one in people]
    assert {1: 1} == Counter(server.mailed.values())
    accounts = [one for one in said if isinstance(one, Account)]
    assert 1 == sum(account.count("accepted") for account in accounts)
    assert all("Nobody of this plan was refused" in one for one in said if isinstance(one, str))
    assert all(1 == account.count("accepted") + account.count("already_sent") for account in accounts)
    del plan


def test_two_runs_of_one_process_do_not_touch_each_other(plan: Plan, place: str) -> None:
    """One is paused and then stopped; the other goes on to its end meanwhile."""
    with ScriptedServer(all_ok) as server:
        client = mg.Migma("k" * 20, base_url=server.url, workers=2, rate="60/second")
        one = plan(60, mailing="one").start(client, confirm=60, ledger=place)
        other = plan(60, mailing="other").start(client, confirm=60, ledger=place)
        until(lambda: one.counts.get(mg.State.ACCEPTED, 0) >= 3)
        one.pause()
        until(lambda: one.state is mg.RunState.PAUSED)
        other.wait(timeout=30, progress=False)
        assert (mg.RunState.FINISHED, {"accepted": 60}) == (other.state, other.counts)
        one.stop()
        one.wait(timeout=30, progress=False)
        assert mg.RunState.STOPPED is one.state
        assert 60 == account_of(one).count("accepted") + account_of(one).count("not_sent")
