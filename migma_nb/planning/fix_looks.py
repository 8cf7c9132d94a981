"""Whether anything in a planned list can be repaired, told soon also of a long one."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from migma_nb.planning.cell_repairs import BY_COLUMN, REPAIRABLE, Column
from migma_nb.planning.columns import column_at
from migma_nb.planning.flagged import mendable_columns, mended, rows_of
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.list_checks import PlannedList
from migma_nb.planning.people import read_people
from migma_nb.planning.target_checks import PlannedTargets
from migma_nb.planning.target_rows import read_target_rows
from migma_nb.planning.values import cells_of

if TYPE_CHECKING:
    import pandas as pd

#: So many flagged cells of each kind are looked at before the rest, to say soon whether any can be repaired.
_SOON = 200
#: So many cells of a column tell how long nearly all of its codes are.
_SAMPLE = 2_000


def has_repairs(plan: Plan) -> bool:
    """Say whether `fixes.repair` would change anything in a plan's list, without making a copy of it."""
    planned = plan.planned_list
    if planned is None:
        return False
    if not plan.mendable:
        plan.mendable.append(any(_repairs(plan, planned)))
    return plan.mendable[0]


def _repairs(plan: Plan, planned: PlannedList | PlannedTargets) -> Iterator[bool]:
    """Yield for flagged cells whether some of them would be repaired: first where that is told soonest."""
    rows = rows_of(plan.issues, REPAIRABLE)
    if not rows:
        return
    columns = mendable_columns(planned, planned.frame)
    asked = [
        (column, code, rows[column.name, code])
        for column in columns
        for code in column.repairs
        if (column.name, code) in rows
    ]
    whom = planned.rules
    # A format may write codes at another length than they have: then only the whole column tells.
    plain = all(filling.form is None for filling in planned.fillings)
    for first, last in ((0, _SOON), (_SOON, None)):
        for column, code, flagged in asked:
            if code not in BY_COLUMN and (some := flagged[first:last]):
                cells = dict(zip(some, cells_of(column.cells.iloc[some]), strict=True))
                yield bool(mended(column, code, Column(cells, some, ()), whom))
            elif code is IssueCode.LOST_LEADING_ZEROS and first == 0 and plain:
                yield bool(mended(column, code, _sample(column.cells, flagged), whom))
    for column, code, flagged in asked:
        if code in BY_COLUMN:
            # Whose address each row has is asked for by this one alone.
            who = _identities(plan, planned) if code is IssueCode.VALUE_SHIFT else ()
            yield bool(mended(column, code, Column(cells_of(column.cells), flagged, who), whom))


def _sample(cells: "pd.Series[Any]", flagged: list[int]) -> Column:
    """Return a few flagged cells of a column, and as many from all over it as tell how long its codes are."""
    some = flagged[:_SOON]
    rows = sorted({*some, *range(0, len(cells), max(1, len(cells) // _SAMPLE))})
    place = {row: at for at, row in enumerate(rows)}
    return Column(cells_of(cells.iloc[rows]), [place[row] for row in some], ())


def _identities(plan: Plan, planned: PlannedList | PlannedTargets) -> Sequence[str | None]:
    if isinstance(planned, PlannedTargets):
        return read_target_rows(planned.frame, planned.columns, IssueList()).people.identities
    if planned.key is None:
        return plan._recipients  # noqa: SLF001 - it is the plan's own room
    column = planned.column
    return read_people(column_at(planned.frame, column.position), column.name, IssueList()).identities
