"""Files that are damaged or made to do harm: refused in a sentence, in seconds, within memory."""

import gzip
import io
import random
import warnings
import zipfile
from collections.abc import Callable

import openpyxl
import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.planning import packed

MEGABYTE = 1 << 20
PLAIN = b"email,name\nann@x.example,Ann\nbo@x.example,Bo\n"
SHEET = "xl/worksheets/sheet1.xml"
START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return a zip of these files, packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def parts_of(raw: bytes) -> dict[str, bytes]:
    """Return what a zip holds."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def workbook() -> bytes:
    """Return a workbook of two people."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in (["email", "name"], ["ann@x.example", "Ann"], ["bo@x.example", 7]):
        sheet.append(row)
    book.save(made)
    return made.getvalue()


def parquet() -> bytes:
    """Return a Parquet file of two people."""
    made = io.BytesIO()
    pd.DataFrame({"email": ["ann@x.example", "bo@x.example"], "points": [1, None]}).to_parquet(made)
    return made.getvalue()


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to three places changed, lost, doubled, or all behind them gone."""
    found = bytearray(raw)
    for _ in range(chance.randint(1, 3)):
        at, how = chance.randrange(len(found) + 1), chance.randrange(4)
        if how == 0:
            found[at : at + 1] = bytes([chance.randrange(256)])
        elif how == 1:
            del found[at : at + chance.randint(1, 30)]
        elif how == 2:
            found[at:at] = found[at : at + 20]
        else:
            del found[at:]
    return bytes(found)


MADE: dict[str, Callable[[], bytes]] = {
    "l.xlsx": workbook,
    "l.parquet": parquet,
    "l.zip": lambda: zipped({"l.csv": PLAIN}),
    "l.csv.gz": lambda: gzip.compress(PLAIN, mtime=0),
}


@pytest.mark.parametrize("name", MADE)
def test_a_damaged_file_is_read_or_refused_in_a_sentence(name: str) -> None:
    """Whatever byte is wrong in it, or in a part of a workbook: no parser's error gets through."""
    whole, chance = MADE[name](), random.Random(name)
    parts = parts_of(whole) if name == "l.xlsx" else {}
    hints = []
    for _ in range(300):
        raw = damaged(whole, chance)
        if parts:
            part = chance.choice(list(parts))
            raw = zipped(parts | {part: damaged(parts[part], chance)})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's and zipfile's, of what is odd in a file
            try:
                mg.read_recipients(raw, name=name)
            except mg.InputError as error:
                hints.append(error.hint)
    assert len(hints) > 30
    assert all(hints)


@pytest.mark.parametrize("name", ["l.csv.gz", "l.zip", "l.xlsx"])
def test_what_unpacks_to_far_more_than_it_is_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is unpacked as a whole: some kilobytes may hold gigabytes."""
    monkeypatch.setattr(packed, "_ENOUGH", MEGABYTE)
    much = b" " * (20 * MEGABYTE)
    raw = {
        "l.csv.gz": lambda: gzip.compress(PLAIN + much),
        "l.zip": lambda: zipped({"l.csv": PLAIN + much}),
        "l.xlsx": lambda: zipped(parts_of(workbook()) | {"xl/media/image1.png": much}),
    }[name]()
    with pytest.raises(mg.InputError, match="would unpack to more than 200 times its size"):
        mg.read_recipients(raw, name=name)


@pytest.mark.parametrize("name", ["l.csv.gz", "l.zip"])
def test_what_is_packed_well_and_not_large_is_read(name: str) -> None:
    """A list with one word in every row is packed to a hundredth."""
    long = b"email,name\n" + b"".join(b"p%d@x.example,%s\n" % (at, b"Ann" * 400) for at in range(2_000))
    raw = gzip.compress(long) if name == "l.csv.gz" else zipped({"l.csv": long})
    assert len(raw) * 50 < len(long)
    assert 2_000 == len(mg.read_recipients(raw, name=name))


def test_a_sheet_with_a_row_beyond_all_sheets_is_refused() -> None:
    """Its reader would make two thousand million blank rows before it."""
    row = '<row r="2147483647"><c r="A2147483647" t="inlineStr"><is><t>a@x.example</t></is></c></row>'
    raw = zipped(parts_of(workbook()) | {SHEET: f"{START}{row}</sheetData></worksheet>".encode()})
    with pytest.raises(mg.InputError, match="has a row beyond 1,048,576"):
        mg.read_recipients(raw, name="l.xlsx")


def test_formats_far_to_the_right_are_no_columns() -> None:
    """A thousand rows whose last cell, formatted and empty, is in Excel's last column."""
    cell = '<c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c><c r="XFD{0}"/>'
    rows = "".join(
        f'<row r="{at}">{cell.format(at, f"p{at}@x.example" if at > 1 else "email")}</row>'
        for at in range(1, 201)
    )
    raw = zipped(parts_of(workbook()) | {SHEET: f"{START}{rows}</sheetData></worksheet>".encode()})
    frame = mg.read_recipients(raw, name="l.xlsx")
    assert (199, 1) == frame.shape


def test_ten_thousand_columns_of_one_name_are_told_apart_and_said_in_few_words() -> None:
    """Each has a name of its own; the report does not grow with them."""
    raw = f"email,{','.join(['x'] * 10_000)}\na@x.example{',1' * 10_000}\n".encode()
    frame = mg.read_recipients(raw)
    assert 10_001 == len(set(frame.columns))
    assert ["email", "x", "x.1", "x.2"] == frame.columns.tolist()[:4]
    report = mg.ReadReport.of(frame)
    assert report is not None
    assert "So were 9,994 more columns" in report.repaired
    assert len(report.repairs) < 10


def test_whole_numbers_of_a_sheet_stay_whole_beside_others() -> None:
    """The sheet shows 3, and 3 is what a person reads, not 3.0."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in (["email", "amount"], ["ann@x.example", 12.5], ["bo@x.example", 3]):
        book.worksheets[0].append(row)
    book.save(made)
    amounts = mg.read_recipients(made.getvalue(), name="l.xlsx")["amount"].tolist()
    assert ["12.5", "3"] == [str(amount) for amount in amounts]
