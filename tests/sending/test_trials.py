"""A test of a plan: a few rows, as they would go, to the one address that was typed, and nobody else."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.planning.plan import make_plan
from migma_nb.planning.trials import CHOSEN, chosen, trial_of

Plan = Callable[..., mg.SendPlan]
ME = "Me@Acme.example"
PEOPLE = {
    "email": [f"p{n}@d.example" for n in range(9)],
    "first_name": [f"{'N' * (n + 1)}" for n in range(9)],
}


def sent(sandbox: mg.Sandbox) -> dict[str, int]:
    """Return how many mails went to whom."""
    return dict(Counter(sandbox.outbox["to"]))


def test_a_few_rows_go_to_the_one_address_as_they_would_go(plan: Plan) -> None:
    """Subject and content are those of the rows; nobody of the list is mailed, and all of it after."""
    with mg.Sandbox() as sandbox:
        planned, client = plan(pd.DataFrame(PEOPLE)), sandbox.client()
        run = planned.test(client, to=ME, progress=False)
        assert {ME: 2} == sent(sandbox)
        assert {planned.preview(row).subject for row in (0, 8)} == set(sandbox.outbox["subject"])
        assert "2 of 2 tests of 'm' sent to the one address that you named." in run.summary()
        assert {"accepted": 9} == planned.send(client, progress=False).counts
        assert {ME: 2} | dict.fromkeys(PEOPLE["email"], 1) == sent(sandbox)


def test_testing_again_mails_nothing_again_until_it_is_asked_for(plan: Plan) -> None:
    """The cell that is run again says that these were sent, and how to send them once more."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        plan(5).test(client, to=ME, rows=[1, 4], progress=False)
        again = plan(5).test(client, to="  me@acme.EXAMPLE ", rows=[1, 4], progress=False)
        assert {"already_sent": 2} == again.counts
        assert "these 2 tests were sent on " in again.summary()
        assert "again=True sends once more" in again.summary()
        assert {ME: 2} == sent(sandbox)
        assert {"accepted": 2} == plan(5).test(client, to=ME, rows=[1, 4], again=True, progress=False).counts
        assert {ME: 4} == sent(sandbox)


def test_only_rows_that_were_not_tested_go_when_more_are_named(plan: Plan) -> None:
    """Each row of a test stands for itself, and another address or another content is another test."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        plan(5).test(client, to=ME, rows=1, progress=False)
        run = plan(5).test(client, to=ME, rows=[1, 2], progress=False)
        assert {"accepted": 1, "already_sent": 1} == run.counts
        assert (
            "1 of 2 tests of 'm' sent to the one address that you named, 1 were sent before." in run.summary()
        )
        plan(5).test(client, to="you@acme.example", rows=1, progress=False)
        plan(5, subject="Dear {{first_name}}").test(client, to=ME, rows=1, progress=False)
        assert {ME: 3, "you@acme.example": 1} == sent(sandbox)


def test_the_account_of_a_test_has_the_labels_of_its_rows(plan: Plan) -> None:
    """In the order in which they were named."""
    frame = pd.DataFrame(PEOPLE, index=pd.Index(list("abcdefghi"), name="customer"))
    with mg.Sandbox() as sandbox:
        account = plan(frame).test(sandbox.client(), to=ME, rows=[7, 2], progress=False).frame
    assert ["h", "c"] == list(account.index)
    assert [ME, ME] == list(account["recipient"])


def test_a_live_test_needs_no_number_and_posts_nothing_but_the_mails(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is typed; the mailing itself asks for its number as before."""
    with mg.Sandbox() as server:
        monkeypatch.setenv("MIGMA_API_KEY", server.server.api_key)
        client = mg.Migma(base_url=server.url)
        plan(5).test(client, to=ME, rows=[0, 1, 2], progress=False)
        assert {ME: 3} == sent(server)
        with pytest.raises(mg.ConfirmationError, match="This would mail 5 people"):
            plan(5).send(client, progress=False)
        assert {ME: 3} == sent(server)


def test_who_is_on_the_list_too_gets_the_test_and_still_the_mailing(plan: Plan) -> None:
    """The two are two mailings."""
    with mg.Sandbox() as sandbox:
        planned, client = plan(3), sandbox.client()
        mine = planned.preview(0).recipient
        planned.test(client, to=mine, rows=0, progress=False)
        assert {"accepted": 3} == planned.send(client, progress=False).counts
        assert 2 == sent(sandbox)[mine]


def test_a_plan_with_errors_and_open_questions_can_be_tested(plan: Plan) -> None:
    """A test is how one finds out; only rows that would be sent are taken."""
    people = pd.DataFrame(
        {"email": ["broken", "a@x.example", "a@x.example", "b@x.example"], "first_name": list("xabc")}
    )
    with mg.Sandbox() as sandbox:
        planned, client = plan(people, transactional=False), sandbox.client()
        with pytest.raises(mg.InputError, match="Row 0 will not be sent"):
            planned.test(client, to=ME, rows=0)
        planned.test(client, to=ME, progress=False)
        assert {"Hello a", "Hello c"} == set(sandbox.outbox["subject"])
        assert {ME} == set(sandbox.outbox["to"])


@pytest.mark.parametrize("kind", [mg.Tag, mg.Segment, mg.Audience])
def test_a_test_of_a_batch_is_one_mail_to_one_address(plan: Plan, kind: Any) -> None:
    """Nobody in the tag or segment gets it."""
    with mg.Sandbox() as sandbox:
        sandbox.server.add_contact("ann@x.example", tags=["VIP"])
        tag = sandbox.tags["id"][0]
        planned = plan(kind(tag), variables={"first_name": "all"}, transactional=None)
        assert {"accepted": 1} == planned.test(sandbox.client(), to=ME, progress=False).counts
        assert {ME: 1} == sent(sandbox)
        assert ["Hello all"] == list(sandbox.outbox["subject"])


