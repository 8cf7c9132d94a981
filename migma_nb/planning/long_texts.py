"""A delimited text of any length in pieces: read once, block by block, into a temporary file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from migma_nb.planning import sliced
from migma_nb.planning.delimited import bare_head, cut_cells, frame_of_rows, line_ends, read_regular
from migma_nb.planning.gathered_rows import GatheredRows, frames_of, stored
from migma_nb.planning.header_line import HEAD_ROWS, Header, Row, find_header
from migma_nb.planning.pieces import Held, Pieces
from migma_nb.planning.ragged_rows import RaggedRows
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.row_structure import structure_of
from migma_nb.planning.sheet_marks import guards_taken_off
from migma_nb.planning.text_rows import LongLines, Text, filled, filled_width, head_rows, rows_of
from migma_nb.planning.trimming import left_out, names_of
from migma_nb.planning.windows import Window

#: Rows of a text that is not regular which are held in one go.
_ROWS = 8_192


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of going through a text.

    Args:
        rows: what was noted of its rows.
        file: where they are.
        repairs: what was set right besides.
    """

    rows: GatheredRows
    file: Window
    repairs: tuple[str, ...]


class _NotRegularError(Exception):
    """The text is no regular table, and must be read row by row."""


class _WiderError(Exception):
    """Something stands in a column without a name at the end, so that it counts."""


def text_pieces(text: Text[Window], report: ReadReport, header: int | None, *, unsure: bool) -> Pieces:
    """Return a text in pieces; all of it is read once before.

    Args:
        text: the text.
        report: what is known of it by now.
        header: the number of the header's line, 0 for none, None to find it.
        unsure: whether the quotation marks were found, not given.

    Raises:
        InputError: as reading it whole does, or a row goes on for too long.
    """
    first = head_rows(text, max(HEAD_ROWS, header if isinstance(header, int) else 0))
    head, guards = bare_head(first, text.dialect)
    found = find_header(head, header, text.name)
    try:
        read = _regular(text, head, found)
    except _NotRegularError:
        read = _strict(text, head, found)
    rows = read.rows
    if unsure and rows.swallowed is not None:
        raise rows.swallowed.refused(text.name, text.dialect.quote)
    width = rows.kept_width
    names, said = names_of(rows.header, width)
    off = guards_taken_off(rows.guarded + guards.get(found.line, 0))
    left = left_out(rows.blank, rows.again, rows.width - width)
    done = replace(
        report,
        header=found.line,
        rows=rows.rows,
        columns=width,
        repairs=(*report.repairs, *found.repairs, *read.repairs, *off, *said, *left),
    )
    held = Held(lambda: frames_of(read.file, names), lambda: pd.RangeIndex(rows.rows), read.file.close)
    return Pieces(rows.rows, names, done, held)


def _regular(text: Text[Window], head: list[Row], found: Header) -> _Read:
    """Read with pandas, block by block.

    Raises:
        _NotRegularError: that is not exact somewhere.
    """
    width = len(head[max(found.position, 0)][1])
    header = [str(cell) for cell in head[found.position][1]] if found.position >= 0 else None
    rows = GatheredRows(header, width, text.dialect)

    def frames() -> Iterator[pd.DataFrame]:
        above = text.above
        for block in _row_blocks(text):
            shape = structure_of(block, text.dialect.delimiter, text.dialect.quote)
            if shape is None:
                raise _NotRegularError
            part = Text(block, text.name, text.dialect, above)
            read = read_regular(part, shape, found.line, width)
            if read is None:
                raise _NotRegularError
            above = int(shape.lines[-1]) + above
            lines, blank = read.lines.tolist(), read.blank.tolist()
            yield rows.trimmed(read.frame, lines, blank, multiline=shape.broken)

    file = stored(frames(), width, text.body)
    return _Read(rows, file, _line_ends(text))


