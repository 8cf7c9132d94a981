"""A repaired copy of a planned list: the certain repairs of some codes, made until nothing is left to do."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_string_dtype

from migma_nb.api.errors import InputError
from migma_nb.planning.addresses import identity
from migma_nb.planning.bodies import Bodies
from migma_nb.planning.cell_repairs import ADDRESS_REPAIRS, REPAIRABLE, VALUE_REPAIRS, Column, Repair
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import column_at, column_names, near_matches
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueCode, IssueList, Severity, printable
from migma_nb.planning.list_checks import Checked, PlannedList, check_list
from migma_nb.planning.people import read_people
from migma_nb.planning.values import cells_of

CHANGE_COLUMNS = ["row", "index", "column", "before", "after", "code"]
#: A repair can bring another problem to light, as a name that was misread and has HTML in it. Two do it.
_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class _Change:
    row: int
    column: str
    before: Any
    after: Any
    code: IssueCode


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired list.

    Args:
        people: a copy of the planned list, repaired: same rows, index and columns.
        changes: repaired cells × `CHANGE_COLUMNS`.
        left: problems of the chosen codes that have no certain repair, by code.
    """

    people: pd.DataFrame
    changes: pd.DataFrame
    left: dict[str, int]


def repair(plan: Plan, code: object = None) -> Repaired:
    """Make the certain repairs of some codes on a copy of a plan's list.

    Args:
        plan: a plan for a list of people.
        code: a code, several, or None for all that can be repaired.

    Raises:
        InputError: the plan is for targets, there is no such code or no repair of it, or the list is no
            longer what was planned.
    """
    codes = _codes(code)
    planned = plan.planned_list
    if plan.in_pieces:
        raise InputError(
            "This list is so long that it was planned in pieces; only a list in memory can be repaired.",
            hint="Read it with people = mg.read_recipients(…), plan people, and repair that plan.",
        )
    if planned is None or not isinstance(plan._bodies, Bodies):  # noqa: SLF001 - it is the plan's own room
        raise InputError(
            "Only a list of people can be repaired; this plan is for targets.",
            hint="Correct what plan.issues names, and plan again.",
        )
    issues = IssueList()
    checked = check_list(planned, planned.frame, issues)
    _require_unchanged(plan, checked)
    people, changes = planned.frame.copy(), []
    for _ in range(_MOST_ROUNDS):
        done = _repair_once(people, planned, issues, checked, codes)
        if not done:
            break
        changes += done
        issues = IssueList()
        checked = check_list(planned, people, issues)
    left = {code.value: len(rows) for (_, code), rows in _problems(issues, plan.size, codes).items()}
    return Repaired(people, _frame_of(changes, plan.index), left)


def has_repairs(plan: Plan) -> bool:
    """Say whether `repair` would change anything in a plan's list, without making a copy of it."""
    planned = plan.planned_list
    rows = {} if planned is None else _rows_of(plan.issues, REPAIRABLE)
    if planned is None or not rows:
        return False
    column = planned.column
    people = read_people(column_at(planned.frame, column.position), column.name, IssueList())
    found = _found(planned.frame, planned, rows, people.identities, REPAIRABLE)
    return next(found, None) is not None


def _codes(given: object) -> tuple[IssueCode, ...]:
    if given is None:
        return REPAIRABLE
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, Iterable):
        raise InputError(
            f"code is {given!r}, which is no code.", hint='Write plan.fix("invalid_email"), or plan.fix().'
        )
    codes = [_code(word) for word in words]
    return tuple(one for one in REPAIRABLE if one in codes)


def _code(word: object) -> IssueCode:
    every = [code.value for code in IssueCode]
    if word not in every:
        raise InputError(f"There is no code {word!r}.", hint=near_matches(str(word), every, "code"))
    code = IssueCode(str(word))
    if code not in REPAIRABLE:
        raise InputError(
            f"{code.value} has no repair that is certain: only you know what was meant.",
            hint=f"Correct the rows yourself; these can be repaired: {', '.join(REPAIRABLE)}.",
        )
    return code


def _require_unchanged(plan: Plan, checked: Checked) -> None:
    """Refuse to repair a list whose cells are no longer those that were planned."""
    bodies = plan._bodies  # noqa: SLF001 - as above
    texts = bodies.texts if isinstance(bodies, Bodies) else ()
    names = bodies.variables if isinstance(bodies, Bodies) else ()
    same = (
        _equal(checked.people.addresses, bodies.addresses or ())
        and _equal(checked.persons, plan._recipients)  # noqa: SLF001 - as above
        and all(_equal(checked.texts[name], column) for name, column in zip(names, texts, strict=True))
    )
    if not same:
        raise InputError(
            "The list is no longer what was planned: it was changed since, or a function in formats gives "
            "something else each time.",
            hint="Plan again, then plan.fix() repairs the list as it is now.",
        )


def _equal(new: Sequence[Any], old: Sequence[Any]) -> bool:
    return CodedTexts.coded(new) == CodedTexts.coded(old)


