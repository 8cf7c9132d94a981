"""`unserialisable_value`: a cell that JSON cannot carry."""

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.checks.lists import addressed, plan, rows_of, to_targets, told

CODE = "unserialisable_value"


@pytest.mark.parametrize(
    "cell",
    [
        float("inf"),
        float("-inf"),
        np.inf,
        {1, 2},
        1j,
        b"\xff",
        [float("nan")],
        {1: "x"},
        object,
        "\ud800",
        lambda: 1,
    ],
)
def test_what_json_cannot_carry_is_an_error_without_a_repair(cell: Any) -> None:
    """Only its owner knows what was meant."""
    made = plan(addressed("Ann", cell))
    assert ([1], 1, []) == (rows_of(made, CODE), made.people, told(made.fix(CODE)))


@pytest.mark.parametrize(
    "cell",
    [
        "text",
        7,
        2**70,
        7.5,
        True,
        Decimal("19.90"),
        dt.date(2026, 12, 31),
        pd.Timestamp("2026-12-31"),
        dt.timedelta(hours=1),
        np.int64(7),
        uuid.UUID(int=1),
        [1, "x", None],
        {"a": {"b": 1}},
    ],
)
def test_what_json_can_carry_is_fine(cell: Any) -> None:
    """Numbers, dates, lists and objects."""
    assert [] == rows_of(plan(addressed("Ann", cell)), CODE)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(b"Ann", "Ann"), ("Jürgen".encode(), "Jürgen"), ("x\ud83d\ude00", "x😀")],
)
def test_bytes_and_torn_letters_are_put_together(cell: Any, text: str) -> None:
    """What can be read in one way only."""
    made = plan(addressed("Ann", cell))
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert [(1, "v", cell, text, CODE)] == told(fixed)
    assert [] == rows_of(plan(fixed.people), CODE)


def test_a_path_says_what_it_is() -> None:
    """The message names the cell's type."""
    (words,) = plan(addressed(Path("x"))).issues["message"]
    assert "PosixPath" in words or "Path" in words


@pytest.mark.parametrize("cell", ["{no json", [1], "[]"])
def test_a_rows_variables_are_an_object(cell: Any) -> None:
    """In a frame of targets."""
    rows = [{"recipientType": "tag", "recipientId": "t1", "variables": cell}]
    assert [0] == rows_of(to_targets(rows), CODE)
