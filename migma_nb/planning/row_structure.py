"""The shape of a delimited text, found at the speed of memory: where rows end and how many cells each has.

It reads no cell. It says whether a text is regular, so that the fast parser of pandas, which would silently
fill up short rows and join broken quotes, reads the same as the strict one of the standard library; if it is
not, the strict one reads it, or says what is wrong.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_PIECE = 1 << 24
_LF, _CR = 10, 13

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Structure:
    """The rows of a text, empty lines among them.

    Args:
        ends: the byte position behind each row.
        lines: the number of the line in which each row ends, from 1.
        cells: how many cells each has.
        empty: which are empty lines.
        regular: whether every quotation mark stands where it must, and every line ends in LF or CRLF.
        broken: whether a cell in quotation marks holds a line break.
    """

    ends: Positions
    lines: Positions
    cells: Positions
    empty: npt.NDArray[np.bool_]
    regular: bool
    broken: bool


def structure_of(data: bytes, delimiter: str, quote: str) -> Structure | None:
    """Return the shape of a text in UTF-8; None where its marks are no single bytes.

    Args:
        data: the text, without byte order mark.
        delimiter: one character between cells.
        quote: one character around cells, "" for none.
    """
    if not delimiter.isascii() or not quote.isascii() or not data:
        return None
    text = np.frombuffer(data, np.uint8)
    regular = paired = data.count(b"\r") == data.count(b"\r\n")
    ends: list[Any] = []
    lines: list[Any] = []
    totals: list[Any] = []
    odd, feeds, cells, broken = 0, 0, 0, False
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        marks = np.flatnonzero(piece == ord(quote)) if quote else np.empty(0, np.int64)
        feed = np.flatnonzero(piece == _LF)
        sign = np.flatnonzero(piece == ord(delimiter))
        ending = feed
        if len(marks) or odd:
            regular = regular and _in_place(text, marks + start, odd, ord(delimiter), ord(quote))
            sign = sign[_outside(marks, sign, odd)]
            ending = feed[_outside(marks, feed, odd)]
            broken = broken or len(ending) < len(feed)
            # A CR alone: what belongs to an LF inside of marks was seen with it.
            broken = broken or not (paired or _outside(marks, np.flatnonzero(piece == _CR), odd).all())
        ends.append(ending + start + 1)
        lines.append(np.searchsorted(feed, ending) + 1 + feeds)
        totals.append(np.searchsorted(sign, ending) + cells)
        odd, feeds, cells = (odd + len(marks)) % 2, feeds + len(feed), cells + len(sign)
    found = [np.concatenate(part).astype(np.int64) for part in (ends, lines, totals)]
    if not len(found[0]) or found[0][-1] < len(data):
        tail = (len(data), feeds + 1, cells)
        found = [np.append(part, last) for part, last in zip(found, tail, strict=True)]
    return Structure(
        ends=found[0],
        lines=found[1],
        cells=np.diff(found[2], prepend=0) + 1,
        empty=_empty(text, found[0]),
        regular=regular and not odd,
        broken=broken,
    )


def _outside(marks: Positions, positions: Positions, odd: int) -> npt.NDArray[np.bool_]:
    """Say which positions stand outside quotation marks."""
    return np.asarray((np.searchsorted(marks, positions) + odd) % 2 == 0)


def _in_place(text: npt.NDArray[np.uint8], marks: Positions, odd: int, delimiter: int, quote: int) -> bool:
    """Say whether each mark opens or ends a cell, or is one of a pair inside it."""
    opening, ending = marks[odd::2], marks[1 - odd :: 2]
    before = text[opening[opening > 0] - 1]
    behind = text[ending[ending < len(text) - 1] + 1]
    starts = np.isin(before, (delimiter, _LF, quote))
    stops = np.isin(behind, (delimiter, _LF, _CR, quote))
    return bool(starts.all() and stops.all())


def _empty(text: npt.NDArray[np.uint8], ends: Positions) -> npt.NDArray[np.bool_]:
    lengths = np.diff(ends, prepend=0)
    short = lengths <= 2  # noqa: PLR2004 - CR and LF
    first = text[ends - lengths]
    return np.asarray(short & ((first == _LF) | ((first == _CR) & (lengths == 2))))  # noqa: PLR2004 - CR and LF
