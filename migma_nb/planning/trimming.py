"""What a list holds beside its people is taken off, and each kind of it is said: blank rows and columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from migma_nb.planning.header_line import column_names_of, numbered
from migma_nb.planning.read_report import lines_of
from migma_nb.planning.values import is_missing


def trimmed(
    frame: pd.DataFrame,
    header: Sequence[Any] | None,
    lines: Sequence[int],
    blank: Sequence[int] = (),
    what: str = "line",
) -> tuple[pd.DataFrame, list[str]]:
    """Return a frame without blank rows, repeated headers and empty columns at its end, its columns named.

    Args:
        frame: the cells, with columns by position.
        header: the cells with the columns' names, None for none.
        lines: where in the file each row is.
        blank: lines that are blank and no rows of the frame.
        what: "line", or "row" in a sheet.

    Returns:
        The frame, and a sentence for everything that was left out or named.
    """
    repairs: list[str] = []
    empty = _blank_rows(frame)
    left = sorted({*blank, *(int(lines[at]) for at in empty)})
    if left:
        repairs.append(f"Blank rows were left out: {lines_of(left, what)}.")
    again = [at for at in _repeated(frame, header) if at not in set(empty)] if header is not None else []
    if again:
        numbers = [int(lines[at]) for at in again]
        repairs.append(f"The header stands there again and was left out: {lines_of(numbers, what)}.")
    if len(empty) or again:
        kept = np.ones(len(frame), dtype=bool)
        kept[[*empty, *again]] = False
        frame = frame.loc[kept].reset_index(drop=True)
    width = _width(frame, header)
    if width < frame.shape[1]:
        repairs.append(f"Empty columns at the end were left out: {frame.shape[1] - width}.")
        frame = frame.iloc[:, :width]
    if header is None:
        return frame.set_axis(numbered(width), axis=1), repairs
    names, said = column_names_of(header[:width])
    return frame.set_axis(names, axis=1), [*said, *repairs]


def _blank_rows(frame: pd.DataFrame) -> list[int]:
    """Return the rows in which every cell is missing or blank."""
    rows: npt.NDArray[np.int64] = np.arange(len(frame))
    for at in range(frame.shape[1]):
        if not len(rows):
            break
        column = frame.iloc[:, at]
        rows = rows[_blank(column if len(rows) == len(frame) else column.iloc[rows])]
    return [int(at) for at in rows]


def _blank(column: "pd.Series[Any]") -> npt.NDArray[np.bool_]:
    missing = column.isna().to_numpy(bool)
    if column.dtype == object:
        return np.fromiter(map(is_missing, column.tolist()), dtype=bool, count=len(column))
    if isinstance(column.dtype, pd.StringDtype):
        return missing | column.str.isspace().fillna(value=False).to_numpy(bool)
    return missing


def _repeated(frame: pd.DataFrame, header: Sequence[Any]) -> list[int]:
    """Return the rows that say what the header says."""
    rows: npt.NDArray[np.int64] = np.arange(len(frame))
    for at, name in enumerate(header):
        if not len(rows):
            break
        column = frame.iloc[:, at]
        cells = column if len(rows) == len(frame) else column.iloc[rows]
        same = cells.isna() if name is None or name == "" else cells == name
        rows = rows[same.fillna(value=False).to_numpy(bool)]
    return [int(at) for at in rows]


def _width(frame: pd.DataFrame, header: Sequence[Any] | None) -> int:
    width = frame.shape[1]
    if header is None:
        return width
    while width and is_missing(header[width - 1] if width <= len(header) else None):
        if not _blank(frame.iloc[:, width - 1]).all():
            break
        width -= 1
    return width
