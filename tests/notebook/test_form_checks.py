"""What the form says is missing or wrong, field by field."""

from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.notebook.form_checks import Checked, Checker
from migma_nb.notebook.form_draft import Draft, draft_of
from migma_nb.planning.plan import make_plan
from tests.notebook.conftest import COMPLETE


def check(people: Any, **arguments: Any) -> Checked:
    """Return what the form finds out."""
    return Checker(lambda whom, given: make_plan(whom, **given)).check(draft_of(people, arguments))


def without(*names: str) -> dict[str, Any]:
    """Return a complete mailing without some of its arguments."""
    return {name: value for name, value in COMPLETE.items() if name not in names}


def test_an_empty_form_says_all_that_it_needs_at_once(people: pd.DataFrame) -> None:
    """Nothing is wrong yet; what is missing is told in the order of the form."""
    assert ("people", "content", "subject", "sender", "mailing") == check(None).missing
    found = check(people)
    assert ("content", "subject", "sender", "mailing", "transactional") == found.missing
    assert ({}, None) == (found.wrong, found.plan)
    assert found.address is not None


def test_a_complete_draft_has_the_plan_of_mg_plan(people: pd.DataFrame) -> None:
    """Same arguments, same id."""
    assert make_plan(people, **COMPLETE).id == getattr(check(people, **COMPLETE).plan, "id", None)


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("sender", "billing@acme.example", "sender"),
        ("sender", "A <not an address>", "sender"),
        ("subject", "two\nlines", "subject"),
        ("reply_to", "B <b@acme.example>", "reply_to"),
        ("provider", "post", "provider"),
        ("mailing", "a\0b", "mailing"),
        ("template", "gone.html", "content"),
        ("template", "\ud800 <p>", "content"),
        ("address", "gone", "address"),
    ],
)
def test_what_is_wrong_stands_at_its_field(people: pd.DataFrame, name: str, value: str, field: str) -> None:
    """By the planner's own words, and nothing else is blamed."""
    found = check(people, **{**COMPLETE, name: value})
    assert [field] == list(found.wrong)
    with pytest.raises(mg.InputError) as error:
        make_plan(people, **{**COMPLETE, name: value})
    assert error.value.message == found.wrong[field].message
    assert found.plan is None


def test_several_wrong_fields_are_told_together(people: pd.DataFrame) -> None:
    """The planner stops at the first; the form does not."""
    found = check(people, **without("mailing") | {"sender": "x", "reply_to": "y", "template": "gone.html"})
    assert {"sender", "reply_to", "content"} == set(found.wrong)
    assert ("mailing",) == found.missing


def test_two_address_columns_are_a_question(people: pd.DataFrame) -> None:
    """It is answered by a choice."""
    people["Work Email"] = people["email"]
    found = check(people, **COMPLETE)
    assert "2 columns could hold the addresses" in found.wrong["address"].message
    assert check(people, **COMPLETE, address="Work Email").plan is not None


def test_a_placeholder_without_column_wants_one_or_a_default(people: pd.DataFrame) -> None:
    """Also once another column was chosen by hand, when the planner itself would only warn."""
    template = "<p>{{first_name}} {{town}}</p>"
    for chosen in ({}, {"variables": {"first_name": "plan"}}):
        found = check(people, **{**COMPLETE, "template": template, **chosen})
        assert "{{town}}" in found.wrong["variables"].message
        assert found.plan is None
    told: dict[str, Any] = {**COMPLETE, "template": template, "defaults": {"town": "Bonn"}}
    assert check(people, **told).plan is not None
    assert check(people, **{**COMPLETE, "template": template, "variables": {"town": None}}).plan is not None


def test_a_chosen_column_leaves_the_guesses_for_the_others(people: pd.DataFrame) -> None:
    """One correction does not take the other placeholders their columns."""
    people["kind"] = ["a", "b", "c"]
    found = check(people, **COMPLETE, variables={"plan": "kind"})
    assert found.plan is not None
    assert {"first_name": "First Name", "plan": "kind"} == dict(found.plan.columns)


def test_another_list_forgets_what_was_said_of_columns(people: pd.DataFrame) -> None:
    """A column of the old list is no question of the new one; the same columns keep the choice."""
    draft = draft_of(people, {**COMPLETE, "address": "email", "key": "plan", "exclude": ["a@b.example"]})
    same = draft.to(draft_of(people.head(1), {}).recipients)
    assert {"address", "key", "exclude"} <= set(same.arguments)
    other = draft.to(draft_of(pd.DataFrame({"mail": ["a@b.example"]}), {}).recipients)
    assert {"address", "key"}.isdisjoint(other.arguments)
    tagged = draft.to(draft_of(mg.Tag("t"), {}).recipients)
    assert {"address", "key", "exclude"}.isdisjoint(tagged.arguments)


def test_what_is_emptied_is_taken_out() -> None:
    """A field with only spaces in it was not filled."""
    draft = Draft().given("subject", "Hi").given("subject", "  ")
    assert {} == dict(draft.arguments)
    assert {} == dict(draft.given("template", "x", "Path('x')").given("template", "y").written)


def test_a_frame_of_targets_brings_its_own_subject_and_content() -> None:
    """What each row says is not asked for."""
    frame = pd.DataFrame(
        {
            "recipientType": ["tag"],
            "recipientId": ["t"],
            "subject": ["Hi"],
            "emailId": ["em_1"],
        }
    )
    found = check(frame, mailing="m", sender="A <a@b.example>")
    assert ((), {}) == (found.missing, found.wrong)
    assert found.plan is not None


def test_a_stored_email_brings_its_subject_and_placeholders(people: pd.DataFrame) -> None:
    """Neither subject nor project has to be given, and its placeholders are matched."""
    email = mg.StoredEmail(
        id="em_1", conversation_id="c", subject="Hi {{plan}}", html="<p>{{first_name}}</p>"
    )
    found = check(people, **without("template", "subject", "project_id"), email_id=email)
    assert ((), {}) == (found.missing, found.wrong)
    assert ("plan", "first_name") == found.placeholders
    assert found.plan is not None


def test_a_list_is_checked_before_the_rest_is_there(people: pd.DataFrame) -> None:
    """Its problems and its mails can be looked at, and nothing of it can be sent."""
    people.loc[1, "email"] = "bo@@acme.org"
    found = check(people, subject="Hi {{first_name}} {{town}}")
    assert found.plan is None
    assert found.sketch is not None
    assert ["invalid_email"] == [code for code in found.sketch.plan.issues["code"] if code.startswith("inv")]
    message = found.sketch.message(0)
    assert ("Hi Ann {{town}}", "(not chosen yet)") == (message.subject, message.sender)
    assert check(None, **COMPLETE).sketch is None
    assert check(people, **COMPLETE).sketch is None
