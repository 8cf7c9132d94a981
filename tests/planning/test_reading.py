"""Files of people: text stays text, and what cannot be read says what, where and what to do."""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.reading import read_recipients


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    """Return a frame's cells by row, missing ones as None."""
    return [
        [None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy(dtype=object).tolist()
    ]


def test_text_stays_text(tmp_path: Path) -> None:
    """Zip codes keep their zeros, NA and None are texts, and only an empty cell is missing."""
    path = written(
        tmp_path, "a.csv", 'email,zip,note,more\na@x.example,00501,NA,""\nb@x.example,1.0,None,-\n'
    )
    frame = read_recipients(path)
    assert ["email", "zip", "note", "more"] == list(frame.columns)
    assert [["a@x.example", "00501", "NA", None], ["b@x.example", "1.0", "None", "-"]] == cells(frame)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "email,name\na@x.example,Zoë\n"),
        ("a.CSV", "email,name\r\na@x.example,Zoë\r\n"),
        ("a.csv", "email;name\na@x.example;Zoë\n"),
        ("a.tsv", "email\tname\na@x.example\tZoë"),
        ("a.csv", "\ufeffemail,name\na@x.example,Zoë\n"),
        ("a.csv", "email,name\n\na@x.example,Zoë\n\n"),
        ("a.csv", ' email , name \n"a@x.example","Zoë"\n'),
        ("a.csv", "email,name\ra@x.example,Zoë\r"),
        ("a.csv", "email,name\na@x.example,Zoë\n".encode("utf-16")),
    ],
)
def test_common_kinds_of_csv_are_read(tmp_path: Path, name: str, content: str | bytes) -> None:
    """Commas, semicolons and tabs, any line end, byte order marks, blank lines and spaces in the header."""
    frame = read_recipients(written(tmp_path, name, content))
    assert ["email", "name"] == list(frame.columns)
    assert [["a@x.example", "Zoë"]] == cells(frame)


def test_cells_may_hold_separators_line_breaks_and_quotes(tmp_path: Path) -> None:
    """A quoted cell keeps everything that is in it."""
    path = written(tmp_path, "a.csv", 'email,note\na@x.example,"one, ""two""\nthree\u2028"\n')
    assert [["a@x.example", 'one, "two"\nthree\u2028']] == cells(read_recipients(path))


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    """A cell beyond the csv module's usual limit is read, and the limit stays as it was for others."""
    path = written(tmp_path, "a.csv", f"email,note\na@x.example,{'x' * 200_000}\n")
    assert 200_000 == len(read_recipients(path)["note"][0])


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """A second column of a name gets a number, and one without a name its position, as in pandas."""
    path = written(tmp_path, "a.csv", "email,note,note,\na@x.example,1,2,3\n")
    assert ["email", "note", "note.1", "Unnamed: 3"] == list(read_recipients(path).columns)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", " \n\n", "is empty"),
        ("a.csv", "email,name\n", "has a header and no rows"),
        ("a.doc", "email\na@x.example\n", "ends in .doc"),
        ("a", "email\na@x.example\n", "ends in nothing"),
        (
            "a.csv",
            "email,name\na@x.example,A\nb@x.example,Zoë\n".encode("cp1252"),
            "line 3 has the byte 0xEB",
        ),
        (
            "a.csv",
            "email,name\na@x.example,A\nb@x.example,B,C\n",
            "Line 3 of .* has 3 cells, the header has 2",
        ),
        ("a.csv", "email,name\na@x.example\n", "Line 2 of .* has 1 cell, the header has 2"),
        ("a.csv", 'email,name\na@x.example,"A\n', "cannot be read as a table: line 2"),
        ("a.csv", "email\0,name\n", "line 1 has a NUL"),
        ("a.xlsx", "email\na@x.example\n", "is no Excel workbook"),
        ("a.parquet", "email\na@x.example\n", "is no Parquet file"),
    ],
)
def test_what_cannot_be_read_says_what_and_where(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    """Each is one error with what happened, where, and what to do."""
    path = written(tmp_path, name, content)
    with pytest.raises(InputError, match=words) as caught:
        read_recipients(path)
    assert caught.value.hint


def test_no_such_file_names_the_lists_beside_it(tmp_path: Path) -> None:
    """A slip in the name is answered with what is there."""
    written(tmp_path, "people.csv", "email\n")
    with pytest.raises(InputError, match="There is no file") as caught:
        read_recipients(tmp_path / "poeple.csv")
    assert caught.value.hint == "In that folder are: people.csv."


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Naming a folder is answered so."""
    with pytest.raises(InputError, match="is a folder"):
        read_recipients(tmp_path)


def workbook(folder: Path, rows: list[list[Any]], formats: dict[str, str] | None = None) -> Path:
    """Write an Excel file, with number formats by cell, and return its path."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    for cell, shape in (formats or {}).items():
        sheet[cell].number_format = shape
    path = folder / "a.xlsx"
    book.save(path)
    return path


def test_excel_keeps_its_types_and_its_text(tmp_path: Path) -> None:
    """Text is text, numbers and dates are theirs, gaps are missing, blank lines are no rows."""
    day = dt.datetime(2026, 12, 1)  # noqa: DTZ001 - Excel knows no time zones
    rows: list[list[Any]] = [
        ["email", "zip", "n", "day"],
        ["a@x.example", "00501", 7, day],
        [],
        ["b@x.example", "NA", None, day],
    ]
    frame = read_recipients(workbook(tmp_path, rows))
    assert [["a@x.example", "00501", 7, day], ["b@x.example", "NA", None, day]] == cells(frame)


def test_excel_codes_read_as_the_sheet_shows_them(tmp_path: Path) -> None:
    """A number that the sheet shows as 00501 is 00501."""
    path = workbook(tmp_path, [["email", "zip"], ["a@x.example", 501]], {"B2": "00000"})
    assert "00501" == read_recipients(path)["zip"][0]


def test_an_empty_workbook_says_so(tmp_path: Path) -> None:
    """An empty first sheet is an error, not an empty frame."""
    with pytest.raises(InputError, match=r"first sheet of .* is empty"):
        read_recipients(workbook(tmp_path, []))


def test_parquet_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Types and index come back."""
    frame = pd.DataFrame({"email": ["a@x.example"], "n": [7]}, index=pd.Index(["k"], name="id"))
    frame.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(frame, read_recipients(tmp_path / "a.parquet"))


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says what to install."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    path = written(tmp_path, "a.xlsx", "x")
    with pytest.raises(InputError, match="needs openpyxl") as caught:
        read_recipients(path)
    assert "pip install 'migma-nb[" in (caught.value.hint or "")
