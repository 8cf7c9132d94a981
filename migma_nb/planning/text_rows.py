"""The rows of a delimited text by the strict reader of the standard library, and where it cannot go on."""

import csv
import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic

from migma_nb.api.errors import InputError
from migma_nb.planning import sliced
from migma_nb.planning.dialect import Dialect, lines_with_ends, reader_options
from migma_nb.planning.header_line import Row
from migma_nb.planning.packed import Raw
from migma_nb.planning.read_report import separated_by
from migma_nb.planning.windows import Window

_LONGEST_CELL = 2**31 - 1
#: Of a text's beginning, in bytes: more is looked at only where its first rows are longer.
_HEAD = 1 << 18
#: Bytes that are read from a file in one go.
_READ = 1 << 20

TextRow = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Text(Generic[Raw]):
    """A text in UTF-8, and how its cells are told apart.

    Args:
        body: the text (bytes, or a window on them).
        name: the file, for errors (str).
        dialect: how its cells are told apart.
        above: how many lines stand above it (int).
    """

    body: Raw
    name: str
    dialect: Dialect
    above: int


def head_rows(text: Text[Any], most: int) -> list[Row]:
    """Return the first rows that are not blank, one more than so many, or all.

    Raises:
        InputError: there are none, or they are no table.
    """
    size = _HEAD
    while True:
        whole = size >= len(text.body)
        lines = lines_with_ends(text.body[:size].decode("utf-8", "ignore"))
        head: list[Row] = []
        for row in rows_of(text, lines, whole=whole):
            if filled(row[1]):
                head.append(row)
            if len(head) > most:
                return head
        if whole:
            break
        if isinstance(text.body, Window) and size >= sliced.LONGEST_ROW:
            raise sliced.too_long(text.name, "A row at the beginning")
        size = min(size * 8, max(sliced.LONGEST_ROW, _HEAD)) if isinstance(text.body, Window) else size * 8
    if not head:
        raise InputError(
            f"{text.name} is empty.", hint="Check the export; a header line and rows are needed."
        )
    return head


def rows_of(text: Text[Any], lines: Iterable[str], *, whole: bool = True) -> Iterator[TextRow]:
    """Yield rows, blank ones too, with the line in which each starts.

    Args:
        text: what is read, for errors.
        lines: its lines with what ends each, from the first one on.
        whole: whether these are all of them; if not, the last row may be cut.

    Raises:
        InputError: they are no rows: says which line, what is there, and what to do.
    """
    reader = csv.reader(lines, strict=True, **reader_options(text.dialect))
    start = text.above + 1
    with _long_cells():
        try:
            for row in reader:
                yield start, row
                start = reader.line_num + text.above + 1
        except csv.Error as error:
            if whole or "unexpected end" not in str(error):
                raise _not_a_table(text, start, reader.line_num + text.above, error) from error


class LongLines:
    """The lines of a file with what ends each, read as they are needed; a row of them without end is refused.

    Args:
        text: the file.
    """

    def __init__(self, text: Text[Window]) -> None:
        self._text = text
        self._held = 0
        self._count = text.above
        self._row = self._count + 1

    def row_ended(self) -> None:
        """Begin a new row with the next line."""
        self._held, self._row = 0, self._count + 1

    def __iter__(self) -> Iterator[str]:
        """Yield them.

        Raises:
            InputError: too many came since a row began.
        """
        read = io.BufferedReader(self._text.body.opened(), _READ)
        with io.TextIOWrapper(read, encoding="utf-8", newline="") as file:
            while line := file.readline(sliced.LONGEST_ROW + 1):
                self._held += len(line)
                self._count += 1
                if self._held > sliced.LONGEST_ROW:
                    raise sliced.too_long(self._text.name, f"The row that begins in line {self._row:,}")
                yield line


#: How many readings of long cells go on; the reader's own limit is one for the whole process.
_reading = {"now": 0, "limit": 0}
_limits = threading.Lock()


@contextmanager
def _long_cells() -> Iterator[None]:
    with _limits:
        if not _reading["now"]:
            _reading["limit"] = csv.field_size_limit(_LONGEST_CELL)
        _reading["now"] += 1
    try:
        yield
    finally:
        with _limits:
            _reading["now"] -= 1
            if not _reading["now"]:
                csv.field_size_limit(_reading["limit"])


def filled(cells: Sequence[str]) -> bool:
    """Say whether anything but white space stands in a row."""
    return bool("".join(cells).strip())


def filled_width(cells: Sequence[Any]) -> int:
    """Return the number of the last cell in which something stands."""
    return max((at + 1 for at, cell in enumerate(cells) if str(cell).strip()), default=0)


def _not_a_table(text: Text[Any], start: int, end: int, error: csv.Error) -> InputError:
    if "unexpected end" in str(error):
        what = f"the quotation mark that opens in line {start} or before is never closed"
        line = start
    elif "expected after" in str(error):
        what = f"text follows a closing quotation mark ({error})"
        line = end
        if start < end:
            what += f"; the row begins in line {start}"
    else:
        what, line = str(error), end
    return InputError(
        f"{text.name} cannot be read as a table: line {line}: {what}.",
        hint="A quotation mark is probably not closed, or not doubled inside its cell. Correct it, or pass "
        'quote="" if such marks are ordinary text and no cell holds '
        f"{separated_by(text.dialect.delimiter)} or line breaks.",
    )
