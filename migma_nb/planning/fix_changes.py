"""What a repair has changed, as a frame; and which rows cannot be sent for it, that could be before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.planning.issues import IssueCode, Severity

CHANGE_COLUMNS = ["row", "index", "column", "before", "after", "code", "error"]

#: A row, its error's code, and the column that the error names.
Error = tuple[int, IssueCode, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that was repaired.

    Args:
        row: its row.
        column: its column, as issues call it.
        before: what stood there.
        after: what stands there now.
        code: what was wrong.
    """

    row: int
    column: str
    before: Any
    after: Any
    code: IssueCode


def new_errors(before: pd.DataFrame, after: pd.DataFrame, changes: Sequence[Change]) -> list[Error]:
    """Return the errors that repaired rows have now and had not before.

    Args:
        before: the problems of the list as it was, × `ISSUE_COLUMNS`.
        after: those of the repaired list.
        changes: what was changed.
    """
    rows = {change.row for change in changes}
    had = set(_errors(before, rows))
    return [error for error in dict.fromkeys(_errors(after, rows)) if error not in had]


def change_frame(changes: Sequence[Change], errors: Sequence[Error], index: pd.Index) -> pd.DataFrame:
    """Return changes as a frame, by row.

    Args:
        changes: what was changed, in this order.
        errors: the errors that came of it.
        index: the list's.

    Returns:
        Changes × `CHANGE_COLUMNS`; `error` is the code of what keeps the row from being sent since, "" for
        nothing.
    """
    led_to = _led_to(changes, errors)
    order = sorted(range(len(changes)), key=lambda at: changes[at].row)
    labels = index.tolist()
    told = [changes[at] for at in order]
    columns = {
        "row": pd.Series([change.row for change in told], dtype="int64"),
        "index": _objects([labels[change.row] for change in told]),
        "column": pd.Series([change.column for change in told], dtype="str"),
        "before": _objects([change.before for change in told]),
        "after": _objects([change.after for change in told]),
        "code": pd.Series([change.code.value for change in told], dtype="str"),
        "error": pd.Series([led_to.get(at, "") for at in order], dtype="str"),
    }
    return pd.DataFrame(columns, columns=CHANGE_COLUMNS)


def _led_to(changes: Sequence[Change], errors: Sequence[Error]) -> dict[int, str]:
    """Return which change led to which error: the last one of its cell, else the last one of its row."""
    of_row: dict[int, list[int]] = {}
    for at, change in enumerate(changes):
        of_row.setdefault(change.row, []).append(at)
    found: dict[int, str] = {}
    for row, code, column in errors:
        of_cell = [at for at in of_row[row] if changes[at].column == column]
        found.setdefault((of_cell or of_row[row])[-1], code.value)
    return found


def _errors(issues: pd.DataFrame, rows: Collection[int]) -> list[Error]:
    some = issues[issues["row"].isin(list(rows)) & (issues["severity"] == Severity.ERROR.value)]
    told = zip(some["row"], some["code"], some["column"], strict=True)
    return [(int(row), IssueCode(code), str(column)) for row, code, column in told]


def _objects(values: list[Any]) -> "pd.Series[Any]":
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return pd.Series(array, dtype=object)
