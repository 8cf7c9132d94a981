"""Workbooks: the sheet with the people is found, what it shows is what is read, the rest is a question."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet

import migma_nb as mg

PEOPLE = [["email", "name"], ["ann@x.example", "Ann"], ["bo@x.example", "Bo"]]
TWO = PEOPLE[1:]
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    """Return a frame's cells by row, missing ones as None."""
    return [
        [None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy(dtype=object).tolist()
    ]


def xlsx(sheets: dict[str, list[list[Any]]], change: Callable[[Worksheet], None] | None = None) -> bytes:
    """Return a workbook of these sheets as bytes, its last sheet changed."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(book.worksheets[-1])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def ods(sheets: dict[str, list[list[Any]]], styles: str = "") -> bytes:
    """Return an OpenDocument sheet as bytes, as LibreOffice writes it in short."""
    names = "office:1.0 table:1.0 text:1.0 style:1.0 number:1.0 fo:1.0".split()  # noqa: SIM905 - read as a list
    space = " ".join(
        f'xmlns:{name.split(":")[0]}="urn:oasis:names:tc:opendocument:xmlns:'
        f'{"datastyle" if name.startswith("number") else name.split(":")[0]}:1.0"'
        for name in names
    )
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(map(_ods_row, rows))}</table:table>'
        for name, rows in sheets.items()
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {space} office:version="1.2">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS}"/></manifest:manifest>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", _ODS)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return made.getvalue()


def _ods_row(row: list[Any]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>"


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    kind, given = "string", ""
    if isinstance(value, int | float):
        kind, given = "float", f' office:value="{value}"'
    elif isinstance(value, dt.date):
        kind, given = "date", f' office:date-value="{value.isoformat()}"'
    return f'<table:table-cell office:value-type="{kind}"{given}><text:p>{value}</text:p></table:table-cell>'


KINDS = [("list.xlsx", xlsx), ("list.ods", ods)]
both = pytest.mark.parametrize(("name", "made"), KINDS)


@both
def test_a_sheet_is_read_from_bytes_with_its_types(name: str, made: Callable[..., bytes]) -> None:
    """Text, whole numbers, broken ones, days and gaps are what the sheet has; blank rows are said."""
    day = dt.date(2026, 12, 1)
    rows = [["email", "zip", "n", "due", "day"], ["a@x.example", "00501", 7, 1.5, day], [None] * 5,
            ["b@x.example", "NA", None, 2.5, day]]  # fmt: skip
    frame = mg.read_recipients(made({"People": rows}), name=name)
    found = [row[:4] for row in cells(frame)]
    assert [["a@x.example", "00501", 7, 1.5], ["b@x.example", "NA", None, 2.5]] == found
    assert [day, day] == [pd.Timestamp(value).date() for value in frame["day"]]
    report = mg.ReadReport.of(frame)
    assert report is not None
    assert ("People", 1, "Blank rows were left out: row 3.") == (report.sheet, report.header, report.repaired)


@both
def test_a_workbook_is_known_by_its_content(name: str, made: Callable[..., bytes]) -> None:
    """Without a name, and with a wrong one, which is said."""
    raw = made({"People": PEOPLE})
    assert TWO == cells(mg.read_recipients(raw))
    wrong = mg.read_recipients(raw, name="list.csv")
    assert TWO == cells(wrong)
    suffix = name.removeprefix("list")
    assert f"By its content it is {suffix}, not .csv" in str(mg.ReadReport.of(wrong))


@both
def test_the_only_sheet_with_addresses_is_taken_and_said(name: str, made: Callable[..., bytes]) -> None:
    """A sheet of notes before it is named as not read."""
    frame = mg.read_recipients(made({"Notes": [["to do"], ["call Ann"]], "List": PEOPLE}), name=name)
    assert TWO == cells(frame)
    said = "Only the sheet 'List' holds email addresses; not read: 'Notes'."
    assert said == getattr(mg.ReadReport.of(frame), "repaired", "")


@both
def test_two_sheets_with_addresses_are_a_question(name: str, made: Callable[..., bytes]) -> None:
    """The answer is a name or a position."""
    raw = made({"Old": [["email"], ["old@x.example"]], "New": PEOPLE})
    with pytest.raises(
        mg.InputError, match=r"2 sheets of list.* hold email addresses: 'Old', 'New'"
    ) as caught:
        mg.read_recipients(raw, name=name)
    assert "sheet='Old'" in (caught.value.hint or "")
    assert TWO == cells(mg.read_recipients(raw, sheet="New", name=name))
    assert [["old@x.example"]] == cells(mg.read_recipients(raw, sheet=0, name=name))


@both
@pytest.mark.parametrize("sheet", ["Other", 5, -1, True])
def test_a_sheet_that_is_not_there_names_those_that_are(
    name: str, made: Callable[..., bytes], sheet: Any
) -> None:
    """A slip in the name, or a position beyond the last."""
    with pytest.raises(mg.InputError, match="has no sheet") as caught:
        mg.read_recipients(made({"People": PEOPLE}), sheet=sheet, name=name)
    assert "'People'" in (caught.value.hint or "")


@both
@pytest.mark.parametrize(
    ("rows", "words", "hint"),
    [
        ([["Customers"], [None], *PEOPLE], "names seem to be in row 3", "header=3"),
        ([PEOPLE[0], ["(text)", "(text)"], *TWO], "two header rows: row 2", "header=2"),
        (TWO, "no header: row 1 has the address", "header=0"),
        ([], "first sheet of .* is empty", ""),
        (PEOPLE[:1], "has a header and no rows", ""),
    ],
)
def test_odd_headers_are_refused_as_in_text(
    name: str, made: Callable[..., bytes], rows: list[list[Any]], words: str, hint: str
) -> None:
    """With the numbers that the spreadsheet shows."""
    with pytest.raises(mg.InputError) as caught:
        mg.read_recipients(made({"People": rows}), name=name)
    assert re.search(words, caught.value.message)
    assert hint in (caught.value.hint or "")


@both
def test_a_header_below_a_title_is_taken_where_it_is_named(name: str, made: Callable[..., bytes]) -> None:
    """What stands above is listed."""
    frame = mg.read_recipients(made({"People": [["Customers"], *PEOPLE]}), header=2, name=name)
    assert (["email", "name"], TWO) == (list(frame.columns), cells(frame))
    assert "Left out above the header, row 1: “Customers”." in str(mg.ReadReport.of(frame))


@both
@pytest.mark.parametrize("sign", [",", ";", "|", " "])
def test_rows_that_were_put_into_one_column_are_refused(
    name: str, made: Callable[..., bytes], sign: str
) -> None:
    """As where a CSV was pasted into the first column."""
    with pytest.raises(mg.InputError, match=r"one column, 'email.name', whose cells hold") as caught:
        mg.read_recipients(made({"People": [[sign.join(row)] for row in PEOPLE]}), name=name)
    assert "Text to Columns" in (caught.value.hint or "")


@both
def test_columns_without_names_and_empty_ones_are_said(name: str, made: Callable[..., bytes]) -> None:
    """One with something in it is kept under a number, an empty one at the end is not."""
    rows = [["email", None, " ", None], ["a@x.example", "x", None, " "], ["b@x.example", None, None, None]]
    frame = mg.read_recipients(made({"People": rows}), name=name)
    assert ["email", "Unnamed: 1"] == list(frame.columns)
    report = str(mg.ReadReport.of(frame))
    assert "column 2 has no name" in report
    assert "Empty columns at the end were left out: 2." in report


def test_a_formula_that_was_never_computed_is_refused() -> None:
    """Its cell would be missing; one that is computed is read."""
    raw = xlsx({"People": [*PEOPLE, ["c@x.example", '=UPPER("c")']]})
    with pytest.raises(mg.InputError, match="a formula without a result in B4 of 'People'"):
        mg.read_recipients(raw, name="list.xlsx")


def test_numbers_that_an_open_document_shows_with_zeros_are_refused() -> None:
    """Its readers would give 501 for 00501; a time of two digits is none of that."""
    padded = '<number:number-style><number:number number:min-integer-digits="{}"/></number:number-style>'
    rows: list[list[Any]] = [["email", "zip"], ["a@x.example", 501]]
    with pytest.raises(mg.InputError, match="leading zeros") as caught:
        mg.read_recipients(ods({"People": rows}, padded.format(5)), name="list.ods")
    assert ".xlsx" in (caught.value.hint or "")
    assert [["a@x.example", 501]] == cells(
        mg.read_recipients(ods({"People": rows}, padded.format(1)), name="list.ods")
    )


def test_a_hidden_sheet_that_is_read_is_said() -> None:
    """Nobody sees it in Excel."""

    def hide(sheet: Worksheet) -> None:
        sheet.sheet_state = "hidden"

    frame = mg.read_recipients(xlsx({"Notes": [["x"]], "List": PEOPLE}, hide), name="list.xlsx")
    assert "'List' is hidden" in str(mg.ReadReport.of(frame))


@pytest.mark.parametrize("name", ["list.xlsx", "list.ods", "list.csv"])
def test_an_old_or_protected_workbook_says_so(name: str) -> None:
    """Both are of the same kind of file."""
    with pytest.raises(mg.InputError, match=r"has a password, or it is an old \.xls"):
        mg.read_recipients(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), name=name)


def test_a_damaged_open_document_is_refused() -> None:
    """Cut in its middle, or not one at all."""
    whole = ods({"People": PEOPLE})
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("mimetype", _ODS)
        archive.writestr("content.xml", "<office")
    for raw in (broken.getvalue(), whole[: len(whole) // 2], b"no zip at all"):
        with pytest.raises(mg.InputError):
            mg.read_recipients(raw, name="list.ods")


def test_a_workbook_with_a_damaged_sheet_is_refused() -> None:
    """Its cells end in the middle."""
    whole = zipfile.ZipFile(io.BytesIO(xlsx({"People": PEOPLE})))
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            archive.writestr(name, content[: len(content) // 2] if "worksheets/" in name else content)
    with pytest.raises(mg.InputError, match="is damaged"):
        mg.read_recipients(broken.getvalue(), name="list.xlsx")


@pytest.mark.parametrize("given", [{"encoding": "cp1252"}, {"delimiter": ";"}, {"quote": '"'}])
def test_what_says_nothing_about_a_sheet_is_refused(given: dict[str, Any]) -> None:
    """An option that would have no effect is a mistake."""
    with pytest.raises(mg.InputError, match="says anything about"):
        mg.read_recipients(xlsx({"People": PEOPLE}), name="list.xlsx", **given)


@pytest.mark.parametrize("shared", [True, False])
def test_signs_that_xml_lacks_are_read_as_themselves(shared: bool) -> None:
    """Excel writes a CR as _x000D_, and an underscore before the like of it as _x005F_; others are none."""
    pairs = {
        "Ann_x000D_": "Ann\r",
        "a_x000D_\nb": "a\r\nb",
        "_x005F_x000D_": "_x000D_",
        "_x005f_x000D_": "_x000D_",
        "Lee_x00e9_": "Leeé",
        "snake_x12_y": "snake_x12_y",
    }
    whole = xlsx({"People": [["email", "name"], *([f"p{at}@x.example", at] for at in range(len(pairs)))]})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    texts = [f'<t xml:space="preserve">{text}</t>' for text in pairs]
    sheet, strings = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
    for at, text in enumerate(texts):
        inline, by_number = f't="inlineStr"><is>{text}</is></c>', f't="s"><v>{at}</v></c>'
        place = f'<c r="B{at + 2}" '
        assert f'{place}t="n"><v>{at}</v></c>' in parts[sheet]
        parts[sheet] = parts[sheet].replace(
            f'{place}t="n"><v>{at}</v></c>', place + (by_number if shared else inline)
        )
    items = "".join(f"<si>{text}</si>" for text in texts)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts[strings] = f'<sst xmlns="{space}">{items}</sst>'
    override = f'<Override PartName="/{strings}" ContentType="{kind}"/></Types>'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace("</Types>", override)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    frame = mg.read_recipients(made.getvalue(), name="list.xlsx")
    assert list(pairs.values()) == frame["name"].tolist()
    said = "In 5 cells signs that XML lacks, such as _x000D_, were written as themselves."
    assert said == getattr(mg.ReadReport.of(frame), "repaired", "")


def test_a_sheet_without_such_signs_says_nothing_of_them() -> None:
    """Nor is a word with an underscore in it changed."""
    rows = [["email", "name"], ["ann@x.example", "a_x_b"]]
    frame = mg.read_recipients(xlsx({"People": rows}), name="list.xlsx")
    assert rows[1:] == cells(frame)
    assert () == getattr(mg.ReadReport.of(frame), "repairs", None)
