"""The fast way and the strict way read the same: any text is read cell by cell as CSV says, or refused."""

import csv
import io
from typing import Any, Literal

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.planning import row_structure

CELLS = st.text(st.sampled_from("ab,;\"'\n\r \t|é@0.NAü田\u2028"), max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(CELLS, min_size=width, max_size=width).filter(lambda row: any(cell.strip() for cell in row)),
        min_size=1,
        max_size=8,
    )
)
SOUP = st.text(st.sampled_from('a,"\n\r @b'), min_size=1, max_size=40)


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    """Return a frame's cells by row, missing ones as empty text."""
    return [["" if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy(dtype=object).tolist()]


def names(width: int) -> list[str]:
    """Return a header whose names no cell has."""
    return [f"column {at}" for at in range(width)]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(table=TABLES)
def test_what_was_written_is_read(delimiter: str, ends: str, table: list[list[str]]) -> None:
    """Whatever the cells hold, and wherever they had to be quoted."""
    text = io.StringIO(newline="")
    header = names(len(table[0]))
    # Python's writer leaves a line break unquoted that is none of its own.
    broken = any(letter in cell for row in table for cell in row for letter in "\r\n")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if broken else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows([header, *table])
    frame = mg.read_recipients(text.getvalue().encode(), delimiter=delimiter, quote='"', header=1)
    assert (header, table) == (list(frame.columns), cells(frame))


@given(soup=SOUP)
@example(soup='a"b",c\na')
@example(soup='"a\n"b,c')
@example(soup='a,""b""\n')
@example(soup='"",""\r\n"a""",b')
def test_any_text_is_read_as_csv_says_or_refused(soup: str) -> None:
    """Never a row, a cell or a letter that the strict reader of the standard library does not see too."""
    text = f"column 0,column 1\n{soup}"
    strict = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        frame = mg.read_recipients(text.encode(), delimiter=",", quote='"', header=1)
    except mg.InputError:
        return
    expected = [row for row in strict if any(cell.strip() for cell in row)][1:]
    assert [[*row[:2]] for row in expected] == cells(frame)
    assert not any(cell.strip() for row in expected for cell in row[2:])


@given(table=TABLES, piece=st.integers(1, 7))
def test_where_a_long_text_is_cut_to_look_at_it_changes_nothing(table: list[list[str]], piece: int) -> None:
    """Its shape is found piece by piece; a piece may end anywhere."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    data = text.getvalue().encode()
    whole = row_structure.structure_of(data, ",", '"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_structure, "_PIECE", piece)
        parts = row_structure.structure_of(data, ",", '"')
    assert whole is not None
    assert parts is not None
    for name in ("ends", "lines", "cells", "empty"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()
    assert (whole.regular, whole.broken) == (parts.regular, parts.broken)


def test_a_list_that_is_long_is_read_whole() -> None:
    """Past every part that is looked at first, a cell in the last row with a break in it included."""
    rows = [[f"p{at}@x.example", f"{at:06d}"] for at in range(60_000)]
    rows[-1][1] = "a\nb"
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["email", "code"], *rows])
    assert rows == cells(mg.read_recipients(text.getvalue().encode()))


def machine(text: str, delimiter: str) -> list[list[str]] | None:
    """Return a text's rows as RFC 4180 has them, by a machine of our own; None for what it does not allow."""
    rows: list[list[str]] = []
    row: list[str] = []
    cell, state = "", "start"
    for sign in f"{text}\n".replace("\r\n", "\n").replace("\r", "\n"):
        if state == "quoted":
            state, cell = ("closed", cell) if sign == '"' else ("quoted", cell + sign)
        elif sign in (delimiter, "\n"):
            row, cell, state = [*row, cell], "", "start"
            if sign == "\n":
                rows, row = [*rows, row], []
        elif sign == '"' and state in {"start", "closed"}:
            state, cell = ("quoted", cell) if state == "start" else ("quoted", cell + sign)
        elif state == "closed":
            return None
        else:
            state, cell = "plain", cell + sign
    return rows if state != "quoted" else None


HURT = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 20), st.sampled_from('",;\t|\n a@ü\ufeff')), max_size=2
)


@given(table=TABLES, delimiter=st.sampled_from(",;\t|"), marked=st.booleans(), hurt=HURT)
@example(table=[["\ufeffa"]], delimiter=",", marked=False, hurt=[])
def test_what_nobody_told_is_found_out_or_refused(
    table: list[list[str]], delimiter: str, marked: bool, hurt: list[tuple[int, int, str]]
) -> None:
    """A list with addresses, whole or hurt in a place or two: the rows that another reader finds, or none."""
    rows = [["email", *names(len(table[0]))]]
    rows += [[f"p{at}@x.example", *row] for at, row in enumerate(table)]
    quoted = [delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows]
    text = "\n".join(quoted).replace("\r", "")
    for at, size, sign in hurt:
        text = text[:at] + sign + text[at + size if size < 5 else at :]
    try:
        frame = mg.read_recipients(text.encode("utf-8-sig" if marked else "utf-8"))
    except mg.InputError:
        return
    report = mg.ReadReport.of(frame)
    assert report is not None
    found = machine(text.removeprefix("\ufeff"), report.delimiter)
    assert found is not None or report.quote != '"'
    if found is None or report.quote != '"':
        return
    filled = [row for row in found if "".join(row).strip()]
    head = filled[0] if report.header else None
    below = [row for row in (filled[1:] if head else filled) if row != head]
    width = frame.shape[1]
    assert [(row + [""] * width)[:width] for row in below] == cells(frame)
    assert not any(cell.strip() for row in below for cell in row[width:])
