"""`invalid_field`: a contact's field that the API does not take, found when people are imported."""

from typing import Any

import pandas as pd
import pytest

import migma_nb as mg

CODE = "invalid_field"


def rows_of(cells: dict[str, Any]) -> list[int]:
    """Return the rows of an import that have the problem."""
    people = pd.DataFrame(
        {"email": ["ann@acme.org", "bo@acme.org"], **{k: [None, v] for k, v in cells.items()}}
    )
    issues = mg.plan_import(people, tag="t1").issues
    return [int(row) for row in issues.loc[issues["code"] == CODE, "row"]]


@pytest.mark.parametrize(
    ("field", "cell"),
    [("country", "Germany"), ("country", "D"), ("language", "German"), ("phone", "0" * 31)],
)
def test_what_the_api_does_not_take_is_an_error(field: str, cell: Any) -> None:
    """The contact would be refused, and the whole request with it."""
    assert [1] == rows_of({field: cell})


@pytest.mark.parametrize(
    ("field", "cell"), [("country", "DE"), ("country", "de"), ("language", "pt-BR"), ("phone", "+49 30 1234")]
)
def test_what_it_takes_is_fine(field: str, cell: Any) -> None:
    """In the common spellings."""
    assert [] == rows_of({field: cell})


def test_a_mailing_has_no_such_fields() -> None:
    """There a country is what it is, and plan.fix has nothing to repair, and nothing is left."""
    people = pd.DataFrame({"email": ["ann@acme.org"], "country": ["Germany"]})
    made = mg.plan(
        people, mailing="m", sender="A <a@acme.org>", subject="s", template="{{country}}", project_id="p"
    )
    assert made.issues.empty
    assert (True, {}) == (made.fix(CODE).changes.empty, dict(made.fix(CODE).left))
