"""Where a paged table's rows come from: anything that counts, searches and cuts; a frame is one such."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

#: A column with at most so many different values in its first rows is searched by value, not by row.
_FEW, _SAMPLE = 50, 2_000
#: A search with anything else in it cannot be found in a number or a time.
_IN_NUMBERS = frozenset("0123456789+-.:e infat")
_Rows = npt.NDArray[np.intp]
_Marks = npt.NDArray[np.bool_]


class Cell(str):
    """A cell's text in a row about somebody: `private` is what stands in their address cell."""

    __slots__ = ("private",)
    private: str

    def __new__(cls, text: str, private: str) -> Self:
        """Return the text with what in it is somebody's."""
        made = super().__new__(cls, text)
        made.private = private
        return made


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
        """Return one page's rows, each a `str` or a `Cell` a column, and how many rows match in all.

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
        columns: which columns are shown and searched, in this order, each with its heading; None for all, by
            their own names.
        private: returns what stands in the address cell of whom a row (its position) is about, "" for
            nobody's; None where no row is about somebody.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        by: str | None = None,
        columns: Mapping[str, str] | None = None,
        private: Callable[[int], str] | None = None,
    ) -> None:
        self._frame = frame
        self._private = private
        self._by = by
        headings = {name: str(name) for name in frame.columns} if columns is None else columns
        found = [
            (at, heading)
            for wanted, heading in headings.items()
            for at, name in enumerate(frame.columns)
            if name == wanted
        ]
        self._at = [at for at, _ in found]
        self._headings = [heading for _, heading in found]
        self._searched: dict[int, _Searched] = {}
        self._last: tuple[str | None, str, _Rows] | None = None
        self._last_marks: tuple[str, _Marks] | None = None

    @property
    def columns(self) -> Sequence[str]:
        """The columns' headings."""
        return self._headings

    def choices(self) -> Sequence[tuple[str, int]]:
        """Return the values of the column to filter by, the most frequent first; "" is what is missing."""
        if self._by is None:
            return []
        codes, names = self._groups
        counts = np.bincount(codes, minlength=len(names))
        pairs = [(name, int(count)) for name, count in zip(names, counts, strict=True)]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def page(
        self, choice: str | None, search: str, start: int, size: int
    ) -> tuple[Sequence[Sequence[str]], int]:
        """Return one page's rows, and how many rows match in all."""
        sought = search.strip().casefold()
        if choice is None and not sought:
            total = len(self._frame)
            at = np.arange(start, min(start + size, total))
        else:
            found = self._matching(choice, sought)
            total, at = len(found), found[start : start + size]
        part = self._frame.iloc[at]
        lines = list(zip(*([_text(value) for value in part.iloc[:, one]] for one in self._at), strict=True))
        if self._private is None:
            return lines, total
        whose = [self._private(int(one)) for one in at]
        return [[Cell(text, own) for text in line] for line, own in zip(lines, whose, strict=True)], total

    def _matching(self, choice: str | None, sought: str) -> _Rows:
        """Return the rows that match; those of the last question are kept for its next page."""
        if self._last is None or self._last[:2] != (choice, sought):
            codes, names = self._groups if choice is not None else (np.empty(0), [])
            code = names.index(choice) if choice in names else -2
            marks = self._marks(sought) if sought else np.ones(len(self._frame), dtype=np.bool_)
            rows = np.flatnonzero(marks if choice is None else marks & (codes == code))
            self._last = (choice, sought, rows)
        return self._last[2]

    def _marks(self, sought: str) -> _Marks:
        if self._last_marks is None or self._last_marks[0] != sought:
            marks = np.zeros(len(self._frame), dtype=np.bool_)
            for at in self._at:
                if at not in self._searched:
                    self._searched[at] = _Searched(self._frame.iloc[:, at])
                marks |= self._searched[at].marks(sought)
            self._last_marks = (sought, marks)
        return self._last_marks[1]

    @cached_property
    def _groups(self) -> tuple[npt.NDArray[np.intp], list[str]]:
        codes, values = pd.factorize(self._frame[self._by], use_na_sentinel=False)
        texts = [_text(value) for value in values]
        # An empty text and what is missing look alike, and so are one choice.
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        return np.array([places[text] for text in texts], dtype=np.intp)[codes], list(places)


class _Searched:
    """One column as it is searched: what it takes to do so is made at the first search, and kept."""

    def __init__(self, column: "pd.Series[Any]") -> None:
        self._column = column
        kind = pd.api.types
        self._numbers = kind.is_numeric_dtype(column.dtype) or kind.is_datetime64_any_dtype(column.dtype)
        # To pandas 0.0 and False are one value, which read differently.
        mixed = column.dtype == object and kind.infer_dtype(column, skipna=True).startswith("mixed")
        self._few = not mixed and _nunique(column.iloc[:_SAMPLE]) <= _FEW

    def marks(self, sought: str) -> _Marks:
        """Return which cells contain a text (casefolded)."""
        # Most searches begin with a letter, which needs no texts of numbers: they take longest to make.
        if not _IN_NUMBERS.issuperset(sought) and (self._numbers or self._kind == "integer"):
            return np.zeros(len(self._column), dtype=np.bool_)
        if self._few:
            codes, values = self._codes
            # A missing cell has the code -1, and so finds the last mark.
            return np.array([*(sought in _text(value).casefold() for value in values), False])[codes]
        if sought.isascii() and (texts := self._texts) is not None:
            return texts.str.contains(sought, case=False, regex=False, na=False).to_numpy(dtype=np.bool_)
        return np.fromiter((sought in line for line in self._lines), np.bool_, len(self._column))

    @cached_property
    def _texts(self) -> "pd.Series[Any] | None":
        """The cells as pandas' own texts, which it searches faster than a loop; None where they differ."""
        if self._kind == "integer":
            return self._column.astype("string")
        return self._column if self._kind == "string" else None

    @cached_property
    def _kind(self) -> str:
        return pd.api.types.infer_dtype(self._column, skipna=True)

    @cached_property
    def _codes(self) -> tuple[npt.NDArray[np.intp], Any]:
        return pd.factorize(self._column)

    @cached_property
    def _lines(self) -> list[str]:
        return [_text(value).casefold() for value in self._column.tolist()]


def _nunique(sample: "pd.Series[Any]") -> int:
    try:
        return int(sample.nunique())
    except TypeError:  # lists and the like
        return _FEW + 1


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value)
