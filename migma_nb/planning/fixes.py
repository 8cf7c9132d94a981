"""A repaired copy of a planned list: the certain repairs of some codes, made until nothing is left to do."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.bodies import AnyBodies, Bodies, RowBodies, build_bodies
from migma_nb.planning.cell_repairs import REPAIRABLE, Column
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import near_matches
from migma_nb.planning.fix_changes import Change, change_frame, new_errors
from migma_nb.planning.flagged import mendable_columns, mended, rows_of
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueCode, IssueList, Severity
from migma_nb.planning.list_checks import PlannedList, check_list
from migma_nb.planning.mendable import Mendable
from migma_nb.planning.people import People
from migma_nb.planning.settling import settle
from migma_nb.planning.target_checks import PlannedTargets, check_targets
from migma_nb.planning.values import cells_of

#: A repair can bring another problem to light, as a name that was misread and has HTML in it. Two do it.
_MOST_ROUNDS = 10
_ERRORS = tuple(code for code in IssueCode if code.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired list.

    Args:
        people: a copy of the planned list, repaired: same rows, index and columns.
        changes: repaired cells × `CHANGE_COLUMNS`.
        issues: what is left to a person: problems of the repaired list × `ISSUE_COLUMNS`, of the chosen codes
            and of the errors that a change has led to.
    """

    people: pd.DataFrame
    changes: pd.DataFrame
    issues: pd.DataFrame

    @property
    def left(self) -> dict[str, int]:
        """How many problems are left, by code."""
        counts = self.issues["code"].value_counts()
        return {code.value: int(counts[code]) for code in IssueCode if code in counts.index}


@dataclass(frozen=True, slots=True)
class _Looked:
    """A list, planned or repaired, as its checks see it."""

    issues: IssueList
    people: People
    persons: Sequence[str | None]
    bodies: AnyBodies


def repair(plan: Plan, code: object = None) -> Repaired:
    """Make the certain repairs of some codes on a copy of a plan's list.

    Args:
        plan: a plan for a list of people, or for a frame of targets.
        code: a code, several, or None for all that can be repaired.

    Raises:
        InputError: the plan is for one target or was made in pieces, there is no such code, or the list is no
            longer what was planned.
    """
    codes = REPAIRABLE if code is None else _codes(code)
    planned = _planned(plan)
    looked = _look(planned, planned.frame)
    _require_unchanged(plan, looked)
    people, changes, first = planned.frame.copy(), list[Change](), looked.issues
    for _ in range(_MOST_ROUNDS):
        done = _repair_once(people, planned, looked, codes)
        if not done:
            break
        changes += done
        looked = _look(planned, people)
    after = _settled(plan, planned, looked, first) if changes else plan.issues
    errors = new_errors(plan.issues, after, changes)
    told = {*codes, *(_ERRORS if code is None else ()), *(found for _, found, _ in errors)}
    left = after[after["code"].isin([one.value for one in told])].reset_index(drop=True)
    return Repaired(people, change_frame(changes, errors, plan.index), left)


def _codes(given: object) -> tuple[IssueCode, ...]:
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, Iterable):
        raise InputError(
            f"code is {given!r}, which is no code.", hint='Write plan.fix("invalid_email"), or plan.fix().'
        )
    codes = [_code(word) for word in words]
    return tuple(one for one in IssueCode if one in codes)


def _code(word: object) -> IssueCode:
    every = [code.value for code in IssueCode]
    if word not in every:
        raise InputError(f"There is no code {word!r}.", hint=near_matches(str(word), every, "code"))
    return IssueCode(str(word))


def _planned(plan: Plan) -> PlannedList | PlannedTargets:
    """Return the list that a plan was made of.

    Raises:
        InputError: there is none in memory.
    """
    if plan.in_pieces:
        whole = "people.compute()" if plan.reading is None else 'mg.read_recipients("your file")'
        raise InputError(
            "This list was planned in pieces, since it is long; only a list in memory can be repaired.",
            hint=f"Where it fits into memory: people = {whole}, plan people, and repair that plan. Else mend "
            "the list where it comes from: each line of plan.issues has row, column, value and what to do.",
        )
    if plan.planned_list is None:
        whom = "this plan is for no list" if plan.target is None else f"this plan is for {plan.target}"
        raise InputError(
            f"Only a list can be repaired; {whom}.",
            hint="Correct what plan.issues names in the arguments, and plan again.",
        )
    return plan.planned_list


