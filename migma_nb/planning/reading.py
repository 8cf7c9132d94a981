"""Files of people become frames in which text stays text: 00501 is not 501, and NA is not missing."""

import io
import os
from dataclasses import replace
from pathlib import PurePath
from typing import IO, Any, Literal

import pandas as pd
from pandas.api.types import is_float_dtype

from migma_nb.api.errors import InputError
from migma_nb.planning.containers import opened, require_known
from migma_nb.planning.delimited import read_table
from migma_nb.planning.dialect import find_dialect
from migma_nb.planning.joined_cells import Origin, refuse_joined
from migma_nb.planning.nested_cells import is_nested, is_whole, places_of, with_cells
from migma_nb.planning.packed import LAYERS, Content
from migma_nb.planning.read_report import ReadReport, attach
from migma_nb.planning.sheets import read_sheet
from migma_nb.planning.sliced import is_blank
from migma_nb.planning.swallowed_rows import find_swallowed
from migma_nb.planning.text_encoding import decode
from migma_nb.planning.trimming import trimmed
from migma_nb.planning.values import LARGEST_EXACT
from migma_nb.planning.windows import Sliced

_TEXTS = {".csv": "CSV", ".tsv": "TSV", ".tab": "TSV", ".txt": "Text"}
_SHEETS = {".xlsx": "Excel workbook", ".ods": "OpenDocument sheet"}
#: The endings by which a text is taken for a file of people, beside the packed ones.
KNOWN_SUFFIXES = (*_TEXTS, *_SHEETS, ".parquet")
PACKED_SUFFIXES = LAYERS
SHEET_SUFFIXES = tuple(_SHEETS)


def read_recipients(
    path_or_buffer: str | os.PathLike[str] | bytes | IO[Any],
    sheet: str | int | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    *,
    header: int | None = None,
    quote: str | None = None,
    member: str | None = None,
    hidden: Literal["read", "skip"] | None = None,
    name: str | None = None,
) -> pd.DataFrame:
    """Read a list of people from CSV, TSV, TXT, XLSX, ODS or Parquet, also packed with gzip or zip.

    In CSV and TSV every cell is text, and only an empty one is missing: "NA" and "None" stay text. Sheets and
    Parquet keep the types that they hold. Encoding, separator, quoting, header and sheet are found out where
    that is certain; what is not is an error that says what to pass. What was found and repaired is in
    `mg.ReadReport.of(people)`, and a plan shows it.

    Args:
        path_or_buffer: the file, its bytes, or a file that is open for reading.
        sheet: a workbook's sheet, by its name or its position from 0.
        encoding: the encoding of a text, such as "cp1252".
        delimiter: the character between a text's cells.
        header: the number of the line (in sheets: the row) with the columns' names, from 1; 0 for none.
        quote: the character around a text's cells; "" where quotation marks are ordinary text.
        member: which file of a zip is meant, where it holds several.
        hidden: whether rows that a sheet does not show, by hand or by a filter, are read ("read") or left out
            ("skip"); where there are some, one of the two has to be said.
        name: what the file is called, for bytes and open files; its ending then says what it is.

    Returns:
        One row per person, under a plain index (Parquet: under the index it holds).

    Raises:
        InputError: it is not there, cannot be read with certainty, or holds no rows. Nothing was sent.
    """
    content = opened(path_or_buffer, name, member, KNOWN_SUFFIXES)
    require_known(content, KNOWN_SUFFIXES)
    text = is_text(content.suffix)
    require_fitting(
        content,
        sheet=sheet,
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        header=header,
        hidden=hidden,
    )
    if text:
        frame, report = _read_text(content, encoding, delimiter, header, quote)
    elif content.suffix in _SHEETS:
        frame, report = read_sheet(content, _SHEETS[content.suffix], sheet, header, hidden)
    else:
        frame, report = _read_parquet(content)
    require_people(frame.size, content.name)
    repairs = (*content.repairs, *report.repairs)
    done = replace(
        report, source=PurePath(content.name).name, rows=len(frame), columns=frame.shape[1], repairs=repairs
    )
    return attach(frame, done)


def is_text(suffix: str) -> bool:
    """Say whether a file with this ending, of those that are read, is a text with separators."""
    return suffix in _TEXTS or suffix not in KNOWN_SUFFIXES


def kind_of_text(suffix: str) -> str:
    """Return what a text with this ending is called."""
    return _TEXTS.get(suffix, "CSV")


