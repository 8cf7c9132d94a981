"""Unknown rows settled from Migma's own log: what is certain, and nothing else."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from tests.sending.lost import client_of, half_lost, send, states
from tests.servers.answering import AnsweringServer, Reply
from tests.servers.distorted import DistortedLog

Plan = Callable[..., mg.SendPlan]
Mails = Callable[[mg.Sandbox], Counter[str]]

pytestmark = pytest.mark.usefixtures("hasten")


@pytest.mark.parametrize(
    "fault",
    [
        "accept_then_drop",
        "error_500_after_accept",
        "html_error_after_accept",
        "cut_json",
        "garbled_json",
        "silence_after_accept",
    ],
)
def test_mails_that_were_taken_without_an_answer_are_found_in_the_log(
    sandbox: mg.Sandbox, by_email: Plan, mails: Mails, fault: str
) -> None:
    """Each gets the log's own id and status, the summary counts them, and nobody is mailed again."""
    run = send(sandbox, by_email(6), fault)
    assert ["unknown"] * 6 == states(run)
    assert run is run.reconcile()
    assert {"accepted": 6} == run.counts
    frame = run.frame
    assert {"reconciled"} == set(frame["reason"])
    assert {"delivered"} == set(frame["api_status"])
    assert {each["id"]: each["to"] for each in sandbox.server.sends()} == dict(
        zip(frame["message_id"], frame["recipient"], strict=True)
    )
    assert "6 × reconciled: unknown until found in Migma's log" in run.summary()
    again = by_email(6).send(client_of(sandbox), progress=False)
    assert {"already_sent": 6} == again.counts
    assert {1} == set(mails(sandbox).values())


@pytest.mark.parametrize("fault", ["drop_before_accept", "error_500_before_accept", "silence_before_accept"])
def test_that_a_line_is_missing_proves_nothing(sandbox: mg.Sandbox, by_email: Plan, fault: str) -> None:
    """The rows stay unknown, and every cell of their account as it was."""
    run = send(sandbox, by_email(4), fault)
    before = run.frame
    run.reconcile()
    pd.testing.assert_frame_equal(before, run.frame)
    assert "reconciled" not in run.summary()


def test_of_rows_lost_before_and_after_acceptance_only_the_latter_are_settled(
    sandbox: mg.Sandbox, by_email: Plan, mails: Mails
) -> None:
    """Whatever the order in which they were lost, the account agrees with the outbox."""
    sandbox.set_faults({"accept_then_drop": 0.3, "drop_before_accept": 0.2, "error_500_after_accept": 0.1})
    run = by_email(60).send(client_of(sandbox), progress=False)
    assert {"accepted", "unknown"} == set(states(run))
    run.reconcile()
    got = mails(sandbox)
    assert [got[to] for to in run.frame["recipient"]] == [int(state == "accepted") for state in states(run)]
    assert {"accepted", "unknown"} == set(states(run))


