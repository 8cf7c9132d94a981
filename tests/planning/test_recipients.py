"""Who is mailed: every form of recipients, and the column that holds the addresses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.plan import Plan

Planner = Callable[..., Plan]


def test_every_form_of_recipients_is_the_same_plan(
    plan: Planner, people: pd.DataFrame, tmp_path: Path
) -> None:
    """A frame, a file as text or path, and a list of dicts plan the same mails."""
    path = tmp_path / "people.csv"
    people.to_csv(path, index=False)
    forms = [people, path, str(path), people.to_dict("records")]
    plans = [plan(form, subject="Hi {{first_name}}") for form in forms]
    assert [plans[0].id] * 4 == [each.id for each in plans]


def test_one_address_is_a_plan_for_one(plan: Planner) -> None:
    """An address by itself needs no frame, and values for it are given as they are."""
    one = plan("ann@acme.example", subject="Hi {{name}}", variables={"name": "Ann"}, transactional=None)
    assert (1, ["ann@acme.example"]) == (one.people, [one.address(i) for i in one.ready])
    assert "Hi Ann" == one.message(0).subject
    assert one.constants["transactional"] is True


def test_a_list_of_addresses_is_a_list_of_people(plan: Planner) -> None:
    """Texts in a list are addresses."""
    assert 2 == plan(["ann@acme.example", "bo@acme.example"]).people


@pytest.mark.parametrize(
    ("recipients", "words"),
    [
        (pd.DataFrame({"email": []}), "has no rows"),
        ([], "has no rows"),
        ("people", "neither an address nor a file"),
        (7, "cannot be an int"),
        ([{"email": "a@x.example"}, 7], "Item 1 .* is an int"),
        ("nobody.csv", "There is no file"),
    ],
)
def test_other_recipients_are_refused_with_words(plan: Planner, recipients: Any, words: str) -> None:
    """What nobody can be mailed from is one clear error."""
    with pytest.raises(InputError, match=words) as caught:
        plan(recipients)
    assert caught.value.hint


def test_columns_called_subject_or_from_change_nothing(plan: Planner, people: pd.DataFrame) -> None:
    """Only a column recipientType makes a frame one of targets."""
    more = people.assign(subject="other", **{"from": "x@y.example"})
    assert plan(people).id == plan(more).id


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "E-Mail",
        "Email Address",
        "MAIL",
        "recipient",
        "recipient_email",
        "correo",
        "Courriel",
        "E-Mail-Adresse",
        "Correo electrónico",
        "Adresse e-mail",
    ],
)
def test_the_address_column_is_found_by_its_name(plan: Planner, name: str) -> None:
    """Case, spaces, punctuation and accents aside."""
    found = plan(pd.DataFrame({"id": [1, 2], name: ["a@x.example", None]}))
    assert name == found.address_column
    assert f'The addresses are in column "{name}", found by its name' in found.address_note


def test_the_address_column_is_found_by_its_content(plan: Planner) -> None:
    """Four of five filled cells that look like addresses are enough."""
    cells = ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "n/a", None]
    found = plan(pd.DataFrame({"who": cells, "id": range(6)}))
    assert ("who", 'The addresses are in column "who", found by its content.') == (
        found.address_column,
        found.address_note,
    )


def test_two_address_columns_are_a_question(plan: Planner, people: pd.DataFrame) -> None:
    """Both are named, and the line to write for each."""
    with pytest.raises(InputError, match='"email", "manager"') as caught:
        plan(people.assign(manager="boss@acme.example"))
    assert caught.value.hint == 'Say which: address="email" or address="manager".'


def test_in_a_long_list_few_addresses_in_another_column_are_a_question_too(plan: Planner) -> None:
    """However few and wherever they stand; a column with nothing like them is none."""
    rows = 40_000
    assistants: list[Any] = [None] * rows
    assistants[1] = assistants[7] = assistants[-1] = "boss@acme.example"
    people = pd.DataFrame({"email": [f"p{at}@acme.example" for at in range(rows)], "note": "x"})
    assert rows == plan(people).people
    with pytest.raises(InputError, match="2 columns could hold the addresses"):
        plan(people.assign(assistant=assistants))


def test_the_named_column_is_taken(plan: Planner, people: pd.DataFrame) -> None:
    """`address=` answers the question."""
    found = plan(
        people.assign(manager=["x@acme.example", "y@acme.example", "z@acme.example"]), address="manager"
    )
    assert ["x@acme.example", "y@acme.example", "z@acme.example"] == [found.address(i) for i in range(3)]


@pytest.mark.parametrize(
    ("frame", "changes", "words"),
    [
        (pd.DataFrame({"name": ["Ann"], "n": [1]}), {}, "No column .* Its columns are: name, n"),
        (
            pd.DataFrame({"email": ["a@x.example"]}),
            {"address": "mial"},
            "'mial', which the list does not have",
        ),
        (
            pd.DataFrame([["a@x.example"] * 2], columns=["m", "m"]),
            {"address": "m"},
            "has 2 columns called 'm'",
        ),
        (pd.DataFrame({"n": [1]}, index=["a@x.example"]), {}, "The addresses are in the index"),
        (pd.DataFrame({"ann@acme.example": ["b@x.example"]}), {}, "no header line"),
    ],
)
def test_a_list_without_a_clear_address_column_is_refused(
    plan: Planner, frame: pd.DataFrame, changes: dict[str, Any], words: str
) -> None:
    """None, a wrong name, two of one name, or no header: each says what to do."""
    with pytest.raises(InputError, match=words) as caught:
        plan(frame, **changes)
    assert caught.value.hint


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["x", "x", "y"]),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
        pd.date_range("2026-01-01", periods=3),
        pd.Index([3, 1, 2], name="id"),
    ],
)
def test_any_index_is_kept(plan: Planner, people: pd.DataFrame, index: pd.Index) -> None:
    """The plan has the input's index, and rows are meant by position."""
    labelled = people.set_axis(index, axis=0)
    labelled.iloc[1, 0] = "broken"
    made = plan(labelled)
    pd.testing.assert_index_equal(index, made.index)
    assert [(1, index[1])] == list(zip(made.issues["row"], made.issues["index"], strict=True))


def test_the_frame_is_neither_changed_nor_kept(plan: Planner, people: pd.DataFrame) -> None:
    """Planning leaves the frame as it was, and later changes to it do not reach the plan."""
    before = people.copy()
    made = plan(people, subject="Hi {{first_name}}")
    pd.testing.assert_frame_equal(before, people)
    assert {} == people.attrs
    body, made_index = made.body(0), made.index
    people.loc[0] = ["eve@evil.example", "Eve", "x"]
    people.index.name = "changed"
    assert (body, None) == (made.body(0), made_index.name)
