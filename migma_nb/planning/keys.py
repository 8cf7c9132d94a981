"""Key columns: what tells several mails to one person apart, such as an invoice number."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import column_at, column_names, named_column
from migma_nb.planning.encoded import encode_column
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.text_arrays import joined, maybe_padded, places_with, replaced, taken
from migma_nb.planning.values import ColumnRules


def with_keys(
    identities: Sequence[str | None],
    frame: pd.DataFrame,
    key: object,
    issues: IssueList,
    rules: Mapping[int, ColumnRules] | None = None,
) -> Sequence[str | None]:
    """Join the key columns into each person's identity.

    A key counts by its text, so that invoice 1001 is the same from a CSV file (text) and from Excel (number).

    Args:
        identities: who each row is, None where that is not known.
        frame: the list of people.
        key: a column or a list of columns, or None.
        issues: takes rows whose key is missing.
        rules: what the whole columns say, by position, where this is a piece of them.

    Returns:
        Each row's person in this mailing, None where address or key is missing.

    Raises:
        InputError: there is no such column.
    """
    if key is None:
        return identities
    labels = key if isinstance(key, list) else [key]
    positions = [named_column(frame, label, "key") for label in labels]
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
    keys = [json.dumps(_as_text(json.loads(text)), ensure_ascii=False) for text in taken(texts, odd)]
    return CodedTexts(column.texts.codes, replaced(texts, odd, keys))


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return unicodedata.normalize("NFC", text.strip())
