"""A row is found by what it says: its address, or a value that goes into the mail."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.planning.plan import Plan, make_plan


def plan_of(values: list[Any], people: pd.DataFrame | None = None, **changes: Any) -> Plan:
    """Return a plan of people with one value each, or of a frame as it is."""
    frame = pd.DataFrame(
        {
            "email": [f"Person{number}@acme.org" for number in range(len(values))],
            "word": pd.Series(values, dtype=object),
        }
    )
    options: dict[str, Any] = {
        "mailing": "m",
        "sender": "A <a@acme.example>",
        "subject": "Hi",
        "template": "<p>{{word}}</p>",
        "project_id": "p",
        "transactional": True,
    }
    return make_plan(frame if people is None else people, **{**options, **changes})


def words_of(plan: Plan, row: int) -> list[str]:
    """Return what a row says, each value as it is or as JSON shows it."""
    values = plan.values(row).values()
    said = [value if isinstance(value, str) else str(value).lower() for value in values]
    return [plan.address(row).casefold(), *(text.casefold() for text in said)]


@given(
    st.lists(st.one_of(st.text('aB1 "\\\n/é', max_size=5), st.integers(-99, 99)), min_size=1, max_size=6),
    st.data(),
)
def test_the_next_row_is_the_one_that_a_loop_finds(values: list[Any], data: st.DataObject) -> None:
    """By address or value, in any case, behind the given row; quotes, backslashes and breaks included."""
    plan = plan_of(values)
    sought = data.draw(st.one_of(st.text('abN1 "\\\né', min_size=1, max_size=3), st.just("person1@")))
    after = data.draw(st.integers(-1, max(-1, len(values) - 1)))
    rows = range(after + 1, len(values))
    hits = (row for row in rows if any(sought.casefold() in text for text in words_of(plan, row)))
    assert next(hits, None) == plan.find(sought, after)


@pytest.mark.parametrize(("text", "row"), [("née", 1), ("NÉE", 1), ("n", 0), ("nobody", None), ("\\n", None)])
def test_escapes_of_the_wire_are_no_letters(text: str, row: int | None) -> None:
    """A line break is sent as a backslash and an n; nobody looks for that."""
    plan = plan_of(["a\nb", "Née", "c"])
    assert row == plan.find(text)


def test_a_row_with_its_own_fields_is_found_too() -> None:
    """In a frame of targets each row says its values itself, and a batch has an ID."""
    frame = pd.DataFrame(
        {
            "recipientType": ["email", "email", "tag"],
            "recipientEmail": ["ann@acme.org", "bo@acme.org", None],
            "recipientId": [None, None, "t_42"],
            "word": ["red", "Green\ntea", "blue"],
        }
    )
    plan = plan_of([], people=frame, overlap="allowed", transactional=False)
    assert (1, 1, 2, None) == (
        plan.find("green"),
        plan.find("BO@"),
        plan.find("T_42", 1),
        plan.find("red", 0),
    )
