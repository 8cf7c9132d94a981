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
    empty = blank_rows(frame)
    again = repeated_rows(frame, header, empty)
    left = sorted({*blank, *(int(lines[at]) for at in empty)})
    frame = kept_rows(frame, [*empty, *again])
    width = frame.shape[1] if header is None else _width(frame, header)
    beyond = frame.shape[1] - width
    frame = frame.iloc[:, :width] if beyond else frame
    names, said = names_of(header, width)
    repairs = left_out(left, [int(lines[at]) for at in again], beyond, what)
    return frame.set_axis(names, axis=1), [*said, *repairs]


def names_of(header: Sequence[Any] | None, width: int) -> tuple[list[str], list[str]]:
    """Return the names of so many columns, and a sentence for each that is not as it stands in the header."""
    return (numbered(width), []) if header is None else column_names_of(header[:width])


def left_out(blank: Sequence[int], again: Sequence[int], beyond: int, what: str = "line") -> list[str]:
    """Return a sentence for each kind of thing that was left out.

    Args:
        blank: the lines that are blank.
        again: the lines in which the header stands again.
        beyond: how many empty columns were at the end.
        what: "line", or "row" in a sheet.
    """
    repairs = []
    if blank:
        repairs.append(f"Blank rows were left out: {lines_of(blank, what)}.")
    if again:
        repairs.append(f"The header stands there again and was left out: {lines_of(again, what)}.")
    if beyond:
        repairs.append(f"Empty columns at the end were left out: {beyond}.")
    return repairs


def kept_rows(frame: pd.DataFrame, dropped: Sequence[int]) -> pd.DataFrame:
    """Return a frame without some rows, by position."""
    if not dropped:
        return frame
    kept = np.ones(len(frame), dtype=bool)
    kept[list(dropped)] = False
    return frame.loc[kept].reset_index(drop=True)


def blank_rows(frame: pd.DataFrame) -> list[int]:
    """Return the rows in which every cell is missing or blank."""
    rows: npt.NDArray[np.int64] = np.arange(len(frame))
    for at in range(frame.shape[1]):
        if not len(rows):
            break
        column = frame.iloc[:, at]
        rows = rows[blank_cells(column if len(rows) == len(frame) else column.iloc[rows])]
    return [int(at) for at in rows]


def blank_cells(column: "pd.Series[Any]") -> npt.NDArray[np.bool_]:
    """Say of each cell whether it is missing or white space."""
    missing = column.isna().to_numpy(bool)
    if column.dtype == object:
        return np.fromiter(map(is_missing, column.tolist()), dtype=bool, count=len(column))
    if isinstance(column.dtype, pd.StringDtype):
        return missing | column.str.isspace().fillna(value=False).to_numpy(bool)
    return missing


def repeated_rows(frame: pd.DataFrame, header: Sequence[Any] | None, blank: Sequence[int]) -> list[int]:
    """Return the rows that say what the header says, but for blank ones."""
    if header is None:
        return []
    rows: npt.NDArray[np.int64] = np.arange(len(frame))
    for at, name in enumerate(header):
        if not len(rows):
            break
        column = frame.iloc[:, at]
        cells = column if len(rows) == len(frame) else column.iloc[rows]
        same = cells.isna() if name is None or name == "" else cells == name
        rows = rows[same.fillna(value=False).to_numpy(bool)]
    known = set(blank)
    return [int(at) for at in rows if int(at) not in known]


def _width(frame: pd.DataFrame, header: Sequence[Any]) -> int:
    width = frame.shape[1]
    while width and is_missing(header[width - 1] if width <= len(header) else None):
        if not blank_cells(frame.iloc[:, width - 1]).all():
            break
        width -= 1
    return width
