"""The send: each person once, every row accounted for, whatever is done again."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.sending.accounts import FRAME_COLUMNS
from tests.faults import EACH_FAULT

Plan = Callable[..., mg.SendPlan]
Mails = Callable[[mg.Sandbox], Counter[str]]


def test_everybody_is_mailed_once_and_again_is_nobody(plan: Plan, mails: Mails) -> None:
    """Each mail has its own person's name; the same cell again mails nobody, and says so first."""
    with mg.Sandbox() as sandbox:
        first = plan(50).send(sandbox.client(), progress=False)
        again = plan(50).send(sandbox.client(), progress=False)
        assert {mg.State.ACCEPTED: 50} == first.counts
        assert {mg.State.ALREADY_SENT: 50} == again.counts
        assert again.summary().startswith("Nobody was mailed: all 50 were mailed on ")
        assert list(first.frame["message_id"]) == list(again.frame["message_id"])
        assert {1} == set(mails(sandbox).values())
        subjects = dict(zip(sandbox.outbox["to"], sandbox.outbox["subject"], strict=True))
        assert {f"p{n}@d{n % 7}.example": f"Hello N{n}" for n in range(50)} == subjects


def test_the_frame_has_the_inputs_rows_order_and_index(plan: Plan) -> None:
    """Also with labels that are not unique, invalid rows and doubles."""
    people = pd.DataFrame(
        {"email": ["b@x.example", "broken", "a@x.example", "B@x.example"], "first_name": list("bxab")},
        index=pd.Index([7, 7, 3, 1], name="customer"),
    )
    with mg.Sandbox() as sandbox:
        run = plan(people).send(sandbox.client(), skip_invalid=True, progress=False)
        frame = run.frame
    assert list(FRAME_COLUMNS) == list(frame.columns)
    assert people.index.equals(frame.index)
    assert ["accepted", "invalid", "accepted", "duplicate"] == list(frame["state"])


def test_a_mailing_begun_with_another_plan_says_how_many_keep_what_that_one_sent(plan: Plan) -> None:
    """New content under an old name reaches only those who had not been mailed yet."""
    with mg.Sandbox() as sandbox:
        plan(20).send(sandbox.client(), limit=12, progress=False)
        run = plan(20, subject="News for {{first_name}}").send(sandbox.client(), progress=False)
        assert {"accepted": 8, "already_sent": 12} == run.counts
        assert "12 keep what an earlier plan of this mailing sent them" in run.summary()
        assert (
            "keep what"
            not in plan(20, subject="News for {{first_name}}", mailing="other")
            .send(sandbox.client(), progress=False)
            .summary()
        )


def test_a_column_of_the_input_survives_a_collision(plan: Plan) -> None:
    """A list with a column `state` of its own keeps it; the account's is prefixed."""
    people = pd.DataFrame({"email": ["a@x.example"], "first_name": ["A"], "state": ["LA"]})
    with mg.Sandbox() as sandbox:
        joined = plan(people).send(sandbox.client(), progress=False).join(people)
    assert ("LA", "accepted") == (joined.loc[0, "state"], joined.loc[0, "mail_state"])


def test_errors_and_missing_confirms_stop_everything(plan: Plan) -> None:
    """Nothing is posted before the number of people is typed in."""
    with mg.Sandbox() as sandbox:
        live = mg.Migma(sandbox.server.api_key, base_url=sandbox.url)
        with pytest.raises(mg.ConfirmationError, match=r"LIVE .*confirm=20"):
            plan(20).send(live)
        with pytest.raises(mg.ConfirmationError):
            plan(20).send(live, confirm=19)
        with pytest.raises(mg.InputError, match="row 0"):
            plan([{"email": "x", "first_name": "X"}]).send(sandbox.client())
        assert [] == sandbox.server.requests()
        plan(20).send(live, confirm=20, progress=False)
        assert 20 == len(sandbox.outbox)


def test_limit_and_stop_leave_rows_that_a_later_send_takes_up(plan: Plan, mails: Mails) -> None:
    """Nobody is lost, nobody is mailed twice."""
    with mg.Sandbox() as sandbox:
        assert {"accepted": 5, "not_sent": 15} == plan().send(
            sandbox.client(), limit=5, progress=False
        ).counts
        run = plan().start(sandbox.client(rate="20/second"))
        run.stop()
        run.wait(progress=False)
        assert mg.RunState.STOPPED is run.state
        assert 20 == len(run.frame)
        done = plan().send(sandbox.client(), progress=False)
        assert {"accepted", "already_sent"} >= set(done.frame["state"])
        assert {1} == set(mails(sandbox).values())
        assert 20 == len(mails(sandbox))


