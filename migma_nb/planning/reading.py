"""Files of people become frames in which text stays text: 00501 is not 501, and NA is not missing."""

import csv
import importlib
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 2**31 - 1
#: A header's cells may hold line breaks, though hardly more than these.
_HEADER_LINES = 20
_ZERO_PADDED = re.compile(r"0{2,}")


def read_recipients(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a list of people from CSV, TSV, XLSX (its first sheet) or Parquet.

    In CSV and TSV every cell is text, and only an empty one is missing: "NA" and "None" stay text.
    Excel and Parquet keep the types that they hold. Empty lines are no rows.

    Args:
        path: the file; its ending says what it is.

    Returns:
        One row per line of the file, under a plain index (Parquet: under the index it holds).

    Raises:
        InputError: the file is not there, cannot be read, or holds no rows. Nothing was sent.
    """
    file = Path(path).expanduser()
    reader = _READERS.get(file.suffix.lower())
    if file.is_dir():
        raise InputError(f"{file} is a folder, not a file.", hint="Name the file inside it.")
    if reader is None:
        raise InputError(
            f"{file.name} ends in {file.suffix or 'nothing'}, which is no kind of list that can be read.",
            hint=f"Save it as {', '.join(KNOWN_SUFFIXES)}, or read it with pandas and pass the DataFrame.",
        )
    if not file.exists():
        raise InputError(f"There is no file {file}.", hint=_nearby(file))
    try:
        frame = reader(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{file} cannot be read: {reason}.", hint="Check the file and its rights."
        ) from error
    if frame.empty:
        raise InputError(
            f"{file} has a header and no rows.", hint="Nobody is in this list; check the export."
        )
    return frame


def _nearby(file: Path) -> str:
    folder = file.parent
    if not folder.is_dir():
        return f"There is no folder {folder} either; the current folder is {Path.cwd()}."
    lists = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in _READERS)
    return f"In that folder are: {', '.join(lists[:5])}." if lists else f"The current folder is {Path.cwd()}."


def _read_delimited(file: Path) -> pd.DataFrame:
    text = _decoded(file)
    if not text.strip():
        raise InputError(f"{file} is empty.", hint="Check the export; a header line and rows are needed.")
    delimiter = "\t" if file.suffix.lower() in {".tsv", ".tab"} else _delimiter(text)
    rows = _rows(file, text, delimiter)
    header = next(rows, [])
    columns: list[list[str | None]] = [[] for _ in header]
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            column.append(cell or None)
    names = _column_names(header)
    return pd.DataFrame(dict(zip(names, columns, strict=True)), columns=names)


def _decoded(file: Path) -> str:
    raw = file.read_bytes()
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file} is not UTF-8: line {line} has the byte 0x{raw[error.start]:02X}.",
            hint="Save it as 'CSV UTF-8', or pass pandas.read_csv(path, encoding='cp1252', dtype=str).",
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            f"{file} is no plain text: line {line} has a NUL in it.", hint="Save it as 'CSV UTF-8'."
        )
    return text


def _delimiter(text: str) -> str:
    """Take the delimiter that splits the header into the most cells; a comma if none does."""
    lines = list(islice((line for line in _lines(text) if line.strip()), _HEADER_LINES))
    return max(_DELIMITERS, key=lambda sign: len(next(csv.reader(lines, delimiter=sign), [])))


def _rows(file: Path, text: str, delimiter: str) -> Iterator[list[str]]:
    width = 0
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    longest = csv.field_size_limit(_LONGEST_CELL)
    try:
        for row in reader:
            if not row:
                continue
            width = width or len(row)
            if len(row) != width:
                raise InputError(
                    f"Line {reader.line_num} of {file} has {len(row)} cells, the header has {width}.",
                    hint="Put cells that hold the separator in quotation marks, or export the list again.",
                )
            yield row
    except csv.Error as error:
        raise InputError(
            f"{file} cannot be read as a table: line {reader.line_num}: {error}.",
            hint="A quotation mark is probably not closed, or not doubled inside its cell.",
        ) from error
    finally:
        csv.field_size_limit(longest)


def _lines(text: str) -> Iterator[str]:
    # Not str.splitlines: it also splits at characters that are no line ends in CSV, such as U+2028.
    start = 0
    for match in re.finditer(r"\r\n|\n|\r", text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]


def _column_names(header: list[str]) -> list[str]:
    """Name every column once, as pandas does: spaces around a name dropped, a second `email` is `email.1`."""
    names: list[str] = []
    for position, cell in enumerate(header):
        name = cell.strip() or f"Unnamed: {position}"
        number = 0
        unique = name
        while unique in names:
            number += 1
            unique = f"{name}.{number}"
        names.append(unique)
    return names


def _read_excel(file: Path) -> pd.DataFrame:
    openpyxl = _needed("openpyxl", file, "excel")
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise InputError(
            f"{file} is no Excel workbook that can be read.",
            hint="It may be protected by a password or only be named .xlsx; save it again, or as CSV UTF-8.",
        ) from error
    try:
        rows = [[_excel_cell(cell) for cell in row] for row in book.worksheets[0].iter_rows()]
    finally:
        book.close()
    rows = [row for row in rows if any(cell is not None for cell in row)]
    if not rows:
        raise InputError(f"The first sheet of {file} is empty.", hint="Put the list on the first sheet.")
    width = max(position + 1 for row in rows for position, cell in enumerate(row) if cell is not None)
    header = ["" if cell is None else str(cell) for cell in (*rows[0], *[None] * width)][:width]
    names = _column_names(header)
    columns = {
        name: pd.Series(
            [row[at] if at < len(row) else None for row in rows[1:]], dtype=object
        ).infer_objects()
        for at, name in enumerate(names)
    }
    return pd.DataFrame(columns, columns=names)


def _excel_cell(cell: Any) -> Any:
    value = cell.value
    if value is None or value == "":
        return None
    if type(value) is int and _ZERO_PADDED.fullmatch(cell.number_format or ""):
        # The sheet shows 00501 and stores 501: people mean what they see.
        return str(value).zfill(len(cell.number_format))
    return value


def _read_parquet(file: Path) -> pd.DataFrame:
    pyarrow = _needed("pyarrow", file, "parquet")
    try:
        return pd.read_parquet(file, engine="pyarrow")
    except (pyarrow.ArrowException, ValueError) as error:
        raise InputError(
            f"{file} is no Parquet file that can be read.", hint="Write it again with DataFrame.to_parquet."
        ) from error


def _needed(module: str, file: Path, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"Reading {file.name} needs {module}, which is not installed.",
            hint=f"Run: pip install 'migma-nb[{extra}]'",
        ) from error


_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".tab": _read_delimited,
    ".xlsx": _read_excel,
    ".parquet": _read_parquet,
}

#: The endings by which a text is taken for a file of people.
KNOWN_SUFFIXES = tuple(_READERS)