def _repair_once(
    people: pd.DataFrame,
    planned: PlannedList,
    issues: IssueList,
    checked: Checked,
    codes: Collection[IssueCode],
) -> list[_Change]:
    """Repair a frame in place, each column as far as its cells tell by themselves; return what was done."""
    rows = _problems(issues, len(people), codes)
    changes: list[_Change] = []
    for position, series, done in _found(people, planned, rows, checked.people.identities, codes):
        changes += done
        # Of two changes of a cell the later one stands. As a Series: of an array pandas would guess the type.
        made: Any = _with_cells(series, {change.row: change.after for change in done})
        people.isetitem(position, made)
    return changes


def _found(
    people: pd.DataFrame,
    planned: PlannedList,
    rows: Mapping[tuple[str, IssueCode], list[int]],
    identities: Sequence[str | None],
    codes: Collection[IssueCode],
) -> Iterator[tuple[int, "pd.Series[Any]", list[_Change]]]:
    """Yield the columns in which something can be repaired: position, cells as they are, and the changes."""
    for column, position in _positions(planned, people).items():
        if not any((column, code) in rows for code in codes):
            continue
        is_address = position == planned.column.position
        series = column_at(people, position)
        cells, changes = list(cells_of(series)), list[_Change]()
        for code, mend in _repairs_of(position, planned).items():
            flagged = rows.get((column, code), [])
            if is_address:
                flagged = [row for row in flagged if not _is_excluded(cells[row], planned)]
            found = mend(Column(cells, flagged, identities)) if flagged else {}
            for row, after in found.items():
                if type(after) is type(cells[row]) and after == cells[row]:
                    continue  # a format hides what was repaired
                changes.append(_Change(row, column, cells[row], after, code))
                cells[row] = after
        if changes:
            yield position, series, changes


def _repairs_of(position: int, planned: PlannedList) -> Mapping[IssueCode, Repair]:
    """Return the repairs that a column may have.

    A key says which of a person's mails a row is. So it is only touched where its row cannot be sent: else
    it would be another mail, and who was sent the first would be sent that one too.
    """
    if position == planned.column.position:
        return ADDRESS_REPAIRS
    if position not in planned.key_columns:
        return VALUE_REPAIRS
    return {code: mend for code, mend in VALUE_REPAIRS.items() if code.severity is Severity.ERROR}


def _is_excluded(cell: Any, planned: PlannedList) -> bool:
    """Say whether an address stands on the exclusion list as it stands here, which no repaired one would."""
    return isinstance(cell, str) and identity(cell) in planned.excluded


def _problems(
    issues: IssueList, size: int, codes: Collection[IssueCode]
) -> dict[tuple[str, IssueCode], list[int]]:
    """Return the rows that have problems of these codes, by column and code."""
    return _rows_of(issues.frame([None] * size), codes)


def _rows_of(issues: pd.DataFrame, codes: Collection[IssueCode]) -> dict[tuple[str, IssueCode], list[int]]:
    rows: dict[tuple[str, IssueCode], list[int]] = {}
    wanted = issues[issues["code"].isin([code.value for code in codes]) & issues["row"].notna()]
    for row, column, code in zip(wanted["row"], wanted["column"], wanted["code"], strict=True):
        rows.setdefault((column, IssueCode(code)), []).append(int(row))
    return rows


def _positions(planned: PlannedList, people: pd.DataFrame) -> dict[str, int]:
    """Return the columns that the mailing reads: as an issue calls each, and its position."""
    names = column_names(people)
    used = {filling.column for filling in planned.fillings if filling.column is not None}
    positions = {*planned.key_columns, *used, planned.column.position}
    shown = Counter(printable(names[at]) for at in positions)
    # Where an issue could be of either of two columns, it is nobody's to repair.
    return {name: at for at in sorted(positions) if shown[name := printable(names[at])] == 1}


def _with_cells(series: "pd.Series[Any]", new: dict[int, Any]) -> "pd.Series[Any]":
    """Return a column with some cells changed; of its type where that can hold them, else of objects."""
    values = series.astype(object).to_numpy(copy=True)
    cells = np.empty(len(new), dtype=object)
    cells[:] = list(new.values())
    values[list(new)] = cells
    made = pd.Series(values, index=series.index, name=series.name, dtype=object)
    textual = series.dtype != object and is_string_dtype(series.dtype)
    return made.astype(series.dtype) if textual and isinstance(series.dtype, pd.StringDtype) else made


def _frame_of(changes: list[_Change], index: pd.Index) -> pd.DataFrame:
    changes = sorted(changes, key=lambda change: change.row)
    labels = index.tolist()
    columns = {
        "row": pd.Series([change.row for change in changes], dtype="int64"),
        "index": _objects([labels[change.row] for change in changes]),
        "column": pd.Series([change.column for change in changes], dtype="str"),
        "before": _objects([change.before for change in changes]),
        "after": _objects([change.after for change in changes]),
        "code": pd.Series([change.code.value for change in changes], dtype="str"),
    }
    return pd.DataFrame(columns, columns=CHANGE_COLUMNS)


def _objects(values: list[Any]) -> "pd.Series[Any]":
    array = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        array[position] = value
    return pd.Series(array, dtype=object)
