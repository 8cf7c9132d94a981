"""What a workbook shows is what is read: zeros at the start of a number, and the results of formulas."""

import io
import re
import zipfile
from typing import Any

import openpyxl
import pytest

import migma_nb as mg

NINE = "00000-0000"


def workbook(*cells: tuple[Any, str]) -> bytes:
    """Return a workbook with a number, and the format that shows it, for each person."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["email", "code"])
    for at, (value, style) in enumerate(cells, start=2):
        sheet.append([f"p{at}@x.example", value])
        sheet.cell(at, 2).number_format = style
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def with_cell(raw: bytes, place: str, cell: str) -> bytes:
    """Return a workbook in whose sheet one cell is written so."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as whole, zipfile.ZipFile(made, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name).decode()
            if "worksheets/" in name:
                content, found = re.subn(rf'<c r="{place}".*?</c>', cell, content)
                assert found == 1
            archive.writestr(name, content)
    return made.getvalue()


def read(*cells: tuple[Any, str]) -> list[Any]:
    """Return what the numbers of a workbook are read as."""
    return mg.read_recipients(workbook(*cells), name="list.xlsx")["code"].tolist()


@pytest.mark.parametrize(
    ("value", "style", "expected"),
    [
        (501, "00000", "00501"),
        (501.0, "00000", "00501"),
        (12345, "00000", "12345"),
        (0, "00000", "00000"),
        (-5, "00000", "-00005"),
        (501, "00000;-00000", "00501"),
        (-5, "00000;-00000", "-00005"),
        (-5, r"00000;[Red]\-00000", "-00005"),
        (-5, "00000;@", "-00005"),
        (0, "00000;-00000;000", "000"),
        (501, "[$-409]00000", "00501"),
        (501, "[Blue]00000", "00501"),
        (501, "00000_)", "00501"),
        (501, "[<=99999]00000;00000-0000", "00501"),
    ],
)
def test_a_number_that_is_shown_with_zeros_is_the_text_that_is_shown(
    value: float, style: str, expected: str
) -> None:
    """Also by formats that name a language, a colour, a padding or the negative's minus."""
    assert [expected] == read((value, style))


@pytest.mark.parametrize(
    ("value", "style"),
    [
        (21010001, NINE),
        (12345678, "000-00-0000"),
        (12345678, r"000\-00\-0000"),
        (501, '"INV-"00000'),
        (501, '00000" kg"'),
        (612345678, r"0#\ ##\ ##\ ##\ ##"),
        (5, "##00"),
        (501.5, "00000"),
        (1.5, "00.00"),
        (5, "-00000"),
        (-5, "00000;(00000)"),
        (-5, "00000;[Red]00000"),
        (501, "[DBNum1]00000"),
        (501, "* 00000"),
        (12345678, "[<=99999]00000;00000-0000"),
        (501, "[<=9]0;[<=99]00;000-000"),
    ],
)
def test_zeros_that_cannot_be_read_as_they_are_shown_are_refused(value: float, style: str) -> None:
    """With the cell, the format, and what to do."""
    with pytest.raises(mg.InputError, match="at its start") as caught:
        read((7, "General"), (value, style))
    assert f"{value} in B3 of 'Sheet'" in caught.value.message
    assert style in caught.value.message
    assert "as text" in (caught.value.hint or "")
    assert "CSV" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("value", "style"),
    [
        (123456789, NINE),
        (123456789, "[<=99999]00000;00000-0000"),
        (12345, '"INV-"00000'),
        (12345.5, "00000"),
        (501, "General"),
        (501, "0"),
        (5.5, "0.00"),
        (0.05, "00%"),
        (5, "00E+00"),
        (501, "#,##0.00"),
        (501, "0,000"),
        (5, "# 00/00"),
        (-5, "00000;;"),
        (5, '_(* #,##0_);_(* \\(#,##0\\);_(* "-"??_);_(@_)'),
        (501, '0" 000"'),
        (501, "@"),
    ],
)
def test_a_number_that_loses_no_zeros_stays_a_number(value: float, style: str) -> None:
    """As do amounts, whatever zeros they are shown with."""
    found = read((value, style))
    assert [value] == found
    assert isinstance(found[0], int | float)


def test_zeros_that_are_lost_in_a_sheet_that_is_not_read_are_nothing() -> None:
    """Only the sheet with the people counts."""
    book = openpyxl.load_workbook(io.BytesIO(workbook((501, "General"))))
    other = book.create_sheet("Codes")
    other.append([501])
    other["A1"].number_format = NINE
    made = io.BytesIO()
    book.save(made)
    assert [501] == mg.read_recipients(made.getvalue(), name="list.xlsx")["code"].tolist()


@pytest.mark.parametrize("result", ["<v></v>", "<v/>"])
def test_a_formula_with_an_empty_text_as_its_result_is_an_empty_cell(result: str) -> None:
    """As Excel writes IF(A2="","x","")."""
    raw = workbook(("x", "General"), ("y", "General"))
    cell = f'<c r="B2" t="str"><f>IF(A2="","x","")</f>{result}</c>'
    frame = mg.read_recipients(with_cell(raw, "B2", cell), name="list.xlsx")
    assert [True, False] == frame["code"].isna().tolist()
    assert "y" == frame["code"][1]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B3"><f>1+1</f></c>',
        '<c r="B3"><f>1+1</f><v/></c>',
        '<c r="B3" t="str"><f>UPPER("c")</f></c>',
        "<c><f>1+1</f></c>",
    ],
)
def test_a_formula_without_any_result_is_refused(cell: str) -> None:
    """Its cell is named, also where the file leaves that to be counted."""
    raw = workbook((1, "General"), (2, "General"))
    with pytest.raises(mg.InputError, match="a formula without a result in B3 of 'Sheet'"):
        mg.read_recipients(with_cell(raw, "B3", cell), name="list.xlsx")


def test_a_formula_with_a_result_is_its_result() -> None:
    """A text, a number, and one with zeros at its start."""
    raw = workbook((1, "00000"), (2, "General"))
    raw = with_cell(raw, "B3", '<c r="B3" t="str"><f>UPPER("c")</f><v>C</v></c>')
    assert ["00001", "C"] == mg.read_recipients(raw, name="list.xlsx")["code"].tolist()
