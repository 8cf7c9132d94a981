"""What of a column cannot be sent, and what its readers would stumble over: each text is judged once.

Two checks ask the whole column first: whether every number in it is written as `7.0` (`NumberLook`), and how
long its codes are (`CodeLengths`). Both are small, and those of a column's pieces can be merged; all else is
judged row by row.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.encoded import EncodedColumn, Uniques
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.text_arrays import Places, count_of, matching, taken
from migma_nb.planning.texts import odd_texts, texts_with_html

#: For RE2, in which `\z` is the very end.
_WHOLE_AS_FLOAT = r"\A-?[0-9]+\.0\z"
_NUMBER = r"\A-?[0-9]+(?:\.[0-9]+)?\z"
_DIGITS = re.compile(r"\d+", re.ASCII)
_CODE_COLUMNS = (
    "zip",
    "postcode",
    "postalcode",
    "postleitzahl",
    "plz",
    "codepostal",
    "codigopostal",
    "postnr",
)
_MOST_LOST = 2
_SHARE = 0.8
_SHORTEST_CODE = 4


@dataclass(frozen=True, slots=True)
class NumberLook:
    """How a column of text, or a piece of one, writes its numbers.

    Args:
        any: whether there is a number among the texts.
        floats: whether each of them is a whole number with `.0` behind it.
    """

    any: bool
    floats: bool

    def merged(self, other: "NumberLook") -> "NumberLook":
        """Return what two pieces of a column say together."""
        return NumberLook(self.any or other.any, self.floats and other.floats)


@dataclass(frozen=True, slots=True)
class CodeLengths:
    """How long the codes of a column, or of a piece of one, are.

    Args:
        rows: rows of any kind (int).
        lengths: digits to the rows whose code has so many.
        zero_led: whether a code begins with a zero, so that zeros were kept.
    """

    rows: int
    lengths: Counter[int]
    zero_led: bool

    def merged(self, other: "CodeLengths") -> "CodeLengths":
        """Return what two pieces of a column say together."""
        lengths = self.lengths + other.lengths
        return CodeLengths(self.rows + other.rows, lengths, self.zero_led or other.zero_led)

    @property
    def usual(self) -> int | None:
        """The length of nearly all codes (int); None where there is none, or no zeros were lost."""
        if not self.lengths or self.zero_led:
            return None
        length, count = self.lengths.most_common(1)[0]
        return length if length >= _SHORTEST_CODE and count >= _SHARE * self.rows else None


@dataclass(frozen=True, slots=True)
class TextLook:
    """How a column, or a piece of one, looks as a whole.

    Args:
        numbers: how it writes its numbers.
        codes: how long its codes are; None where it is not called what codes are.
    """

    numbers: NumberLook
    codes: CodeLengths | None

    @classmethod
    def of(cls, encoded: EncodedColumn, column: str) -> "TextLook":
        """Look at a column, which has this name."""
        return cls(number_look(encoded), code_look(encoded, column))

    def merged(self, other: "TextLook") -> "TextLook":
        """Return how two pieces of a column look together."""
        codes = None if self.codes is None or other.codes is None else self.codes.merged(other.codes)
        return TextLook(self.numbers.merged(other.numbers), codes)


def note_problems(
    encoded: EncodedColumn,
    frame: pd.DataFrame,
    position: int,
    issues: IssueList,
    look: TextLook | None = None,
) -> None:
    """Note what cannot be sent of a column, and what its readers would stumble over.

    Args:
        encoded: the column as JSON texts.
        frame: the list.
        position: where the column stands in it.
        issues: takes what is wrong.
        look: how the whole column looks, where this is a piece of it.
    """
    column = column_names(frame)[position]
    if encoded.problems:
        _note_unsendable(encoded, column_at(frame, position), column, issues)
    _note_odd_texts(encoded, column, issues)
    # Where no text has a point, none of a whole column is written as 7.0.
    if look is not None or count_of(encoded.uniques.cells, b"."):
        numbers = number_look(encoded) if look is None else look.numbers
        if numbers == NumberLook(any=True, floats=True):
            _note_floats(encoded, column, issues)
    codes = code_look(encoded, column) if look is None else look.codes
    if codes is not None and (usual := codes.usual) is not None:
        _note_lost_zeros(encoded.texts, usual, column, issues)


def number_look(encoded: EncodedColumn) -> NumberLook:
    """Return how a column, or a piece of one, writes the numbers that are text in it."""
    numbers = _numbers(encoded.uniques)
    if not numbers.any():
        return NumberLook(any=False, floats=True)
    return NumberLook(any=True, floats=not (numbers & ~_floats(encoded.uniques)).any())


def code_look(encoded: EncodedColumn, column: str) -> CodeLengths | None:
    """Return how long a column's codes are; None where it is not called what codes are."""
    return code_lengths(encoded.texts) if is_code_column(column) else None