def _look(planned: PlannedList | PlannedTargets, frame: pd.DataFrame) -> _Looked:
    issues = IssueList()
    if isinstance(planned, PlannedTargets):
        targets = check_targets(planned, frame, issues)
        return _Looked(issues, targets.people, targets.persons, targets.bodies)
    checked = check_list(planned, frame, issues)
    bodies = build_bodies(planned.content.constants, checked.people.addresses, checked.texts)
    return _Looked(issues, checked.people, checked.persons, bodies)


def _settled(
    plan: Plan, planned: PlannedList | PlannedTargets, looked: _Looked, first: IssueList
) -> pd.DataFrame:
    """Return all problems of a repaired list, as a plan of it would have them.

    Args:
        plan: the plan.
        planned: its list.
        looked: the repaired list.
        first: what the same checks had found in the list as it was.
    """
    told = first.frame([None] * plan.size)
    again = set(told.loc[told["row"].isna(), "message"])
    whole = plan.issues
    # What the arguments alone have earned is as it was.
    for line in whole[whole["row"].isna() & ~whole["message"].isin(list(again))].itertuples():
        code, value = IssueCode(str(line.code)), line.value
        looked.issues.add(None, code, str(line.message), str(line.fix), column=line.column, value=value)
    settle(looked.people, looked.persons, looked.bodies, planned.rules, looked.issues)
    return looked.issues.frame(plan.index)


def _require_unchanged(plan: Plan, looked: _Looked) -> None:
    """Refuse to repair a list whose cells are no longer those that were planned."""
    same = _same(looked.bodies, plan._bodies)  # noqa: SLF001 - it is the plan's own room
    if not (same and _equal(looked.persons, plan._recipients)):  # noqa: SLF001 - as above
        raise InputError(
            "The list is no longer what was planned: it was changed since, or a function in formats gives "
            "something else each time.",
            hint="Plan again, then plan.fix() repairs the list as it is now.",
        )


def _same(now: AnyBodies, planned: object) -> bool:
    if isinstance(now, RowBodies):
        return isinstance(planned, RowBodies) and (now.own, now.addresses) == (planned.own, planned.addresses)
    return (
        isinstance(planned, Bodies)
        and _equal(now.addresses or (), planned.addresses or ())
        and all(_equal(new, old) for new, old in zip(now.texts, planned.texts, strict=True))
    )


def _equal(new: Sequence[Any], old: Sequence[Any]) -> bool:
    return CodedTexts.coded(new) == CodedTexts.coded(old)


def _repair_once(
    people: pd.DataFrame,
    planned: PlannedList | PlannedTargets,
    looked: _Looked,
    codes: Collection[IssueCode],
) -> list[Change]:
    """Repair a frame in place, each column as far as its cells tell by themselves; return what was done."""
    rows = rows_of(looked.issues.frame([None] * len(people)), codes)
    changes: list[Change] = []
    for column, done in _found(planned, people, rows, looked.people.identities, codes):
        changes += done
        # Of two changes of a cell the later one stands.
        column.put(people, {change.row: change.after for change in done})
    return changes


def _found(
    planned: PlannedList | PlannedTargets,
    people: pd.DataFrame,
    rows: Mapping[tuple[str, IssueCode], list[int]],
    identities: Sequence[str | None],
    codes: Collection[IssueCode],
) -> Iterator[tuple[Mendable, list[Change]]]:
    """Yield the columns in which something can be repaired, and the changes."""
    for column in mendable_columns(planned, people):
        if not any((column.name, code) in rows for code in codes):
            continue
        cells, changes = list(cells_of(column.cells)), list[Change]()
        for code in column.repairs:
            flagged = rows.get((column.name, code), [])
            found = mended(column, code, Column(cells, flagged, identities), planned.rules)
            for row, after in found.items():
                changes.append(Change(row, column.name, cells[row], after, code))
                cells[row] = after
        if changes:
            yield column, changes
