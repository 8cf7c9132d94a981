"""Histories that a rule could get wrong, each by name: who was mailed, and what the account says of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import migma_nb as mg
from tests.servers.scripted import Act, Call, Memory, ScriptedServer

Plan = Callable[..., mg.SendPlan]
Send = Callable[..., mg.Run]

pytestmark = pytest.mark.usefixtures("hasten")
#: PostgreSQL has a clock of its own, which no test can turn.
on_this_clock = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@pytest.fixture
def send(plan: Plan, place: str) -> Send:
    """Return a function that sends a plan to a scripted server, one at a time, on one ledger."""

    def run(
        server: ScriptedServer,
        people: int = 3,
        *,
        api_key: str = "k" * 20,
        limit: int | None = None,
        **changes: object,
    ) -> mg.Run:
        client = mg.Migma(api_key, base_url=server.url, timeout=0.3, workers=1, rate="1000/second")
        made = plan(people, **changes)
        return made.send(client, confirm=people, limit=limit, progress=False, ledger=place)

    return run


def scripted(*acts: Act) -> Callable[[Call], Act]:
    """Return a script that does these to the first requests, and nothing to the rest."""
    left: Iterator[Act] = iter(acts)
    return lambda call: next(left, Act.OK)  # noqa: ARG005 - a script's signature


def test_a_lost_answer_is_asked_for_again_once_the_server_is_proven(send: Send) -> None:
    """The first acceptance proves that keys are remembered; then the doubt is settled in the same run."""
    with ScriptedServer(scripted(Act.DROP_AFTER, Act.OK, Act.DROP_BEFORE)) as server:
        run = send(server)
    assert {"accepted": 3} == run.counts
    assert {1} == set(server.mailed.values())


def test_a_server_that_remembers_refusals_only_is_not_trusted(send: Send) -> None:
    """It would pass a proof by refusals alone, and mail a person twice at the repeat."""
    with ScriptedServer(scripted(Act.DROP_AFTER), Memory.ONLY_4XX) as server:
        run = send(server)
        again = send(server)
    assert {"accepted": 2, "unknown": 1} == run.counts
    assert ["lost_answer"] == list(run.unknown["reason"])
    assert {"already_sent": 2, "unknown": 1} == again.counts
    assert {1} == set(server.mailed.values())


def test_where_nothing_was_ever_accepted_nothing_proves_that_keys_are_remembered(send: Send) -> None:
    """One person, one lost answer: no accepted mail whose key could be tried, so a person decides."""
    with ScriptedServer(scripted(Act.DROP_AFTER)) as server:
        assert {"unknown": 1} == send(server, 1).counts
        assert {"unknown": 1} == send(server, 1).counts
    assert 1 == server.mailed.total()


def test_doubts_do_not_wait_for_each_other(plan: Plan, tmp_path: Path) -> None:
    """Two workers, each with a doubt in hand, took the other's for a mail that might bring the proof."""
    with ScriptedServer(lambda call: Act.DROP_AFTER) as server:  # noqa: ARG005 - a script's signature
        client = mg.Migma("k" * 20, base_url=server.url, timeout=0.3, workers=4, rate="1000/second")
        run = plan(4).start(client, confirm=4, ledger=tmp_path / "ledger.sqlite3")
        ended = run.wait(8, progress=False).state
        run.stop()
        run.wait(progress=False)
    assert ("finished", {"unknown": 4}) == (ended, run.counts)
    assert {1} == set(server.mailed.values())


def test_an_earlier_acceptance_proves_it_for_a_later_run(send: Send) -> None:
    """The ledger knows the key of a mail that was accepted, so the doubt of an earlier run can be settled."""
    with ScriptedServer(scripted(Act.OK, Act.OK, *[Act.DROP_AFTER] * 4)) as server:
        first = send(server)
        again = send(server)
    assert {"accepted": 2, "unknown": 1} == first.counts
    assert {"already_sent": 2, "accepted": 1} == again.counts
    assert {1} == set(server.mailed.values())


