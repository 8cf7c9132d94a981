"""The problems of a list in few words: how many, and an example of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migma_nb.notebook.lines import counted, one_line

#: So many kinds of problem are shown with an example; plan.issues has all.
MOST_KINDS = 6


@dataclass(frozen=True, slots=True)
class Kind:
    """All problems of one code.

    Args:
        severity: "error" or "warning".
        code: the stable code.
        count: problems of this code (int).
        where: the first one's row and column, such as "row 17, email" (str).
        value: what stands there, shortened ("" where nothing does).
        message: the first one's message (str).
    """

    severity: str
    code: str
    count: int
    where: str
    value: str
    message: str


def verdict_of(issues: pd.DataFrame) -> str:
    """Return how many errors and warnings there are, in one line; "" for none."""
    errors, warnings = (issues[issues["severity"] == severity] for severity in ("error", "warning"))
    parts = []
    if len(errors):
        parts.append(f"{counted(len(errors), 'error', 'errors')} in {_rows(errors)}")
    if len(warnings):
        parts.append(f"{counted(len(warnings), 'warning', 'warnings')} in {_rows(warnings)}")
    return ", ".join(parts)


def _rows(issues: pd.DataFrame) -> str:
    rows = issues["row"].nunique()
    return counted(rows, "row", "rows") if rows else "the mailing itself"


def kinds_of(issues: pd.DataFrame) -> tuple[tuple[Kind, ...], int]:
    """Return the most important kinds of problem, errors first, and how many more there are."""
    counts = issues["code"].value_counts()
    examples = issues.drop_duplicates("code")
    found = [
        Kind(
            severity=str(line["severity"]),
            code=str(line["code"]),
            count=int(counts[line["code"]]),
            where=_where(line),
            value=str(line["value"]),
            message=str(line["message"]),
        )
        for line in examples.to_dict("records")
    ]
    found.sort(key=lambda kind: (kind.severity != "error", -kind.count, kind.code))
    return tuple(found[:MOST_KINDS]), max(0, len(found) - MOST_KINDS)


def _where(line: Mapping[Any, Any]) -> str:
    row = "" if pd.isna(line["row"]) else f"row {line['row']:,}"
    return ", ".join(part for part in (row, one_line(line["column"], 24)) if part)
