"""Parquet read whole: cells are what the file has, also inside of lists and records."""

import datetime as dt
import io
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import migma_nb as mg
from migma_nb.planning.plan import make_plan

LONG = 2**53 + 1
RECORD = pa.struct([("id", pa.int64()), ("price", pa.float32())])


def read(column: Any, name: str = "cells") -> list[Any]:
    """Return the cells that a column of a Parquet file is read as."""
    table = pa.table({"email": [f"p{at}@x.example" for at in range(len(column))], name: column})
    file = io.BytesIO()
    parquet.write_table(table, file)
    return mg.read_recipients(file.getvalue(), name="list.parquet")[name].tolist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[{"id": LONG}, {"id": None}], [{"id": 5}]]),
        pa.array([[LONG, None], [7]]),
        pa.array([[LONG, None], [7]], pa.large_list(pa.int64())),
        pa.array([[LONG, None], [7, 8]], pa.list_(pa.int64(), 2)),
        pa.array([{"id": LONG, "of": [True, None]}, {"id": None, "of": None}]),
        pa.array([[("a", LONG), ("b", None)], None], pa.map_(pa.string(), pa.int64())),
        pa.array([[dt.date(2026, 1, 2), None], []]),
    ],
)
def test_what_lists_and_records_hold_is_exact(column: Any) -> None:
    """Whole numbers keep all digits beside a missing one, which is None."""
    # Here 5 and 5.0, and a list and an array, are different cells.
    assert repr(column.to_pylist()) == repr(read(column))


def test_a_list_of_a_file_is_the_list_of_the_table() -> None:
    """The same people, given as a table of Arrow."""
    table = pa.table({"email": ["a@x.example", "b@x.example"], "ids": [[LONG, None], [7]]})
    file = io.BytesIO()
    parquet.write_table(table, file)
    read_back = mg.read_recipients(file.getvalue(), name="list.parquet")
    texts: dict[str, Any] = {"mailing": "m", "sender": "A <a@acme.com>", "subject": "s", "project_id": "p"}
    plans = [
        make_plan(people, template="<p>{{ ids }}</p>", transactional=True, **texts)
        for people in (table, read_back)
    ]
    assert plans[0].id == plans[1].id
    assert {"ids": [str(LONG), None]} == plans[1].values(0)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([[19.99, None], None], pa.list_(pa.float32())), [[19.99, None], None]),
        (
            pa.array([[{"id": LONG, "price": 19.99}], [None, {"id": None, "price": None}]], pa.list_(RECORD)),
            [[{"id": LONG, "price": 19.99}], [None, {"id": None, "price": None}]],
        ),
        (pa.array([[("a", 0.1)]], pa.map_(pa.string(), pa.float32())), [[("a", 0.1)]]),
        (pa.array([[19.989999771118164]]), [[19.989999771118164]]),
    ],
)
def test_short_floats_inside_show_the_digits_that_they_show(column: Any, expected: list[Any]) -> None:
    """As those of a whole column do; long ones are as they are."""
    assert expected == read(column)


def test_a_cell_that_python_has_no_value_for_is_refused() -> None:
    """With its column; nothing else is made of it."""
    column = pa.array([[10**12]], pa.list_(pa.timestamp("s")))
    with pytest.raises(mg.InputError, match="column 'cells' holds what Python has no value for"):
        read(column)


def test_long_numbers_are_exact_in_a_column_whose_name_is_one() -> None:
    """In the frame its name is a number, in the file a text."""
    people = pd.DataFrame({1: ["a@x.example", "b@x.example"], 2: pd.array([LONG, None], "Int64")})
    raw = pa.Table.from_pandas(people)
    kept = raw.schema.metadata[b"pandas"].replace(b'"Int64"', b'"int64"')
    file = io.BytesIO()
    parquet.write_table(raw.replace_schema_metadata({b"pandas": kept}), file)
    assert [LONG, None] == mg.read_recipients(file.getvalue(), name="list.parquet")[2].tolist()


def test_short_floats_of_half_a_word_are_read_without_a_warning() -> None:
    """None of them is as long as the numbers that are looked for."""
    frame = pd.DataFrame({"email": ["a@x.example", "b@x.example"], "n": [1.5, None]}).astype({"n": "float16"})
    file = io.BytesIO()
    frame.to_parquet(file)
    found = mg.read_recipients(file.getvalue(), name="list.parquet")["n"]
    assert ("float16", [1.5]) == (found.dtype.name, found.dropna().tolist())
