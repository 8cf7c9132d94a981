"""Unknown rows and the ways out: a person's word, a retry, and what each needs."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from tests.servers.scripted import Act, Call, ScriptedServer

Plan = Callable[..., mg.SendPlan]

pytestmark = pytest.mark.usefixtures("hasten", "by_default")


def broken_for(recipients: set[str], act: Act) -> Callable[[Call], Act]:
    """Return a script that does one thing to these people."""
    return lambda call: act if call.recipient in recipients else Act.OK


def client_of(server: ScriptedServer) -> mg.Migma:
    """Return a live client of a scripted server."""
    return mg.Migma("k" * 20, base_url=server.url, workers=1, rate="1000/second", timeout=0.3)


def test_unknown_rows_say_what_is_uncertain_and_what_can_be_done(plan: Plan) -> None:
    """A frame under the input's own index, a sentence for each row."""
    people = pd.DataFrame(
        {"email": ["p0@d0.example", "p1@d1.example"], "first_name": ["A", "B"]}, index=["x", "y"]
    )
    with ScriptedServer(broken_for({"p1@d1.example"}, Act.ERROR_AFTER)) as server:
        run = plan(people).send(client_of(server), confirm=2, progress=False)
    found = run.unknown
    assert ["y"] == list(found.index)
    assert "error of its own" in str(found.loc["y", "why"])
    assert "run.resolve" in str(found.loc["y", "options"])
    assert "run.unknown says" in run.summary()


def test_resend_by_a_persons_word_mails_again_under_a_new_key(plan: Plan) -> None:
    """Only the row that was named, only with its own confirm, and it stays on record."""
    people = {"p0@d0.example", "p1@d1.example"}
    with ScriptedServer(broken_for(people, Act.ERROR_BEFORE)) as server:
        client = client_of(server)
        run = plan(3).send(client, confirm=3, progress=False)
        assert {"unknown": 2, "accepted": 1} == run.counts
        server.script = broken_for(set(), Act.OK)
        with pytest.raises(mg.ConfirmationError, match="confirm=1"):
            run.resolve([0], as_="resend")
        with pytest.raises(mg.ConfirmationError):
            run.resolve([0], as_="resend", confirm=2)
        run.resolve([0], as_="resend", confirm=1)
        assert ["not_sent", "unknown", "accepted"] == list(run.frame["state"])
        again = plan(3).send(client, confirm=3, progress=False)
    assert ["accepted", "unknown", "already_sent"] == list(again.frame["state"])
    assert {"p0@d0.example": 1, "p2@d2.example": 1} == server.mailed
    assert run.frame["idempotency_key"][0] != again.frame["idempotency_key"][0]


def test_sent_by_a_persons_word_is_never_mailed_again(plan: Plan) -> None:
    """Later runs say who said so."""
    with ScriptedServer(broken_for({"p1@d1.example"}, Act.ERROR_AFTER)) as server:
        client = client_of(server)
        run = plan(3).send(client, confirm=3, progress=False)
        run.resolve(run.frame["state"] == "unknown", as_="sent", confirm=1)
        assert ("already_sent", "resolved") == tuple(run.frame.loc[1, ["state", "reason"]])
        again = plan(3).send(client, confirm=3, progress=False)
    assert {"already_sent": 3} == again.counts
    assert ("resolved", True) == (
        again.frame.loc[1, "reason"],
        "you said on" in str(again.frame.loc[1, "detail"]),
    )
    assert {1} == set(server.mailed.values())


@pytest.mark.parametrize("rows", [[2], ["nobody"], [True, False], 7])
def test_what_is_not_unknown_or_not_there_cannot_be_resolved(plan: Plan, rows: object) -> None:
    """Nothing is changed, and the sentence names the row."""
    with ScriptedServer(broken_for({"p1@d1.example"}, Act.ERROR_AFTER)) as server:
        run = plan(3).send(client_of(server), confirm=3, progress=False)
        before = run.frame
        with pytest.raises(mg.InputError, match=r"Nothing was changed|The mask"):
            run.resolve(rows, as_="resend", confirm=1)
    pd.testing.assert_frame_equal(before, run.frame)


