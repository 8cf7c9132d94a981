"""Tables of Polars, PyArrow and their like become DataFrames, cell by cell; no such package is imported."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_float_dtype

from migma_nb.api.errors import InputError
from migma_nb.planning.values import shown_float

#: NumPy's type for columns of short floats, as narwhals names them.
_SHORT_FLOATS: dict[str, Any] = {"Float16": np.float16, "Float32": np.float32}


def frame_of(table: Any) -> pd.DataFrame | None:
    """Return a table of another library as a frame; None for what is no table.

    Cells go over as Python values, so that a whole number beside a missing one stays whole and exact.

    Args:
        table: anything.

    Raises:
        InputError: it is a query that was not run yet, or two of its columns have one name.
    """
    wrapped = _wrapped(table)
    if wrapped is None:
        return None
    if type(wrapped).__name__ == "LazyFrame":
        run = ".compute()" if _kind(table).startswith("dask") else ".collect()"
        raise InputError(
            f"A {_kind(table)} is a query, not yet a list.", hint=f"Run it first, for example with {run}."
        )
    if not hasattr(wrapped, "columns"):
        return None
    names = list(wrapped.columns)
    columns = {name: column_of(_cells(wrapped[name], name)) for name in names}
    return pd.DataFrame(columns, columns=names, index=pd.RangeIndex(len(wrapped)))


def series_of(column: Any) -> "pd.Series[Any] | None":
    """Return a column of another library as a Series; None for what is no column."""
    wrapped = _wrapped(column)
    if wrapped is None or hasattr(wrapped, "columns"):
        return None
    return column_of(_cells(wrapped, wrapped.name))


def _cells(column: Any, name: str) -> list[Any]:
    cells = python_values(column.to_list, name)
    short = _SHORT_FLOATS.get(str(column.dtype))
    return cells if short is None else [None if cell is None else shown_float(short(cell)) for cell in cells]


def python_values(read: Callable[[], Iterable[Any]], name: str) -> list[Any]:
    """Return a column's cells as Python values.

    Args:
        read: returns them.
        name: what the column is called, for errors.

    Raises:
        InputError: Python has no value for a cell.
    """
    try:
        return list(read())
    except (OverflowError, ValueError) as error:
        raise InputError(
            f"The column {name!r} holds what Python has no value for: {error}.",
            hint="Correct such cells, or turn the column into text first.",
        ) from error


def column_of(cells: list[Any]) -> "pd.Series[Any]":
    """Return cells as a column: with numpy's type where they all have one, and that changes none of them."""
    series = pd.Series(cells, dtype=object)
    inferred = series.infer_objects()
    # Whole numbers beside missing ones or others would become floats, and long ones would lose digits.
    return series if is_float_dtype(inferred) and any(type(cell) is int for cell in cells) else inferred


def _wrapped(thing: Any) -> Any:
    """Return what narwhals makes of a thing, None where it knows no such table or column."""
    if type(thing).__module__.partition(".")[0] in {"builtins", "pandas", "numpy", "migma_nb"}:
        return None
    import narwhals  # noqa: PLC0415 - 40 ms that only those pay who pass such a table

    # narwhals knows Arrow's tables and their columns, and not what these are made of.
    if isinstance(thing, pa.RecordBatch):
        thing = pa.Table.from_batches([thing])
    elif isinstance(thing, pa.Array):
        thing = pa.chunked_array([thing])
    try:
        wrapped = narwhals.from_native(thing, pass_through=True, allow_series=True)
    except ValueError as error:
        raise InputError(
            f"The {_kind(thing)} cannot be used as a list: {' '.join(str(error).split())}.",
            hint="Give each of its columns a name of its own.",
        ) from error
    return None if wrapped is thing else wrapped


def _kind(thing: Any) -> str:
    kind = type(thing)
    return f"{kind.__module__.partition('.')[0]} {kind.__name__}"
