"""What was found out and set right while a file of people was read, tied to the frame that came of it."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import pandas as pd

_MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class ReadReport:
    """How a file was read: all that was found out about it, and every repair.

    A frame keeps its report as long as it lives (`ReadReport.of`), and a plan on it shows it. A copy or a
    part of the frame is another frame, and has none.

    Args:
        source: the file, or what stood for its name (str).
        kind: what it is, such as "CSV" or "Excel workbook" (str).
        encoding: the text's encoding and how it was found (str), "" where the kind has none.
        delimiter: what separates cells (str), "" where the kind has none.
        quote: the quotation mark around cells (str), "" for none.
        sheet: the sheet that was read (str), "" where there are none.
        header: the number of the line (in sheets: the row) with the column names, from 1; 0 for none (int).
        rows: how many rows came of it (int).
        columns: how many columns (int).
        repairs: what was set right or left out, a sentence each.
    """

    source: str
    kind: str
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    sheet: str = ""
    header: int = 1
    rows: int = 0
    columns: int = 0
    repairs: tuple[str, ...] = ()

    @staticmethod
    def of(people: Any) -> "ReadReport | None":
        """Return the report of a frame that `mg.read_recipients` made, None for any other."""
        held = _reports.get(id(people))
        return held[1] if held is not None and held[0]() is people else None

    @property
    def summary(self) -> str:
        """One line: the file, what it is, and how many repairs there are."""
        parts = [self.kind, self.encoding, separated_by(self.delimiter) if self.delimiter else ""]
        parts.append(f"sheet {self.sheet!r}" if self.sheet else "")
        parts.append("no header line" if self.header == 0 else "")
        if self.header > 1:
            parts.append(f"header in {'row' if self.sheet else 'line'} {self.header:,}")
        said = ", ".join(part for part in parts if part)
        return f"{self.source}: {said}"

    @property
    def repaired(self) -> str:
        """All repairs in one text, "" for none."""
        return " ".join(self.repairs)

    def __str__(self) -> str:
        shape = f"{self.rows:,} rows × {self.columns:,} columns"
        return "\n".join([f"{self.summary}; {shape}", *(f"  repaired: {line}" for line in self.repairs)])


#: By the frame's identity: a DataFrame cannot be the key of a weak dictionary, and its `attrs` stay empty.
_reports: dict[int, tuple["weakref.ref[pd.DataFrame]", ReadReport]] = {}


def attach(frame: pd.DataFrame, report: ReadReport) -> pd.DataFrame:
    """Tie a report to a frame for as long as the frame lives, and return the frame."""
    key = id(frame)

    def forget(gone: "weakref.ref[pd.DataFrame]") -> None:
        # By then another frame may live at the same place, with a report of its own.
        if key in _reports and _reports[key][0] is gone:
            del _reports[key]

    _reports[key] = (weakref.ref(frame, forget), report)
    return frame


_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}


def separated_by(delimiter: str) -> str:
    """Return what separates cells as a word for people."""
    return _SEPARATORS.get(delimiter, repr(delimiter))


def lines_of(numbers: Sequence[int], what: str = "line") -> str:
    """Return numbers of lines as words, cut after five: `lines 4, 7 and 12`."""
    if len(numbers) == 1:
        return f"{what} {numbers[0]:,}"
    shown = [f"{number:,}" for number in numbers[:_MOST_LINES]]
    rest = len(numbers) - len(shown)
    last = f"{rest:,} more" if rest else shown.pop()
    return f"{what}s {', '.join(shown)} and {last}"


class Lines(Sequence[int]):
    """Numbers of lines in order: the first few, and how many there are."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._count = 0

    def add(self, numbers: Sequence[int]) -> None:
        """Add some that come behind all others."""
        self._first += numbers[: _MOST_LINES + 1 - len(self._first)]
        self._count += len(numbers)

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[int]: ...
    def __getitem__(self, at: int | slice) -> int | Sequence[int]:
        """Return one or some of the first."""
        return self._first[at]