def test_a_stored_403_does_not_halt_each_run_for_a_day(send: Send) -> None:
    """The server replays its old refusal of the account: the row gets a key of its own, and is asked anew."""
    with ScriptedServer(scripted(Act.FORBIDDEN_STORED)) as server:
        halted = send(server)
        again = send(server)
    assert (mg.RunState.HALTED, {"not_sent": 3}) == (halted.state, halted.counts)
    assert {"accepted": 3} == again.counts
    assert {1} == set(server.mailed.values())


def test_a_401_in_the_middle_costs_no_row_its_chance(send: Send) -> None:
    """What was sent stays sent, what was not goes on with the next send."""
    with ScriptedServer(scripted(Act.OK, Act.BAD_KEY)) as server:
        halted = send(server)
        again = send(server)
    assert {"accepted": 1, "not_sent": 2} == halted.counts
    assert {"already_sent": 1, "accepted": 2} == again.counts
    assert {1} == set(server.mailed.values())


def test_a_redirect_halts_and_is_never_followed(send: Send) -> None:
    """A POST must not travel on to where somebody else points."""
    with ScriptedServer(scripted(Act.REDIRECT)) as server:
        run = send(server)
    assert mg.RunState.HALTED is run.state
    assert {"not_sent": 3} == run.counts
    assert "base_url" in run.summary()


def test_success_false_is_a_refusal_and_a_contradiction_is_a_doubt(send: Send) -> None:
    """A 200 that says no settles the row; one that says no and names a mail does not."""
    with ScriptedServer(scripted(Act.NO_SUCCESS, Act.CONTRADICTION)) as server:
        run = send(server)
    assert ["refused", "unknown", "accepted"] == list(run.frame["state"])


def test_still_at_work_is_waited_for(send: Send) -> None:
    """A 409 of another code on a repeat is asked again under the same key."""
    acts = [Act.OK, Act.DROP_AFTER, Act.OK, Act.AT_WORK, Act.AT_WORK]
    with ScriptedServer(scripted(*acts)) as server:
        run = send(server)
    assert {"accepted": 3} == run.counts
    assert {1} == set(server.mailed.values())


def test_a_server_that_accepts_after_the_client_gave_up_mails_once(send: Send) -> None:
    """The repeat finds the late acceptance under its key."""
    with ScriptedServer(scripted(Act.OK, Act.LATE)) as server:
        run = send(server)
    assert {"accepted": 3} == run.counts
    assert {1} == set(server.mailed.values())


def test_an_error_of_the_apis_own_is_never_repeated(send: Send) -> None:
    """It is not stored under the key, so the key protects nothing."""
    with ScriptedServer(scripted(Act.OK, Act.ERROR_AFTER)) as server:
        first, again = send(server), send(server)
    assert {"accepted": 2, "unknown": 1} == first.counts
    assert {"already_sent": 2, "unknown": 1} == again.counts
    assert {1} == set(server.mailed.values())


def test_a_plan_edited_between_runs_leaves_a_doubt_open(send: Send) -> None:
    """Other bytes under the same key would be a conflict; a new key a second mail."""
    acts = [Act.OK, Act.OK, *[Act.DROP_AFTER] * 4]
    with ScriptedServer(scripted(*acts)) as server:
        send(server)
        edited = send(server, subject="Hello again {{first_name}}")
        restored = send(server)
    assert ["plan_changed"] == list(edited.unknown["reason"])
    assert {"already_sent": 2, "accepted": 1} == restored.counts
    assert {1} == set(server.mailed.values())


def test_another_api_key_leaves_a_doubt_open(send: Send) -> None:
    """Keys are remembered per API key, so a colleague's repeat is not protected."""
    acts = [Act.OK, Act.OK, *[Act.DROP_AFTER] * 4]
    with ScriptedServer(scripted(*acts)) as server:
        send(server)
        other = send(server, api_key="c" * 20)
    assert ["other_api_key"] == list(other.unknown["reason"])
    assert {1} == set(server.mailed.values())


def test_a_replay_on_a_first_attempt_means_another_ledger(send: Send, plan: Plan, tmp_path: Path) -> None:
    """Somebody without our ledger sent the same mailing under the same keys."""
    with ScriptedServer(scripted()) as server:
        send(server)
        client = mg.Migma("k" * 20, base_url=server.url, workers=1, rate="1000/second")
        other = plan(3).send(client, confirm=3, progress=False, ledger=tmp_path / "other.sqlite3")
    assert {"already_sent": 3} == other.counts
    assert {"another_ledger"} == set(other.frame["reason"])
    assert {1} == set(server.mailed.values())


