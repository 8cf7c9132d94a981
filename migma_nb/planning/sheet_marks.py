"""How spreadsheets keep a text a text, ="00501" and '00501, and what they show for what does not fit."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

#: A formula that is one text: Excel shows what stands between the marks, with its zeros.
_GUARDED = re.compile(r'="((?:[^"]|"")*)"')
#: An apostrophe before a number; '90s and '26 are words.
_MARKED = re.compile(r"'([+(]?\d[\d ().,/+-]{2,})", re.ASCII)
_SHORTENED = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE][+-]\d{2,3}", re.ASCII)
_TOO_NARROW = re.compile(r"#{4,}")


def is_too_narrow(text: str) -> bool:
    """Say whether a text is what a sheet shows where a column is too narrow for its cell."""
    return bool(_TOO_NARROW.fullmatch(text.strip()))


def mark_of(text: str) -> str | None:
    """Return what a spreadsheet did to a text, in words; None for nothing."""
    plain = text.strip()
    if _GUARDED.fullmatch(plain):
        return 'is written as a formula, ="…", by which spreadsheets keep zeros'
    if _MARKED.fullmatch(plain):
        return "begins with the apostrophe by which spreadsheets keep zeros"
    if _SHORTENED.fullmatch(plain):
        return "is a long number that a spreadsheet has shortened, and its digits are lost"
    return None


def without_mark(text: str) -> str | None:
    """Return a text without the marks around it, None where there are none."""
    plain = text.strip()
    if found := _GUARDED.fullmatch(plain):
        return found[1].replace('""', '"')
    found = _MARKED.fullmatch(plain)
    return None if found is None else found[1]


def unguarded(text: str) -> str:
    """Return a cell of a delimited text without ="…" around it; as it stands where there is none."""
    found = _GUARDED.fullmatch(text) if text.startswith('="') else None
    return text if found is None else found[1].replace('""', '"')


def unguarded_cells(row: Sequence[Any]) -> list[Any]:
    """Return a row of texts, each without ="…" around it."""
    return [unguarded(cell) if isinstance(cell, str) else cell for cell in row]


def unguarded_frame(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return a frame of text with columns by position, its cells without ="…", and how many had that.

    Args:
        frame: rows × columns of text; it is not changed.
    """
    count, changed = 0, dict[Any, pd.Series]()
    for at in frame.columns:
        column = frame[at]
        rows = np.flatnonzero(column.str.startswith('="', na=False).to_numpy(bool))
        told = {int(row): unguarded(str(column.iloc[row])) for row in rows}
        told = {row: text for row, text in told.items() if text != column.iloc[row]}
        if told:
            changed[at] = column.copy()
            changed[at].iloc[list(told)] = [text or np.nan for text in told.values()]
            count += len(told)
    if not changed:
        return frame, 0
    columns = {at: changed.get(at, frame[at]) for at in frame.columns}
    return pd.DataFrame(columns, columns=frame.columns, index=frame.index), count


def guards_taken_off(count: int) -> tuple[str, ...]:
    """Return a sentence on so many cells and names without ="…" now, none for 0."""
    if not count:
        return ()
    cells = f"{count:,} cells were" if count > 1 else "1 cell was"
    return (f'{cells} written as ="…", by which Excel keeps zeros; that was taken off.',)
