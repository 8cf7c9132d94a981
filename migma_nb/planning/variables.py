"""The variables of every row: missing, unsendable or fine, and what is odd about them."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.formats import formatter
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.matching import Filling
from migma_nb.planning.texts import has_html, odd_text
from migma_nb.planning.values import EncodedColumn, encode_column

_WHOLE_AS_FLOAT = re.compile(r"-?\d+\.0", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
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


def read_variables(
    frame: pd.DataFrame,
    fillings: Sequence[Filling],
    issues: IssueList,
    *,
    wanted: Callable[[int, str], bool] | None = None,
) -> dict[str, Sequence[str | None]]:
    """Turn the columns that fill placeholders into JSON texts, and note what is wrong or odd.

    Args:
        frame: the list of people.
        fillings: the variables of the mailing.
        issues: takes what is wrong.
        wanted: whether a row must have a variable; None for every row and each.

    Returns:
        Name on the wire to one JSON text per row, None where the row has no value.
    """
    names = column_names(frame)
    texts: dict[str, Sequence[str | None]] = {}
    done: dict[tuple[int, int], EncodedColumn] = {}
    for filling in fillings:
        if filling.column is None:
            texts[filling.name] = [filling.default] * len(frame)
            continue
        look = (filling.column, id(filling.form))
        first_time = look not in done
        if first_time:
            form = formatter(filling.name, filling.form) if filling.form is not None else None
            done[look] = encode_column(column_at(frame, filling.column), form)
        encoded, column = done[look], names[filling.column]
        texts[filling.name] = _with_default(encoded, filling, column, issues, wanted)
        if filling.in_subject:
            _note_unsafe(encoded, filling.name, column, issues)
        if first_time:
            note_problems(encoded, column_at(frame, filling.column), column, issues)
    return texts


def note_problems(encoded: EncodedColumn, cells: "pd.Series[Any]", column: str, issues: IssueList) -> None:
    """Note what cannot be sent of a column, and what its readers would stumble over.

    Args:
        encoded: the column as JSON texts.
        cells: the column itself.
        column: its name.
        issues: takes what is wrong.
    """
    _note_unsendable(encoded, cells, column, issues)
    _note_odd_texts(encoded, column, issues)
    _note_odd_numbers(encoded, column, issues)


def _with_default(
    encoded: EncodedColumn,
    filling: Filling,
    column: str,
    issues: IssueList,
    wanted: Callable[[int, str], bool] | None,
) -> list[str | None]:
    texts = encoded.texts
    if None not in texts:
        return texts
    gaps = [row for row, text in enumerate(texts) if text is None and row not in encoded.problems]
    if filling.default is not None:
        filled = list(texts)
        for row in gaps:
            filled[row] = filling.default
        return filled
    for row in gaps if wanted is None else [row for row in gaps if wanted(row, filling.name)]:
        issues.add(
            row,
            IssueCode.MISSING_VARIABLE,
            f"Row {row} has nothing in {column}, which fills {{{{{filling.name}}}}}.",
            f'Fill it in, or write defaults={{"{filling.name}": "…"}}.',
            column=column,
        )
    return texts


def _note_unsendable(encoded: EncodedColumn, cells: "pd.Series[Any]", column: str, issues: IssueList) -> None:
    for row, problem in encoded.problems.items():
        issues.add(
            row,
            IssueCode.UNSERIALISABLE_VALUE,
            f"Row {row}: {column} cannot be sent: {problem}.",
            "Turn it into a text, a number or a date.",
            column=column,
            value=cells.iloc[row],
        )


def _note_unsafe(encoded: EncodedColumn, name: str, column: str, issues: IssueList) -> None:
    unsafe = _memoised(
        lambda text: any(UNSAFE_IN_HEADER.intersection(part) for part in strings_in(json.loads(text)))
    )
    for row, text in enumerate(encoded.texts):
        if text is not None and ("\\" in text or not text.isascii()) and unsafe(text):
            issues.add(
                row,
                IssueCode.UNSAFE_HEADER,
                f"Row {row}: {column} fills {{{{{name}}}}} in the subject and has a line break or NUL in it.",
                "Write it on one line.",
                column=column,
                value=json.loads(text),
            )


def _note_odd_texts(encoded: EncodedColumn, column: str, issues: IssueList) -> None:
    odd = {text: reason for text in encoded.uniques if (reason := odd_text(text))}
    tagged = {text for text in encoded.uniques if has_html(text)}
    if not odd and not tagged:
        return
    by_json = {encoded.uniques[text]: text for text in (*odd, *tagged)}
    for row, encoded_text in enumerate(encoded.texts):
        text = by_json.get(encoded_text) if encoded_text is not None else None
        if text is None:
            continue
        if text in odd:
            issues.add(
                row,
                IssueCode.SUSPICIOUS_TEXT,
                f"Row {row}: {column} {odd[text]}.",
                "Correct the cell, or empty it and give a default.",
                column=column,
                value=text,
            )
        if text in tagged:
            issues.add(
                row,
                IssueCode.HTML_IN_VALUE,
                f"Row {row}: {column} has HTML in it; whether Migma escapes it is not documented.",
                "Write it as plain text.",
                column=column,
                value=text,
            )


def _note_odd_numbers(encoded: EncodedColumn, column: str, issues: IssueList) -> None:
    texts = [text for text in encoded.uniques if _NUMBER.fullmatch(text)]
    if texts and all(_WHOLE_AS_FLOAT.fullmatch(text) for text in texts):
        by_json = {encoded.uniques[text]: text for text in texts}
        for row, encoded_text in enumerate(encoded.texts):
            if encoded_text in by_json:
                issues.add(
                    row,
                    IssueCode.WHOLE_NUMBER_AS_FLOAT,
                    f"Row {row}: {column} would read {by_json[encoded_text]!r} for a whole number.",
                    "Read the list with mg.read_recipients, or turn the column into integers.",
                    column=column,
                    value=by_json[encoded_text],
                )
    if "".join(char for char in column.casefold() if char.isalnum()).startswith(_CODE_COLUMNS):
        _note_lost_zeros(encoded, column, issues)


def _note_lost_zeros(encoded: EncodedColumn, column: str, issues: IssueList) -> None:
    """Note codes that are shorter than nearly all others, in a column where none starts with a zero."""
    codes = {row: text.strip('"') for row, text in enumerate(encoded.texts) if text is not None}
    codes = {row: code for row, code in codes.items() if _DIGITS.fullmatch(code)}
    if not codes or any(code.startswith("0") for code in codes.values()):
        return
    length, count = Counter(map(len, codes.values())).most_common(1)[0]
    if length < _SHORTEST_CODE or count < _SHARE * len(encoded.texts):
        return
    for row, code in codes.items():
        if length - _MOST_LOST <= len(code) < length:
            issues.add(
                row,
                IssueCode.LOST_LEADING_ZEROS,
                f"Row {row}: {column} {code} has {len(code)} digits where others have {length}.",
                f"It was probably {code.zfill(length)}: the zeros were lost before; .str.zfill({length}) "
                "brings them back.",
                column=column,
                value=code,
            )


def strings_in(value: Any) -> Iterator[str]:
    """Yield every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)


def _memoised(test: Callable[[str], bool]) -> Callable[[str], bool]:
    known: dict[str, bool] = {}

    def call(text: str) -> bool:
        if text not in known:
            known[text] = test(text)
        return known[text]

    return call