def require_fitting(content: Content[Any], **given: Any) -> None:
    """Refuse an argument that says nothing about a file of this kind.

    Args:
        content: the file.
        given: arguments of `read_recipients` by name, None for those not given.

    Raises:
        InputError: there is one.
    """
    text = is_text(content.suffix)
    for argument, fits in (
        ("sheet", content.suffix in _SHEETS),
        ("encoding", text),
        ("delimiter", text),
        ("quote", text),
        ("header", content.suffix != ".parquet"),
        ("hidden", content.suffix in _SHEETS),
    ):
        if given[argument] is not None and not fits:
            raise InputError(
                f"{content.name} is no file that {argument}={given[argument]!r} says anything about.",
                hint=f"Leave {argument}= out.",
            )


def require_people(size: int, name: str) -> None:
    """Refuse a list in which nothing stands.

    Args:
        size: how many rows or cells it has.
        name: the file, for errors.

    Raises:
        InputError: it has none.
    """
    if not size:
        raise InputError(
            f"{name} has a header and no rows.", hint="Nobody is in this list; check the export."
        )


def _read_text(
    content: Content[bytes],
    encoding: str | None,
    delimiter: str | None,
    header: int | None,
    quote: str | None,
) -> tuple[pd.DataFrame, ReadReport]:
    if content.decoded and encoding is not None:
        raise InputError(
            f"{content.name} was opened as text, so encoding={encoding!r} comes too late.",
            hint="Open it with open(path, 'rb'), or name the encoding there.",
        )
    text = decode(content.raw, content.name, encoding)
    refuse_other_texts(text.data, content.name)
    kind = kind_of_text(content.suffix)
    dialect = find_dialect(text.data, content.name, delimiter=delimiter, quote=quote, tabs=kind != "CSV")
    table = read_table(text.data, content.name, dialect, header)
    if quote is None and table.multiline:
        swallowed = find_swallowed(table.frame, table.lines, dialect.delimiter)
        if swallowed is not None:
            raise swallowed.refused(content.name, dialect.quote)
    frame, repairs = trimmed(table.frame, table.header, table.lines, table.blank)
    refuse_joined(frame, Origin(content.name, table.header is not None, delimiter))
    report = ReadReport(
        content.name,
        kind,
        encoding=text.encoding,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        header=table.found.line,
        repairs=(*text.repairs, *dialect.repairs, *table.found.repairs, *table.repairs, *repairs),
    )
    return frame, report


def refuse_other_texts(data: Sliced, name: str) -> None:
    """Refuse a text that is no list.

    Raises:
        InputError: it is a web page, JSON, or nothing.
    """
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise InputError(
            f"{name} is a web page or XML, not a list in CSV.",
            hint="Open it in Excel or LibreOffice and save it as .xlsx or CSV UTF-8; an export behind a "
            "login may have given its login page.",
        )
    if start.startswith((b"[{", b'{"', b"{\n", b"[\n")):
        raise InputError(
            f"{name} is JSON, not a list in CSV.",
            hint="Pass json.load(open(path)), if it is a list of dicts.",
        )
    if is_blank(data):
        raise InputError(f"{name} is empty.", hint="Check the export; a header line and rows are needed.")


def _read_parquet(content: Content[bytes]) -> tuple[pd.DataFrame, ReadReport]:
    try:
        frame = pd.read_parquet(io.BytesIO(content.raw), engine="pyarrow")
        frame = _exact(frame, content.raw)
    except InputError:
        raise
    except Exception as error:  # what pandas wrote beside the table may be damaged too
        raise InputError(
            f"{content.name} is no Parquet file that can be read.",
            hint="Write it again with DataFrame.to_parquet.",
        ) from error
    return frame, ReadReport(content.name, "Parquet")


def _exact(frame: pd.DataFrame, raw: bytes) -> pd.DataFrame:
    """Return the frame with the cells as they were that pandas changed.

    Lists and records become Python values. So do whole numbers that it made floats, since one is missing, but
    only where a float has too few digits for them: as floats the others are whole and exact.
    """
    from pyarrow import parquet  # noqa: PLC0415 - slow

    file, places = parquet.ParquetFile(io.BytesIO(raw)), places_of(frame)
    changed = []
    for field in file.schema_arrow:
        if field.name not in places:
            continue  # it is in the index
        column = frame.iloc[:, places[field.name]]
        floats = is_whole(field.type) and is_float_dtype(column.dtype)
        if is_nested(field.type) or (floats and (column.abs() > LARGEST_EXACT).any()):
            changed.append(field.name)
    if changed:
        table = file.read(columns=changed)
        for name in changed:
            frame = with_cells(frame, places[name], table[name], name)
    return frame