def _row_blocks(text: Text[Window]) -> Iterator[bytes]:
    """Yield a text in blocks that end where a row does, if its marks stand where they must."""
    quote = text.dialect.quote.encode()
    rest = b""
    for block in sliced.blocks_of(text.body):
        held = rest + block
        end = _row_end(held, quote)
        if end:
            yield held[:end]
        rest = held[end:]
        if len(rest) > sliced.LONGEST_ROW:
            raise _NotRegularError
    if rest:
        yield rest


def _row_end(data: bytes, quote: bytes) -> int:
    """Return where the last whole row ends: behind the last LF that is outside of marks; 0 for none."""
    end = data.rfind(b"\n") + 1
    marks = data.count(quote, 0, end) if quote else 0
    while end and marks % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        marks -= data.count(quote, before, end)
        end = before
    return end


def _strict(text: Text[Window], head: list[Row], found: Header) -> _Read:
    """Read row by row, once more where a column without a name turns out to hold something."""
    header = None if found.position < 0 else [str(cell) for cell in head[found.position][1]]
    full = len(head[0][1]) if header is None else len(header)
    width = full if header is None else filled_width(header) or full
    while True:
        rows = GatheredRows(header and header[:width], width, text.dialect)
        fitting = RaggedRows(text.name, text.dialect.delimiter, width, None if header is None else full)
        try:
            file = stored(_strict_frames(text, rows, fitting, full, found.line), width, text.body)
        except _WiderError:
            width = full
            continue
        if error := fitting.error():
            raise error
        return _Read(rows, file, (*cut_cells(fitting.cut), *_line_ends(text)))


def _strict_frames(
    text: Text[Window], rows: GatheredRows, fitting: RaggedRows, full: int, below: int
) -> Iterator[pd.DataFrame]:
    """Yield what is left of the rows, until one does not fit; the others are only looked at.

    Raises:
        _WiderError: something stands behind the last column with a name.
    """
    lines = LongLines(text)
    held: list[list[str]] = []
    at: list[int] = []
    blank: list[int] = []
    size = 0
    for line, row in rows_of(text, lines):
        lines.row_ended()
        if line <= below:
            continue
        if not filled(row):
            blank.append(line)
        else:
            if len(row) > rows.width and filled(row[rows.width : full]):
                raise _WiderError
            if fitting.fits(line, row):
                held.append(row)
                at.append(line)
                size += sum(map(len, row))
        if max(len(held), len(blank)) >= _ROWS or size > sliced.BLOCK:
            yield rows.trimmed(frame_of_rows(held, rows.width), at, blank, multiline=True)
            held, at, blank, size = [], [], [], 0
    yield rows.trimmed(frame_of_rows(held, rows.width), at, blank, multiline=True)


def _line_ends(text: Text[Window]) -> tuple[str, ...]:
    """Return a sentence where lines do not all end alike; none where one ends between marks."""
    dialect = text.dialect
    if not (dialect.delimiter.isascii() and dialect.quote.isascii()):
        return ()
    pairs = returns = feeds = marks = 0
    before = b""
    for block in sliced.blocks_of(text.body):
        if dialect.quote and _is_broken(block, dialect.quote.encode(), marks):
            return ()
        marks += block.count(dialect.quote.encode()) if dialect.quote else 0
        pairs += block.count(b"\r\n") + (before + block[:1] == b"\r\n")
        returns += block.count(b"\r")
        feeds += block.count(b"\n")
        before = block[-1:]
    said = line_ends(pairs, returns, feeds)
    return (said,) if said else ()


def _is_broken(block: bytes, quote: bytes, marks: int) -> bool:
    """Say whether a line break stands between two marks, where so many marks stand before."""
    if not marks % 2 and quote not in block:
        return False
    data = np.frombuffer(block, np.uint8)
    breaks = np.flatnonzero((data == ord("\n")) | (data == ord("\r")))
    inside = np.searchsorted(np.flatnonzero(data == ord(quote)), breaks) + marks
    return bool((inside % 2).any())
