"""Where a paged table's rows come from: anything that counts, searches and cuts; a frame is one such."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd


class TableSource(Protocol):
    """Rows of plain text in pages."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns' names, as shown."""

    def choices(self) -> Sequence[tuple[str, int]]:
        """Return what the rows can be filtered by, such as states or codes, with how many rows each has."""

    def page(
        self, choice: str | None, search: str, start: int, size: int
    ) -> tuple[Sequence[Sequence[str]], int]:
        """Return one page's rows, and how many rows match in all.

        Args:
            choice: one of `choices()`, or None for all.
            search: what a row has to contain, "" for anything; upper and lower case are the same.
            start: the first row of the page among those that match, from 0.
            size: rows at most.
        """


class FrameSource:
    """A DataFrame in pages, such as `plan.issues` or `run.frame`; it is not copied, and not to be changed.

    Args:
        frame: the rows.
        by: the column to filter by, None for no filter.
        columns: which columns are shown and searched, None for all.
    """

    def __init__(
        self, frame: pd.DataFrame, *, by: str | None = None, columns: Sequence[str] | None = None
    ) -> None:
        self._frame = frame
        self._by = by
        self._names = list(frame.columns) if columns is None else list(columns)
        self._last: tuple[tuple[str | None, str], Any] | None = None

    @property
    def columns(self) -> Sequence[str]:
        """The columns' names."""
        return [str(name) for name in self._names]

    def choices(self) -> Sequence[tuple[str, int]]:
        """Return the values of the column to filter by, the most frequent first."""
        if self._by is None:
            return []
        codes, names = self._groups
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        pairs = [(name, int(count)) for name, count in zip(names, counts, strict=True)]
        return sorted(pairs, key=lambda pair: -pair[1])

    def page(
        self, choice: str | None, search: str, start: int, size: int
    ) -> tuple[Sequence[Sequence[str]], int]:
        """Return one page's rows, and how many rows match in all."""
        found = self._matching(choice, search.casefold().strip())
        if found is None:
            part, total = self._frame.iloc[start : start + size], len(self._frame)
        else:
            part, total = self._frame.iloc[found[start : start + size]], len(found)
        cells = [[_text(value) for value in part[name]] for name in self._names]
        return list(zip(*cells, strict=True)), total

    def _matching(self, choice: str | None, search: str) -> Any:
        if choice is None and not search:
            return None
        if self._last is None or self._last[0] != (choice, search):
            self._last = ((choice, search), self._found(choice, search))
        return self._last[1]

    def _found(self, choice: str | None, search: str) -> Any:
        rows = None
        if choice is not None:
            codes, names = self._groups
            rows = np.flatnonzero(codes == (names.index(choice) if choice in names else -2))
        if not search:
            return rows
        lines = self._lines
        if rows is None:
            return np.flatnonzero([search in line for line in lines])
        return rows[[search in lines[row] for row in rows.tolist()]]

    @cached_property
    def _groups(self) -> tuple[Any, list[str]]:
        codes, names = pd.factorize(self._frame[self._by])
        return codes, [str(name) for name in names]

    @cached_property
    def _lines(self) -> list[str]:
        cells = [[_text(value) for value in self._frame[name].tolist()] for name in self._names]
        return "\n".join(map("\x1f".join, zip(*cells, strict=True))).casefold().split("\n")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return ""
    return str(value)