@pytest.mark.parametrize("more", ["", ", again at 2026-11-24 09:00:00"])
def test_no_mailing_can_be_called_as_a_test_is(plan: Plan, more: str) -> None:
    """Its people would stand as tested, and its summary would tell of the one address."""
    planned = plan(3)
    with pytest.raises(mg.InputError, match=r"is what plan\.test calls a test"):
        plan(3, mailing=f"test of {planned.mailing} (plan {planned.id}){more}")


@pytest.mark.parametrize(
    "to", ["", "me", None, ["a@x.example"], "a@x.example, b@x.example", "a@x.example\nb"]
)
def test_what_is_not_one_address_is_refused(plan: Plan, to: Any) -> None:
    """Before anything is sent."""
    with mg.Sandbox() as sandbox:
        with pytest.raises(mg.InputError, match="Nothing was sent"):
            plan(3).test(sandbox.client(), to=to)
        assert {} == sent(sandbox)


@pytest.mark.parametrize("rows", [-1, 3, True, "0", [0, 99], [], 1.0, {0: 1}])
def test_what_names_no_rows_is_refused(plan: Plan, rows: Any) -> None:
    """Before anything is sent."""
    with mg.Sandbox() as sandbox:
        with pytest.raises(mg.InputError, match="Nothing was sent"):
            plan(3).test(sandbox.client(), to=ME, rows=rows)
        assert {} == sent(sandbox)


def test_no_test_is_of_a_whole_list(plan: Plan) -> None:
    """A loop of hundreds of mails to oneself is no test."""
    with mg.Sandbox() as sandbox, pytest.raises(mg.InputError, match="a test is of 1 to 20"):
        plan(50).test(sandbox.client(), to=ME, rows=list(range(50)))


def test_the_rows_that_show_most_are_chosen() -> None:
    """The first, the longest, the shortest, one with a default, one with a warning, of those to be sent."""
    people = pd.DataFrame(
        {
            "email": ["broken", "a@x.org", "b@x.org", "c@x.org", "info@x.org", "e@x.org", "f@x.org"],
            "name": ["zzzzzzzzzz", "Ann", "Annabella", "Al", "Desk", None, "Fay"],
        }
    )
    planned = make_plan(
        people,
        mailing="m",
        sender="Acme <billing@acme.example>",
        subject="Hello {{name}}",
        template="<p>{{name}}</p>",
        project_id="p",
        transactional=True,
        defaults={"name": "you!"},
    )
    assert [1, 2, 3, 4, 5] == chosen(planned)


CELLS = st.one_of(st.none(), st.text(max_size=5), st.integers(0, 9), st.floats(0, 9), st.booleans())
TARGETS = st.fixed_dictionaries(
    {
        "recipientType": st.sampled_from(["email", "tag", "segment", "audience"]),
        "name": CELLS,
        "subject": st.sampled_from(["Hi {{name}}", "Dear {{name}}"]),
    }
)


@settings(deadline=None)
@given(cells=st.lists(CELLS, min_size=1, max_size=12))
def test_of_a_tested_row_only_the_recipient_is_another(cells: list[Any]) -> None:
    """Byte for byte, whatever stands in the list."""
    frame = pd.DataFrame({"email": [f"p{n}@d.example" for n in range(len(cells))], "name": cells})
    planned = make_plan(
        frame,
        mailing="m",
        sender="A <a@x.example>",
        subject="Hi",
        template="{{name}}",
        project_id="p",
        transactional=True,
        defaults={"name": "you"},
    )
    rows = chosen(planned)
    assert len(rows) <= CHOSEN
    trial = trial_of(planned, ME)
    for at, row in enumerate(rows):
        theirs, mine = f'"{planned.address(row)}"'.encode(), f'"{ME}"'.encode()
        assert planned.body(row).replace(theirs, mine) == trial.body(at)


@settings(deadline=None)
@given(rows=st.lists(TARGETS, min_size=1, max_size=6))
def test_no_request_of_a_test_names_anybody_else(rows: list[dict[str, Any]]) -> None:
    """No address of the list, and no tag, segment or audience."""
    types = [str(row["recipientType"]) for row in rows]
    frame = pd.DataFrame(rows).assign(
        recipientId=["" if kind == "email" else f"id{n}" for n, kind in enumerate(types)],
        recipientEmail=[f"p{n}@d.example" if kind == "email" else "" for n, kind in enumerate(types)],
    )
    planned = make_plan(
        frame,
        mailing="m",
        sender="A <a@x.example>",
        template="{{name}}",
        project_id="p",
        transactional=False,
        defaults={"name": "you"},
    )
    trial = trial_of(planned, ME)
    assert bool(planned.ready) == bool(trial.ready)
    people = set()
    for row in trial.ready:
        body = json.loads(trial.body(row))
        assert ("email", ME, None) == tuple(
            body.get(name) for name in ("recipientType", "recipientEmail", "recipientId")
        )
        assert ["recipientEmail"] == [
            name for name, value in body.items() if "@d.example" in str(value) or value == ME
        ]
        people.add(trial.recipient(row))
    assert len(trial.ready) == len(people)
    assert people.isdisjoint(planned.recipient(row) for row in planned.ready)
