"""Everything that a plan finds wrong or odd: stable codes, and one tidy frame with a line per problem."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

ISSUE_COLUMNS = ["row", "index", "column", "value", "code", "severity", "message", "fix"]

_LONGEST_VALUE = 60


class Severity(StrEnum):
    """Whether a problem stops its row."""

    ERROR = "error"
    WARNING = "warning"


class IssueCode(StrEnum):
    """What is wrong: codes are stable, the words may change."""

    # errors: the row is not sent
    MISSING_EMAIL = "missing_email"
    INVALID_EMAIL = "invalid_email"
    MISSING_VARIABLE = "missing_variable"
    UNSERIALISABLE_VALUE = "unserialisable_value"
    UNSAFE_HEADER = "unsafe_header"
    UNKNOWN_RECIPIENT_TYPE = "unknown_recipient_type"
    MISSING_RECIPIENT_ID = "missing_recipient_id"
    MISSING_CONTENT = "missing_content"
    CONTRADICTORY_ROW = "contradictory_row"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    INVALID_FIELD = "invalid_field"
    # warnings: the row is sent, and worth a look
    DUPLICATE_RECIPIENT = "duplicate_recipient"
    DUPLICATE_DIFFERS = "duplicate_differs"
    ROLE_ADDRESS = "role_address"
    DISPOSABLE_OR_TEST_DOMAIN = "disposable_or_test_domain"
    LOOKALIKE_DOMAIN = "lookalike_domain"
    PLACEHOLDER_UNFILLED = "placeholder_unfilled"
    HTML_IN_VALUE = "html_in_value"
    SUSPICIOUS_TEXT = "suspicious_text"
    WHOLE_NUMBER_AS_FLOAT = "whole_number_as_float"
    LOST_LEADING_ZEROS = "lost_leading_zeros"
    VALUE_SHIFT = "value_shift"
    UNUSED_DEFAULT = "unused_default"

    @property
    def severity(self) -> Severity:
        """Whether a problem of this code stops its row."""
        return Severity.ERROR if self in _ERRORS else Severity.WARNING


_ERRORS = frozenset(
    {
        IssueCode.MISSING_EMAIL,
        IssueCode.INVALID_EMAIL,
        IssueCode.MISSING_VARIABLE,
        IssueCode.UNSERIALISABLE_VALUE,
        IssueCode.UNSAFE_HEADER,
        IssueCode.UNKNOWN_RECIPIENT_TYPE,
        IssueCode.MISSING_RECIPIENT_ID,
        IssueCode.MISSING_CONTENT,
        IssueCode.CONTRADICTORY_ROW,
        IssueCode.PAYLOAD_TOO_LARGE,
        IssueCode.INVALID_FIELD,
    },
)


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem.

    Args:
        row: position of the row from 0 (int), or None where the problem is the whole plan's.
        column: the column or argument it is about (str), "" where there is none.
        value: what stands there, shortened (str).
        code: the stable code.
        message: what is wrong (str).
        fix: what to do (str).
    """

    row: int | None
    column: str
    value: str
    code: IssueCode
    message: str
    fix: str


@dataclass(slots=True)
class IssueList:
    """Collects the problems of one plan while its checks run."""

    found: list[Issue] = field(default_factory=list)
    first_errors: dict[int, str] = field(default_factory=dict)

    def add(
        self, row: int | None, code: IssueCode, message: str, fix: str, *, column: Any = "", value: Any = ""
    ) -> None:
        """Note one problem; arguments as in `Issue`, `value` of any type."""
        words, todo = printable(message), printable(fix)
        self.found.append(Issue(row, printable(str(column)), shortened(value), code, words, todo))
        if row is not None and code.severity is Severity.ERROR:
            self.first_errors.setdefault(row, words)

    def frame(self, labels: list[Hashable]) -> pd.DataFrame:
        """Return the problems as a frame with `ISSUE_COLUMNS`, the whole plan's first, then by row.

        Args:
            labels: the input's index labels, one per row.
        """
        found = sorted(self.found, key=lambda issue: -1 if issue.row is None else issue.row)
        index = [None if issue.row is None else labels[issue.row] for issue in found]
        columns = {
            "row": pd.Series([issue.row for issue in found], dtype="Int64"),
            "index": _objects(index),
            "column": pd.Series([issue.column for issue in found], dtype="str"),
            "value": pd.Series([issue.value for issue in found], dtype="str"),
            "code": pd.Series([issue.code.value for issue in found], dtype="str"),
            "severity": pd.Series([issue.code.severity.value for issue in found], dtype="str"),
            "message": pd.Series([issue.message for issue in found], dtype="str"),
            "fix": pd.Series([issue.fix for issue in found], dtype="str"),
        }
        return pd.DataFrame(columns, columns=ISSUE_COLUMNS)


def shortened(value: Any) -> str:
    """Return a value as one short line of printable text (str, at most 60 characters)."""
    text = value if isinstance(value, str) else _safe_repr(value)
    start = text[: _LONGEST_VALUE + 1]
    line = printable(start)
    return line if len(line) <= _LONGEST_VALUE else line[: _LONGEST_VALUE - 1] + "…"


def printable(text: str) -> str:
    """Return text without what could steer a terminal or turn the reading order: that stands as its code."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _safe_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - somebody else's class may fail in any way; the line must still be shown
        return f"<{type(value).__name__}>"


def _objects(values: list[Any]) -> "pd.Series[Any]":
    # Labels of a MultiIndex are tuples, which pandas would otherwise take apart.
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return pd.Series(array, dtype=object)


def error_sentence(issues: pd.DataFrame) -> str:
    """Return how many rows have errors, and which the first is.

    Args:
        issues: problems × `ISSUE_COLUMNS`, at least one of them an error.
    """
    errors = issues[issues["severity"] == "error"]
    count = errors["row"].nunique()
    first = errors.iloc[0]
    rows = "1 row has an error" if count == 1 else f"{count:,} rows have errors"
    return f"{rows}; the first: row {first['row']}, {first['code']}: {first['message']}"
