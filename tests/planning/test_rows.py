"""What is settled before the send: ready, invalid, duplicate or excluded, and who each row is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.api.states import Reason, State
from migma_nb.planning.plan import Plan

Planner = Callable[..., Plan]
ASKING = {"template": "<p>{{v}}</p>"}


def states(made: Plan) -> list[State | None]:
    """Return the state of every row; None for ready ones."""
    return [made.state(i) for i in range(made.size)]


def test_every_row_is_ready_or_says_why_not(plan: Planner) -> None:
    """Ready, invalid, duplicate and excluded, each with reason and words."""
    frame = pd.DataFrame({"email": ["a@x.example", "b", "A@x.example ", "c@x.example", "d@x.example"]})
    made = plan(frame, exclude=["C@X.EXAMPLE"])
    assert [None, State.INVALID, State.DUPLICATE, State.EXCLUDED, None] == states(made)
    assert (2, 5, [0, 4]) == (made.people, made.size, list(made.ready))
    assert made.preset(0) is None
    assert (State.DUPLICATE, Reason.SAME_RECIPIENT, "same recipient as row 0 (a@x.example)") == made.preset(2)
    assert (State.EXCLUDED, Reason.EXCLUDE_LIST, "c@x.example is on the exclusion list") == made.preset(3)
    invalid = made.preset(1)
    assert invalid is not None
    words = made.issues.query("row == 1")["message"].iloc[0]
    assert (Reason.HAS_ERRORS, words) == (invalid[1], invalid[2])
    assert made.has_errors


def test_the_first_valid_row_stands_for_a_person(plan: Planner) -> None:
    """A broken first row does not take its person's mail away."""
    frame = pd.DataFrame({"email": ["a@x.example"] * 3, "v": [None, "x", "x"]})
    made = plan(frame, **ASKING)
    assert [State.INVALID, None, State.DUPLICATE] == states(made)
    assert (State.DUPLICATE, Reason.SAME_RECIPIENT, "same recipient as row 1 (a@x.example)") == made.preset(2)
    assert [0, 1, 2] == made.issues.query("code == 'duplicate_recipient'")["row"].tolist()


def test_the_address_goes_out_as_given(plan: Planner) -> None:
    """Identity folds, the wire does not; an invalid row shows what stood there."""
    made = plan(pd.DataFrame({"email": [" Ann.Lee@X.Example ", "bo@", None]}))
    assert ["Ann.Lee@X.Example", "bo@", ""] == [made.address(i) for i in range(3)]
    assert ["ann.lee@x.example", "", ""] == [made.recipient(i) for i in range(3)]
    assert "Ann.Lee@X.Example" == json.loads(made.body(0))["recipientEmail"]


def test_rows_that_differ_ask_for_a_choice(plan: Planner) -> None:
    """Two rows to one person that say different things are a question with both answers."""
    frame = pd.DataFrame({"email": ["a@x.example"] * 2, "v": [1, 2]})
    made = plan(frame, **ASKING)
    assert made.needs_duplicates_choice
    assert 'duplicates="first"' in made.duplicates_question
    assert 'key="column"' in made.duplicates_question
    assert not plan(frame).needs_duplicates_choice
    first = plan(frame, **ASKING, duplicates="first")
    assert (False, "", 1) == (first.needs_duplicates_choice, first.duplicates_question, first.people)


@pytest.mark.parametrize("key", ["invoice", ["invoice"], ["invoice", "part"]])
def test_a_key_tells_mails_to_one_person_apart(plan: Planner, key: Any) -> None:
    """With a key each of a person's rows is a recipient of its own."""
    frame = pd.DataFrame({"email": ["a@x.example"] * 2, "invoice": [1, 2], "part": ["x", "x"], "v": [1, 2]})
    made = plan(frame, **ASKING, key=key)
    assert (2, 2, False) == (
        made.people,
        len({made.recipient(i) for i in range(2)}),
        made.needs_duplicates_choice,
    )