def test_a_label_that_fits_two_rows_is_a_question(plan: Plan) -> None:
    """A mask says which is meant."""
    people = pd.DataFrame({"email": ["p0@d.example", "p1@d.example"], "first_name": ["A", "B"]}, index=[5, 5])
    with ScriptedServer(broken_for({"p0@d.example", "p1@d.example"}, Act.ERROR_BEFORE)) as server:
        run = plan(people).send(client_of(server), confirm=2, progress=False)
        with pytest.raises(mg.InputError, match="fits several rows"):
            run.resolve(5, as_="resend", confirm=1)
        run.resolve([True, False], as_="resend", confirm=1)
    assert ["not_sent", "unknown"] == list(run.frame["state"])


def test_a_row_that_a_later_run_settled_cannot_be_ruled_on_from_the_older_account(plan: Plan) -> None:
    """The older run's frame still says unknown; the ledger knows better."""
    with ScriptedServer(lambda call: Act.DROP_AFTER if call.number in {3, 4, 5, 6} else Act.OK) as server:
        client = client_of(server)
        old = plan(3).send(client, confirm=3, progress=False)
        assert {"accepted": 2, "unknown": 1} == old.counts
        new = plan(3).send(client, confirm=3, progress=False)
        assert {"already_sent": 2, "accepted": 1} == new.counts
        with pytest.raises(mg.InputError, match="accepted in the ledger meanwhile"):
            old.resolve(old.frame["state"] == "unknown", as_="resend", confirm=1)
    assert {1} == set(server.mailed.values())


def test_a_retry_takes_up_the_refused_and_leaves_the_rest_alone(plan: Plan) -> None:
    """Unchanged bytes, new keys; what was never tried and what is unknown stays as it is."""
    script = {1: Act.REFUSE, 2: Act.ERROR_AFTER}
    with ScriptedServer(lambda call: script.get(call.number, Act.OK)) as server:
        client = client_of(server)
        run = plan(5).send(client, confirm=5, limit=3, progress=False)
        assert ["refused", "unknown", "accepted", "not_sent", "not_sent"] == list(run.frame["state"])
        assert "refused" == plan(5).send(client, confirm=5, limit=1, progress=False).frame["state"][0]
        with pytest.raises(mg.ConfirmationError, match="confirm=1"):
            run.retry()
        before = server.mailed
        again = run.retry(confirm=1, progress=False)
    assert "accepted" == again.frame["state"][0]
    assert "unknown" == again.frame["state"][1]
    assert {"p0@d0.example"} == set(server.mailed - before)
    assert {1} == set(server.mailed.values())


def test_a_retry_where_nobody_was_refused_is_refused(plan: Plan, tmp_path: Path) -> None:
    """It says so, also for a run that was opened without its plan."""
    with ScriptedServer(broken_for(set(), Act.OK)) as server:
        client = client_of(server)
        run = plan(2).send(client, confirm=2, progress=False, ledger=tmp_path / "l.sqlite3")
        with pytest.raises(mg.InputError, match="Nobody of this plan was refused"):
            run.retry(confirm=0)
        with pytest.raises(mg.InputError, match=r"plan\.retry\(client\)"):
            mg.open_run(run.id, ledger=tmp_path / "l.sqlite3").retry()


def test_mails_of_a_raw_template_have_no_log_to_reconcile_with(plan: Plan) -> None:
    """The sentence says what can be done instead."""
    with ScriptedServer(broken_for({"p1@d1.example"}, Act.ERROR_AFTER)) as server:
        run = plan(2).send(client_of(server), confirm=2, progress=False)
        with pytest.raises(mg.InputError, match="raw template"):
            run.reconcile()
