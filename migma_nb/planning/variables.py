"""The variables of every row: missing, unsendable or fine, and what is odd about them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.encoded import EncodedColumn, encode_column
from migma_nb.planning.formats import formatter
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.matching import Filling
from migma_nb.planning.oddities import TextLook, note_problems
from migma_nb.planning.text_arrays import places_with, taken
from migma_nb.planning.texts import has_html
from migma_nb.planning.values import ColumnRules

#: JSON text without any of these bytes has nothing in it that a header cannot hold: control characters are
#: escaped in it, the others stand as they are.
_MAYBE_UNSAFE = b"\\" + bytes({char.encode()[0] for char in UNSAFE_IN_HEADER if not char.isascii()})


def encode_fillings(
    frame: pd.DataFrame, fillings: Sequence[Filling], rules: Mapping[int, ColumnRules] | None = None
) -> dict[str, EncodedColumn]:
    """Encode the columns that fill placeholders, each once for each format that it takes.

    Args:
        frame: the list of people.
        fillings: the variables of the mailing.
        rules: what the whole columns say, by position, where this is a piece of them.

    Returns:
        Name on the wire to its column; nothing for one that is the same for everybody.
    """
    done: dict[tuple[int, int], EncodedColumn] = {}
    encoded: dict[str, EncodedColumn] = {}
    for filling in fillings:
        if filling.column is None:
            continue
        look = (filling.column, id(filling.form))
        if look not in done:
            form = formatter(filling.name, filling.form) if filling.form is not None else None
            whole = None if rules is None else rules[filling.column]
            done[look] = encode_column(column_at(frame, filling.column), form, whole)
        encoded[filling.name] = done[look]
    return encoded


def read_variables(
    frame: pd.DataFrame,
    fillings: Sequence[Filling],
    columns: Mapping[str, EncodedColumn],
    issues: IssueList,
    *,
    wanted: Callable[[int, str], bool] | None = None,
    looks: Mapping[str, TextLook] | None = None,
) -> dict[str, CodedTexts]:
    """Return each variable's JSON texts, and note what is wrong or odd.

    Args:
        frame: the list of people.
        fillings: the variables of the mailing.
        columns: their columns, encoded.
        issues: takes what is wrong.
        wanted: whether a row must have a variable; None for every row and each.
        looks: how the whole columns look, by variable, where this is a piece of them.

    Returns:
        Name on the wire to one JSON text per row, None where the row has no value.
    """
    names = column_names(frame)
    texts: dict[str, CodedTexts] = {}
    noted: set[int] = set()
    for filling in fillings:
        if filling.column is None:
            texts[filling.name] = CodedTexts.same(filling.default, len(frame))
            _note_given(filling, issues)
            continue
        encoded, column = columns[filling.name], names[filling.column]
        texts[filling.name] = _with_default(encoded, filling, column, issues, wanted)
        if filling.in_subject:
            _note_unsafe(encoded, filling.name, column, issues)
        if id(encoded) not in noted:
            noted.add(id(encoded))
            look = None if looks is None else looks[filling.name]
            note_problems(encoded, frame, filling.column, issues, look)
    return texts


def _with_default(
    encoded: EncodedColumn,
    filling: Filling,
    column: str,
    issues: IssueList,
    wanted: Callable[[int, str], bool] | None,
) -> CodedTexts:
    texts = encoded.texts
    gaps = texts.missing
    if encoded.problems:
        gaps[list(encoded.problems)] = False
    if not gaps.any():
        return texts
    rows = np.flatnonzero(gaps).tolist() if wanted is not None or filling.default is None else []
    if wanted is not None:
        rows = [row for row in rows if wanted(row, filling.name)]
    if filling.default is not None:
        if rows or wanted is None:
            _note_given(filling, issues)
        return texts.filled(filling.default, gaps)
    issues.extend(
        rows,
        IssueCode.MISSING_VARIABLE,
        [
            f"Row {issues.start + row} has nothing in {column}, which fills {{{{{filling.name}}}}}."
            for row in rows
        ],
        f'Fill it in, or write defaults={{"{filling.name}": "…"}}.',
        column=column,
    )
    return texts


def _note_given(filling: Filling, issues: IssueList) -> None:
    """Note once what is odd about a value that was given for many, as it would be of a cell."""
    value = None if filling.default is None else json.loads(filling.default)
    if isinstance(value, str) and has_html(value):
        words = f"{filling.given} has HTML in it; whether Migma escapes it is not documented."
        fix = "Write it as plain text."
        issues.add(None, IssueCode.HTML_IN_VALUE, words, fix, column=filling.name, value=value)


def _note_unsafe(encoded: EncodedColumn, name: str, column: str, issues: IssueList) -> None:
    texts = encoded.texts
    looked_at = places_with(texts.different, _MAYBE_UNSAFE)
    values = map(json.loads, taken(texts.different, looked_at))
    unsafe = {
        at: value
        for at, value in zip(looked_at.tolist(), values, strict=True)
        if any(UNSAFE_IN_HEADER.intersection(part) for part in strings_in(value))
    }
    rows = texts.rows_of(np.fromiter(unsafe, dtype=np.intp)).tolist()
    issues.extend(
        rows,
        IssueCode.UNSAFE_HEADER,
        [
            f"Row {row}: {column} fills {{{{{name}}}}} in the subject and has a line break or NUL in it."
            for row in (issues.start + at for at in rows)
        ],
        "Write it on one line.",
        column=column,
        values=[unsafe[int(texts.codes[row])] for row in rows],
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
