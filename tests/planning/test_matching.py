"""Which column fills which placeholder, what stands in for a gap, and how values look."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.plan import Plan

Planner = Callable[..., Plan]
STORED: dict[str, Any] = {"template": None, "project_id": None, "conversation_id": "conv_1"}


def sent(made: Plan, row: int = 0) -> dict[str, Any]:
    """Return the variables of a row as they go out."""
    variables: dict[str, Any] = json.loads(made.body(row)).get("variables", {})
    return variables


@pytest.mark.parametrize("column", ["first_name", "First Name", "FIRSTNAME", "firstName", " first_name"])
def test_a_column_is_matched_by_its_name(plan: Planner, column: str) -> None:
    """Case, spaces and underscores set aside; the placeholder's own name goes out."""
    made = plan(pd.DataFrame({"email": ["a@x.example"], column: ["Ann"]}), template="<b>{{ first_name }}</b>")
    assert {"first_name": "Ann"} == sent(made)
    assert {"first_name": column} == dict(made.columns)
    assert "<b>{{first_name}}</b>" == made.constants["template"]


def test_only_what_is_asked_for_goes_out(plan: Planner, people: pd.DataFrame) -> None:
    """Columns that no placeholder names stay here."""
    assert {"plan": "Team"} == sent(plan(people, subject="{{plan}}"))
    assert "variables" not in json.loads(plan(people).body(0))


def test_placeholders_inside_links_are_found(plan: Planner, people: pd.DataFrame) -> None:
    """Percent-encoded ones count as the plain ones do."""
    made = plan(people, template="<a href='x?p=%7b%7bplan%7d%7d'>")
    assert {"plan": "Team"} == sent(made)


def test_the_address_may_fill_a_placeholder(plan: Planner, people: pd.DataFrame) -> None:
    """The address column is a column like others."""
    assert {"email": "ann@acme.example"} == sent(plan(people, template="<p>{{email}}</p>"))


def test_two_columns_for_a_placeholder_are_a_question(plan: Planner, people: pd.DataFrame) -> None:
    """Both are named, also where one has the very name."""
    with pytest.raises(InputError, match="'first_name' and 'First Name'"):
        plan(people.assign(**{"First Name": "x"}), subject="{{first_name}}")


def test_a_placeholder_that_nothing_fills_is_refused(plan: Planner, people: pd.DataFrame) -> None:
    """The error names the placeholder, the columns, and what to write."""
    with pytest.raises(InputError, match=r"asks for \{\{plan_name\}\}, which no column fills") as caught:
        plan(people, template="<p>{{plan_name}} {{first_name}}</p>")
    assert "The columns are: email, first_name, plan." in caught.value.message
    assert 'variables={"plan_name": "column", …} or defaults={"plan_name": "…"}' in (caught.value.hint or "")


def test_conditions_are_refused_with_their_reason(plan: Planner, people: pd.DataFrame) -> None:
    """The API documents none, so that they would reach the reader."""
    with pytest.raises(InputError, match="Conditions and filters are not documented"):
        plan(people, template="<p>{{#if plan}}x{{/if}}</p>")


def test_variables_map_placeholders_to_columns(plan: Planner, people: pd.DataFrame) -> None:
    """A mapping says which column fills which placeholder."""
    made = plan(people, template="<p>{{Name}}</p>", variables={"name": "first_name"})
    assert {"Name": "Ann"} == sent(made)


def test_variables_as_a_list_go_out_under_their_names(plan: Planner, people: pd.DataFrame) -> None:
    """Content that is stored at Migma cannot be read here, so that columns are listed."""
    made = plan(people, **STORED, variables=["first_name", "plan"])
    assert {"first_name": "Ann", "plan": "Team"} == sent(made)


def test_stored_content_uses_the_subjects_placeholders(plan: Planner, people: pd.DataFrame) -> None:
    """Without `variables` only what can be seen is filled."""
    assert {"plan": "Team"} == sent(plan(people, **STORED, subject="Your {{plan}}"))