def test_a_refusal_after_a_doubt_settles_nothing(send: Send) -> None:
    """The repeat was refused, the first attempt may have been taken."""
    with ScriptedServer(scripted(Act.OK, Act.DROP_AFTER), Memory.ALL) as server:
        server.script = scripted(Act.OK, Act.DROP_BEFORE, Act.OK, Act.REFUSE)
        run = send(server)
    assert {"accepted": 2, "unknown": 1} == run.counts


def test_a_server_that_closes_idle_connections_makes_no_row_unknown(plan: Plan, tmp_path: Path) -> None:
    """At one mail a second it hangs up just as the next would leave; a connection that old is not used."""
    with ScriptedServer(scripted(), idle_s=1.0) as server:
        client = mg.Migma("k" * 20, base_url=server.url, timeout=5, workers=1, rate="1/second")
        run = plan(5).send(client, confirm=5, progress=False, ledger=tmp_path / "ledger.sqlite3")
    assert {"accepted": 5} == run.counts
    assert [1] * 5 == list(run.frame["attempts"])


@on_this_clock
@pytest.mark.parametrize(
    ("hours", "state", "reason"), [(22.9, "accepted", "ok"), (23.1, "unknown", "key_too_old")]
)
def test_a_key_is_used_for_23_hours_also_across_a_restart(
    send: Send, monkeypatch: pytest.MonkeyPatch, hours: float, state: str, reason: str
) -> None:
    """The API forgets keys after a day; a later repeat would be a second mail."""
    with ScriptedServer(scripted(Act.OK, Act.OK, *[Act.DROP_AFTER] * 4)) as server:
        assert {"accepted": 2, "unknown": 1} == send(server).counts
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
        again = send(server)
    assert [state, reason] == list(again.frame.loc[2, ["state", "reason"]])
    assert {1} == set(server.mailed.values())


@on_this_clock
def test_a_clock_that_was_set_back_makes_every_key_too_old(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By such a clock a key of yesterday could look young."""
    with ScriptedServer(scripted(Act.OK, Act.OK, *[Act.DROP_AFTER] * 4)) as server:
        send(server)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() - 3600)
        again = send(server)
    assert ["key_too_old"] == list(again.unknown["reason"])
    assert {1} == set(server.mailed.values())


@on_this_clock
def test_a_proof_is_kept_for_a_day_and_only_a_positive_one(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three questions about refusals, one about an acceptance; then none until tomorrow."""
    with ScriptedServer(scripted()) as server:
        send(server, mailing="one")
        assert 4 == server.questions
        send(server, mailing="two")
        assert 4 == server.questions
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 24.1 * 3600)
        send(server, mailing="three")
        assert 8 == server.questions
    with ScriptedServer(scripted(), Memory.ONLY_4XX) as forgetful:
        send(forgetful, mailing="one")
        send(forgetful, mailing="two")
        assert 8 == forgetful.questions


def test_a_run_that_was_not_confirmed_asks_nothing_of_a_server(plan: Plan, tmp_path: Path) -> None:
    """One mail needs no confirm, and then nothing but that mail is posted."""
    with ScriptedServer(scripted()) as server:
        client = mg.Migma("k" * 20, base_url=server.url, rate="1000/second")
        ledger = tmp_path / "ledger.sqlite3"
        assert {"accepted": 1} == plan(1).send(client, progress=False, ledger=ledger).counts
    assert (0, 1) == (server.questions, len(server.calls))


def test_a_doubt_beyond_the_limit_stays_a_doubt(send: Send) -> None:
    """A trial of one row called the other doubts not sent, though they may have been mailed."""
    with ScriptedServer(scripted(Act.OK, Act.OK, *[Act.DROP_AFTER] * 8)) as server:
        assert ["accepted", "accepted", "unknown", "unknown"] == list(send(server, 4).frame["state"])
        limited = send(server, 6, limit=1)
        assert {"already_sent": 2, "accepted": 1, "unknown": 1, "not_sent": 2} == limited.counts
        assert {"already_sent": 3, "accepted": 3} == send(server, 6).counts
    assert {1} == set(server.mailed.values())
