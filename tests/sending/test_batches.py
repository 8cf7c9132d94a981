"""Batches: one call for many, counted before it leaves, never repeated by itself, followed to its end."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.sending import batches
from tests.servers.scripted import Act, Call, Memory, ScriptedServer

pytestmark = pytest.mark.usefixtures("hasten")

OPTIONS: dict[str, Any] = {
    "mailing": "m",
    "sender": "A <a@b.example>",
    "subject": "Hi",
    "template": "<p>x</p>",
    "project_id": "p",
}
#: Two tags and two people in one mailing.
MIXED = pd.DataFrame(
    {
        "recipientType": ["tag", "email", "segment", "email"],
        "recipientId": ["t", None, "s", None],
        "recipientEmail": [None, "ann@x.example", None, "bo@x.example"],
    },
    index=list("abcd"),
)


def mixed(**changes: Any) -> mg.SendPlan:
    """Plan the mixed frame, with overlap allowed."""
    return mg.plan(MIXED, **OPTIONS | {"transactional": False, "overlap": "allowed"} | changes)


def client_of(server: ScriptedServer) -> mg.Migma:
    """Return a live client that soon gives up on an answer."""
    return mg.Migma("k" * 20, base_url=server.url, timeout=0.3, workers=1, rate="1000/second")


def ok(call: Call) -> Act:
    """Accept everything."""
    del call
    return Act.OK


def status(word: str, sent: int = 0, failed: int = 0, *, total: int = 10, **more: Any) -> tuple[int, Any]:
    """Return the answer on a batch."""
    counts = {
        "totalCount": total,
        "queuedCount": total - sent - failed,
        "sentCount": sent,
        "failedCount": failed,
    }
    return 200, {"success": True, "data": {"batchId": "b", "status": word, **counts, **more}}


def reads(*answers: tuple[int, Any], count: int | None = None) -> Callable[[str], tuple[int, Any] | None]:
    """Return a script for GETs: a batch gives these answers, the last for ever; a tag holds so many."""
    left: Iterator[tuple[int, Any]] = iter(answers)
    last = [answers[-1] if answers else status("completed", 10)]

    def read(path: str) -> tuple[int, Any] | None:
        if "/sending/" in path:
            last[0] = next(left, last[0])
            return last[0]
        if count is not None and ("/tags/" in path or "/segments/" in path):
            return 200, {"success": True, "data": {"id": "t", "name": "VIP", "subscriberCount": count}}
        return 403, {"success": False, "error": "not allowed", "code": "FORBIDDEN"}

    return read


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a standstill last a moment, and let batches be asked about often."""
    monkeypatch.setattr(batches, "STANDSTILL_S", 0.5)
    monkeypatch.setattr(batches, "LONGEST_WAIT_S", 0.05)
    monkeypatch.setattr(batches, "FIRST_WAIT_S", 0.02)


# --- once ---


def test_a_frame_of_targets_is_sent_once_however_often_it_is_sent(place: str) -> None:
    """Each row one call; the second send mails nobody and shows what the batches came to."""
    with ScriptedServer(ok) as server:
        server.reads = reads(status("completed", 8, 2))
        plan = mixed()
        runs = [plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place) for _ in range(2)]
    assert {"tag:t": 1, "segment:s": 1, "ann@x.example": 1, "bo@x.example": 1} == dict(server.mailed)
    assert [{"accepted": 4}, {"already_sent": 4}] == [run.counts for run in runs]
    for run in runs:
        assert [10, None, 10, None] == [None if pd.isna(n) else n for n in run.frame["batch_total"]]
        assert list("abcd") == list(run.frame.index)
    assert runs[1].summary().startswith("Nobody was mailed: all 4 were mailed on ")
    for detail in runs[1].wait(progress=False).frame["detail"].iloc[[0, 2]]:
        assert detail.startswith(f"mailed by run {runs[0].id} on ")
        assert detail.endswith(" | the batch is completed: 8 sent, 2 not mailed of 10")


