"""Key columns: what tells several mails to one person apart, such as an invoice number."""

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import pandas as pd

from migma_nb.planning.columns import column_at, column_names, named_column
from migma_nb.planning.encoded import encode_column
from migma_nb.planning.issues import IssueCode, IssueList


def with_keys(
    identities: Sequence[str | None], frame: pd.DataFrame, key: object, issues: IssueList
) -> Sequence[str | None]:
    """Join the key columns into each person's identity.

    A key counts by its text, so that invoice 1001 is the same from a CSV file (text) and from Excel (number).

    Args:
        identities: who each row is, None where that is not known.
        frame: the list of people.
        key: a column or a list of columns, or None.
        issues: takes rows whose key is missing.

    Returns:
        Each row's person in this mailing, None where address or key is missing.

    Raises:
        InputError: there is no such column.
    """
    if key is None:
        return identities
    labels = key if isinstance(key, list) else [key]
    positions = [named_column(frame, label, "key") for label in labels]
    texts = [_texts(frame, position, issues) for position in positions]
    return [_joined(who, [column[row] for column in texts]) for row, who in enumerate(identities)]


def _joined(who: str | None, keys: list[str | None]) -> str | None:
    # No valid address holds a space, so that the two parts cannot be mistaken for each other.
    return None if who is None or None in keys else f"{who} {json.dumps(keys, ensure_ascii=False)}"


def _texts(frame: pd.DataFrame, position: int, issues: IssueList) -> list[str | None]:
    encoded = encode_column(column_at(frame, position))
    name = column_names(frame)[position]
    for row, text in enumerate(encoded.texts):
        if text is None:
            reason = encoded.problems.get(row)
            issues.add(
                row,
                IssueCode.UNSERIALISABLE_VALUE if reason else IssueCode.MISSING_VARIABLE,
                f"Row {row} has no usable key in {name}" + (f": {reason}." if reason else "."),
                f"Fill in {name}: it tells this mail from others to the same person.",
                column=name,
            )
    return [None if text is None else _as_text(json.loads(text)) for text in encoded.texts]


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return unicodedata.normalize("NFC", text.strip())
