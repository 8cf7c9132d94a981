"""Rows that a sheet does not show: who was hidden or filtered out is never read without a question."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet

import migma_nb as mg
from migma_nb.planning.long_lists import long_pieces
from tests.reading.test_hostile import parts_of, zipped
from tests.reading.test_sheets import cells, ods, xlsx

PEOPLE: list[list[Any]] = [["email", "name"], *([f"p{at}@x.example", f"N{at}"] for at in range(2, 8))]
SHEET = "xl/worksheets/sheet1.xml"
ROW, END = "<table:table-row>", "</table:table>"
HIDDEN = '<table:table-row table:visibility="filter">'
BLANK = (
    '<table:table-row table:number-rows-repeated="{}" table:visibility="collapse"><table:table-cell/>'
    "</table:table-row>"
)


def hiding_xlsx(sheets: dict[str, list[list[Any]]], rows: list[int]) -> bytes:
    """Return a workbook whose last sheet hides rows, as a filter on it does."""

    def hide(sheet: Worksheet) -> None:
        sheet.auto_filter.ref = "A1:B7"
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return xlsx(sheets, hide)


def hiding_ods(sheets: dict[str, list[list[Any]]], rows: list[int]) -> bytes:
    """Return the same in OpenDocument, every other one hidden by hand and by a filter."""
    parts = parts_of(ods(sheets))
    before, last, after = parts["content.xml"].decode().rpartition("<table:table ")
    number = 0

    def hidden(_: re.Match[str]) -> str:
        nonlocal number
        number += 1
        how = "filter" if number % 2 else "collapse"
        return f'<table:table-row table:visibility="{how}">' if number in rows else "<table:table-row>"

    after = re.sub("<table:table-row>", hidden, after)
    return zipped({**parts, "content.xml": f"{before}{last}{after}".encode()})


both = pytest.mark.parametrize(("name", "made"), [("list.xlsx", hiding_xlsx), ("list.ods", hiding_ods)])


@both
def test_hidden_rows_are_a_question(name: str, made: Callable[..., bytes]) -> None:
    """Which ones, with the numbers that the sheet shows; the answer takes them or leaves them out."""
    raw = made({"Notes": [["x"]], "People": PEOPLE}, [3, 4, 6])
    with pytest.raises(
        mg.InputError, match=r"'People' of list.* has 3 hidden rows \(rows 3, 4 and 6\)"
    ) as caught:
        mg.read_recipients(raw, name=name)
    for words in ("show such rows or delete them", 'hidden="read"', 'hidden="skip"'):
        assert words in (caught.value.hint or "")
    everybody = mg.read_recipients(raw, name=name, hidden="read")
    assert PEOPLE[1:] == cells(everybody)
    assert "3 hidden rows were read too, as given: rows 3, 4 and 6." in str(mg.ReadReport.of(everybody))
    some = mg.read_recipients(raw, name=name, hidden="skip")
    assert [PEOPLE[1], PEOPLE[4], PEOPLE[6]] == cells(some)
    assert "3 hidden rows were left out, as given: rows 3, 4 and 6." in str(mg.ReadReport.of(some))


@both
def test_a_hidden_row_that_has_nobody_is_no_question(name: str, made: Callable[..., bytes]) -> None:
    """The header, what is above it, blank rows, and rows of another sheet."""
    rows = [["List of 2026"], *PEOPLE[:2], [None, None], *PEOPLE[2:]]
    raw = made({"People": rows}, [1, 2, 4])
    frame = mg.read_recipients(raw, name=name, header=2)
    assert PEOPLE[1:] == cells(frame)
    assert "hidden" not in str(mg.ReadReport.of(frame))
    raw = made({"People": PEOPLE, "Notes": [["x"], ["y"]]}, [1, 2])
    assert PEOPLE[1:] == cells(mg.read_recipients(raw, name=name))


@both
def test_a_plan_of_a_file_with_hidden_rows_is_refused(
    name: str, made: Callable[..., bytes], tmp_path: Path
) -> None:
    """Whoever was filtered out is not mailed by mistake; in pieces it is the same."""
    path = tmp_path / name
    path.write_bytes(made({"People": PEOPLE}, [7]))
    mail: dict[str, Any] = {
        "mailing": "m",
        "sender": "A <a@acme.example>",
        "subject": "x",
        "template": "<p>x</p>",
    }
    mail |= {"project_id": "p", "transactional": True}
    lists: tuple[dict[str, Any], ...] = (
        {"recipients": path},
        {"recipients": ["ann@x.example"], "exclude": path},
    )
    for people in lists:
        with pytest.raises(mg.InputError, match=r"has 1 hidden row \(row 7\)") as caught:
            mg.plan(**people, **mail)
        assert (caught.value.hint or "").endswith(
            " hidden= is for mg.read_recipients; pass its frame in place of the path."
        )
    with pytest.raises(mg.InputError, match="has 1 hidden row"):
        long_pieces(path)
    with long_pieces(path, hidden="skip") as found:
        assert 5 == found.rows
    shown = mg.plan(mg.read_recipients(path, hidden="read"), **mail)
    assert "1 hidden row was read too, as given: row 7." in repr(shown)


@pytest.mark.parametrize(
    "row",
    [
        '<row r="3" hidden="1">',
        "<row r='3' hidden='true'>",
        '<row hidden = "1" spans="1:2">',
        '<row spans="1:2" ht="0" customHeight="1" hidden="1" r="3">',
    ],
)
def test_a_hidden_row_is_found_however_it_is_written(row: str) -> None:
    """With its number or without, and in any order."""
    parts = parts_of(xlsx({"People": PEOPLE}))
    sheet = parts[SHEET].decode()
    assert '<row r="3">' in sheet
    raw = zipped(parts | {SHEET: sheet.replace('<row r="3">', row).encode()})
    with pytest.raises(mg.InputError, match=r"has 1 hidden row \(row 3\)"):
        mg.read_recipients(raw, name="list.xlsx")


def test_a_row_that_only_says_it_is_hidden_is_not() -> None:
    """Words in a cell, and an attribute that says no."""
    rows = [*PEOPLE, ["p8@x.example", '<row r="2" hidden="1">']]
    parts = parts_of(xlsx({"People": rows}))
    sheet = parts[SHEET].replace(b'<row r="3">', b'<row r="3" hidden="0">')
    assert rows[1:] == cells(mg.read_recipients(zipped(parts | {SHEET: sheet}), name="list.xlsx"))


def test_a_repeated_row_of_an_open_document_is_counted_as_often() -> None:
    """Also where it is blank, and without an end; a sheet's name is one however it is spelled."""
    parts = parts_of(ods({"Notes": [["x"]], "A &amp; B": PEOPLE}))
    before, name, after = parts["content.xml"].decode().rpartition('<table:table table:name="A &amp; B">')
    header, mark, people = after.partition("</table:table-row>")
    blank = f"{BLANK.format(3)}{people.replace(ROW, HIDDEN, 1)}".replace(
        END, f"{BLANK.format(1_000)}{END}", 1
    )
    raw = zipped({**parts, "content.xml": f"{before}{name}{header}{mark}{blank}".encode()})
    with pytest.raises(mg.InputError, match=r"'A & B' of list.ods has 1 hidden row \(row 5\)"):
        mg.read_recipients(raw, name="list.ods")
    assert PEOPLE[2:] == cells(mg.read_recipients(raw, name="list.ods", hidden="skip"))


def test_an_answer_that_is_none_or_says_nothing_about_the_file_is_refused() -> None:
    """As every other argument on how a file is read."""
    raw = xlsx({"People": PEOPLE})
    for given in ("keep", True, ["read"]):
        with pytest.raises(mg.InputError, match="says nothing"):
            mg.read_recipients(raw, name="list.xlsx", hidden=given)  # type: ignore[arg-type] # that is the test
    with pytest.raises(mg.InputError, match="no file that hidden='read' says anything about"):
        mg.read_recipients(b"email\na@x.example\n", hidden="read")
    assert PEOPLE[1:] == cells(mg.read_recipients(raw, name="list.xlsx", hidden="skip"))
