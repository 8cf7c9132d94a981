"""`missing_variable`: a placeholder, or a key, that nothing fills in this row."""

from typing import Any

import pandas as pd
import pytest

from tests.checks.lists import addressed, plan, rows_of, to_targets

CODE = "missing_variable"


@pytest.mark.parametrize("cell", [None, float("nan"), pd.NA, pd.NaT, "", "  "])
def test_an_empty_cell_that_the_mail_reads_is_an_error(cell: Any) -> None:
    """The row is not sent: "Hello !" is nobody's greeting."""
    made = plan(addressed("Ann", cell))
    assert ([1], 1) == (rows_of(made, CODE), made.people)


@pytest.mark.parametrize("cell", [0, 0.0, False, "0", "-", [], {}, "None of these"])
def test_what_is_there_is_not_missing(cell: Any) -> None:
    """Zero and False are values."""
    assert [] == rows_of(plan(addressed("Ann", cell)), CODE)


def test_a_default_stands_in() -> None:
    """Then nothing is missing."""
    assert [] == rows_of(plan(addressed("Ann", None), defaults={"v": "friend"}), CODE)


def test_a_column_that_the_mail_does_not_read_may_be_empty() -> None:
    """Only what somebody would miss counts."""
    assert [] == rows_of(plan(addressed("Ann", None), template="<p>Hello</p>"), CODE)


def test_a_key_may_not_be_missing() -> None:
    """It tells this mail from others to the same person."""
    assert [1] == rows_of(plan(addressed("INV-1", None), template="<p>x</p>", key="v"), CODE)


def test_a_single_recipient_among_targets_needs_its_values() -> None:
    """Nobody else knows them; a batch's contacts may."""
    rows = [{"recipientType": "email", "recipientEmail": "a@acme.org", "variables": {}}]
    template = {"template": "<p>{{v}}</p>", "project_id": "p", "email_id": None, "transactional": True}
    assert [0] == rows_of(to_targets(rows, **template), CODE)


def test_no_value_is_invented() -> None:
    """There is no repair; what is left says what to do."""
    fixed = plan(addressed("Ann", None)).fix(CODE)
    assert (True, {CODE: 1}) == (fixed.changes.empty, dict(fixed.left))
    assert "defaults=" in fixed.issues["fix"].iloc[0]
