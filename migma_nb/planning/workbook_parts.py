"""What is in a workbook and its readers do not tell: hidden rows, formulas without results, odd signs."""

import html
import importlib
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

#: Signs that XML cannot hold, such as _x000D_ for CR, and _x005F_ for an underscore before the like of it.
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LIKE_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UNDERSCORE = b"_x005F_"
_ROW = re.compile(rb"<(?:\w+:)?row(\s[^>]*)?>")
_NUMBER = re.compile(rb"\sr\s*=\s*[\"'](\d+)[\"']")
_HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true)[\"']")
_ANY_HIDDEN = re.compile(rb"<(?:\w+:)?row\s[^>]*?\bhidden\s*=\s*[\"'](?:1|true)[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
#: The space of names that a sheet's parts are in.
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ODS_TAG = re.compile(rb"<(/?)table:table(-row)?(\s[^>]*?)?(/?)>")
_ODS_NAME = re.compile(rb"\stable:name=\"([^\"]*)\"")
_ODS_TIMES = re.compile(rb"\stable:number-rows-repeated=\"(\d+)\"")
#: Hidden by hand, or by a filter.
_ODS_HIDDEN = re.compile(rb"\stable:visibility=\"(?:collapse|filter)\"")


def hidden_in_excel(raw: bytes, sheet: str) -> list[int]:
    """Return the numbers of the rows that a sheet of an XLSX file does not show, by hand or by a filter.

    Args:
        raw: the file.
        sheet: the sheet's name.
    """
    content = _part_of(raw, sheet)
    # Nearly every sheet shows all of its rows.
    if not _ANY_HIDDEN.search(content):
        return []
    found, number = [], 0
    for row in _ROW.finditer(content):
        told = _NUMBER.search(row[1] or b"")
        number = int(told[1]) if told else number + 1
        if _HIDDEN.search(row[1] or b""):
            found.append(number)
    return found


def first_uncomputed(raw: bytes, sheet: str) -> str | None:
    """Return the first cell of a sheet of an XLSX file with a formula that no program has computed.

    A formula whose result is an empty text has one: `<c t="str"><f>…</f><v></v></c>`.

    Args:
        raw: the file.
        sheet: the sheet's name.
    """
    content = _part_of(raw, sheet)
    if not _FORMULA.search(content):
        return None
    xml: Any = importlib.import_module("openpyxl.xml.functions")
    letters: Any = importlib.import_module("openpyxl.utils").get_column_letter
    number = 0
    for _, row in xml.iterparse(io.BytesIO(content)):
        if row.tag != f"{_SHEET}row":
            continue
        number = int(float(row.get("r", number + 1)))
        for at, cell in enumerate(row, start=1):
            if cell.find(f"{_SHEET}f") is not None and not _has_result(cell):
                return str(cell.get("r") or f"{letters(at)}{number}")
        row.clear()
    return None


def _has_result(cell: Any) -> bool:
    value = cell.find(f"{_SHEET}v")
    if value is None:
        return cell.find(f"{_SHEET}is") is not None
    return bool(value.text) or cell.get("t") == "str"


def _part_of(raw: bytes, sheet: str) -> bytes:
    """Return the part of an XLSX file that holds a sheet."""
    # As untyped as they are.
    books: Any = importlib.import_module("openpyxl.packaging.workbook")
    links: Any = importlib.import_module("openpyxl.packaging.relationship")
    read: Any = importlib.import_module("openpyxl.xml.functions").fromstring
    book = "xl/workbook.xml"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = books.WorkbookPackage.from_tree(read(archive.read(book))).sheets
        link = next(one.id for one in sheets if one.name == sheet)
        part = links.get_dependents(archive, links.get_rels_path(book)).get(link).target
        return archive.read(part)


def hidden_in_ods(content: bytes, sheet: str, last: int) -> list[int]:
    """Return the same of an OpenDocument sheet.

    Args:
        content: the file's `content.xml`.
        sheet: the sheet's name.
        last: the number of its last row that is filled.
    """
    found: list[int] = []
    number = 0
    for attributes in _ods_rows(content, sheet):
        times = _ODS_TIMES.search(attributes)
        behind = number + (int(times[1]) if times else 1)
        if _ODS_HIDDEN.search(attributes):
            found += range(number + 1, min(behind, last) + 1)
        number = behind
        if number >= last:
            break
    return found


def _ods_rows(content: bytes, sheet: str) -> Iterator[bytes]:
    """Yield what is said of each row of a sheet; tables inside of its cells are none of it."""
    depth, inside = 0, False
    for ends, row, attributes, alone in (tag.groups(b"") for tag in _ODS_TAG.finditer(content)):
        if row:
            if inside and depth == 1 and not ends:
                yield attributes
        elif ends:
            depth -= 1
            if inside and not depth:
                return
        elif not alone:
            depth += 1
            name = _ODS_NAME.search(attributes)
            inside = inside or (name is not None and html.unescape(name[1].decode()) == sheet)


def with_marked_underscores(raw: bytes) -> bytes:
    """Return an XLSX file with its marked underscores, which openpyxl takes out, marked as it leaves them."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        texts = [name for name in archive.namelist() if name.lower().endswith("sharedstrings.xml")]
        marked = {name: found for name in texts if _UNDERSCORE in (found := archive.read(name))}
        if not marked:
            return raw
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as copy:
            for info in archive.infolist():
                # In small letters it means the same, and openpyxl does not know it.
                part = marked.get(info.filename, b"").replace(_UNDERSCORE, _UNDERSCORE.lower())
                copy.writestr(info.filename, part or archive.read(info))
        return made.getvalue()


def encoded_signs(text: str) -> str:
    """Return a text as a cell of an XLSX sheet is written: XML would turn a CR into a line break."""
    return _LIKE_ESCAPE.sub("_x005F_", text).replace("\r", "_x000D_")


def decoded_signs(cells: list[Any]) -> int:
    """Write the signs of a row of an XLSX sheet as themselves, in place, and return in how many cells."""
    count = 0
    for at, cell in enumerate(cells):
        if isinstance(cell, str) and "_x" in cell:
            cells[at] = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), cell)
            count += cells[at] != cell
    return count
