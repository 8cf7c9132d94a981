"""Key columns: what tells several mails to one person apart, such as an invoice number."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import column_at, column_names, named_column
from migma_nb.planning.encoded import encode_column
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.text_arrays import joined, maybe_padded, places_with, replaced, taken
from migma_nb.planning.values import LARGEST_EXACT, ColumnRules

_MIDNIGHT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)T00:00:00([+-]\d\d:\d\d(:\d\d)?)?", re.ASCII)


def with_keys(
    identities: Sequence[str | None],
    frame: pd.DataFrame,
    key: object,
    issues: IssueList,
    rules: Mapping[int, ColumnRules] | None = None,
) -> Sequence[str | None]:
    """Join the key columns into each person's identity.

    A key counts by its text, so that invoice 1001 is the same from a CSV file (text) and from Excel (number).
    That text hangs on its own cell alone: a row that joins the list makes no other row's key another one.

    Args:
        identities: who each row is, None where that is not known.
        frame: the list of people.
        key: a column or a list of columns, or None.
        issues: takes rows whose key is missing.
        rules: what the whole columns say, by position, where this is a piece of them.

    Returns:
        Each row's person in this mailing, None where address or key is missing.

    Raises:
        InputError: there is no such column, or none is named.
    """
    if key is None:
        return identities
    labels = key if isinstance(key, list) else [key]
    positions = [named_column(frame, label, "key") for label in labels]
    if not positions:
        raise InputError("key=[] names no column.", hint="Leave it out, or name what tells the mails apart.")
    keys = [_key_texts(frame, position, issues, rules).arrow() for position in positions]
    listed = [part for text in keys for part in (", ", text)][1:]
    # No valid address holds a space, so that the two parts cannot be mistaken for each other.
    persons = joined(CodedTexts.coded(identities).arrow(), " [", *listed, "]")
    return CodedTexts.of_array(persons)


def _key_texts(
    frame: pd.DataFrame, position: int, issues: IssueList, rules: Mapping[int, ColumnRules] | None
) -> CodedTexts:
    """Return each row's key as a JSON text, and note the rows that have none."""
    column = encode_column(column_at(frame, position), rules=None if rules is None else rules[position])
    name = column_names(frame)[position]
    for row in np.flatnonzero(column.texts.missing).tolist():
        reason = column.problems.get(row)
        issues.add(
            row,
            IssueCode.UNSERIALISABLE_VALUE if reason else IssueCode.MISSING_VARIABLE,
            f"Row {issues.start + row} has no usable key in {name}" + (f": {reason}." if reason else "."),
            f"Fill in {name}: it tells this mail from others to the same person.",
            column=name,
        )
    # Of plain text the JSON is the key already.
    cells, texts = column.uniques.cells, column.texts.different
    plain = np.zeros(len(texts), dtype=bool)
    plain[: len(cells)] = True
    plain[places_with(cells, bytes(range(0x80, 0x100)))] = False
    plain[maybe_padded(cells)] = False
    odd = np.flatnonzero(~plain)
    values = map(json.loads, taken(texts, odd))
    # What comes after the text cells was a number, a date or something else.
    of_text = (odd < len(cells)).tolist()
    keys = [
        json.dumps(_as_text(value if is_text else _by_itself(value)), ensure_ascii=False)
        for value, is_text in zip(values, of_text, strict=True)
    ]
    return CodedTexts(column.texts.codes, replaced(texts, odd, keys))


def _by_itself(value: Any) -> Any:
    """Return a number or a moment as it is written where all of its column are as whole as it is.

    In a mail 10.0 beside 30.5 has its point and midnight beside noon its hour; a key would be another one by
    that, and its person would be mailed again.
    """
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_EXACT:
        return int(value)
    if isinstance(value, str) and (midnight := _MIDNIGHT.fullmatch(value)):
        return midnight["day"]
    return value


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return unicodedata.normalize("NFC", text.strip())
