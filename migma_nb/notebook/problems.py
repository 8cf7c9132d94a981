"""The problems of a list in few words: how many, and an example of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from migma_nb.notebook.lines import counted, one_line
from migma_nb.planning.issues import IssueCode, Severity

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
    codes, different = _codes(issues)
    severities = {str(code): IssueCode(code).severity for code in different}
    rows = issues["row"].to_numpy(dtype=np.int64, na_value=-1)
    parts = []
    for severity in Severity:
        of_it = np.array([severities[str(code)] is severity for code in different], dtype=bool)[codes]
        if count := int(np.count_nonzero(of_it)):
            seen = np.zeros(int(rows.max()) + 2, dtype=bool)  # the last is for no row at all
            seen[rows[of_it]] = True
            named = f"{severity.value}s"
            parts.append(
                f"{counted(count, severity.value, named)} in {_rows(int(np.count_nonzero(seen[:-1])))}"
            )
    return ", ".join(parts)


def _codes(issues: pd.DataFrame) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return each problem's place among the different codes, and these, in the order that they come in."""
    codes, different = pd.factorize(issues["code"])
    return codes, list(different)


def _rows(rows: int) -> str:
    return counted(rows, "row", "rows") if rows else "the mailing itself"


def kinds_of(issues: pd.DataFrame) -> tuple[tuple[Kind, ...], int]:
    """Return the most important kinds of problem, errors first, and how many more there are."""
    codes, different = _codes(issues)
    counts = dict(zip(different, np.bincount(codes, minlength=len(different)).tolist(), strict=True))
    # The first of each: later ones are written over.
    first = np.empty(len(different), dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    examples = issues.iloc[first]
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
