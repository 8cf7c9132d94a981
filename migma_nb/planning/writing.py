"""Frames as files that hold exactly what the frame does: text, workbooks, Parquet; never half of a file."""

import contextlib
import csv
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.paths import current_folder, look_at, real_path, shown, where_paths_begin
from migma_nb.planning.workbook_parts import encoded_signs
from migma_nb.planning.workbooks import MOST_ROWS, needed

#: What no cell of a workbook can hold.
_NO_CELL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST_CELL = 32_767
#: Letters of a file's name that its copy in the making has too.
_STEM = 40


Check: TypeAlias = Callable[[Path], None] | None


def write_text(
    frame: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
    header: bool = True,
    newline: str = "\n",
    check: Check = None,
) -> Path:
    """Write a frame as delimited text: every text as it is, quoted where it has to be, missing as nothing.

    No cell is changed to keep a spreadsheet from taking it for a formula: what is read back is the same.

    Args:
        frame: rows × columns; the index is left out.
        path: the file, which is replaced once the new one is whole.
        delimiter: the character between two cells.
        encoding: the text's encoding.
        header: whether the columns' names come first.
        newline: what ends a line.
        check: looks at the whole new file before it stands in the other's place, and raises what is wrong.

    Raises:
        InputError: it cannot be written, or the encoding lacks a character.
    """

    def write(place: Path) -> None:
        frame.to_csv(
            place,
            index=False,
            header=header,
            sep=delimiter,
            encoding=encoding,
            lineterminator=newline,
            quoting=csv.QUOTE_MINIMAL,
        )

    return _written(path, write, check)


def write_workbook(
    frame: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    sheet: str = "Sheet1",
    header: bool = True,
    check: Check = None,
) -> Path:
    """Write a frame as a workbook (XLSX) of one sheet: texts as texts, none a formula; times in UTC.

    Args:
        frame: rows × columns; the index is left out.
        path: the file, which is replaced once the new one is whole.
        sheet: what the sheet is called.
        header: whether the columns' names come first.
        check: as in `write_text`.

    Raises:
        InputError: it cannot be written, has more rows than a sheet holds, or openpyxl is not installed.
    """
    name = Path(_named(path)).name
    openpyxl = needed("openpyxl", name, "excel")
    if len(frame) >= MOST_ROWS:
        raise InputError(
            f"{name} cannot be written: {len(frame):,} rows are more than a sheet holds.",
            hint="Write CSV or Parquet.",
        )

    def write(place: Path) -> None:
        book = openpyxl.Workbook(write_only=True)
        page = book.create_sheet(sheet)
        if header:
            page.append([sheet_cell(openpyxl, page, str(column)) for column in frame.columns])
        for row in frame.itertuples(index=False, name=None):
            page.append([sheet_cell(openpyxl, page, value) for value in row])
        book.save(place)

    return _written(path, write, check)


def write_parquet(frame: pd.DataFrame, path: str | os.PathLike[str], *, check: Check = None) -> Path:
    """Write a frame as Parquet, types and index as they are; `check` as in `write_text`.

    Raises:
        InputError: it cannot be written.
    """
    return _written(path, lambda place: frame.to_parquet(place, engine="pyarrow"), check)


def write_file(text: str, path: str | os.PathLike[str]) -> Path:
    """Write a text as a file, in UTF-8.

    Raises:
        InputError: it cannot be written.
    """
    return _written(path, lambda place: place.write_text(text, encoding="utf-8", newline="\n"))


def why_not_written(path: Path) -> str:
    """Return why a file could not be written at a path, "" where nothing speaks against it."""
    if not path.is_absolute() and current_folder() is None:
        return where_paths_begin()
    found, folder = look_at(path), real_path(path).parent
    if found.trouble:
        return found.trouble
    if found.is_folder:
        return "it is a folder"
    above = look_at(folder)
    if not above.there:
        return above.trouble or f"there is no folder {folder}"
    may = above.is_folder and os.access(folder, os.W_OK)
    return "" if may else f"nothing can be written in {folder}"


def _named(path: object) -> str:
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path is {kind_of(path)}, no file's name.", hint='Pass one such as "run.csv".')
    return os.fspath(path)


def sheet_cell(openpyxl: Any, page: Any, value: Any) -> Any:
    """Return a value as a cell of a sheet holds it: a text as a text, never a formula; times in UTC.

    Args:
        openpyxl: the library.
        page: the sheet, of a workbook that is only written.
        value: of any type; what a sheet has no type for goes in as its text.
    """
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124 - NaN alone
        return None
    if isinstance(value, datetime):
        # A sheet knows no time zones.
        stamp = pd.Timestamp(value)
        return (stamp.tz_convert(UTC).tz_localize(None) if stamp.tzinfo else stamp).to_pydatetime()
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, bool | int | float | Decimal | date | time):
        return plain
    text = _NO_CELL.sub("\ufffd", str(plain))[:_LONGEST_CELL]
    cell = openpyxl.cell.WriteOnlyCell(page, encoded_signs(text))
    # Else a text that begins with "=" would be a formula.
    cell.data_type = "s"
    return cell


def _written(path: str | os.PathLike[str], write: Callable[[Path], Any], check: Check = None) -> Path:
    with replaced(path) as place:
        write(place)
        if check is not None:
            check(place)
    return Path(path)


@contextlib.contextmanager
def replaced(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a file beside its place to be written, and put it there once it is whole and on disk.

    Where `path` is a link, what it leads to is replaced; what is no file (a pipe, a device) is written to.

    Raises:
        InputError: it cannot be written. What was there is as it was.
    """
    target = Path(_named(path))
    try:
        real = Path(os.path.realpath(target))
        if real.exists() and not (real.is_file() or real.is_dir()):
            yield real
            return
        with _beside(real) as place:
            yield place
            with place.open("rb+") as file:
                os.fsync(file.fileno())
            if real.exists():
                place.chmod(real.stat().st_mode & 0o777)
            place.replace(real)
    except UnicodeEncodeError as error:
        signs = error.object[error.start : error.end]
        raise InputError(f"{target} cannot be written in {error.encoding}, which has no {signs!r}.") from None
    except OSError as error:
        raise InputError(f"{shown(target)} cannot be written: {error.strerror or error}.") from None
    except InputError:
        raise
    except ValueError as error:  # what Arrow or openpyxl cannot hold
        raise InputError(f"{target} cannot be written: {error}.") from None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    # The ending stays, since it decides how some writers write.
    # Of a long name only the beginning: with more beside it, it would be longer than a name can be.
    prefix = f".{target.stem[:_STEM]}-"
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix, dir=target.parent)
    os.close(descriptor)
    place = Path(name)
    with contextlib.suppress(OSError):
        # As any new file: what mkstemp makes is for its owner alone.
        mask = os.umask(0)
        os.umask(mask)
        place.chmod(0o666 & ~mask)
    try:
        yield place
    finally:
        place.unlink(missing_ok=True)