@pytest.mark.parametrize(
    "act", [Act.DROP_AFTER, Act.SILENT_AFTER, Act.GATEWAY_AFTER, Act.ERROR_AFTER, Act.CUT]
)
@pytest.mark.parametrize("memory", list(Memory))
def test_a_batch_whose_answer_is_lost_is_never_repeated_and_a_single_recipient_beside_it_is(
    place: str, act: Act, memory: Memory
) -> None:
    """Whatever the server honours: a second batch would mail everybody again."""
    seen: set[str] = set()

    def first_time_lost(call: Call) -> Act:
        if call.recipient in seen:
            return Act.OK
        seen.add(call.recipient)
        return act if call.recipient != "bo@x.example" else Act.OK

    with ScriptedServer(first_time_lost, memory) as server:
        plan = mixed()
        for _ in range(2):
            run = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
        sent = [call.recipient for call, _ in server.calls]
    assert [1, 1] == [sent.count(batch) for batch in ("tag:t", "segment:s")]
    assert ["unknown", "unknown"] == list(run.frame["state"].iloc[[0, 2]])
    assert {1} == set(server.mailed.values())
    lost_answer = act is not Act.ERROR_AFTER
    expected = "already_sent" if memory is Memory.ALL and lost_answer else "unknown"
    assert expected == run.frame["state"].iloc[1]
    options = run.unknown["options"]
    assert not options.loc[["a", "c"]].str.contains("send the plan again").any()
    assert options.loc[["a", "c"]].str.contains("mail everybody again").all()


def test_a_batch_that_was_certainly_not_taken_is_asked_for_again(place: str) -> None:
    """A 429 or no connection took nothing: the same call may be made."""
    acts = iter([Act.LIMITED, Act.BUSY, Act.OK])
    with ScriptedServer(lambda _: next(acts, Act.OK)) as server:
        server.reads = reads()
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
    assert ({"accepted": 1}, 1, 3) == (run.counts, server.mailed["tag:t"], len(server.calls))


def test_a_process_that_dies_with_a_batch_in_flight_leaves_it_unknown_for_good(place: str) -> None:
    """What is on record of it is enough, in every later run."""
    with ScriptedServer(lambda call: Act.DROP_AFTER if call.number == 1 else Act.OK) as server:
        server.reads = reads()
        first = mg.plan(mg.Tag("t"), **OPTIONS)
        run = first.send(client_of(server), confirm=first.id, progress=False, ledger=place)
        assert {"unknown": 1} == run.counts
        again = mixed(overlap="allowed").send(
            client_of(server), confirm=mixed().id, progress=False, ledger=place
        )
        assert {"unknown": 1, "accepted": 3} == again.counts
        assert 1 == server.mailed["tag:t"]
        # Only a person's own word sends it again, and not without its own confirmation.
        again.resolve(again.frame["state"] == "unknown", as_="resend", confirm=1)
        last = mixed().send(client_of(server), confirm=mixed().id, progress=False, ledger=place)
    assert {"already_sent": 3, "accepted": 1} == last.counts
    assert 2 == server.mailed["tag:t"]


@pytest.mark.both_at_once
def test_two_runs_at_once_send_each_target_once(place: str) -> None:
    """On a file and in PostgreSQL alike."""
    with ScriptedServer(ok) as server:
        server.delay_s = 0.05
        server.reads = reads()
        plan = mixed()
        runs = [plan.start(client_of(server), confirm=plan.id, ledger=place) for _ in range(2)]
        for run in runs:
            run.wait(progress=False)
    assert {1} == set(server.mailed.values())
    mailed = (mg.State.ACCEPTED, mg.State.ALREADY_SENT)
    assert [4, 4] == [sum(run.counts.get(state, 0) for state in mailed) for run in runs]


# --- overlap ---


@pytest.mark.both_at_once
def test_batches_and_single_recipients_share_a_mailing_only_where_that_is_allowed(place: str) -> None:
    """In one plan and over several, whatever was allowed before."""
    with ScriptedServer(ok) as server:
        client = client_of(server)
        server.reads = reads()

        def send(plan: mg.SendPlan) -> mg.Run:
            return plan.send(client, confirm=plan.people or plan.id, progress=False, ledger=place)

        with pytest.raises(mg.InputError, match=r"2 batches .* and 2 single recipients"):
            send(mixed(overlap=None))
        send(mg.plan(mg.Tag("t"), **OPTIONS))
        for other in (mg.Tag("u"), "ann@x.example"):
            with pytest.raises(mg.InputError, match="already holds the batch tag:t"):
                send(mg.plan(other, **OPTIONS))
        assert {"already_sent": 1} == send(mg.plan(mg.Tag("t"), **OPTIONS)).counts
        assert {"already_sent": 1, "accepted": 3} == send(mixed()).counts
        with pytest.raises(mg.InputError, match="already holds"):
            send(mg.plan(mg.Tag("t"), **OPTIONS))
    assert {1} == set(server.mailed.values())