def test_key_columns_cannot_run_into_each_other(plan: Planner) -> None:
    """("a", "bc") and ("ab", "c") are two keys."""
    frame = pd.DataFrame({"email": ["a@x.example"] * 2, "k": ["a", "ab"], "l": ["bc", "c"]})
    assert 2 == plan(frame, key=["k", "l"]).people


def test_a_key_is_the_same_as_text_and_as_number(plan: Planner) -> None:
    """Invoice 1001 from a CSV file is invoice 1001 from Excel; 0011 is not 11."""
    recipients = {
        plan(pd.DataFrame({"email": ["a@x.example"], "k": [key]}), key="k").recipient(0)
        for key in ("1001", 1001, 1001.0, " 1001 ")
    }
    assert {'a@x.example ["1001"]'} == recipients


@pytest.mark.parametrize(
    "form",
    [
        lambda entries, _: entries,
        lambda entries, _: set(entries),
        lambda entries, _: pd.Series([*entries, None]),
        lambda entries, _: pd.DataFrame({"name": ["B", "C"], "e-mail": entries}),
        lambda entries, path: str(path) if path.write_text("email\n" + "\n".join(entries)) else None,
    ],
)
def test_lists_to_exclude_and_allow_come_in_any_form(
    plan: Planner, tmp_path: Path, form: Callable[[list[str], Path], Any]
) -> None:
    """Compared by identity: case, space and display name do not matter."""
    people = ["a@x.example", "b@x.example", "c@x.example"]
    entries = form([" B@X.example", "Cy <c@x.example>"], tmp_path / "out.csv")
    assert [None, State.EXCLUDED, State.EXCLUDED] == states(plan(people, exclude=entries))
    allowed = plan(people, allow=entries)
    assert [State.EXCLUDED, None, None] == states(allowed)
    assert (State.EXCLUDED, Reason.NOT_ALLOWED, "a@x.example is not on the allow-list") == allowed.preset(0)


def test_one_address_may_be_excluded(plan: Planner) -> None:
    """A text is one address."""
    assert 1 == plan(["a@x.example", "b@x.example"], exclude="a@x.example").people


def test_an_excluded_row_needs_no_repair(plan: Planner) -> None:
    """An error in a row that is not mailed anyway is listed, and stops nothing."""
    frame = pd.DataFrame({"email": ["a@x.example", "b@x.example"], "v": ["x", None]})
    made = plan(frame, **ASKING, exclude=["b@x.example"])
    assert ([None, State.EXCLUDED], False, 1) == (states(made), made.has_errors, len(made.issues))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (["acme.example"], "Entry 0 of exclude is 'acme.example', which is no address"),
        ([7], "Entry 0 of exclude is 7"),
        (7, "exclude cannot be an int"),
        (pd.DataFrame({"ann@x.example": ["b@x.example"]}), "no header line"),
        ("gone.csv", "There is no file"),
    ],
)
def test_an_exclusion_list_is_never_taken_lightly(plan: Planner, entries: Any, words: str) -> None:
    """What cannot exclude anybody is refused rather than passed over."""
    with pytest.raises(InputError, match=words):
        plan(["a@x.example"], exclude=entries)


def test_a_row_with_an_error_has_no_body(plan: Planner) -> None:
    """There is nothing to send for it."""
    with pytest.raises(InputError, match="Row 0 cannot be sent"):
        plan(["a@"]).body(0)


@pytest.mark.parametrize("row", [-1, 1])
def test_rows_are_positions(plan: Planner, row: int) -> None:
    """A position outside of the list is an IndexError, also a negative one."""
    with pytest.raises(IndexError, match="the plan has rows 0 to 0"):
        plan(["a@x.example"]).body(row)


def test_the_repr_is_one_cheap_line(plan: Planner) -> None:
    """It shows counts and no people."""
    text = repr(plan(["a@x.example", "b@x.example", "c"]))
    assert text.startswith("Plan('2026-11 renewal notice', 2 people, 3 rows, 1 issues, id=")
    assert "@" not in text