def code_lengths(texts: CodedTexts) -> CodeLengths:
    """Return how long the codes of a column, or of a piece of one, are."""
    lengths: Counter[int] = Counter()
    zero_led = False
    for text, count in zip(texts.different.to_pylist(), texts.counts().tolist(), strict=True):
        code = text.strip('"')
        if count and _DIGITS.fullmatch(code):
            lengths[len(code)] += count
            zero_led = zero_led or code.startswith("0")
    return CodeLengths(len(texts), lengths, zero_led)


def is_code_column(column: str) -> bool:
    """Say whether a column is called what postcodes are."""
    return "".join(char for char in column.casefold() if char.isalnum()).startswith(_CODE_COLUMNS)


def _numbers(uniques: Uniques) -> npt.NDArray[np.bool_]:
    sent: npt.NDArray[np.bool_] = uniques.texts.is_valid().to_numpy(zero_copy_only=False)
    return matching(uniques.cells, _NUMBER) & sent


def _floats(uniques: Uniques) -> npt.NDArray[np.bool_]:
    return matching(uniques.cells, _WHOLE_AS_FLOAT)


def _note_unsendable(encoded: EncodedColumn, cells: "pd.Series[Any]", column: str, issues: IssueList) -> None:
    rows = sorted(encoded.problems)
    issues.extend(
        rows,
        IssueCode.UNSERIALISABLE_VALUE,
        [f"Row {issues.start + row}: {column} cannot be sent: {encoded.problems[row]}." for row in rows],
        "Turn it into a text, a number or a date.",
        column=column,
        values=[cells.iloc[row] for row in rows],
    )


def _note_odd_texts(encoded: EncodedColumn, column: str, issues: IssueList) -> None:
    texts = encoded.uniques.cells
    odd = odd_texts(texts)
    rows, found = _rows_and_texts(encoded, np.fromiter(odd, dtype=np.intp))
    reasons = [odd[int(encoded.texts.codes[row])] for row in rows]
    issues.extend(
        rows,
        IssueCode.SUSPICIOUS_TEXT,
        [f"Row {issues.start + row}: {column} {reason}." for row, reason in zip(rows, reasons, strict=True)],
        "Correct the cell, or empty it and give a default.",
        column=column,
        values=found,
    )
    rows, found = _rows_and_texts(encoded, texts_with_html(texts))
    issues.extend(
        rows,
        IssueCode.HTML_IN_VALUE,
        [
            f"Row {issues.start + row}: {column} has HTML in it; whether Migma escapes it is not documented."
            for row in rows
        ],
        "Write it as plain text.",
        column=column,
        values=found,
    )


def _note_floats(encoded: EncodedColumn, column: str, issues: IssueList) -> None:
    rows, found = _rows_and_texts(encoded, np.flatnonzero(_numbers(encoded.uniques)))
    issues.extend(
        rows,
        IssueCode.WHOLE_NUMBER_AS_FLOAT,
        [
            f"Row {issues.start + row}: {column} would read {text!r} for a whole number."
            for row, text in zip(rows, found, strict=True)
        ],
        "Read the list with mg.read_recipients, or turn the column into integers.",
        column=column,
        values=found,
    )


def _note_lost_zeros(texts: CodedTexts, usual: int, column: str, issues: IssueList) -> None:
    """Note codes that are shorter than nearly all others, in a column where none starts with a zero."""
    short = {
        at: code
        for at, text in enumerate(texts.different.to_pylist())
        if usual - _MOST_LOST <= len(code := text.strip('"')) < usual and _DIGITS.fullmatch(code)
    }
    rows = texts.rows_of(np.fromiter(short, dtype=np.intp)).tolist()
    codes = [short[int(texts.codes[row])] for row in rows]
    issues.extend(
        rows,
        IssueCode.LOST_LEADING_ZEROS,
        [
            f"Row {issues.start + row}: {column} {code} has {len(code)} digits where others have {usual}."
            for row, code in zip(rows, codes, strict=True)
        ],
        [
            f"It was probably {code.zfill(usual)}: the zeros were lost before; .str.zfill({usual}) "
            "brings them back."
            for code in codes
        ],
        column=column,
        values=codes,
    )


def _rows_and_texts(encoded: EncodedColumn, places: Places) -> tuple[list[int], list[str]]:
    """Return the rows with one of the different text cells at these places, and what stands there."""
    if not len(places):
        return [], []
    rows = encoded.texts.rows_of(places)
    return rows.tolist(), taken(encoded.uniques.cells, encoded.texts.codes[rows].astype(np.intp))