# --- confirm ---


def test_a_live_batch_is_confirmed_by_the_number_of_people_that_it_holds_now(place: str) -> None:
    """Counted again right before the send; what changed since the plan is said, and what to type."""
    with ScriptedServer(ok) as server:
        client = client_of(server)
        server.reads = reads(count=312)
        plan = mg.plan(mg.Tag("t"), client=client, **OPTIONS)
        assert 312 == plan.people
        assert "312 people" in repr(plan)
        assert "VIP" in repr(plan)
        for given in (None, 1, plan.id, True):
            with pytest.raises(mg.ConfirmationError, match="confirm=312"):
                plan.send(client, confirm=given, progress=False, ledger=place)
        server.reads = reads(count=340)
        with pytest.raises(mg.ConfirmationError, match=r"held 312 when you planned, now 340.*confirm=340"):
            plan.send(client, confirm=312, progress=False, ledger=place)
        assert [] == server.calls
        assert {"accepted": 1} == plan.send(client, confirm=340, progress=False, ledger=place).counts


def test_where_it_cannot_be_counted_the_plans_id_confirms_a_batch(place: str) -> None:
    """No permission, or an answer that tells nothing: why is said, and nothing is stopped by it."""
    with ScriptedServer(ok) as server:
        client = client_of(server)
        server.reads = reads(count=312)
        told = mg.plan(mg.Tag("t"), client=client, **OPTIONS)
        server.reads = reads()
        with pytest.raises(mg.ConfirmationError, match=f"HTTP 403: not allowed.*confirm='{told.id}'"):
            told.send(client, confirm=312, progress=False, ledger=place)
        untold = mg.plan(mg.Tag("t"), client=client, **OPTIONS)
        assert untold.people is None
        assert "not known (HTTP 403: not allowed)" in repr(untold).replace("\n             ", " ")
        assert {"accepted": 1} == untold.send(client, confirm=untold.id, progress=False, ledger=place).counts


def test_a_batch_that_was_mailed_already_needs_no_new_count(place: str) -> None:
    """The same cell again mails nobody, though the tag has grown or gone since."""
    with ScriptedServer(ok) as server:
        client = client_of(server)
        server.reads = reads(status("completed", 10), count=312)
        plan = mg.plan(mg.Tag("t"), client=client, **OPTIONS)
        plan.send(client, confirm=312, progress=False, ledger=place)
        server.reads = reads(status("completed", 10), count=0)
        again = plan.send(client, confirm=312, progress=False, ledger=place)
    assert {"already_sent": 1} == again.counts
    assert again.summary().startswith("Nobody was mailed: the batch was mailed on ")


def test_a_retry_of_a_refused_batch_is_confirmed_by_its_people_too(place: str) -> None:
    """The number of refused rows would say 1, and mail 312."""
    acts = iter([Act.REFUSE])
    with ScriptedServer(lambda _: next(acts, Act.OK)) as server:
        client = client_of(server)
        server.reads = reads(status("completed", 10), count=312)
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.send(client, confirm=312, progress=False, ledger=place)
        assert {"refused": 1} == run.counts
        with pytest.raises(mg.ConfirmationError, match="312"):
            run.retry(confirm=1, progress=False)
        assert {"accepted": 1} == run.retry(confirm=312, progress=False).counts


# --- followed to the end ---


