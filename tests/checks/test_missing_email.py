"""`missing_email`: a row with nobody to mail."""

from typing import Any

import pandas as pd
import pytest

from tests.checks.lists import plan, rows_of

CODE = "missing_email"


@pytest.mark.parametrize("cell", [None, float("nan"), pd.NA, pd.NaT, "", "   ", "\t\n", "\u00a0"])
def test_an_empty_cell_is_nobody(cell: Any) -> None:
    """However emptiness is written; the row is not sent, the others are."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", cell], "v": [1, 2]}, dtype=object))
    assert ([1], 1) == (rows_of(made, CODE), made.people)


@pytest.mark.parametrize("cell", ["ann@acme.org", " ann@acme.org ", "nan@acme.org", "none", "-", "0"])
def test_what_is_not_empty_is_not_missing(cell: str) -> None:
    """Even where it is no address: that is another problem."""
    assert [] == rows_of(plan(pd.DataFrame({"email": ["bo@acme.org", cell], "v": [1, 2]})), CODE)


def test_nobody_is_invented() -> None:
    """There is no repair; what is left says what to do."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", ""], "v": [1, 2]}))
    fixed = made.fix(CODE)
    assert (True, {CODE: 1}) == (fixed.changes.empty, dict(fixed.left))
    assert ["Fill in email, or leave the row out."] == fixed.issues["fix"].tolist()
    assert made.fix().changes.empty
