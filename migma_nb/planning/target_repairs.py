"""Which columns of a frame of targets may be repaired, and how; a batch is never given a person's value."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from migma_nb.api.models import RecipientType
from migma_nb.planning.cell_repairs import (
    ADDRESS_REPAIRS,
    VALUE_REPAIRS,
    Column,
    Repair,
    emptied,
    read_right,
)
from migma_nb.planning.columns import column_at
from migma_nb.planning.dict_columns import unfolded, with_value
from migma_nb.planning.issues import IssueCode, IssueList, printable
from migma_nb.planning.list_checks import key_columns
from migma_nb.planning.mendable import Mendable, Put, of_columns, with_cells, without_harm
from migma_nb.planning.placeholders import split_text
from migma_nb.planning.target_checks import PlannedTargets
from migma_nb.planning.target_columns import CONVERSATION, EMAIL, EMAIL_ID, ID, SUBJECT, TYPE, VARIABLES
from migma_nb.planning.target_rows import read_kinds
from migma_nb.planning.texts import odd_text


def of_targets(planned: PlannedTargets, frame: pd.DataFrame) -> list[Mendable]:
    """Return the columns that a mailing to a frame of targets reads.

    Args:
        planned: how the frame was planned.
        frame: the frame, or a repaired copy of it.
    """
    columns = planned.columns
    kinds = read_kinds(frame, columns, IssueList())
    singles = [row for row, kind in enumerate(kinds) if kind is RecipientType.EMAIL]
    values = {**VALUE_REPAIRS, IssueCode.VALUE_SHIFT: _among(singles, VALUE_REPAIRS[IssueCode.VALUE_SHIFT])}
    keys = key_columns(frame, planned.options.key)
    used = {filling.column for filling in planned.fillings if filling.column is not None}
    repairs: dict[int, Mapping[IssueCode, Repair]] = dict.fromkeys(
        {*keys, *(used if VARIABLES not in columns else ())}, values
    )
    of_fields = {
        TYPE: {},
        ID: _ID_REPAIRS,
        CONVERSATION: _ID_REPAIRS,
        EMAIL_ID: _ID_REPAIRS,
        SUBJECT: _SUBJECT_REPAIRS,
        EMAIL: {**ADDRESS_REPAIRS, IssueCode.SUSPICIOUS_TEXT: _not_of(singles)},
        VARIABLES: {},
    }
    repairs |= {columns.positions[field]: found for field, found in of_fields.items() if field in columns}
    address = columns.positions.get(EMAIL)
    found = of_columns(frame, repairs, keys, address)
    if VARIABLES in columns:
        at = columns.positions[VARIABLES]
        found += _in_dicts(planned, frame, without_harm(values) if at in keys else values)
    return found


def _in_dicts(
    planned: PlannedTargets, frame: pd.DataFrame, repairs: Mapping[IssueCode, Repair]
) -> list[Mendable]:
    """Return a column for each variable of the rows' dicts."""
    position = planned.columns.positions[VARIABLES]
    column = planned.columns.name(VARIABLES)
    held = unfolded(column_at(frame, position), column, planned.placeholders, IssueList())
    return [
        Mendable(printable(str(name)), cells, repairs, False, _put_into(position, variable, planned))
        for variable, (name, cells) in zip(held.names, held.table.items(), strict=True)
    ]


def _put_into(position: int, variable: str, planned: PlannedTargets) -> Put:
    def put(frame: pd.DataFrame, changed: Mapping[int, Any]) -> None:
        series = column_at(frame, position)
        cells = series.tolist()
        # Where others are JSON text, an empty cell becomes that too.
        texts = any(isinstance(cell, str) for cell in cells)
        made: Any = with_cells(
            series,
            {
                row: with_value(
                    cells[row],
                    variable,
                    value,
                    planned.placeholders,
                    as_text=texts and not isinstance(cells[row], Mapping),
                )
                for row, value in changed.items()
            },
        )
        frame.isetitem(position, made)

    return put


def _among(rows: Sequence[int], mend: Repair) -> Repair:
    """Make a repair that sees some rows of a column only."""

    def repair(column: Column) -> Mapping[int, Any]:
        place = {row: at for at, row in enumerate(rows)}
        some = Column(
            [column.cells[row] for row in rows],
            [place[row] for row in column.rows if row in place],
            [column.identities[row] for row in rows],
        )
        return {rows[at]: value for at, value in mend(some).items()}

    return repair


def _not_of(singles: Collection[int]) -> Repair:
    """Make a repair that empties an address that stands for nothing, where none is mailed."""
    kept = frozenset(singles)

    def repair(column: Column) -> Mapping[int, Any]:
        return {row: value for row, value in emptied(column).items() if row not in kept}

    return repair


def _asking_the_same(mend: Repair) -> Repair:
    """Make a repair of subjects that never changes what they ask for."""

    def repair(column: Column) -> Mapping[int, Any]:
        return {row: text for row, text in mend(column).items() if _asked(text) == _asked(column.cells[row])}

    return repair


def _read_right(column: Column) -> Mapping[int, Any]:
    """Empty subjects that stand for nothing, and read right what was misread of a subject's own words."""
    found = dict(emptied(column))
    for row in column.rows:
        cell = column.cells[row]
        if isinstance(cell, str) and row not in found:
            literals = [part for part in split_text(cell).parts if isinstance(part, str) and odd_text(part)]
            meant = {literal: read_right(literal) for literal in literals}
            if meant and None not in meant.values():
                for literal, text in meant.items():
                    cell = cell.replace(literal, str(text))
                found[row] = cell
    return found


def _asked(subject: Any) -> tuple[str, ...]:
    return split_text(subject).names if isinstance(subject, str) else ()


#: Any other ID is another target or another mail: only what is certainly none is taken away.
_ID_REPAIRS: Mapping[IssueCode, Repair] = {
    IssueCode.UNSERIALISABLE_VALUE: VALUE_REPAIRS[IssueCode.UNSERIALISABLE_VALUE],
    IssueCode.SUSPICIOUS_TEXT: emptied,
}
_SUBJECT_REPAIRS: Mapping[IssueCode, Repair] = {
    IssueCode.UNSERIALISABLE_VALUE: _asking_the_same(VALUE_REPAIRS[IssueCode.UNSERIALISABLE_VALUE]),
    IssueCode.SUSPICIOUS_TEXT: _asking_the_same(_read_right),
    IssueCode.UNSAFE_HEADER: _asking_the_same(VALUE_REPAIRS[IssueCode.UNSAFE_HEADER]),
}