@pytest.mark.parametrize("generation", ["b", "c"])
@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (lambda _: None, ("completed", 20, 0)),
        (lambda server: server.throttle_batches(after=5, for_seconds=0.4), ("completed", 20, 0)),
        (lambda server: server.fail_batches(after=8, error="It broke."), ("failed", 8, 12)),
    ],
)
def test_a_batch_is_followed_to_its_end_in_both_generations(
    generation: Any, happens: Callable[[Any], None], expected: tuple[str, int, int]
) -> None:
    """Its counts, its word and its error stand in the frame."""
    with mg.Sandbox() as sandbox:
        sandbox.server.close()
        from migma_nb.sandbox import SandboxServer  # noqa: PLC0415 - only here is another generation asked for

        with SandboxServer(generation=generation, batch_seconds=0.3) as server:
            tag = server.add_tag("news")
            for n in range(20):
                server.add_contact(f"p{n}@d.example", tags=["news"])
            happens(server)
            client = mg.Migma(server.api_key, base_url=server.url, rate="1000/second")
            plan = mg.plan(mg.Tag(tag["id"]), client=client, **OPTIONS)
            run = plan.send(client, confirm=20, progress=False, ledger=sandbox.ledger)
    row = run.frame.iloc[0]
    assert expected == (row["api_status"], row["batch_sent"], row["batch_failed"])
    if expected[0] == "failed":
        assert "It broke." in row["detail"]
        assert "12 of 20 people were not mailed" in run.summary()
        assert "a tag of their own" in run.summary()


def test_a_throttled_batch_is_shown_with_its_resume_time_and_waited_for(
    place: str, capsys: pytest.CaptureFixture[str], soon: None
) -> None:
    """Until then it is no standstill, however long that lasts."""
    del soon
    begun: list[datetime] = []

    def read(path: str) -> Any:
        if "/sending/" not in path:
            return None
        if not begun:
            begun.append(datetime.now(UTC) + timedelta(seconds=4))
        if datetime.now(UTC) > begun[0]:
            return status("completed", 10)
        at = begun[0].isoformat().replace("+00:00", "Z")
        throttle = {"expiresAt": at, "reason": "Daily limit", "remainingCount": 7}
        return status("throttled", 3, throttle=throttle)

    with ScriptedServer(ok) as server:
        server.reads = read
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.start(client_of(server), confirm=plan.id, ledger=place)
        while "Daily limit" not in (shown := run.summary()):
            time.sleep(0.01)
        until = begun[0]
        assert f"until {until:%Y-%m-%d %H:%M} UTC (Daily limit) 7 are left" in shown
        run.wait()
    assert f"throttled until {until:%Y-%m-%d %H:%M} UTC" in capsys.readouterr().err
    assert "completed" == run.frame["api_status"].iloc[0]


def test_a_throttle_that_does_not_end_when_it_said_is_a_standstill(place: str, soon: None) -> None:
    """Its resume time has passed, and nothing moves."""
    del soon
    past = {"expiresAt": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    with ScriptedServer(ok) as server:
        server.reads = reads(status("throttled", 3, throttle=past))
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
    assert "stood still" in run.frame["detail"].iloc[0]


def test_a_batch_that_never_ends_is_given_up_and_says_so(place: str, soon: None) -> None:
    """The run is finished, the row accepted, and what is known of the batch stands beside it."""
    del soon
    with ScriptedServer(ok) as server:
        answers = [status("processing", 4, updatedAt=str(n)) for n in range(10_000)]
        server.reads = reads(*answers)
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
        row = run.frame.iloc[0]
        assert ("finished", "accepted", "processing", 4) == (
            run.state, row["state"], row["api_status"], row["batch_sent"]
        )  # fmt: skip
        assert "stood still" in row["detail"]
        assert "run.wait() follows it to its end" in run.summary()
        server.reads = reads(status("completed", 10))
        run.wait(progress=False)
    assert ("completed", 10) == tuple(run.frame.iloc[0][["api_status", "batch_sent"]])
    assert "goes on" not in run.summary()


def test_a_wait_with_a_time_limit_ends_although_the_batch_does_not(place: str) -> None:
    """The run, which is over, says what is known; whoever waits again goes on."""
    with ScriptedServer(ok) as server:
        server.reads = reads(status("processing", 1))
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.start(client_of(server), confirm=plan.id, ledger=place)
        began = time.monotonic()
        run.wait(1.0, progress=False)
        assert time.monotonic() - began < 20
        assert ("finished", 1) == (run.state, run.frame["batch_sent"].iloc[0])
        server.reads = reads(status("completed", 10))
        assert 10 == run.wait(progress=False).frame["batch_sent"].iloc[0]


def test_another_process_follows_a_batch_on_with_a_client(place: str, soon: None) -> None:
    """The ledger knows the batch; a client of another server is refused."""
    del soon
    with ScriptedServer(ok) as server, ScriptedServer(ok) as other:
        server.reads = reads(status("processing", 1))
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        sent = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
        run = mg.open_run(sent.id, ledger=place)
        assert 1 == run.wait(progress=False).frame["batch_sent"].iloc[0], "without a client nobody can ask"
        with pytest.raises(mg.InputError, match="was sent to"):
            run.wait(progress=False, client=client_of(other))
        server.reads = reads(status("processing", 7), status("partial", 9, 1, error="one bounced"))
        run.wait(progress=False, client=client_of(server))
        asked = len(server.asked)
        run.wait(progress=False, client=client_of(server))
    row = sent.frame.iloc[0]
    assert ("partial", 9, 1) == (row["api_status"], row["batch_sent"], row["batch_failed"])
    assert "one bounced" in row["detail"]
    assert asked == len(server.asked), "what has ended is not asked for again"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, {"success": False, "error": "no email:read"}), "HTTP 403: no email:read"),
        ((500, {"success": False, "error": "it broke"}), "no clear answer"),
        ((200, {"success": True, "data": "odd"}), "no clear answer"),
    ],
)
def test_progress_that_cannot_be_read_ends_in_an_honest_word(
    place: str, soon: None, answer: tuple[int, Any], words: str
) -> None:
    """The batch was taken; how far it is, is not known."""
    del soon
    with ScriptedServer(ok) as server:
        server.reads = lambda path: answer if "/sending/" in path else None
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
    row = run.frame.iloc[0]
    assert ("accepted", "queued") == (row["state"], row["api_status"])
    assert words in row["detail"]