def test_a_suppressed_mail_is_found_with_its_status(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """The API took it, and says itself that it went no further."""
    people = pd.DataFrame({"email": ["bounced@d.example"], "first_name": ["B"]})
    run = send(sandbox, by_email(people), "accept_then_drop")
    run.reconcile()
    assert ("accepted", "suppressed") == tuple(run.frame.loc[0, ["state", "api_status"]])


def test_a_line_of_another_mailing_of_the_same_email_is_not_taken_for_this_ones(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """The same person, email and subject twice; only the second mailing arrived, and it is known."""
    first = send(sandbox, by_email(3, mailing="first"), "drop_before_accept")
    second = send(sandbox, by_email(3, mailing="second"))
    assert {"accepted": 3} == second.counts
    first.reconcile()
    assert ["unknown"] * 3 == states(first)


@pytest.mark.parametrize(
    "order", ["drop_before_accept accept_then_drop", "accept_then_drop drop_before_accept"]
)
def test_one_line_for_two_uncertain_mailings_is_not_guessed(
    sandbox: mg.Sandbox, by_email: Plan, order: str
) -> None:
    """Neither is settled, whichever was lost and whichever is asked for."""
    runs = [send(sandbox, by_email(2, mailing=fault), fault) for fault in order.split()]
    for run in runs:
        run.reconcile()
    assert [["unknown"] * 2] * 2 == [states(run) for run in runs]


def test_two_lines_for_two_uncertain_mailings_settle_both_but_give_neither_an_id(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """That both were taken is certain; which line is whose is not."""
    runs = [send(sandbox, by_email(2, mailing=name), "accept_then_drop") for name in ("a", "b")]
    for run in runs:
        run.reconcile()
    assert [["accepted"] * 2] * 2 == [states(run) for run in runs]
    assert all(run.frame["message_id"].isna().all() for run in runs)


def test_a_mailing_that_still_may_be_at_work_keeps_its_line_to_itself(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """A person's word settled the other one without an id, so the one line may be either's."""
    spoken_for = send(sandbox, by_email(1, mailing="a"), "accept_then_drop")
    spoken_for.resolve([0], as_="sent", confirm=1)
    run = send(sandbox, by_email(1, mailing="b"), "drop_before_accept")
    run.reconcile()
    assert ["unknown"] == states(run)


def test_a_mail_that_was_sent_again_by_a_persons_word_leaves_its_first_line_in_doubt(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """The first attempt arrived after all; its line does not settle another mailing."""
    again = by_email(1, mailing="a")
    run = send(sandbox, again, "accept_then_drop")
    run.resolve([0], as_="resend", confirm=1)
    assert {"accepted": 1} == send(sandbox, again).counts
    other = send(sandbox, by_email(1, mailing="b"), "drop_before_accept")
    other.reconcile()
    assert ["unknown"] == states(other)


def test_a_person_in_two_rows_is_settled_only_where_the_rows_can_be_told_apart(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """Under `key=`: equal subjects and one line say nothing, different subjects say whose it is."""
    people = pd.DataFrame({"email": ["ann@d.example"] * 2, "invoice": ["1001", "1002"]})
    for subject, expected in (
        ("Your invoice", ["unknown", "unknown"]),
        ("Invoice {{invoice}}", ["accepted", "unknown"]),
    ):
        planned = by_email(people, mailing=subject, subject=subject, key="invoice")
        sandbox.set_faults({"accept_then_drop": 1.0})
        planned.send(client_of(sandbox), limit=1, progress=False)
        run = send(sandbox, planned, "drop_before_accept")
        assert ["unknown", "unknown"] == states(run)
        run.reconcile()
        assert expected == states(run)


def test_a_log_of_many_pages_is_read_to_its_end(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """More than a hundred lines are the row's own, and more came after them."""
    run = send(sandbox, by_email(180, mailing="a"), "accept_then_drop", 0.7)
    assert states(run).count("unknown") > 100
    send(sandbox, by_email(90, mailing="b", subject="Other"))
    asked = len(sandbox.server.requests())
    run.reconcile()
    assert {"accepted": 180} == run.counts
    assert 3 == len(sandbox.server.requests()) - asked


def test_a_line_that_came_an_hour_later_is_another_mailings(
    sandbox: mg.Sandbox, by_email: Plan, tmp_path: Path
) -> None:
    """A colleague with a ledger of their own mails the same email to the same people."""
    run = send(sandbox, by_email(2), "drop_before_accept")
    sandbox.server.advance(3700)
    by_email(2).send(client_of(sandbox), ledger=tmp_path / "colleague.sqlite3", progress=False)
    sandbox.server.drain()
    run.reconcile()
    assert ["unknown"] * 2 == states(run)


def test_a_line_from_before_the_first_attempt_is_another_mailings(
    sandbox: mg.Sandbox, by_email: Plan, tmp_path: Path
) -> None:
    """Three seconds earlier, by a ledger that this one does not know."""
    colleague = by_email(2).send(client_of(sandbox), ledger=tmp_path / "colleague.sqlite3", progress=False)
    assert {"accepted": 2} == colleague.counts
    sandbox.server.drain()
    with DistortedLog(sandbox, shift_s=-3.0) as distorted:
        sandbox.set_faults({"drop_before_accept": 1.0})
        run = by_email(2).send(client_of(sandbox, account="a"), progress=False)
        assert ["unknown"] * 2 == states(run)
        run.reconcile(distorted.client())
    assert ["unknown"] * 2 == states(run)


def test_a_key_that_may_only_send_is_told_what_it_lacks(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """`email:read`, in a sentence; with it the same call works."""
    run = half_lost(sandbox, by_email(12))
    for permissions, reads in ((["email:send"], False), (["email:read"], True)):
        key = sandbox.server.make_key(permissions)
        client = mg.Migma(key, base_url=sandbox.url, account="a")
        if reads:
            assert {"accepted": 12} == run.reconcile(client).counts
            continue
        with pytest.raises(mg.AccountError, match="email:read") as caught:
            run.reconcile(client)
        assert 403 == caught.value.status


def test_another_server_is_not_asked(sandbox: mg.Sandbox, by_email: Plan) -> None:
    """It knows nothing of this run, whatever its log says."""
    run = send(sandbox, by_email(2), "accept_then_drop")
    with AnsweringServer(lambda _: Reply(200, b"{}")) as server:
        with pytest.raises(mg.InputError, match="was sent to"):
            run.reconcile(mg.Migma("k" * 20, base_url=server.url))
        assert [] == server.requests


def test_a_conversation_and_a_raw_template_have_no_log(sandbox: mg.Sandbox, plan: Plan) -> None:
    """The sentence names both, and `run.unknown` does not offer the log."""
    for changes in ({}, {"template": None, "project_id": None, "conversation_id": "c1"}):
        run = send(sandbox, plan(2, mailing=str(changes), **changes), "accept_then_drop")
        assert not run.unknown["options"].str.contains("reconcile").any()
        with pytest.raises(mg.InputError, match="raw template or a conversation"):
            run.reconcile()


def test_a_mail_in_doubt_from_an_earlier_plan_without_a_log_is_not_looked_for_in_the_new_ones(
    sandbox: mg.Sandbox, plan: Plan, by_email: Plan
) -> None:
    """The mailing began with a raw template and goes on with a stored email."""
    send(sandbox, plan(2), "accept_then_drop")
    run = send(sandbox, by_email(2))
    assert ["unknown"] * 2 == states(run)
    assert not run.unknown["options"].str.contains("reconcile").any()
    with pytest.raises(mg.InputError, match="raw template"):
        run.reconcile()


def test_a_batch_is_not_reconciled(sandbox: mg.Sandbox, stored: str) -> None:
    """Its one call leaves a line for each contact, which says nothing of the call."""
    tag = sandbox.server.add_tag("vip")
    sandbox.server.add_contact("ann@d.example", tags=["vip"])
    planned = mg.plan(mg.Tag(tag["id"]), mailing="m", sender="A <a@b.example>", subject="S", email_id=stored)
    run = send(sandbox, planned, "accept_then_drop")
    with pytest.raises(mg.InputError, match="batch"):
        run.reconcile()


def test_a_run_that_was_opened_by_its_id_is_reconciled_with_a_client(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """Without one it says how; the options of its unknown rows name the way."""
    sent = send(sandbox, by_email(3), "accept_then_drop")
    run = mg.open_run(sent.id, ledger=sandbox.ledger)
    assert run.unknown["options"].str.contains(r"run\.reconcile\(\) looks into Migma's log").all()
    with pytest.raises(mg.InputError, match=r"run\.reconcile\(client\)"):
        run.reconcile()
    assert {"accepted": 3} == run.reconcile(client_of(sandbox)).counts
    assert 0 == len(run.unknown)
    assert {"accepted": 3} == sent.counts


def test_reconciling_twice_and_where_nothing_is_unknown_changes_nothing(
    sandbox: mg.Sandbox, by_email: Plan
) -> None:
    """The second time the log is not even asked."""
    run = send(sandbox, by_email(3), "accept_then_drop").reconcile()
    before, asked = run.frame, len(sandbox.server.requests())
    run.reconcile()
    pd.testing.assert_frame_equal(before, run.frame)
    assert asked == len(sandbox.server.requests())


def frame_of(stored: str, *rows: tuple[str, str]) -> pd.DataFrame:
    """Return a frame of targets whose rows each name the stored email themselves."""
    return pd.DataFrame(
        {
            "recipientType": [kind for kind, _ in rows],
            "recipientId": [None if kind == "email" else whom for kind, whom in rows],
            "recipientEmail": [whom if kind == "email" else None for kind, whom in rows],
            "emailId": stored,
        }
    )


def test_a_row_that_names_its_own_email_is_looked_for_in_that_ones_log(
    sandbox: mg.Sandbox, stored: str
) -> None:
    """The run has none for all of its rows; the claim knows."""
    options: dict[str, Any] = {
        "mailing": "m",
        "sender": "A <a@b.example>",
        "subject": "S",
        "transactional": True,
    }
    frame = frame_of(stored, ("email", "ann@d.example"), ("email", "bo@d.example"))
    run = send(sandbox, mg.plan(frame, **options), "accept_then_drop")
    assert ["unknown"] * 2 == states(run)
    assert run.unknown["options"].str.contains("reconcile").all()
    assert {"accepted": 2} == run.reconcile().counts


@pytest.mark.parametrize("own", [True, False])
def test_a_line_that_a_batch_of_the_same_email_may_have_left_settles_nobody(
    sandbox: mg.Sandbox, stored: str, *, own: bool
) -> None:
    """Ann is in the tag: the line with her address and that subject is the batch's, not her own row's."""
    tag = sandbox.server.add_tag("vip")
    sandbox.server.add_contact("ann@d.example", tags=["vip"])
    options: dict[str, Any] = {"sender": "A <a@b.example>", "subject": "S", "transactional": True}
    ann = mg.plan("ann@d.example", mailing="m", email_id=stored, **options)
    run = send(sandbox, ann, "drop_before_accept")
    sandbox.set_faults({})
    many = frame_of(stored, ("tag", tag["id"])) if own else mg.Tag(tag["id"])
    batch = mg.plan(many, mailing="n", **options | ({} if own else {"email_id": stored}))
    assert {"accepted": 1} == batch.send(client_of(sandbox), progress=False).counts
    sandbox.server.drain()
    run.reconcile()
    assert ["unknown"] == states(run)
