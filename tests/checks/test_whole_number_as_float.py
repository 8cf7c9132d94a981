"""`whole_number_as_float`: 501.0 where 501 was meant, in a column of text."""

from typing import Any

import pytest

from tests.checks.lists import KINDS, addressed, plan, plan_as, rows_of, told

CODE = "whole_number_as_float"


@pytest.mark.parametrize(
    ("cells", "wholes"),
    [
        (["501.0", "7.0"], ["501", "7"]),
        (["-3.0", "0.0", "-0.0"], ["-3", "0", "0"]),
        (["00501.0"], ["00501"]),
        (["1.0", "n/a"], ["1", "n/a"]),
    ],
)
def test_every_row_is_named_and_loses_its_fraction(cells: list[str], wholes: list[str]) -> None:
    """Where all numbers of the column look so; it stays text."""
    made = plan(addressed(*cells))
    assert [at for at, cell in enumerate(cells) if cell.endswith(".0")] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert wholes == fixed.people["v"].tolist()
    assert [] == rows_of(plan(fixed.people), CODE)


@pytest.mark.parametrize(
    "cells",
    [["1.0", "1.5"], ["1.50", "2.00"], ["4.0", "4.5", "5.0"], ["v1.0"], [1.0, 2.0], ["1", "2"], ["1.0", "3"]],
)
def test_a_column_with_other_numbers_means_them(cells: list[Any]) -> None:
    """Versions, prices, grades; and real floats go out whole by themselves."""
    made = plan(addressed(*cells))
    assert ([], []) == (rows_of(made, CODE), told(made.fix(CODE)))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_each_variable_of_targets_is_a_column_of_its_own(kind: str) -> None:
    """Versions beside whole numbers are left alone, also where both stand in one dict."""
    people = addressed("501.0", "7.0").assign(w=["1.0", "1.5"])
    made = plan_as(kind, people, template="{{v}} {{w}}")
    assert [0, 1] == rows_of(made, CODE)
    column = "v" if kind == "targets" else "variables.v"
    expected = [(0, column, "501.0", "501", CODE), (1, column, "7.0", "7", CODE)]
    assert expected == told(made.fix(CODE))
