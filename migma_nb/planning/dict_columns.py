"""A column of dicts, or of JSON texts, taken apart into a column for each variable; and a value put back."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.kinds import kind_of
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.placeholders import matching
from migma_nb.planning.values import NotJsonError, is_missing


@dataclass(frozen=True, slots=True, eq=False)
class Unfolded:
    """What the dicts of a column hold.

    Args:
        table: the list's rows × a column for each variable, as it stands in the dicts; None where a row has
            none. Each is called after the column and the variable: `variables.first_name`.
        names: the variables, in the order of the table's columns.
    """

    table: pd.DataFrame
    names: tuple[str, ...]


def label(column: str, name: str) -> str:
    """Return what a variable of a column of dicts is called in issues and changes (str)."""
    return f"{column}.{name}"


def unfolded(
    cells: "pd.Series[Any]", column: str, placeholders: Collection[str], issues: IssueList
) -> Unfolded:
    """Take a column of dicts, or of JSON texts of objects, apart.

    Args:
        cells: the column.
        column: its name.
        placeholders: what the mailing asks for; a key that is one of them, case, spaces and underscores set
            aside, is that variable.
        issues: takes cells that are neither.
    """
    found: dict[str, dict[int, Any]] = {}
    for row, cell in enumerate(cells.tolist()):
        try:
            values = _values(cell)
        except NotJsonError as error:
            issues.add(
                row,
                IssueCode.UNSERIALISABLE_VALUE,
                f"Row {row}: {column} cannot be sent: {error}.",
                'Write a dict, or JSON text such as {"first_name": "Ann"}.',
                column=column,
                value=cell,
            )
            continue
        for key, value in values.items():
            if not _is_nothing(value):
                found.setdefault(_variable(key, placeholders), {})[row] = value
    table = {label(column, name): _column(values, len(cells)) for name, values in found.items()}
    return Unfolded(pd.DataFrame(table, index=pd.RangeIndex(len(cells))), tuple(found))


def with_value(
    cell: Any, name: str, value: Any, placeholders: Collection[str], *, as_text: bool
) -> dict[Any, Any] | str:
    """Return a cell with another value for one of its variables.

    Args:
        cell: a dict, or the JSON text of an object; or an empty one.
        name: the variable.
        value: what it shall be; None takes it out.
        placeholders: as for `unfolded`.
        as_text: whether it shall be JSON text.
    """
    values = dict(_values(cell))
    keys = [key for key in values if _variable(key, placeholders) == name]
    said = [key for key in keys if not _is_nothing(values[key])]
    # Of several keys for a variable the last one that says something counts.
    kept = said[-1] if said else name
    for key in keys:
        if value is None or key != kept:
            del values[key]
    if value is not None:
        values[kept] = value
    return json.dumps(values, ensure_ascii=False) if as_text else values


def _values(cell: Any) -> Mapping[Any, Any]:
    """Return a cell's variables as they stand in it.

    Raises:
        NotJsonError: it is no object of names and values.
    """
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise NotJsonError(f"it is no JSON ({error})") from None
    elif not isinstance(cell, Mapping | list | tuple) and is_missing(cell):
        return {}
    if not isinstance(cell, Mapping):
        raise NotJsonError(f"it is {kind_of(cell)}, not an object of names and values")
    return cell


def _is_nothing(value: Any) -> bool:
    return not isinstance(value, Mapping | list | tuple) and is_missing(value)


def _variable(key: object, placeholders: Collection[str]) -> str:
    return (matching(str(key), placeholders) or [str(key)])[0]


def _column(values: Mapping[int, Any], size: int) -> "pd.Series[Any]":
    cells = np.empty(size, dtype=object)
    for row, value in values.items():
        cells[row] = value
    return pd.Series(cells, dtype=object)
