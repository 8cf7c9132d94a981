"""Which columns of a frame of targets mean what; a field that an argument gives as well is a question."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.encoded import encode_column
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.texts import odd_text

TYPE, ID, EMAIL = "recipientType", "recipientId", "recipientEmail"
SUBJECT, CONVERSATION, EMAIL_ID, VARIABLES = "subject", "conversationId", "emailId", "variables"

#: Each field's name on the wire, and the names that its column may have.
FIELDS: Mapping[str, tuple[str, ...]] = {
    TYPE: ("recipientType", "recipient_type"),
    ID: ("recipientId", "recipient_id"),
    EMAIL: ("recipientEmail", "recipient_email"),
    SUBJECT: ("subject",),
    CONVERSATION: ("conversationId", "conversation_id"),
    EMAIL_ID: ("emailId", "email_id"),
    VARIABLES: ("variables",),
}
#: The argument that says the same as a column, for all rows.
_ARGUMENTS = {EMAIL: "address", SUBJECT: "subject", VARIABLES: "variables"}
_CONTENTS = ("template", "conversation_id", "email_id")


@dataclass(frozen=True, slots=True)
class TargetColumns:
    """The columns that a frame of targets is read by.

    Args:
        positions: field on the wire to its column's position.
        names: field on the wire to its column's name; only fields that have a column.
    """

    positions: Mapping[str, int]
    names: Mapping[str, str]

    def __contains__(self, field: str) -> bool:
        return field in self.positions

    @property
    def has_content(self) -> bool:
        """Whether each row names its own content."""
        return CONVERSATION in self or EMAIL_ID in self

    def name(self, field: str) -> str:
        """Return the name of a field's column; where it has none, the name that it would have."""
        return self.names.get(field, field)


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts.

    Args:
        cells: one text per row, trimmed; None where the cell is missing or cannot be used.
        bad: the rows whose cell cannot be used; the issues say why.
    """

    cells: list[str | None]
    bad: frozenset[int]


def is_target_frame(frame: pd.DataFrame) -> bool:
    """Say whether a frame is one of targets: it has a column `recipientType` or `recipient_type`."""
    return not set(FIELDS[TYPE]).isdisjoint(column_names(frame))


def brought_by_rows(frame: pd.DataFrame) -> frozenset[str]:
    """Return the arguments of a plan that each row of a frame of targets brings itself; none for people."""
    if not is_target_frame(frame):
        return frozenset()
    names = set(column_names(frame))
    content = not names.isdisjoint((*FIELDS[CONVERSATION], *FIELDS[EMAIL_ID]))
    return frozenset({"subject"} & names) | (frozenset(_CONTENTS) if content else frozenset())


def all_are_batches(frame: pd.DataFrame) -> bool:
    """Say whether no row of a frame is for one person, so that the mailing is marketing by default (S5)."""
    if not is_target_frame(frame):
        return False
    at = next(at for at, name in enumerate(column_names(frame)) if name in FIELDS[TYPE])
    return "email" not in {str(cell).strip().casefold() for cell in column_at(frame, at).tolist()}


def read_target_columns(frame: pd.DataFrame, options: PlanOptions) -> TargetColumns:
    """Find the columns of a frame of targets.

    Raises:
        InputError: two columns, or a column and an argument, say the same; which one counts is a question.
    """
    names = column_names(frame)
    found: dict[str, int] = {}
    for field, spellings in FIELDS.items():
        positions = [at for at, name in enumerate(names) if name in spellings]
        if len(positions) > 1:
            raise InputError(
                f"The list has {len(positions)} columns for {field}: "
                f"{' and '.join(repr(names[at]) for at in positions)}.",
                hint="Keep one of them.",
            )
        if positions:
            found[field] = positions[0]
    columns = TargetColumns(found, {field: names[at] for field, at in found.items()})
    for field, argument in _ARGUMENTS.items():
        if field in columns and getattr(options, argument) is not None:
            raise _given_twice(argument, columns.name(field))
    if EMAIL not in columns and options.address is not None:
        raise InputError(
            "address is for a list of people; a frame of targets has its addresses in recipientEmail.",
            hint=f'Rename the column: people.rename(columns={{{options.address!r}: "recipientEmail"}}).',
        )
    given = [name for name in _CONTENTS if getattr(options, name) is not None]
    for field in (CONVERSATION, EMAIL_ID):
        if field in columns and given:
            raise _given_twice(given[0], columns.name(field))
    return columns


def _given_twice(argument: str, column: str) -> InputError:
    what = "content" if argument in _CONTENTS else argument
    return InputError(
        f"The {what} is given twice: by the argument {argument}=, and for each row by the column {column!r} "
        "of this frame of targets. Which one shall count?",
        hint=f"Leave {argument}= out to take each row's own, or drop the column {column!r} from the frame.",
    )


def read_texts(frame: pd.DataFrame, columns: TargetColumns, field: str, issues: IssueList) -> Texts:
    """Return a field's column as texts; numbers are taken by their digits, as IDs may be.

    Args:
        frame: the frame of targets.
        columns: its columns; a field without one has no text in any row.
        field: its name on the wire.
        issues: takes cells that are no text.
    """
    if field not in columns:
        return Texts([None] * len(frame), frozenset())
    series = column_at(frame, columns.positions[field])
    encoded = encode_column(series)
    problems = dict(encoded.problems)
    cells: list[str | None] = []
    for row, text in enumerate(encoded.texts):
        value = None if text is None else json.loads(text)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            problems[row] = f"it is {kind_of(value)}, not a text"
            value = None
        cells.append(value.strip() if isinstance(value, str) else None)
    for row, problem in problems.items():
        issues.add(
            row,
            IssueCode.UNSERIALISABLE_VALUE,
            f"Row {row}: {columns.name(field)} cannot be used: {problem}.",
            "Write it as a text.",
            column=columns.name(field),
            value=series.iloc[row],
        )
    return Texts(cells, frozenset(problems))


def note_odd_ids(texts: Texts, column: str, issues: IssueList, rows: Collection[int] | None = None) -> None:
    """Note IDs that are no IDs: left-overs such as `nan` and `#REF!`, braces, letters that were lost.

    Args:
        texts: the column.
        column: its name.
        issues: takes them.
        rows: the rows that are looked at, None for all.
    """
    odd: dict[str, str | None] = {}
    for row, text in enumerate(texts.cells):
        if text is None or (rows is not None and row not in rows):
            continue
        if text not in odd:
            odd[text] = odd_text(text)
        if reason := odd[text]:
            words = f"Row {row}: {column} {reason}."
            fix = "Correct the cell, or empty it."
            issues.add(row, IssueCode.SUSPICIOUS_TEXT, words, fix, column=column, value=text)
