"""`lost_leading_zeros`: 501 among five-digit codes was 00501."""

from typing import Any

import pandas as pd
import pytest

from tests.checks.lists import KINDS, addressed, frame_as, plan, rows_of, told

CODE = "lost_leading_zeros"
READS_ZIP = {"template": "<p>{{zip}}</p>"}


@pytest.mark.parametrize("name", ["zip", "ZIP Code", "postcode", "PLZ", "postal_code", "code postal"])
def test_a_short_code_is_named_in_columns_of_postal_codes(name: str) -> None:
    """By whatever name."""
    people = addressed("70116", "10001", "60601", "8014", "94110", name=name)
    made = plan(people, template=f"<p>{{{{{name}}}}}</p>")
    assert [3] == rows_of(made, CODE)
    assert [(3, name, "8014", "08014", CODE)] == told(made.fix(CODE))


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64"])
def test_a_column_of_numbers_becomes_text_as_a_whole(dtype: str) -> None:
    """Codes are text; every cell that changed its kind is listed."""
    people = addressed(70116, 10001, 60601, 501, 94110, name="zip").astype({"zip": dtype})
    made = plan(people, **READS_ZIP)
    assert [3] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert ["70116", "10001", "60601", "00501", "94110"] == fixed.people["zip"].tolist()
    assert [0, 1, 2, 3, 4] == fixed.changes["row"].tolist()
    assert [] == rows_of(plan(fixed.people, **READS_ZIP), CODE)


def test_a_gap_among_numbers_stays_a_gap() -> None:
    """It is not the text "nan"."""
    people = addressed(*([70116.0] * 8), 501.0, float("nan"), name="zip").astype({"zip": "float64"})
    fixed = plan(people, **READS_ZIP).fix(CODE)
    assert ["70116"] * 8 + ["00501"] == fixed.people["zip"].tolist()[:9]
    assert pd.isna(fixed.people["zip"].iloc[9])


@pytest.mark.parametrize(
    "cells",
    [
        ["00501", "8014", "70116", "94110", "60601"],  # zeros were not lost
        ["1010", "1020", "1030", "8010"],  # Austria
        ["SW1A 1AA", "N1 9GU", "EC1A 1BB"],
        ["70116", "10001", "94110-1234", "8014"],  # too few of one length
        ["101", "202", "33"],  # too short to be codes
        ["70116", "10001", "60601", "94110", "94"],  # three lost at once are none
    ],
)
def test_codes_of_their_own_length_are_not_named(cells: list[Any]) -> None:
    """Only what is one or two digits short of nearly all others."""
    made = plan(addressed(*cells, name="zip"), **READS_ZIP)
    assert ([], []) == (rows_of(made, CODE), told(made.fix(CODE)))


def test_codes_that_a_format_shortens_are_not_offered_a_repair_that_changes_nothing() -> None:
    """Of a long column some tell how long its codes are; where a format writes them, all have to."""
    codes = ["12345"] * 10_000
    codes[::5] = ["123456"] * 2_000
    codes[7] = "54321"
    people = addressed(*codes, name="zip")
    made = plan(people, **READS_ZIP, formats={"zip": lambda code: code[:4] if code == "54321" else code[:5]})
    assert [7] == rows_of(made, CODE)
    assert made.fix().changes.empty
    assert "plan.fix()" not in repr(made)


def test_a_column_that_holds_no_codes_is_left_alone() -> None:
    """Numbers differ in length."""
    assert [] == rows_of(plan(addressed("70116", "10001", "60601", "8014", "94110")), CODE)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_rows_without_a_code_say_nothing_among_targets(kind: str) -> None:
    """Tags have none: of the single recipients' codes one is short."""
    people = frame_as(kind, addressed("70116", "10001", "60601", "8014", "94110", name="zip"))
    tags = pd.DataFrame({"recipientType": "tag", "recipientId": [f"t{at}" for at in range(20)]})
    made = plan(pd.concat([people, tags]), **READS_ZIP, overlap="allowed")
    assert [3] == rows_of(made, CODE)
    column = "zip" if kind == "targets" else "variables.zip"
    assert [(3, column, "8014", "08014", CODE)] == told(made.fix(CODE))


@pytest.mark.parametrize(("kind", "told_of"), [("people", []), ("targets", [4]), ("dicts", [4])])
def test_a_row_without_a_code_counts_among_people_alone(kind: str, told_of: list[int]) -> None:
    """The one difference: a list of people that lacks some is less sure what its codes look like."""
    people = frame_as(kind, addressed("70116", "10001", "60601", "94110", "8014", None, name="zip"))
    made = plan(people, **READS_ZIP, defaults={"zip": "-"})
    assert told_of == rows_of(made, CODE)
