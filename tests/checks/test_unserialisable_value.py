"""`unserialisable_value`: a cell that JSON cannot carry."""

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.checks.lists import KINDS, addressed, plan, plan_as, rows_of, to_targets, told

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


@pytest.mark.parametrize("kind", KINDS[1:])
def test_one_value_of_a_single_target_is_named_and_read(kind: str) -> None:
    """Of several in a dict it is said which."""
    made = plan_as(kind, addressed(b"Ann", float("inf")).assign(w="x"), template="{{v}} {{w}}")
    column = "v" if kind == "targets" else "variables.v"
    assert [column] * 2 == made.issues.loc[made.issues["code"] == CODE, "column"].tolist()
    fixed = made.fix(CODE)
    assert [(0, column, b"Ann", "Ann", CODE)] == told(fixed)
    assert {CODE: 1} == dict(fixed.left)


def test_a_subject_of_bytes_is_read_unless_it_asks_for_something() -> None:
    """What it would ask for was not looked for when the plan was made."""
    rows = [
        {"recipientType": "tag", "recipientId": at, "subject": s} for at, s in (("a", b"Hi"), ("b", b"{{v}}"))
    ]
    made = to_targets(rows, subject=None, overlap="allowed")
    assert [0, 1] == rows_of(made, CODE)
    assert [(0, "subject", b"Hi", "Hi", CODE)] == told(made.fix(CODE))
