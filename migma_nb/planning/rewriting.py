"""A changed list, written as a file of the kind it was read from: one that reads back the same."""

import contextlib
import os
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.writing import write_parquet, write_text, write_workbook

_TEXTS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}
_PACKED = {".gz", ".zip"}
#: The words of a report on a text's encoding, and Python's name for it; the first that fits counts.
_ENCODINGS = {
    "UTF-8 with": "utf-8-sig",
    "UTF-16": "utf-16",
    "Shift-JIS": "cp932",
    "Windows-1252": "cp1252",
}


def kind_for(source: Path, place: Path | None = None, *, in_place: bool = False) -> str:
    """Return the ending of the files that a list of this kind is written as.

    Args:
        source: the list.
        place: where it is to be written, None for no place yet.
        in_place: whether that is the list itself.

    Raises:
        InputError: the place is of another kind, or the list's own kind cannot be written over.
    """
    endings = [suffix.lower() for suffix in source.suffixes]
    packed = bool(endings) and endings[-1] in _PACKED
    own = next((one for one in reversed(endings) if one not in _PACKED), ".csv")
    kind = ".xlsx" if own == ".ods" else own
    if in_place and (packed or kind == ".xlsx"):
        what = "a packed file" if packed else "a workbook, whose other sheets and formats would be lost"
        raise InputError(f"{source} is {what}, and is not written over.", hint="Give --out another file.")
    if place is None:
        return kind if kind in {*_TEXTS, ".xlsx", ".parquet"} else ".csv"
    wanted = place.suffix.lower()
    same = (wanted in _TEXTS and (kind in _TEXTS or kind not in {".xlsx", ".parquet"})) or wanted == kind
    if not same:
        raise InputError(
            f"{source.name} is read as {kind.removeprefix('.')}, and {place.name} would be of another kind, "
            "in which not every cell is what it was.",
            hint=f"Give --out a file that ends in {kind}.",
        )
    return wanted


def backed_up(path: Path) -> Path:
    """Copy a file to the first free name beside it (`list.csv.bak`, `.bak2`, …), and return that.

    Raises:
        InputError: it cannot be copied.
    """
    for number in count(1):
        place = path.with_name(f"{path.name}.bak{'' if number == 1 else number}")
        try:
            with place.open("xb") as kept, path.open("rb") as content:
                shutil.copyfileobj(content, kept)
                # On disk before the list is replaced.
                kept.flush()
                os.fsync(kept.fileno())
            shutil.copystat(path, place)
        except FileExistsError:
            continue
        except OSError as error:
            with contextlib.suppress(OSError):
                place.unlink()
            raise InputError(
                f"No backup {place} can be made: {error.strerror or error}. Nothing was changed."
            ) from None
        return place
    raise AssertionError


def rewrite(
    people: pd.DataFrame, reading: ReadReport, source: Path, place: Path, *, encoding: str | None = None
) -> None:
    """Write a list as the file that it came from was, and see that it reads back the same before it counts.

    Args:
        people: the list.
        reading: how the file was read.
        source: the file.
        place: the file to write, of the same kind; one that is there is replaced.
        encoding: the encoding that the user named for the file, None where it was found out.

    Raises:
        InputError: it cannot be written, or would not be read back as it is. The place is as it was.
    """
    kind, header = place.suffix.lower(), reading.header != 0
    again: dict[str, Any] = {"header": 1 if header else 0}
    if kind == ".parquet":
        write_parquet(people, place, check=lambda path: _require_same(people, path, {}, typed=True))
    elif kind == ".xlsx":
        sheet = reading.sheet or "Sheet1"
        write_workbook(
            people,
            place,
            sheet=sheet,
            header=header,
            check=lambda path: _require_same(people, path, again | {"sheet": sheet}, typed=True),
        )
    else:
        delimiter = (
            reading.delimiter
            if kind == source.suffix.lower() and reading.delimiter
            else _TEXTS.get(kind, ",")
        )
        spoken = encoding or _encoding(reading.encoding)
        again |= {"delimiter": delimiter, "encoding": spoken, "quote": '"'}
        write_text(
            people,
            place,
            delimiter=delimiter,
            encoding=spoken,
            header=header,
            newline=_newline(source),
            check=lambda path: _require_same(people, path, again, typed=False),
        )


def _encoding(words: str) -> str:
    return next((name for start, name in _ENCODINGS.items() if words.startswith(start)), "utf-8")


def _newline(source: Path) -> str:
    with source.open("rb") as file:
        return "\r\n" if b"\r\n" in file.read(1 << 16) else "\n"


def _require_same(people: pd.DataFrame, path: Path, reading: dict[str, Any], *, typed: bool) -> None:
    """Refuse a file that does not read back as the list that was written.

    Raises:
        InputError: names the first cell that differs.
    """
    found = read_recipients(path, **reading)
    if list(found.columns) != list(people.columns) or len(found) != len(people):
        raise InputError(
            f"The repaired list would be read back with {len(found):,} rows × {found.shape[1]} columns, not "
            f"{len(people):,} × {people.shape[1]}. Nothing was written.",
            hint="Mend the list by hand: names of columns or blank rows cannot be written as they are.",
        )
    for at, name in enumerate(people.columns):
        for row, (now, then) in enumerate(zip(found.iloc[:, at], people.iloc[:, at], strict=True)):
            if not _equal(now, then, typed=typed):
                raise InputError(
                    f"The repaired list would be read back otherwise: row {row}, column {name}. "
                    "Nothing was written.",
                    hint="Mend that cell by hand.",
                )


def _equal(now: Any, then: Any, *, typed: bool) -> bool:
    if pd.isna(then) or pd.isna(now):
        return bool(pd.isna(then) and pd.isna(now))
    return bool(now == then) if typed else str(now) == str(then)
