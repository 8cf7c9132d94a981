"""A delimited text becomes a frame: by pandas' fast parser where that is exact, else by the strict one."""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import ne
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.planning.dialect import Dialect, lines_with_ends
from migma_nb.planning.header_line import HEAD_ROWS, Header, Row, find_header
from migma_nb.planning.ragged_rows import RaggedRows
from migma_nb.planning.read_report import lines_of
from migma_nb.planning.row_structure import Positions, Structure, structure_of
from migma_nb.planning.sheet_marks import guards_taken_off, unguarded_cells, unguarded_frame
from migma_nb.planning.text_rows import Text, filled, filled_width, head_rows, rows_of

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
    text = Text(body, name, dialect, data[: dialect.skipped].count(b"\n"))
    head, guards = bare_head(
        head_rows(text, max(HEAD_ROWS, header if isinstance(header, int) else 0)), dialect
    )
    found = find_header(head, header, name)
    shape = structure_of(text.body, dialect.delimiter, dialect.quote)
    fast = None if shape is None else _fast(text, shape, head, found)
    table = fast or _strict(text, head, found)
    ends = _line_ends(text.body) if shape is not None and not shape.broken else ""
    repairs = (*table.repairs, ends) if ends else table.repairs
    if not dialect.guarded:
        return replace(table, repairs=repairs)
    frame, count = unguarded_frame(table.frame)
    said = guards_taken_off(count + guards.get(found.line, 0))
    return replace(table, frame=frame, repairs=(*repairs, *said))


def bare_head(head: list[Row], dialect: Dialect) -> tuple[list[Row], dict[int, int]]:
    """Return the first rows without ="…" around their cells, and the lines with so many such cells."""
    if not dialect.guarded:
        return head, {}
    bare: list[Row] = [(line, unguarded_cells(row)) for line, row in head]
    pairs = zip(head, bare, strict=True)
    return bare, {line: sum(map(ne, row, plain)) for (line, row), (_, plain) in pairs}


def _fast(text: Text[bytes], shape: Structure, head: list[Row], found: Header) -> Table | None:
    """Read with pandas where the text is a regular table; None where it is not."""
    width = len(head[max(found.position, 0)][1])
    rows = read_regular(text, shape, found.line, width)
    if rows is None:
        return None
    header = None if found.position < 0 else head[found.position][1]
    return Table(
        header, found, rows.frame, rows.lines.tolist(), rows.blank.tolist(), (), multiline=shape.broken
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a regular text.

    Args:
        frame: the cells, with columns by position.
        lines: the line in which each row begins.
        blank: the lines that are empty.
    """

    frame: pd.DataFrame
    lines: Positions
    blank: Positions


def read_regular(text: Text[bytes], shape: Structure, below: int, width: int) -> Rows | None:
    """Read with pandas what is a regular table; None where it is not.

    Args:
        text: the text, or a part of it that ends where a row does.
        shape: its structure.
        below: the line of the header; only what is below it is read.
        width: how many cells each row must have.
    """
    if not shape.regular:
        return None
    begins = np.concatenate(([1], shape.lines[:-1] + 1)) + text.above
    wanted = begins > below
    rows = np.flatnonzero(~shape.empty & wanted)
    blank = begins[shape.empty & wanted]
    if not len(rows):
        return Rows(pd.DataFrame(columns=range(width), dtype=TEXT), begins[rows], blank)
    if not (shape.cells[rows] == width).all():
        return None
    start = int(shape.ends[rows[0] - 1]) if rows[0] else 0
    marked = text.body.startswith(codecs.BOM_UTF8, start)
    # At its very beginning pandas would take a mark off without a word.
    source = io.BytesIO(b"\n" + text.body[start:] if marked else text.body)
    source.seek(0 if marked else start)
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
    return Rows(frame, begins[rows], blank) if len(frame) == len(rows) else None


def _strict(text: Text[bytes], head: list[Row], found: Header) -> Table:
    every = rows_of(text, lines_with_ends(text.body.decode("utf-8")))
    header = None if found.position < 0 else head[found.position][1]
    below = [(line, row) for line, row in every if line > found.line]
    blank = [line for line, row in below if not filled(row)]
    rows = [(line, row) for line, row in below if filled(row)]
    full = len(header) if header is not None else max((len(row) for _, row in rows), default=0)
    named = filled_width(header) if header is not None else full
    over = named < full and any(filled(row[named:full]) for _, row in rows)
    width = full if over or named == 0 else named
    fitting = RaggedRows(text.name, text.dialect.delimiter, width, None if header is None else full)
    for line, row in rows:
        fitting.fits(line, row)
    if error := fitting.error():
        raise error
    frame = frame_of_rows([row for _, row in rows], width)
    return Table(
        header=None if header is None else header[:width],
        found=found,
        frame=frame,
        lines=[line for line, _ in rows],
        blank=blank,
        repairs=cut_cells(fitting.cut),
        multiline=True,
    )


def frame_of_rows(rows: list[list[str]], width: int) -> pd.DataFrame:
    """Return rows as a frame of text with columns by position; empty cells are missing."""
    columns = [[row[at] or np.nan for row in rows] for at in range(width)]
    return pd.DataFrame(
        {at: pd.Series(column, dtype=TEXT) for at, column in enumerate(columns)}, columns=range(width)
    )


def cut_cells(lines: Sequence[int]) -> tuple[str, ...]:
    """Return a sentence on the lines whose empty cells beyond the last column were left out, if any."""
    return (f"Empty cells beyond the last column were left out in {lines_of(lines)}.",) if lines else ()


def _line_ends(body: bytes) -> str:
    return line_ends(body.count(b"\r\n"), body.count(b"\r"), body.count(b"\n"))


def line_ends(pairs: int, returns: int, feeds: int) -> str:
    """Return a sentence where lines do not all end alike, or as on old Macs; else "".

    Args:
        pairs: how many CRLF there are.
        returns: how many CR, these among them.
        feeds: how many LF, the same.
    """
    kinds = [
        f"{count:,} {kind}"
        for kind, count in (("CRLF", pairs), ("LF", feeds - pairs), ("CR", returns - pairs))
        if count
    ]
    if len(kinds) > 1 or returns > pairs:
        return f"Lines end in {' and '.join(kinds)}; all were taken as line ends."
    return ""
