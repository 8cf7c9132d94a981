"""The account of a run as a file: CSV, Parquet or Excel, written piece by piece as the ledger gives it."""

import os
import unicodedata
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.workbooks import MOST_ROWS
from migma_nb.planning.writing import replaced, sheet_cell

_SIGNS = ("=", "+", "-", "@", "\u2212")
_BREAKS = "\t\r\n"
#: Rows of an Excel sheet below its first, which has the names.
MOST_OF_A_SHEET = MOST_ROWS - 1


def write_csv(found: pd.DataFrame | Iterable[pd.DataFrame], path: str | os.PathLike[str]) -> Path:
    """Write a frame, or the pieces of one, as CSV that a spreadsheet opens without running any cell.

    A text that begins like a formula gets an apostrophe before it. The index is written unless it only
    counts the rows.

    Raises:
        InputError: the file cannot be written.
    """
    pieces = [found] if isinstance(found, pd.DataFrame) else found
    with replaced(path) as place, place.open("w", encoding="utf-8-sig", newline="") as file:
        for number, piece in enumerate(pieces):
            _neutral_frame(_labelled(piece)).to_csv(file, index=False, header=number == 0)
    return Path(path)


def spelled(index: pd.Index | None) -> pd.Index | None:
    """Return an index whose moments are texts, as pandas writes the whole of them: a piece may differ."""
    if index is None:
        return None
    levels = [index.get_level_values(at) for at in range(index.nlevels)]
    if not any(level.dtype.kind in "mM" for level in levels):
        return index
    texts = [_spelled(level) if level.dtype.kind in "mM" else level for level in levels]
    return texts[0] if index.nlevels == 1 else pd.MultiIndex.from_arrays(texts, names=index.names)


def _spelled(moments: pd.Index) -> pd.Index:
    words = [None if gone else text for text, gone in zip(moments.astype(str), moments.isna(), strict=True)]
    found: pd.Index = pd.Index(words, dtype="object", name=moments.name)
    return found


def write_parquet(
    pieces: Iterable[pd.DataFrame], index: pd.Index | None, path: str | os.PathLike[str]
) -> Path:
    """Write the pieces of an account as one Parquet file; the index is written as by `write_csv`.

    Args:
        pieces: the account.
        index: the labels of all its rows, None where they only count them.
        path: the file.

    Raises:
        InputError: the file cannot be written, or the labels fit no one type.
    """
    import pyarrow as pa  # noqa: PLC0415 - slow
    from pyarrow import parquet  # noqa: PLC0415 - slow

    with replaced(path) as place, ExitStack() as stack:
        writer: Any = None
        for piece in pieces:
            if writer is None:
                try:
                    schema = _schema(piece, index)
                except pa.ArrowException as error:
                    raise InputError(
                        f"The labels of this run's rows fit no one type of Parquet: {error}.",
                        hint="Write run.to_csv(…).",
                    ) from error
                writer = stack.enter_context(parquet.ParquetWriter(place, schema))
            table = pa.Table.from_pandas(_labelled(piece), schema=schema, preserve_index=False)
            writer.write_table(table.replace_schema_metadata(schema.metadata))
    return Path(path)


def _schema(piece: pd.DataFrame, index: pd.Index | None) -> Any:
    """Return what each column holds, whatever a single piece has no value of."""
    import pyarrow as pa  # noqa: PLC0415 - slow

    kinds = {"m": pa.float64(), "M": pa.timestamp("ms", tz="UTC"), "f": pa.float64(), "i": pa.int64()}
    fields = [
        pa.field(name, kinds.get(getattr(dtype, "kind", "O"), pa.string()))
        for name, dtype in piece.dtypes.items()
    ]
    if index is not None and not isinstance(index, pd.RangeIndex):
        labels = pd.DataFrame(index=index).reset_index(names=_index_names(index, piece.columns))
        fields = [*pa.Schema.from_pandas(labels, preserve_index=False), *fields]
    empty = _labelled(piece).iloc[:0]
    return pa.Table.from_pandas(empty, schema=pa.schema(fields), preserve_index=False).schema


def write_excel(pieces: Iterable[pd.DataFrame], rows: int, path: str | os.PathLike[str]) -> Path:
    """Write the pieces of an account as one sheet of Excel; times are UTC, the index as in `write_csv`.

    Args:
        pieces: the account.
        rows: how many rows it has.
        path: the file.

    Raises:
        InputError: a sheet does not hold so many rows, the file cannot be written, or openpyxl is not there.
    """
    if rows > MOST_OF_A_SHEET:
        raise InputError(
            f"The run has {rows:,} rows; a sheet of Excel holds {MOST_OF_A_SHEET:,}. Nothing was written.",
            hint='Write run.to_csv("sent.csv") or run.to_parquet("sent.parquet"), which hold any number; or '
            "a part of it: run.part(0, 1_000_000).",
        )
    try:
        import openpyxl  # noqa: PLC0415 - optional and slow
    except ImportError as error:
        raise InputError(
            "run.to_excel() needs openpyxl, which is not installed.",
            hint="Run: pip install 'migma-nb[excel]'; or write run.to_csv(…).",
        ) from error
    with replaced(path) as place, place.open("wb") as file:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("account")
        for number, piece in enumerate(pieces):
            frame = _labelled(piece)
            if number == 0:
                sheet.append([sheet_cell(openpyxl, sheet, str(name)) for name in frame.columns])
            for row in zip(*(frame.iloc[:, at] for at in range(frame.shape[1])), strict=True):
                sheet.append([sheet_cell(openpyxl, sheet, value) for value in row])
        book.save(file)
    return Path(path)


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose labels are columns, unless they only count its rows."""
    if isinstance(frame.index, pd.RangeIndex):
        return frame
    return frame.reset_index(names=_index_names(frame.index, frame.columns))


def _neutral_frame(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.copy()
    for at in range(safe.shape[1]):
        column = safe.iloc[:, at]
        if str(column.dtype) == "datetime64[ms, UTC]":
            safe.isetitem(at, _spelled_out(column))
        elif not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
            safe.isetitem(at, column.map(neutral).to_numpy())
    safe.columns = pd.Index([neutral(name) for name in safe.columns])
    return safe


def _spelled_out(times: pd.Series) -> Any:
    """Return times as texts to the millisecond: pandas cuts off what is zero in a whole piece."""
    moments = np.datetime_as_string(times.dt.tz_localize(None).to_numpy(), unit="ms")
    texts = np.char.add(np.char.replace(moments, "T", " "), "+00:00").astype("object")
    texts[times.isna().to_numpy()] = None
    return texts


def neutral(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs as a formula; only texts are ever changed."""
    if not isinstance(cell, str) or not cell:
        return cell
    # Spreadsheets skip what cannot be seen, and take a wide or small sign for the plain one.
    seen = next((char for char in cell if char.isprintable() and not char.isspace()), "")
    formula = cell[0] in _BREAKS or unicodedata.normalize("NFKC", seen)[:1] in _SIGNS
    return "'" + cell if formula else cell


def _index_names(index: pd.Index, columns: Iterable[object]) -> list[str]:
    taken = {str(name) for name in columns}
    found: list[str] = []
    for level, given in enumerate(index.names):
        unnamed = "index" if index.nlevels == 1 else f"level_{level}"
        name = unnamed if given is None else str(given)
        while name in taken:
            name = f"index_{name}"
        taken.add(name)
        found.append(name)
    return found