@pytest.mark.parametrize(
    "data",
    [
        {"status": "completed"},
        {"status": "COMPLETED", "totalCount": "10", "sentCount": 10**40},
        {"status": "completed", "throttle": "none", "totalCount": -1, "extra": {}},
    ],
)
def test_a_strange_status_is_read_as_far_as_it_goes(place: str, data: dict[str, Any]) -> None:
    """Missing, mistyped and absurd parts count as missing; the end is an end."""
    with ScriptedServer(ok) as server:
        server.reads = lambda path: (200, {"success": True, "data": data}) if "/sending/" in path else None
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
    assert "completed" == run.frame["api_status"].iloc[0].lower()


def test_many_batches_share_one_bar_and_one_sum(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The bar adds up what the batches report, each row keeps its own."""
    with ScriptedServer(ok) as server:
        server.reads = reads(status("completed", 6, 4), status("completed", 9, 1))
        plan = mixed()
        run = plan.send(client_of(server), confirm=plan.id, ledger=place)
    assert {(6, 4), (9, 1)} == set(
        map(tuple, run.frame[["batch_sent", "batch_failed"]].dropna().astype(int).to_numpy().tolist())
    )
    shown = capsys.readouterr().err
    assert "2 batches: 100%" in shown
    assert "sent=15, failed=5" in shown
    assert "all 2 batches: 20 total, 0 queued, 15 sent, 5 failed (2 × completed)" in run.summary()


def test_an_interrupt_while_a_batch_is_followed_leaves_it_to_the_server(place: str) -> None:
    """`stop` ends the following at once; the batch's call stays accepted."""
    with ScriptedServer(ok) as server:
        server.reads = reads(status("processing", 1))
        plan = mg.plan(mg.Tag("t"), **OPTIONS)
        run = plan.start(client_of(server), confirm=plan.id, ledger=place)
        while run.frame.get("batch_sent") is None or pd.isna(run.frame["batch_sent"].iloc[0]):
            time.sleep(0.01)
        stopping = threading.Timer(0.1, run.stop)
        stopping.start()
        began = time.monotonic()
        run.wait(30, progress=False)
        stopping.join()
        assert time.monotonic() - began < 25
    assert {"accepted": 1} == run.counts
    assert "goes on" in run.summary()


def test_a_row_of_a_frame_goes_out_with_its_own_content(place: str) -> None:
    """As planned, byte for byte, single recipients and batches alike."""
    frame = MIXED.assign(subject=list("abcd"))
    plan = mg.plan(frame, **OPTIONS | {"subject": None, "transactional": False, "overlap": "allowed"})
    with ScriptedServer(ok) as server:
        server.reads = reads()
        plan.send(client_of(server), confirm=plan.id, progress=False, ledger=place)
        bodies = [json.loads(call.body) for call, _ in server.calls]
    assert list("abcd") == [body["subject"] for body in bodies]
    assert ["tag", "email", "segment", "email"] == [body["recipientType"] for body in bodies]
