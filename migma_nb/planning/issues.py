"""Everything that a plan finds wrong or odd: stable codes, and one tidy frame with a line per problem."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.text_arrays import TEXT, array_of

ISSUE_COLUMNS = ["row", "index", "column", "value", "code", "severity", "message", "fix"]

#: The same in Arrow, without what only the whole list tells or the code says; row -1 is the whole plan's.
ISSUE_TABLE = pa.schema(
    [("row", pa.int64()), *((name, TEXT) for name in ("column", "value", "code", "message", "fix"))]
)

_LONGEST_VALUE = 60
#: Stands for a row where the problem is the whole plan's; it sorts before all rows.
_WHOLE_PLAN = -1


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


@dataclass(slots=True)
class IssueList:
    """Collects the problems of one plan while its checks run, by columns of the frame that it becomes.

    Args:
        start: the position in the whole list of what the checks call row 0, where they see a piece of it.
    """

    start: int = 0
    first_errors: dict[int, str] = field(default_factory=dict)
    _rows: list[int] = field(default_factory=list)
    _columns: list[str] = field(default_factory=list)
    _values: list[str] = field(default_factory=list)
    _codes: list[str] = field(default_factory=list)
    _messages: list[str] = field(default_factory=list)
    _fixes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self, row: int | None, code: IssueCode, message: str, fix: str, *, column: Any = "", value: Any = ""
    ) -> None:
        """Note one problem.

        Args:
            row: position of the row from 0 (int), or None where the problem is the whole plan's.
            code: the stable code.
            message: what is wrong (str).
            fix: what to do (str).
            column: the column or argument it is about, "" where there is none.
            value: what stands there, of any type.
        """
        self.extend(
            [_WHOLE_PLAN if row is None else row], code, [message], fix, column=column, values=[value]
        )

    def extend(
        self,
        rows: Sequence[int],
        code: IssueCode,
        messages: Iterable[str],
        fixes: str | Iterable[str],
        *,
        column: Any = "",
        values: Iterable[Any] | None = None,
    ) -> None:
        """Note a problem of one kind in many rows.

        Args:
            rows: their positions from 0.
            code: the stable code.
            messages: what is wrong, by row.
            fixes: what to do, by row, or one text for all.
            column: the column it is about.
            values: what stands there, of any type, by row; None for nothing.
        """
        count = len(rows)
        words = [printable(message) for message in messages]
        self._rows.extend(rows)
        self._columns.extend([printable(str(column))] * count)
        self._values.extend([""] * count if values is None else [shortened(value) for value in values])
        self._codes.extend([code.value] * count)
        self._messages.extend(words)
        todo = [printable(fixes)] * count if isinstance(fixes, str) else [printable(fix) for fix in fixes]
        self._fixes.extend(todo)
        if code.severity is Severity.ERROR:
            for row, message in zip(rows, words, strict=True):
                if row != _WHOLE_PLAN:
                    self.first_errors.setdefault(row, message)

    def table(self) -> pa.Table:
        """Return the problems as a table of Arrow, by their rows in the whole list."""
        rows = np.array(self._rows, dtype=np.int64)
        rows = np.where(rows == _WHOLE_PLAN, _WHOLE_PLAN, rows + self.start)
        texts = (self._columns, self._values, self._codes, self._messages, self._fixes)
        columns = [pa.array(rows), *map(array_of, texts)]
        return sorted_by_row(pa.table(columns, schema=ISSUE_TABLE))

    def frame(self, labels: "pd.Index | Sequence[Hashable]") -> pd.DataFrame:
        """Return the problems as a frame with `ISSUE_COLUMNS`, the whole plan's first, then by row.

        Args:
            labels: the input's index labels, one per row.
        """
        return issue_frame(self.table(), labels)


def sorted_by_row(problems: pa.Table) -> pa.Table:
    """Return problems in order of their rows; those of one row stay in their order."""
    return problems.take(np.argsort(problems["row"].to_numpy(), kind="stable"))


def issue_frame(problems: pa.Table, labels: "pd.Index | Sequence[Hashable]") -> pd.DataFrame:
    """Return problems as a frame with `ISSUE_COLUMNS`.

    Args:
        problems: `ISSUE_TABLE`, in order of the rows.
        labels: the input's index labels, one per row.
    """
    rows = problems["row"].to_numpy()
    own = rows != _WHOLE_PLAN
    severities = pa.array([code.severity.value for code in IssueCode], TEXT)
    places = pc.index_in(problems["code"], pa.array([code.value for code in IssueCode], TEXT))
    texts = {name: _texts(problems[name]) for name in ISSUE_TABLE.names[1:]}
    columns = {
        "row": pd.arrays.IntegerArray(rows.copy(), ~own),
        "index": _labels(labels, rows, own),
        "severity": _texts(severities.take(places.combine_chunks())),
        **texts,
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


def _texts(column: pa.ChunkedArray | pa.Array) -> "pd.Series[Any]":
    return pd.Series(column.to_pandas(), dtype="str")


def _labels(
    labels: "pd.Index | Sequence[Hashable]", rows: npt.NDArray[np.int64], own: npt.NDArray[np.bool_]
) -> "pd.Series[Any]":
    chosen = rows[own]
    named = labels[chosen].tolist() if isinstance(labels, pd.Index) else [labels[row] for row in chosen]
    # Labels of a MultiIndex are tuples, which pandas would otherwise take apart.
    array = np.empty(len(rows), dtype=object)
    for position, label in zip(np.flatnonzero(own), named, strict=True):
        array[position] = label
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
