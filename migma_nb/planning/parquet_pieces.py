"""A Parquet file of any length in pieces, each with the types that reading it whole would give.

What pandas makes of a column depends on all of it: whole numbers with one missing become floats, also in the
pieces where none is. So a first pass finds a row for every such fact; these rows are put before each piece
while it becomes a frame, and are taken off again.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.types import is_float_dtype
from pyarrow import parquet

from migma_nb.api.errors import InputError
from migma_nb.planning import pieces
from migma_nb.planning.nested_cells import is_nested, places_of, with_cells
from migma_nb.planning.pieces import Held, Pieces
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.values import LARGEST_EXACT
from migma_nb.planning.windows import Window

#: Bytes of a column that are read ahead.
_AHEAD = 1 << 20


@dataclass(slots=True)
class _Facts:
    """What only the whole file says.

    Args:
        taught: rows of the file that say it by being there (pyarrow.Table).
        beyond: the columns with whole numbers that a float has too few digits for.
        dictionaries: the different values of each column that keeps them apart, as they were met.
        categories: the same as pandas has them.
        rows: how many rows there are (int).
    """

    taught: Any
    beyond: set[str] = field(default_factory=set)
    dictionaries: dict[str, list[Any]] = field(default_factory=dict)
    categories: dict[Any, "pd.Index[Any]"] = field(default_factory=dict)
    rows: int = 0


def parquet_pieces(window: Window, name: str, report: ReadReport) -> Pieces:
    """Return a Parquet file in pieces; all of it is read once before.

    Args:
        window: the file.
        name: what it is called in errors.
        report: what is known of it, but its size.

    Raises:
        InputError: it cannot be read.
    """
    try:
        facts = _facts(window)
        labels = _frame(facts.taught.slice(0, 0), facts).columns.tolist()
        index = _plain_index(facts.taught.schema, facts.rows)
    except InputError:
        raise
    except Exception as error:  # what pandas wrote beside the table may be damaged too
        raise unreadable(name) from error

    def frames() -> Iterator[pd.DataFrame]:
        start = 0
        for frame in _frames(window, name, facts):
            if index is not None:
                frame.index = index[start : start + len(frame)]
            start += len(frame)
            yield frame

    held = Held(frames, lambda: _index(window, name) if index is None else index, window.close)
    return Pieces(facts.rows, labels, replace(report, rows=facts.rows, columns=len(labels)), held)


def unreadable(name: str) -> InputError:
    """Return the error for a damaged file."""
    return InputError(
        f"{name} is no Parquet file that can be read.", hint="Write it again with DataFrame.to_parquet."
    )


def evenly(tables: Iterator[Any], rows: int) -> Iterator[Any]:
    """Yield the same rows in tables of that many each; the last may have fewer.

    Args:
        tables: tables of PyArrow with one schema.
        rows: how many rows each shall have.
    """
    waiting: list[Any] = []
    count = 0
    for table in tables:
        waiting.append(table)
        count += table.num_rows
        while count >= rows:
            every = pa.concat_tables(waiting)
            yield every.slice(0, rows)
            waiting, count = [every.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(waiting)


def _frames(window: Window, name: str, facts: _Facts) -> Iterator[pd.DataFrame]:
    try:
        for table in evenly(_tables(window), pieces.PIECE_ROWS):
            frame = _frame(table, facts)
            window.require_unchanged(name)
            yield frame
    except InputError:
        raise
    except Exception as error:
        window.require_unchanged(name)
        raise unreadable(name) from error


def _tables(window: Window) -> Iterator[Any]:
    file = parquet.ParquetFile(window.opened(), buffer_size=_AHEAD, pre_buffer=False)
    for batch in file.iter_batches(pieces.PIECE_ROWS):
        yield pa.Table.from_batches([batch])


def _facts(window: Window) -> _Facts:
    schema = parquet.read_schema(window.opened())
    if len(set(schema.names)) < len(schema.names):
        raise ValueError("two columns have one name")  # pandas cannot read them either
    facts = _Facts(schema.empty_table())
    known: set[str] = set()
    for table in _tables(window):
        facts.rows += table.num_rows
        for name, column in zip(table.schema.names, table.columns, strict=True):
            cells = column.combine_chunks()
            _note_values(facts, name, cells)
            if cells.null_count and name not in known:
                row = table.slice(pc.index(cells.is_null(), True).as_py(), 1)
                facts.taught = pa.concat_tables([facts.taught, row])
                known.update(other for other in row.schema.names if row[other].null_count)
    for name, found in facts.dictionaries.items():
        facts.categories[name] = _categories(schema.field(name), found)
    return facts


def _note_values(facts: _Facts, name: str, cells: Any) -> None:
    kind = cells.type
    if pa.types.is_integer(kind) and name not in facts.beyond:
        ends = pc.min_max(cells).as_py().values()
        if any(abs(end) > LARGEST_EXACT for end in ends if end is not None):
            facts.beyond.add(name)
    if pa.types.is_dictionary(kind):
        found = facts.dictionaries.setdefault(name, [])
        if not found or not found[-1].equals(cells.dictionary):
            found.append(cells.dictionary)


def _categories(column: Any, found: list[Any]) -> "pd.Index[Any]":
    """Return all categories of a column in the order in which pandas has them."""
    kind = column.type
    empty = [
        pa.DictionaryArray.from_arrays(pa.array([], kind.index_type), values, ordered=kind.ordered)
        for values in found
    ]
    every = pa.chunked_array(empty, kind).unify_dictionaries().chunk(0).dictionary
    indices = pa.array(range(len(every)), kind.index_type)
    whole = pa.DictionaryArray.from_arrays(indices, every, ordered=kind.ordered)
    return _read(pa.table({"cells": whole}))["cells"].cat.categories


def _read(table: Any) -> pd.DataFrame:
    """Return a table as the frame that pandas would read from its file."""
    file = io.BytesIO()
    parquet.write_table(table, file, compression="none", write_statistics=False)
    file.seek(0)
    return pd.read_parquet(file, engine="pyarrow")


def _frame(table: Any, facts: _Facts) -> pd.DataFrame:
    before = facts.taught.num_rows
    frame = _read(pa.concat_tables([facts.taught, table])).iloc[before:]
    places = places_of(frame)
    for name in table.schema.names:
        if name not in places:
            continue  # it is in the index
        at = places[name]
        column = frame.iloc[:, at]
        if is_nested(table[name].type) or (name in facts.beyond and is_float_dtype(column.dtype)):
            frame = with_cells(frame, at, table[name], name)
        elif name in facts.categories and isinstance(column.dtype, pd.CategoricalDtype):
            frame.isetitem(at, column.cat.set_categories(facts.categories[name]).array)
    return frame


def _plain_index(schema: Any, rows: int) -> pd.RangeIndex | None:
    """Return the index of a file in which none is stored, None where one is."""
    for part in (schema.pandas_metadata or {}).get("index_columns", []):
        if isinstance(part, str):
            return None
        steps = pd.RangeIndex(part["start"], part["stop"], part["step"], name=part["name"])
        if len(steps) == rows:
            return steps
    return pd.RangeIndex(rows)


def _index(window: Window, name: str) -> "pd.Index[Any]":
    try:
        found = pd.read_parquet(window.opened(), engine="pyarrow", columns=[]).index
    except Exception as error:  # as above
        window.require_unchanged(name)
        raise unreadable(name) from error
    window.require_unchanged(name)
    return found
