"""A delimited text becomes a frame: by pandas' fast parser where that is exact, else by the strict one."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import looks_like_address
from migma_nb.planning.dialect import Dialect, lines_with_ends, reader_options
from migma_nb.planning.header_line import HEAD_ROWS, Header, Row, find_header
from migma_nb.planning.ragged_rows import ragged
from migma_nb.planning.read_report import lines_of, separated_by
from migma_nb.planning.row_structure import Structure, structure_of

_LONGEST_CELL = 2**31 - 1
#: Of a text's beginning, in bytes: more is looked at only where its first rows are longer.
_HEAD = 1 << 18
#: The type that text has in this pandas: `str` from pandas 3 on, `object` before.
TEXT: Any = pd.Series(["text"]).dtype


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a header, not yet trimmed.

    Args:
        header: the cells of the header line; None where there is none.
        found: where that line is.
        frame: the cells, with columns by position.
        lines: the line in which each row begins.
        blank: the lines that are empty.
        repairs: what was set right, a sentence each.
        multiline: whether a cell may hold a line break.
    """

    header: Sequence[str] | None
    found: Header
    frame: pd.DataFrame
    lines: Sequence[int]
    blank: Sequence[int]
    repairs: tuple[str, ...]
    multiline: bool


@dataclass(frozen=True, slots=True)
class _Text:
    """A text in UTF-8, how its cells are told apart, and how many lines stand above it."""

    body: bytes
    name: str
    dialect: Dialect
    above: int


def read_table(data: bytes, name: str, dialect: Dialect, header: int | None) -> Table:
    """Read a delimited text in UTF-8.

    Args:
        data: the text.
        name: the file, for errors.
        dialect: how its cells are told apart.
        header: the number of the header's line, 0 for none, None to find it.

    Raises:
        InputError: it is no table: says which line, what is there, and what to do.
    """
    body = data[dialect.skipped :] if dialect.skipped else data
    text = _Text(body, name, dialect, data[: dialect.skipped].count(b"\n"))
    head = _head_rows(text, max(HEAD_ROWS, header if isinstance(header, int) else 0))
    found = find_header(head, header, name)
    shape = structure_of(body, dialect.delimiter, dialect.quote)
    fast = None if shape is None else _fast(text, shape, head, found)
    table = fast or _strict(text, head, found)
    ends = _line_ends(body) if shape is not None and not shape.broken else ""
    return replace(table, repairs=(*table.repairs, ends)) if ends else table


def _head_rows(text: _Text, most: int) -> list[Row]:
    size = _HEAD
    while True:
        whole = size >= len(text.body)
        rows = _parsed(text, text.body[:size].decode("utf-8", "ignore"), most=most, whole=whole)
        head: list[Row] = list(rows)
        if len(head) > most or whole:
            break
        size *= 8
    if not head:
        raise InputError(
            f"{text.name} is empty.", hint="Check the export; a header line and rows are needed."
        )
    return head


def _parsed(
    text: _Text, part: str, *, most: int | None = None, whole: bool = True
) -> list[tuple[int, list[str]]]:
    """Return rows with the line in which each starts; of a part that is not whole, only what is sure.

    Args:
        text: what is read, for errors.
        part: its beginning, or all of it.
        most: after how many rows to stop, blank ones neither counted nor returned; None for all rows.
        whole: whether the part is all of it.
    """
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(lines_with_ends(part), strict=True, **reader_options(text.dialect))
    longest = csv.field_size_limit(_LONGEST_CELL)
    start = text.above + 1
    try:
        for row in reader:
            if most is None or _filled(row):
                rows.append((start, row))
            start = reader.line_num + text.above + 1
            if most is not None and len(rows) > most:
                break
    except csv.Error as error:
        if whole:
            raise _not_a_table(text, start, reader.line_num + text.above, error) from error
    finally:
        csv.field_size_limit(longest)
    return rows if whole or (most is not None and len(rows) > most) else rows[:-1]


def _not_a_table(text: _Text, start: int, end: int, error: csv.Error) -> InputError:
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


