"""Which columns of a planned list may be repaired, by which repairs, and how a changed cell is put back."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_string_dtype

from migma_nb.planning.cell_repairs import ADDRESS_REPAIRS, VALUE_REPAIRS, Repair
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.issues import IssueCode, Severity, printable
from migma_nb.planning.list_checks import PlannedList

#: Puts other cells into a column of a frame, by their rows.
Put = Callable[[pd.DataFrame, Mapping[int, Any]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Mendable:
    """A column in which something may be repaired.

    Args:
        name: as an issue calls it.
        cells: what stands in it.
        repairs: its repairs by code, in the order in which they are made.
        is_address: whether those are mailed who stand in it.
        put: puts changed cells back.
    """

    name: str
    cells: "pd.Series[Any]"
    repairs: Mapping[IssueCode, Repair]
    is_address: bool
    put: Put


def of_people(planned: PlannedList, people: pd.DataFrame) -> list[Mendable]:
    """Return the columns that a mailing to a list of people reads.

    Args:
        planned: how the list was planned.
        people: the list, or a repaired copy of it.
    """
    used = {filling.column for filling in planned.fillings if filling.column is not None}
    repairs = dict.fromkeys({*planned.key_columns, *used}, VALUE_REPAIRS)
    repairs[planned.column.position] = ADDRESS_REPAIRS
    return of_columns(people, repairs, planned.key_columns, planned.column.position)


def of_columns(
    frame: pd.DataFrame,
    repairs: Mapping[int, Mapping[IssueCode, Repair]],
    keys: Collection[int],
    address: int | None,
) -> list[Mendable]:
    """Return some columns of a frame.

    Args:
        frame: the frame.
        repairs: a column's position to its repairs.
        keys: the positions of the key columns.
        address: the position of the address column, None where there is none.
    """
    names = column_names(frame)
    return [
        Mendable(
            printable(names[at]),
            column_at(frame, at),
            without_harm(repairs[at]) if at in keys and at != address else repairs[at],
            at == address,
            _put_at(at),
        )
        for at in sorted(repairs)
    ]


def unmistakable(columns: list[Mendable]) -> list[Mendable]:
    """Return the columns whose name is theirs alone: an issue of one of two is nobody's to repair."""
    shown = Counter(column.name for column in columns)
    return [column for column in columns if shown[column.name] == 1]


def without_harm(repairs: Mapping[IssueCode, Repair]) -> Mapping[IssueCode, Repair]:
    """Return the repairs that a key may have.

    A key says which of a person's mails a row is. So it is only touched where its row cannot be sent: else
    it would be another mail, and who was sent the first would be sent that one too.
    """
    return {code: mend for code, mend in repairs.items() if code.severity is Severity.ERROR}


def with_cells(series: "pd.Series[Any]", new: Mapping[int, Any]) -> "pd.Series[Any]":
    """Return a column with some cells changed; of its type where that can hold them, else of objects."""
    values = series.astype(object).to_numpy(copy=True)
    cells = np.empty(len(new), dtype=object)
    cells[:] = list(new.values())
    values[list(new)] = cells
    made = pd.Series(values, index=series.index, name=series.name, dtype=object)
    textual = series.dtype != object and is_string_dtype(series.dtype)
    return made.astype(series.dtype) if textual and isinstance(series.dtype, pd.StringDtype) else made


def _put_at(position: int) -> Put:
    def put(frame: pd.DataFrame, changed: Mapping[int, Any]) -> None:
        # As a Series: of an array pandas would guess the type.
        made: Any = with_cells(column_at(frame, position), changed)
        frame.isetitem(position, made)

    return put
