"""Sheets of Excel and OpenDocument files: which one has the people, and what its cells hold."""

import importlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import looks_like_address
from migma_nb.planning.excel_formats import loses_zeros, shown_text
from migma_nb.planning.packed import Content
from migma_nb.planning.workbook_parts import (
    decoded_signs,
    first_uncomputed,
    hidden_in_excel,
    hidden_in_ods,
    with_marked_underscores,
)

#: A style of an OpenDocument sheet that shows 501 as 00501.
_ODS_PADDED = re.compile(rb"number:min-integer-digits=\"(?:[2-9]|\d\d+)\"")
#: A sheet's rows, its header among them.
MOST_ROWS = 1 << 20

Rows = list[tuple[int, list[Any]]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet's rows that are not blank, each with its number.

    Args:
        name: what it is called.
        rows: the rows.
        blank: the numbers of the blank ones between.
        hidden: the numbers of rows that the sheet does not show, by hand or by a filter.
        repairs: what is to be said of it, a sentence each.
    """

    name: str
    rows: Rows
    blank: list[int]
    hidden: list[int] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)


def read_excel(content: Content[bytes], sheet: str | int | None) -> Sheet:
    """Read a sheet of an XLSX file.

    Args:
        content: the file.
        sheet: its name, or its position from 0; None takes the one that has people.

    Raises:
        InputError: it is no workbook, there is no such sheet, or several have people.
    """
    openpyxl = needed("openpyxl", content.name, "excel")
    try:
        raw = with_marked_underscores(content.raw)
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except Exception as error:  # a damaged part raises whatever its parser meets
        raise InputError(
            f"{content.name} is no Excel workbook that can be read.",
            hint="It may be protected by a password or only be named .xlsx; save it again, or as CSV UTF-8.",
        ) from error
    try:
        sheets = {one.title: one for one in book.worksheets}
        lost: dict[str, list[Any]] = {name: [] for name in sheets}

        def rows(name: str) -> Iterator[list[Any]]:
            sheets[name].reset_dimensions()
            return ([_excel_cell(cell, lost[name]) for cell in row] for row in sheets[name].iter_rows())

        hidden = [one.title for one in book.worksheets if one.sheet_state != "visible"]
        found = _chosen(content.name, list(sheets), hidden, rows, sheet)
        _refuse_lost_zeros(content.name, found.name, lost[found.name])
        _refuse_uncomputed(content, found.name)
        found.hidden.extend(hidden_in_excel(content.raw, found.name))
        if signs := sum(decoded_signs(row) for _, row in found.rows):
            cells = f"{signs:,} cells" if signs > 1 else "1 cell"
            found.repairs.append(
                f"In {cells} signs that XML lacks, such as _x000D_, were written as themselves."
            )
    except InputError:
        raise
    except Exception as error:  # as above
        raise InputError(
            f"{content.name} is damaged: a sheet of it cannot be read.", hint="Get it again, or save it anew."
        ) from error
    finally:
        book.close()
    return found


def read_ods(content: Content[bytes], sheet: str | int | None) -> Sheet:
    """Read a sheet of an OpenDocument file; arguments and errors as in `read_excel`.

    Raises:
        InputError: also where a number is shown with leading zeros, which this format's readers lose.
    """
    calamine = needed("python_calamine", content.name, "excel")
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content.raw))

        def rows(name: str) -> Iterator[list[Any]]:
            one = book.get_sheet_by_name(name)
            # Older versions panic where there is no row to give.
            return ([_ods_cell(cell) for cell in row] for row in (one.iter_rows() if one.height else ()))

        shown = calamine.SheetVisibleEnum.Visible
        hidden = [one.name for one in book.sheets_metadata if one.visible != shown]
        found = _chosen(content.name, list(book.sheet_names), hidden, rows, sheet)
        parts = _part(content, "content.xml")
        found.hidden.extend(hidden_in_ods(parts, found.name, found.rows[-1][0]))
        numbers = any(type(cell) in {int, float} for _, row in found.rows for cell in row)
        padded = numbers and _ODS_PADDED.search(parts)
    except InputError:
        raise
    except Exception as error:  # as above
        raise InputError(
            f"{content.name} is no OpenDocument sheet that can be read.",
            hint="It may be protected by a password or only be named .ods; save it again, or as CSV UTF-8.",
        ) from error
    if padded:
        raise InputError(
            f"{content.name} shows numbers with leading zeros, as in 00501, which cannot be read from .ods.",
            hint="Save it as .xlsx or CSV, or format that column as text and type the zeros.",
        )
    return found


def _part(content: Content[bytes], name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content.raw)) as archive:
        return archive.read(name)


def _chosen(
    name: str, names: list[str], hidden: list[str], rows: Callable[[str], Iterator[list[Any]]], given: Any
) -> Sheet:
    """Return the sheet that is meant: the named one, or the only one with people, or with anything."""
    listed = ", ".join(repr(one) for one in names)
    if given is not None:
        at = given if isinstance(given, str) else _at(names, given)
        if at not in names:
            raise InputError(f"{name} has no sheet {given!r}.", hint=f"Its sheets are: {listed}.")
        sheet = _read(at, rows(at))
        if not sheet.rows:
            raise InputError(f"The sheet {at!r} of {name} is empty.", hint=f"Its sheets are: {listed}.")
        return sheet
    read = [_read(one, rows(one)) for one in names]
    filled = [one for one in read if one.rows]
    if not filled:
        raise InputError(f"The first sheet of {name} is empty.", hint="No other holds anything either.")
    with_people = [one for one in filled if _has_addresses(one)]
    candidates = with_people or filled
    if len(candidates) > 1:
        choices = ", ".join(repr(one.name) for one in candidates)
        what = "email addresses" if with_people else "anything"
        raise InputError(
            f"{len(candidates)} sheets of {name} hold {what}: {choices}.",
            hint=f"Say which: sheet={candidates[0].name!r}.",
        )
    sheet = candidates[0]
    others = [one.name for one in filled if one is not sheet]
    if others:
        words = ", ".join(repr(other) for other in others)
        sheet.repairs.append(f"Only the sheet {sheet.name!r} holds email addresses; not read: {words}.")
    if sheet.name in hidden:
        sheet.repairs.append(f"The sheet {sheet.name!r} is hidden in the workbook.")
    return sheet


def _at(names: list[str], given: Any) -> str | None:
    usable = isinstance(given, int) and not isinstance(given, bool) and 0 <= given < len(names)
    return names[given] if usable else None


def _read(name: str, rows: Iterator[list[Any]]) -> Sheet:
    filled: Rows = []
    blank: list[int] = []
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise InputError(
                f"The sheet {name!r} has a row beyond {MOST_ROWS:,}, as no sheet can.",
                hint="The file is damaged; save it again, or as CSV UTF-8.",
            )
        # Formats reach far to the right of what is filled.
        while row and row[-1] is None:
            row.pop()
        if any(cell is not None and not (isinstance(cell, str) and cell.isspace()) for cell in row):
            filled.append((number, row))
        else:
            blank.append(number)
    last = filled[-1][0] if filled else 0
    # What comes behind the last row is no part of the list, and sheets are full of it.
    return Sheet(name, filled, [number for number in blank if number < last])


def _has_addresses(sheet: Sheet) -> bool:
    return any(looks_like_address(cell) for _, row in sheet.rows for cell in row)


def _excel_cell(cell: Any, lost: list[Any]) -> Any:
    """Return what a cell holds; one whose zeros would be lost is noted, if none is yet."""
    value = cell.value
    if value is None or value == "":
        return None
    if type(value) in {int, float}:
        # The sheet shows 00501 and stores 501: people mean what they see.
        style = cell.number_format or "General"
        text = shown_text(value, style)
        if text is not None:
            return text
        if not lost and loses_zeros(value, style):
            lost.append((cell.coordinate, value, style))
    return value


def _refuse_lost_zeros(name: str, sheet: str, lost: list[Any]) -> None:
    """Refuse a sheet that shows zeros at the start of a number in a way that is not read.

    Raises:
        InputError: names the first such cell.
    """
    for place, value, style in lost:
        raise InputError(
            f"{name} shows {value} in {place} of {sheet!r} with zeros at its start, by the format {style}; "
            "read as a number it would lose them.",
            hint="Format that column as text and type what is to stand there, or save the sheet as CSV, "
            "which keeps what is shown.",
        )


def _ods_cell(value: Any) -> Any:
    if value == "":
        return None
    # The format knows no whole numbers.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _refuse_uncomputed(content: Content[bytes], sheet: str) -> None:
    """Refuse a sheet with formulas that no program has computed: their cells would be missing.

    Raises:
        InputError: names the first such cell.
    """
    place = first_uncomputed(content.raw, sheet)
    if place is not None:
        raise InputError(
            f"{content.name} has a formula without a result in {place} of {sheet!r}.",
            hint="Open it in Excel or LibreOffice and save it there, so that it is computed; or "
            "paste the column as values.",
        )


def needed(module: str, name: str, extra: str) -> Any:
    """Return a module that an extra brings.

    Raises:
        InputError: it is not installed; says how to.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"Reading {name} needs {module}, which is not installed.",
            hint=f"Run: pip install 'migma-nb[{extra}]'",
        ) from error
