"""A list too long for memory, gone through in frames: what its reading gives, and its planning takes."""

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from migma_nb.planning.read_report import ReadReport

#: A frame of a long list has at most so many rows; each but the last has exactly so many.
PIECE_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Held:
    """What a list in pieces stands on.

    Args:
        frames: begins anew at the first frame each time it is called.
        index: returns the whole index.
        close: lets go of files; may be called several times.
    """

    frames: Callable[[], Iterator[pd.DataFrame]]
    index: Callable[[], "pd.Index[Any]"]
    close: Callable[[], None]


class Pieces:
    """A list of people in frames of at most `PIECE_ROWS` rows: together what `read_recipients` gives.

    Iterating yields the frames in order, each with its part of the index, every one with the columns and
    types of the whole. It can be done several times, also at once, and gives the same each time. It raises
    InputError where the file was changed meanwhile. The temporary file that pieces of a text stand on goes
    with `close()`, at the end of a `with`, with the last reference, and however the process ends.

    Args:
        rows: how many rows there are in all (int).
        columns: the columns' names, in order.
        report: how the list was read.
        held: where the frames come from.
    """

    def __init__(self, rows: int, columns: list[Any], report: ReadReport, held: Held) -> None:
        self.rows = rows
        self.columns = columns
        self.report = report
        self._held = held
        self._closing = weakref.finalize(self, held.close)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the frames, from the first one on.

        Raises:
            InputError: the file was changed, or is damaged.
        """
        if not self._closing.alive:
            raise ValueError("these pieces are closed")
        # As a generator it holds the pieces, and so their file, until it ends.
        yield from self._held.frames()

    def __enter__(self) -> Self:
        """Return the pieces, which are closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close them."""
        self.close()

    @property
    def index(self) -> "pd.Index[Any]":
        """The whole index: a RangeIndex, but for Parquet that holds another, which is read at each call."""
        return self._held.index()

    def close(self) -> None:
        """Let go of the file, and of the temporary one."""
        self._closing()

    def __repr__(self) -> str:
        return f"<Pieces of {self.report.source}: {self.rows:,} rows × {len(self.columns):,} columns>"


def pieces_of(frame: pd.DataFrame, report: ReadReport) -> Pieces:
    """Return a frame in pieces: a list that is in memory anyway, such as a workbook's."""

    def frames() -> Iterator[pd.DataFrame]:
        for start in range(0, len(frame), PIECE_ROWS):
            yield frame.iloc[start : start + PIECE_ROWS]

    held = Held(frames, lambda: frame.index, lambda: None)
    return Pieces(len(frame), frame.columns.tolist(), report, held)
