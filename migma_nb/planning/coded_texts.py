"""A text per row, each different one held once: a number per row, and an array of the different texts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.text_arrays import Codes, Places, TextArray, array_of, encoded, listed, sizes_of

#: So many rows are read back at a time.
CHUNK = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class CodedTexts(Sequence[str | None]):
    """Reads like a list of texts; a slice is one.

    Args:
        codes: each row's position among the different texts, -1 where it has none.
        different: the texts; one may be no row's.
        distinct: whether it is certain that none stands there twice.
    """

    codes: Codes
    different: TextArray
    distinct: bool = False

    @classmethod
    def of(cls, texts: Iterable[str | None]) -> "CodedTexts":
        """Return these texts such that those with equal codes, and no others, are equal."""
        if isinstance(texts, CodedTexts):
            return texts if texts.distinct else cls.of_array(texts.arrow())
        return cls.of_array(array_of(texts))

    @classmethod
    def of_array(cls, texts: TextArray) -> "CodedTexts":
        """Return the texts of an array, such that those with equal codes, and no others, are equal."""
        return cls(*encoded(texts), distinct=True)

    @classmethod
    def coded(cls, texts: Iterable[str | None]) -> "CodedTexts":
        """Return these texts, as they are coded where they are."""
        return texts if isinstance(texts, CodedTexts) else cls.of(texts)

    @classmethod
    def same(cls, text: str | None, rows: int) -> "CodedTexts":
        """Return one text for every row."""
        codes: Codes = np.full(rows, -1 if text is None else 0, dtype=np.int32)
        return cls(codes, array_of([] if text is None else [text]))

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> str | None: ...
    @overload
    def __getitem__(self, at: slice) -> list[str | None]: ...
    def __getitem__(self, at: int | slice) -> str | list[str | None] | None:
        if isinstance(at, slice):
            return listed(self.arrow(self.codes[at]))
        code = self.codes[at]
        text: str | None = self.different[int(code)].as_py() if code >= 0 else None
        return text

    def __iter__(self) -> Iterator[str | None]:
        for start in range(0, len(self), CHUNK):
            yield from self[start : start + CHUNK]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        if isinstance(other, CodedTexts):
            same: bool = self.arrow().equals(other.arrow())
            return same
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __repr__(self) -> str:
        return f"CodedTexts({len(self):,} rows, {len(self.different):,} different)"

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Say of each row whether it has no text."""
        return self.codes < 0

    @property
    def longest(self) -> int:
        """The length of the longest of the different texts, in bytes of UTF-8 (int)."""
        return int(sizes_of(self.different).max(initial=0))

    def arrow(self, codes: Codes | None = None) -> TextArray:
        """Return the texts of these codes, or of all rows, as an Arrow array."""
        codes = self.codes if codes is None else codes
        first, last = (int(codes[0]), int(codes[-1])) if len(codes) else (0, -1)
        if first >= 0 and last - first == len(codes) - 1 and bool((np.diff(codes) == 1).all()):
            return self.different.slice(first, len(codes))
        mask = codes < 0
        return self.different.take(pa.array(codes, mask=mask if mask.any() else None))

    def part(self, start: int, stop: int) -> TextArray:
        """Return the texts of the rows from one to before another as an Arrow array."""
        return self.arrow(self.codes[start:stop])

    def take(self, rows: Any) -> "CodedTexts":
        """Return the texts of these rows, in their order."""
        return CodedTexts(self.codes[np.asarray(rows, dtype=np.intp)], self.different)

    def rows_of(self, places: Places) -> Places:
        """Return the rows whose text is one of the different ones at these places, in order."""
        if not len(places):
            return np.empty(0, dtype=np.intp)
        wanted = np.zeros(len(self.different) + 1, dtype=bool)  # the last is for rows without text
        wanted[places] = True
        return np.flatnonzero(wanted[self.codes])

    def rows_with(self, text: str) -> Places:
        """Return the rows with this very text, in order."""
        return self.rows_of(np.flatnonzero(pc.equal(self.different, text).to_numpy(zero_copy_only=False)))

    def lengths(self) -> npt.NDArray[np.int64]:
        """Return how many characters each row's text has, 0 where it has none."""
        return np.append(pc.utf8_length(self.different).to_numpy(zero_copy_only=False), 0)[self.codes]

    def sizes(self) -> npt.NDArray[np.int64]:
        """Return how many bytes of UTF-8 each row's text has, 0 where it has none."""
        return np.append(sizes_of(self.different), 0)[self.codes]

    def counts(self) -> npt.NDArray[np.int64]:
        """Return of each different text how many rows have it."""
        return np.bincount(self.codes + 1, minlength=len(self.different) + 1)[1:]

    def filled(self, text: str, rows: npt.NDArray[np.bool_]) -> "CodedTexts":
        """Return the same with a text for these rows, which are chosen by a mask."""
        codes = np.where(rows, np.int32(len(self.different)), self.codes)
        return CodedTexts(codes, pa.concat_arrays([self.different, array_of([text])]))

    def differs(self, rows: Places, others: Places) -> npt.NDArray[np.bool_]:
        """Say of each row whether its text differs from that of the other one beside it."""
        mine, theirs = self.codes[rows], self.codes[others]
        differ: npt.NDArray[np.bool_] = mine != theirs
        # Two codes may be of equal texts; where one of them is of none, no text is equal to it.
        both = np.flatnonzero(differ & (mine >= 0) & (theirs >= 0))
        if len(both) and not self.distinct:
            unequal = pc.not_equal(self.arrow(mine[both]), self.arrow(theirs[both]))
            differ[both] = unequal.to_numpy(zero_copy_only=False)
        return differ


def positions(rows: Places) -> list[int]:
    """Return rows as Python's integers."""
    found: list[int] = rows.tolist()
    return found
