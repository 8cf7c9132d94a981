"""Parquet in pieces: every piece has the cells, types and index that the whole file has."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import migma_nb as mg
from migma_nb.planning import pieces
from migma_nb.planning.long_lists import long_pieces

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
#: One missing cell in each, or none; what pandas makes of it depends on that.
COLUMNS: dict[str, Any] = {
    "texts": ["a", "b", None, "d", "e", "f"],
    "whole": [1, 2, 3, None, 5, 6],
    "whole, all there": [1, 2, 3, 4, 5, 6],
    "long": [1, 2**60 + 1, 3, 4, 5, None],
    "long, all there": [1, 2**60 + 1, 3, 4, 5, 6],
    "just exact": [1, 2**53 - 1, None, 4, 5, 6],
    "below zero": [1, -(2**53), None, 4, 5, 6],
    "no sign": pa.array([1, 2, 3, 4, None, 2**64 - 1], pa.uint64()),
    "small": pa.array([1, 2, 3, 4, 5, None], pa.int8()),
    "truths": [True, False, True, True, True, None],
    "floats": [1.5, None, 2.0, 3.0, 4.0, 5.0],
    "days": [DAY.date()] * 5 + [None],
    "moments": pa.array([DAY] * 5 + [None], pa.timestamp("us", "Europe/Berlin")),
    "decimals": [Decimal("1.50")] * 5 + [None],
    "lists": [[1], [2], [3, 4], [4], [None], None],
    "records": [{"x": 1, "y": "a"}] * 5 + [{"x": 2, "y": None}],
    "records, one number missing": [{"x": 1, "y": True}] * 4 + [{"x": None, "y": None}, None],
    "lists of records": [[{"x": 2**53 + 1}, {"x": None}], [{"x": 5}], None, [], [None], [{"x": 6}]],
    "short floats": pa.array([[19.99], [None], None, [], [0.1], [2]], pa.list_(pa.float32())),
    "maps": pa.array([[("k", 1)]] * 5 + [[]], pa.map_(pa.string(), pa.int64())),
    "nothing": [None] * 6,
    "bytes": [b"a"] * 6,
    "times": [dt.time(1)] * 6,
    "spans": [dt.timedelta(1)] * 6,
    "kinds": pa.array(["b", "a", "b", "z", None, "a"]).dictionary_encode(),
}
INDEXES: dict[str, Any] = {
    "plain": None,
    "steps": pd.RangeIndex(3, 11, 2, name="step"),
    "numbers": pd.Index([5, 6, 7, 7], name="id"),
    "texts": ["a", "b", "c", "d"],
    "two levels": pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "b")], names=["p", "q"]),
    "moments": pd.date_range("2026-01-01", periods=4, tz="UTC"),
    "kinds": pd.CategoricalIndex(list("zabz")),
    "one missing": pd.Index([1.0, None, 2, 3]),
    "one missing, whole": pd.Index([1, 2, None, 3], dtype="Int64"),
    "truths": pd.Index([True, False, None, True], dtype=object),
}


def require_same(path: Path, rows: int) -> None:
    """Compare the pieces of a file, of so many rows each, with the whole."""
    whole = mg.read_recipients(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE_ROWS", rows)
        with long_pieces(path) as found:
            for _ in range(2):
                frames = list(found)
                require_frames(frames, whole, rows)
            assert (len(whole), whole.columns.tolist()) == (found.rows, found.columns)
            assert mg.ReadReport.of(whole) == found.report
            pd.testing.assert_index_equal(whole.index, found.index)


def require_frames(frames: Sequence[pd.DataFrame], whole: pd.DataFrame, rows: int) -> None:
    """Compare frames with the whole one, in types and, one by one, in cells."""
    assert [rows] * (len(frames) - 1) == [len(frame) for frame in frames[:-1]]
    for frame in frames:
        assert whole.dtypes.tolist() == frame.dtypes.tolist()
        assert whole.columns.equals(frame.columns)
        assert (whole.index.dtype, whole.index.names) == (frame.index.dtype, frame.index.names)
        assert whole.attrs == frame.attrs
    joined = pd.concat(frames)
    pd.testing.assert_frame_equal(whole, joined, check_freq=False)
    for at in range(whole.shape[1]):
        # Here 1, 1.0 and True are different cells, inside lists too.
        assert repr(whole.iloc[:, at].tolist()) == repr(joined.iloc[:, at].tolist())


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_kind_has_the_type_of_the_whole_in_each_piece(name: str, tmp_path: Path) -> None:
    """Also where what decides on it is in another piece, and wherever the file is cut itself."""
    table = pa.table({"email": list("abcdef"), name: COLUMNS[name]})
    for group in (1, 2, 6):
        path = tmp_path / f"{group}.parquet"
        parquet.write_table(table, path, row_group_size=group)
        for rows in (1, 4, 10):
            require_same(path, rows)


@pytest.mark.parametrize("name", INDEXES)
def test_the_index_that_a_file_holds_is_kept(name: str, tmp_path: Path) -> None:
    """Beside columns that only pandas has the types of."""
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 2, 3], dtype="Int64"),
            "kind": pd.Categorical(["q", "b", None, "a"], ["q", "b", "a", "unused"], ordered=True),
            "number": pd.Categorical([3, 1, 3, 2]),
            "text": ["x", None, "y", "z"],
            "day": pd.period_range("2026-01-01", periods=4, freq="D"),
            "truth": pd.array([True, None, True, True], dtype="boolean"),
        },
        index=INDEXES[name],
    )
    frame.attrs = {"made": "by hand"}
    for group in (1, 3):
        path = tmp_path / f"{group}.parquet"
        frame.to_parquet(path, row_group_size=group)
        for rows in (1, 3):
            require_same(path, rows)


def test_an_index_that_does_not_fit_is_none(tmp_path: Path) -> None:
    """Where rows were taken out after pandas wrote the file."""
    path = tmp_path / "l.parquet"
    table = pa.Table.from_pandas(pd.DataFrame({"email": list("abcdef")}, index=range(10, 16)))
    parquet.write_table(table.slice(1, 4), path)
    require_same(path, 3)


def test_columns_whose_names_are_numbers_stay_so(tmp_path: Path) -> None:
    """As pandas wrote them."""
    path = tmp_path / "l.parquet"
    pd.DataFrame([[1, 2], [3, None], [5, 6]], columns=[10, 20]).to_parquet(path)
    require_same(path, 1)
    # pandas writes no such column with a missing number by itself.
    table = pa.Table.from_pandas(pd.DataFrame({10: ["a", "b"], 20: [2**60 + 1, 7]}))
    whole = pa.array([2**60 + 1, None], pa.int64())
    parquet.write_table(table.set_column(1, table.schema.field(1), whole), path)
    assert [2**60 + 1, None] == mg.read_recipients(path)[20].tolist()
    require_same(path, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    whole=st.lists(st.none() | st.integers(-(2**62), 2**62) | st.integers(0, 9), min_size=1, max_size=12),
    group=st.integers(1, 12),
    rows=st.integers(1, 12),
)
def test_numbers_in_pieces_are_those_of_the_whole(
    whole: list[int | None], group: int, rows: int, tmp_path: Path
) -> None:
    """Long and short ones, missing or not, wherever they stand."""
    path = tmp_path / "l.parquet"
    table = pa.table(
        {"n": pa.array(whole, pa.int64()), "l": [[cell] for cell in whole], "e": ["a"] * len(whole)}
    )
    parquet.write_table(table, path, row_group_size=group)
    require_same(path, rows)


def test_a_file_without_rows_or_with_damage_is_refused_as_always(tmp_path: Path) -> None:
    """With the same words."""
    whole = tmp_path / "whole.parquet"
    pd.DataFrame({"email": [f"p{at}@x.example" for at in range(1_000)]}).to_parquet(whole)
    raw = whole.read_bytes()
    damaged = {
        "none.parquet": None,
        "cut.parquet": raw[:-9],
        "hurt.parquet": raw[:40] + bytes(range(200)) + raw[240:],
    }
    for name, content in damaged.items():
        path = tmp_path / name
        if content is None:
            pd.DataFrame({"email": []}).to_parquet(path)
        else:
            path.write_bytes(content)
        messages = []
        for read in (mg.read_recipients, long_pieces):
            with pytest.raises(mg.InputError) as caught:
                read(path)
            messages.append((caught.value.message, caught.value.hint))
        assert messages[0] == messages[1]


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path: Path) -> None:
    """No frame is half of the old list and half of the new one."""
    path = tmp_path / "l.parquet"
    people = pd.DataFrame({"email": np.arange(1_000).astype(str)})
    people.to_parquet(path)
    found = long_pieces(path)
    assert 1_000 == sum(map(len, found))
    with path.open("r+b") as file:
        file.write(b"PAR1")
    path.touch()
    with pytest.raises(mg.InputError, match="was changed while it was read"):
        list(found)