def _fast(text: _Text, shape: Structure, head: list[Row], found: Header) -> Table | None:
    """Read with pandas where the text is a regular table; None where it is not."""
    if not shape.regular:
        return None
    filled = np.flatnonzero(~shape.empty)
    starts = shape.ends - np.diff(shape.ends, prepend=0)
    begins = np.concatenate(([1], shape.lines[:-1] + 1)) + text.above
    first = int(np.searchsorted(begins, found.line)) + 1 if found.position >= 0 else 0
    rows = filled[filled >= first]
    width = len(head[max(found.position, 0)][1])
    if not len(rows):
        nobody = pd.DataFrame(columns=range(width), dtype=TEXT)
        return Table(head[found.position][1], found, nobody, [], [], (), multiline=False)
    if not (shape.cells[rows] == width).all():
        return None
    start = int(starts[rows[0]])
    if text.body.startswith(codecs.BOM_UTF8, start):
        return None  # pandas takes it off the first cell without a word
    source = io.BytesIO(text.body)
    source.seek(start)
    frame = pd.read_csv(
        source,
        sep=text.dialect.delimiter,
        header=None,
        names=list(range(width)),
        index_col=False,
        dtype=str,
        keep_default_na=False,
        na_values=[""],
        encoding="utf-8",
        engine="c",
        quoting=csv.QUOTE_MINIMAL if text.dialect.quote else csv.QUOTE_NONE,
        quotechar=text.dialect.quote or '"',
    )
    if len(frame) != len(rows):
        return None
    empty = np.flatnonzero(shape.empty)
    return Table(
        header=None if found.position < 0 else head[found.position][1],
        found=found,
        frame=frame,
        lines=begins[rows].tolist(),
        blank=begins[empty[empty >= first]].tolist(),
        repairs=(),
        multiline=shape.broken,
    )


def _strict(text: _Text, head: list[Row], found: Header) -> Table:
    every = _parsed(text, text.body.decode("utf-8"))
    header = None if found.position < 0 else head[found.position][1]
    below = [(line, row) for line, row in every if line > found.line]
    blank = [line for line, row in below if not _filled(row)]
    rows = [(line, row) for line, row in below if _filled(row)]
    full = len(header) if header is not None else max((len(row) for _, row in rows), default=0)
    named = _filled_width(header) if header is not None else full
    over = named < full and any(_filled(row[named:full]) for _, row in rows)
    width = full if over or named == 0 else named
    cut: list[int] = []
    for at, (line, row) in enumerate(rows):
        if len(row) != width and (len(row) < width or _filled(row[width:])):
            raise ragged(text.name, text.dialect.delimiter, rows, at, full, headless=header is None)
        if len(row) > full:
            cut.append(line)
    columns = [[row[at] or np.nan for _, row in rows] for at in range(width)]
    frame = pd.DataFrame(
        {at: pd.Series(column, dtype=TEXT) for at, column in enumerate(columns)}, columns=range(width)
    )
    said = f"Empty cells beyond the last column were left out in {lines_of(cut)}." if cut else ""
    return Table(
        header=None if header is None else header[:width],
        found=found,
        frame=frame,
        lines=[line for line, _ in rows],
        blank=blank,
        repairs=(said,) if said else (),
        multiline=True,
    )


def _filled(cells: Sequence[str]) -> bool:
    return bool("".join(cells).strip())


def _filled_width(cells: Sequence[Any]) -> int:
    return max((at + 1 for at, cell in enumerate(cells) if str(cell).strip()), default=0)


def _line_ends(body: bytes) -> str:
    """Return a sentence where lines do not all end alike, or as on old Macs."""
    pairs, returns, feeds = body.count(b"\r\n"), body.count(b"\r"), body.count(b"\n")
    kinds = [
        f"{count:,} {kind}"
        for kind, count in (("CRLF", pairs), ("LF", feeds - pairs), ("CR", returns - pairs))
        if count
    ]
    if len(kinds) > 1 or returns > pairs:
        return f"Lines end in {' and '.join(kinds)}; all were taken as line ends."
    return ""


def refuse_swallowed(table: Table, name: str, dialect: Dialect) -> None:
    """Refuse cells in whose line breaks other rows seem to have gone: a mark was opened and closed too late.

    Raises:
        InputError: a line inside a cell is made like a row, with an address in it.
    """
    if not table.multiline:
        return
    width = len(table.frame.columns)
    for at in table.frame.columns:
        column = table.frame[at]
        broken = column.str.contains("[\r\n]", regex=True, na=False).to_numpy(bool)
        for position in np.flatnonzero(broken).tolist():
            lines = re.split(r"[\r\n]+", str(column.iloc[position]))[1:]
            odd = next((line for line in lines if _like_a_row(line, dialect.delimiter, width)), None)
            if odd is not None:
                raise InputError(
                    f"{name} cannot be read as a table: the row that begins in line {table.lines[position]:,}"
                    f" has a cell with a line in it that looks like another person's row: {odd[:60]!r}.",
                    hint="A quotation mark is probably not closed. Correct it, or pass "
                    f"quote={dialect.quote!r} if the cell is meant so.",
                )


def _like_a_row(line: str, delimiter: str, width: int) -> bool:
    cells = line.split(delimiter)
    return (width == 1 or len(cells) > 1) and any(looks_like_address(cell.strip('"')) for cell in cells)
