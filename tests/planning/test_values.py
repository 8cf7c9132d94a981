"""The cell rule: a cell becomes a JSON value, or an issue of its row, and never NaN."""

import datetime as dt
import decimal
import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.planning.encoded import encode_column
from migma_nb.planning.values import is_missing, json_text

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Ll", "Zs"]))
    | st.binary(max_size=5)
    | st.decimals()
    | st.complex_numbers()
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from([pd.NA, pd.NaT, np.nan, np.int8(3), np.float32(0.1), np.bool_(True), object(), {1}])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=8
)


def encoded(*cells: Any, dtype: Any = object) -> list[Any]:
    """Return what a column's cells go out as; None for missing ones and problems."""
    texts = encode_column(pd.Series(list(cells), dtype=dtype)).texts
    return [None if text is None else json.loads(text) for text in texts]


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


@given(st.lists(ANYTHING, max_size=4))
def test_every_cell_is_json_or_missing_or_a_problem(cells: list[Any]) -> None:
    """Whatever a cell holds, it is valid JSON in UTF-8, or missing, or a problem with words; never NaN."""
    series = pd.Series([None] * len(cells), dtype=object)
    for position, cell in enumerate(cells):
        series.iloc[position : position + 1] = pd.Series([cell], dtype=object)
    column = encode_column(series)
    for position, cell in enumerate(series.tolist()):
        text = column.texts[position]
        if text is not None:
            json.loads(text.encode("utf-8"), parse_constant=_no_constant)
        assert (text is None) == (position in column.problems or is_missing(cell))


@pytest.mark.parametrize(
    "cell",
    [None, float("nan"), pd.NaT, pd.NA, "", "  ", "\u00a0", np.datetime64("NaT"), decimal.Decimal("NaN")],
)
def test_empty_cells_are_missing(cell: Any) -> None:
    """NaN, None, NaT, pd.NA and empty text are missing, never a text."""
    assert [None, "x"] == encoded(cell, "x")


@pytest.mark.parametrize("text", ["NA", "None", "nan", "00501", " x ", "東京", "true"])
def test_text_stays_text(text: str) -> None:
    """A text goes out exactly as it stands in the cell."""
    assert [text] == encoded(text)


def test_whole_floats_of_a_whole_column_are_integers() -> None:
    """Pandas turns integers with gaps into floats; readers must not see 7.0."""
    assert ["7", None, "9"] == encode_column(pd.Series([7.0, None, 9.0])).texts


def test_floats_of_a_broken_column_stay_floats() -> None:
    """A price of 20.0 beside 19.9 is no integer."""
    assert ["19.9", "20.0"] == encode_column(pd.Series([19.9, 20.0])).texts


def test_short_floats_keep_the_digits_they_show() -> None:
    """A float32 of 19.9 is not 19.899999618530273."""
    assert [19.9] == encoded(19.9, dtype="float32")


def test_integers_that_json_readers_would_round_are_texts() -> None:
    """2**53 - 1 is the last integer that every JSON reader keeps."""
    assert [2**53 - 1, "9007199254740992"] == encoded(2**53 - 1, 2**53)


def test_a_decimal_keeps_its_digits() -> None:
    """19.90 stays 19.90, and 1E+3 is written out."""
    assert ["19.90", "1000"] == encoded(decimal.Decimal("19.90"), decimal.Decimal("1E+3"))


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_timestamps_of_an_all_midnight_column_are_dates(unit: str) -> None:
    """A column of dates is a column of dates, whatever pandas stores it as."""
    dates = pd.Series(pd.to_datetime(["2026-12-01", "NaT", "2026-12-31"])).astype(
        np.dtype(f"datetime64[{unit}]")
    )
    assert ['"2026-12-01"', None, '"2026-12-31"'] == encode_column(dates).texts


def test_timestamps_with_a_time_are_iso_8601() -> None:
    """One time of day in the column, and all its timestamps show theirs."""
    moments = pd.to_datetime(pd.Series(["2026-12-01 00:00", "2026-12-01 13:45"]))
    assert ["2026-12-01T00:00:00", "2026-12-01T13:45:00"] == [
        json.loads(text) for text in encode_column(moments).texts if text
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (True, True),
        (np.bool_(False), False),
        (np.int64(5), 5),
        (np.float32(0.1), 0.1),
        (dt.date(2026, 12, 1), "2026-12-01"),
        (dt.time(9, 30), "09:30:00"),
        (dt.timedelta(hours=2), "P0DT2H0M0S"),
        (np.datetime64("2026-12-01"), "2026-12-01"),
        (pd.Period("2026-12", freq="M"), "2026-12"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([1, None, pd.NA, "x"], [1, None, None, "x"]),
        ((1, [2]), [1, [2]]),
        (np.array([1, 2]), [1, 2]),
        ({"b": 1, "a": {"c": dt.date(2026, 1, 1)}}, {"a": {"c": "2026-01-01"}, "b": 1}),
    ],
)
def test_other_values_become_plain_ones(cell: Any, expected: Any) -> None:
    """numpy, pandas and Python's own types become what JSON knows."""
    assert [expected] == encoded(cell)


@pytest.mark.parametrize(
    "cell",
    [
        float("inf"),
        [1.0, float("nan")],
        b"x",
        {1},
        1j,
        "\ud800",
        ["\udfff"],
        {1: 2},
        object(),
        decimal.Decimal("Infinity"),
        pd.DataFrame(),
        pytest.param(10**5000, id="a huge number"),
    ],
)
def test_what_json_cannot_carry_is_a_problem_with_words(cell: Any) -> None:
    """Such a cell is an issue of its row, not a crash."""
    series = pd.Series([cell], dtype=object)
    assert encode_column(series).problems[0]


def test_a_list_that_holds_itself_is_a_problem() -> None:
    """Endless nesting ends as a problem."""
    loop: list[Any] = []
    loop.append(loop)
    series = pd.Series([None], dtype=object)
    series.iloc[0:1] = pd.Series([loop], dtype=object)
    assert "levels deep" in encode_column(series).problems[0]


@pytest.mark.parametrize(
    ("dtype", "cells", "expected"),
    [
        ("Int64", [1, None], [1, None]),
        ("boolean", [True, None], [True, None]),
        ("category", ["a", None], ["a", None]),
        ("string", ["a", None], ["a", None]),
        ("Float32", [1.5, None], [1.5, None]),
        ("int64[pyarrow]", [1, None], [1, None]),
        ("datetime64[ns, Europe/Berlin]", [pd.Timestamp("2026-12-01"), None], ["2026-12-01", None]),
    ],
)
def test_extension_dtypes_follow_the_same_rule(dtype: str, cells: list[Any], expected: list[Any]) -> None:
    """The dtype of a column changes nothing."""
    assert expected == encoded(*cells, dtype=dtype)


def test_json_texts_have_sorted_keys_and_no_spaces() -> None:
    """The same value is the same text in every process."""
    assert '{"a":[1,true],"b":"é"}' == json_text({"b": "é", "a": [1, True]})