@pytest.mark.parametrize(
    "changes", [{"variables": ["plan"]}, {"variables": {}}, {**STORED, "subject": "{{nickname}}"}]
)
def test_a_placeholder_left_out_on_purpose_is_a_warning(
    plan: Planner, people: pd.DataFrame, changes: dict[str, Any]
) -> None:
    """Migma may fill it from the contact's own fields, so it is said and not refused."""
    made = plan(people, **{"template": "<p>{{nickname}} {{plan}}</p>", **changes})
    issue = made.issues[made.issues["column"] == "nickname"].iloc[0]
    assert ("placeholder_unfilled", "warning", True) == (
        issue["code"],
        issue["severity"],
        pd.isna(issue["row"]),
    )
    assert "nickname" not in sent(made)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"variables": ["frist_name"]}, "Did you mean 'first_name'"),
        ({"variables": {"plan": "plam"}}, "'plam', which the list does not have"),
        ({"variables": 7}, "variables is an int"),
        ({"variables": {"plan": "plan", "PLAN": "first_name"}}, r"gives \{\{plan\}\} two columns"),
        ({"formats": {"plann": "%d"}}, "Did you mean 'plan'"),
        ({"formats": {"plan": "zz"}}, "neither a date pattern nor a number format"),
        ({"formats": {"plan": 7}}, "The format of plan is 7"),
        ({"defaults": {"plan": None}}, "The value given for plan is None"),
        ({"defaults": {"plan": {1}}}, "cannot be sent"),
        ({"defaults": {"plan": "a\nb"}}, "has a line break"),
    ],
)
def test_a_wrong_name_or_value_is_answered_with_the_right_one(
    plan: Planner, people: pd.DataFrame, changes: dict[str, Any], words: str
) -> None:
    """Typing errors in variables, formats and defaults do not pass silently."""
    with pytest.raises(InputError, match=words):
        plan(people, **{"subject": "Your {{plan}}", **changes})


def test_defaults_fill_gaps_and_nothing_else(plan: Planner, people: pd.DataFrame) -> None:
    """A missing cell takes the default of its variable, by any spelling of the name."""
    people.loc[1, "first_name"] = None
    people.loc[2, "first_name"] = "  "
    made = plan(people, subject="Hi {{first_name}}", defaults={"First Name": "there"})
    assert ["Ann", "there", "there"] == [sent(made, row)["first_name"] for row in range(3)]
    assert made.issues.empty


def test_a_default_stands_in_for_a_column(plan: Planner, people: pd.DataFrame) -> None:
    """A placeholder with a default needs no column."""
    assert {"season": "spring"} == sent(plan(people, subject="In {{season}}", defaults={"season": "spring"}))


def test_an_empty_default_is_meant(plan: Planner, people: pd.DataFrame) -> None:
    """An empty text, given by hand, goes out."""
    assert {"suffix": ""} == sent(plan(people, subject="Hi {{suffix}}", defaults={"suffix": ""}))


@pytest.mark.parametrize(
    ("cell", "form", "expected"),
    [
        (dt.date(2026, 12, 1), "%d.%m.%Y", "01.12.2026"),
        (pd.Timestamp("2026-12-01 09:30"), "%H:%M", "09:30"),
        (dt.time(9, 30), "%-H:%M", "9:30"),
        ("2026-12-01", "%d %B %Y", "01 December 2026"),
        (1234.5, ",.2f", "1,234.50"),
        (1234, ",", "1,234"),
        (Decimal("19.90"), ".1f", "19.9"),
        ("1234.50", ",.2f", "1,234.50"),
        (0.256, ".0%", "26%"),
        ("ann", str.title, "Ann"),
        (2, lambda n: ["x"] * n, ["x", "x"]),
    ],
)
def test_formats_give_values_their_look(plan: Planner, cell: Any, form: Any, expected: Any) -> None:
    """Date patterns, number formats and functions; ISO dates and plain numbers may also be text."""
    frame = pd.DataFrame({"email": ["a@x.example"], "v": pd.Series([cell], dtype=object)})
    assert {"v": expected} == sent(plan(frame, template="<p>{{v}}</p>", formats={"v": form}))


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("03/04/2026", "%d"),
        (7, "%d %m"),
        (dt.time(0), "%d %B %Y"),  # what Excel shows of a date cell that holds 0
        ("seven", ",.2f"),
        (True, ",.2f"),
        (0, lambda n: 1 / n),
        (1, lambda _: {1}),
    ],
)
def test_a_value_that_does_not_fit_its_format_is_its_rows_error(plan: Planner, cell: Any, form: Any) -> None:
    """No guessing at 03/04/2026, and a function that fails stops its row only."""
    frame = pd.DataFrame({"email": ["a@x.example"], "v": pd.Series([cell], dtype=object)})
    made = plan(frame, template="<p>{{v}}</p>", formats={"v": form})
    assert ["unserialisable_value"] == made.issues["code"].tolist()


def test_formats_leave_gaps_to_the_default(plan: Planner) -> None:
    """A missing date is no date to be written."""
    frame = pd.DataFrame({"email": ["a@x.example"], "day": [pd.NaT]})
    made = plan(frame, template="<p>{{day}}</p>", formats={"day": "%d"}, defaults={"day": "soon"})
    assert {"day": "soon"} == sent(made)
