"""Files of people of any length, in pieces: what `read_recipients` gives, without all of it in memory."""

import os
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

import pandas as pd

from migma_nb.planning.containers import opened_window, require_known
from migma_nb.planning.dialect import find_dialect
from migma_nb.planning.header_line import HEAD_ROWS
from migma_nb.planning.joined_cells import Origin, refuse_joined
from migma_nb.planning.long_texts import text_pieces
from migma_nb.planning.packed import Content
from migma_nb.planning.parquet_pieces import parquet_pieces
from migma_nb.planning.pieces import Pieces, pieces_of
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import (
    KNOWN_SUFFIXES,
    is_text,
    kind_of_text,
    read_recipients,
    refuse_other_texts,
    require_fitting,
    require_people,
)
from migma_nb.planning.text_encoding import decode_window
from migma_nb.planning.text_rows import Text
from migma_nb.planning.windows import Window


def long_pieces(
    path: str | os.PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: int | None = None,
    quote: str | None = None,
    member: str | None = None,
    sheet: str | int | None = None,
    hidden: Literal["read", "skip"] | None = None,
) -> Pieces:
    """Open a list of people, to go through it frame by frame.

    All that the whole list says (types, columns, repairs, refusals) is known when this returns: `.rows`,
    `.columns`, `.report` and each frame are those of `read_recipients(path, …)`.

    Args:
        path: the file, of any kind that `read_recipients` takes; workbooks are in memory all the same.
        encoding: as in `read_recipients`, like all others.
        delimiter: the character between a text's cells.
        header: the number of the line with the columns' names.
        quote: the character around a text's cells.
        member: which file of a zip is meant.
        sheet: a workbook's sheet.
        hidden: whether its hidden rows are read.

    Returns:
        The pieces; close them, or use `with`.

    Raises:
        InputError: as `read_recipients` does. Nothing was sent.
    """
    content = opened_window(path, member, KNOWN_SUFFIXES)
    try:
        require_known(content, KNOWN_SUFFIXES)
        require_fitting(
            content,
            sheet=sheet,
            encoding=encoding,
            delimiter=delimiter,
            quote=quote,
            header=header,
            hidden=hidden,
        )
        found = _pieces(content, _Asked(encoding, delimiter, header, quote))
        if found is not None:
            require_people(found.rows * len(found.columns), content.name)
            content.raw.require_unchanged(content.name)
            return found
    except BaseException:
        content.raw.close()
        raise
    content.raw.close()
    frame = read_recipients(path, sheet, header=header, member=member, hidden=hidden)
    report = ReadReport.of(frame)
    assert report is not None  # noqa: S101 - read_recipients ties one to each frame
    return pieces_of(frame, report)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was said on how a text is to be read."""

    encoding: str | None
    delimiter: str | None
    header: int | None
    quote: str | None


def _pieces(content: Content[Window], asked: _Asked) -> Pieces | None:
    """Return a text or a Parquet file in pieces, None for a workbook."""
    report = ReadReport(PurePath(content.name).name, "Parquet", repairs=content.repairs)
    if content.suffix == ".parquet":
        return parquet_pieces(content.raw, content.name, report)
    if not is_text(content.suffix):
        return None
    text = decode_window(content.raw, content.name, asked.encoding)
    data = text.data
    refuse_other_texts(data, content.name)
    kind = kind_of_text(content.suffix)
    dialect = find_dialect(
        data, content.name, delimiter=asked.delimiter, quote=asked.quote, tabs=kind != "CSV"
    )
    above = data[: dialect.skipped].count(b"\n")
    below = Text(data.within(dialect.skipped), content.name, dialect, above)
    report = replace(
        report,
        kind=kind,
        encoding=text.encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        repairs=(*content.repairs, *text.repairs, *dialect.repairs),
    )
    found = text_pieces(below, report, asked.header, unsure=asked.quote is None)
    if len(found.columns) == 1:
        refuse_joined(_first_rows(found), Origin(content.name, found.report.header > 0, asked.delimiter))
    return found


def _first_rows(pieces: Pieces) -> pd.DataFrame:
    """Return the first rows, at least so many as are looked at where there are so many."""
    frames: list[pd.DataFrame] = []
    for frame in pieces:
        frames.append(frame)
        if sum(map(len, frames)) >= HEAD_ROWS:
            break
    return pd.concat(frames) if frames else pd.DataFrame()