# Where keys are honoured, more is repeated, with pauses that grow.
@pytest.mark.parametrize("idempotency", [pytest.param(True, marks=pytest.mark.proof), False])
@pytest.mark.parametrize("fault", EACH_FAULT)
def test_under_every_fault_nobody_is_mailed_twice_and_no_row_lies(
    plan: Plan, mails: Mails, fault: str, *, idempotency: bool
) -> None:
    """200 sends with one fault switched on; then the same cell again."""
    with mg.Sandbox(faults={fault: 0.06}, seed=5, idempotency=idempotency) as sandbox:
        for _ in range(2):
            run = plan(200).send(sandbox.client(timeout=1.0), progress=False)
            frame, sent = run.frame, mails(sandbox)
            got = frame["recipient"].map(sent).fillna(0)
            assert 200 == len(frame)
            assert not (got > 1).any()
            assert (got[frame["state"].isin(["accepted", "already_sent"])] == 1).all()
            assert (got[~frame["state"].isin(["accepted", "already_sent", "unknown"])] == 0).all()
            assert {"accepted", "already_sent", "unknown"} >= set(frame["state"])


def test_a_wrong_key_halts_at_once_and_costs_no_row_its_chance(plan: Plan) -> None:
    """The run says what to mend; every row can still be sent."""
    with mg.Sandbox() as sandbox:
        wrong = mg.Migma("mgma_sk_test_wrongwrong", base_url=sandbox.url)
        run = plan().send(wrong, confirm=20, progress=False)
        assert (mg.RunState.HALTED, {"not_sent": 20}) == (run.state, run.counts)
        assert "Check the API key" in run.summary()
        right = mg.Migma(sandbox.server.api_key, base_url=sandbox.url)
        assert {"accepted": 20} == plan().send(right, confirm=20, progress=False).counts


def test_a_server_that_is_not_there_halts_with_a_sentence(plan: Plan) -> None:
    """No traceback, no endless wait, nothing lost."""
    run = plan(3).send(mg.Migma("k" * 20, base_url="http://127.0.0.1:9"), confirm=3, progress=False)
    assert mg.RunState.HALTED is run.state
    assert "Check the network" in run.summary()


def test_a_tag_is_one_call_that_honours_consent_and_is_never_repeated(plan: Plan) -> None:
    """300 contacts, 20 unsubscribed, 10 bounced: 270 as marketing, 290 as transactional."""
    for transactional, expected in ((None, 270), (True, 290)):
        with mg.Sandbox() as sandbox:
            tag = sandbox.server.add_tag("news")
            for n in range(300):
                status = "unsubscribed" if n < 20 else "bounced" if n < 30 else "subscribed"
                sandbox.server.add_contact(f"c{n}@x.example", status=status, tags=["news"])
            options = {"subject": "News", "template": "<p>Hi</p>", "transactional": transactional}
            run = plan(mg.Tag(tag["id"]), **options).send(sandbox.client(), progress=False)
            again = plan(mg.Tag(tag["id"]), **options).send(sandbox.client(), progress=False)
            outbox = sandbox.outbox
            assert (expected, expected) == (len(outbox), int(run.frame["batch_sent"].iloc[0]))
            assert {"already_sent": 1} == again.counts
            listed = outbox["headers"].map(lambda headers: "List-Unsubscribe" in headers)
            assert listed.all() if transactional is None else not listed.any()
            with pytest.raises(mg.InputError, match="could be mailed twice"):
                plan(3).send(sandbox.client())


def test_cells_that_a_spreadsheet_would_run_are_neutralised(plan: Plan, tmp_path: Path) -> None:
    """A cell that begins like a formula gets an apostrophe."""
    people = pd.DataFrame({"email": ["=cmd|x", "a@x.example"], "first_name": ["A", "B"]})
    with mg.Sandbox() as sandbox:
        plan(people).send(sandbox.client(), skip_invalid=True, progress=False).to_csv(tmp_path / "s.csv")
    assert "'=cmd|x" in (tmp_path / "s.csv").read_text(encoding="utf-8-sig")


def test_a_direct_call_says_what_the_api_said_and_shows_no_key() -> None:
    """One call of any recipient type; refusals name the field."""
    fields = {
        "from_": "a@b.example",
        "from_name": "A",
        "subject": "S",
        "template": "<p>x</p>",
        "project_id": "p",
    }
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        answer = client.send(recipient_type="email", recipient_email="x@y.example", **fields)
        assert "queued" == answer.status
        with pytest.raises(mg.RefusedError) as caught:
            client.send(recipient_type="tag", recipient_id="nowhere", **fields)
        assert 404 == caught.value.status
        with pytest.raises(mg.InputError, match="No batch"):
            client.batch("nowhere")
        assert sandbox.server.api_key not in f"{client!r} {client.settings!r} {caught.value!r}"


def test_a_kept_sandbox_knows_at_another_port_who_was_mailed(plan: Plan, tmp_path: Path) -> None:
    """Its account and its ledger belong together, wherever it is served."""
    with mg.Sandbox(path=tmp_path / "kept") as sandbox:
        plan(5).send(sandbox.client(), progress=False)
    with mg.Sandbox(path=tmp_path / "kept") as sandbox:
        assert {"already_sent": 5} == plan(5).send(sandbox.client(), progress=False).counts
        assert 5 == len(sandbox.outbox)
