"""All checks of a frame of targets, in their order: when it is planned, and again while it is repaired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from migma_nb.api.models import RecipientType
from migma_nb.planning.bodies import RowBodies
from migma_nb.planning.content import Content
from migma_nb.planning.issues import IssueList
from migma_nb.planning.keys import with_keys
from migma_nb.planning.lint_notes import Variables
from migma_nb.planning.matching import Filling
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.people import People
from migma_nb.planning.render_lint import lint_rendering
from migma_nb.planning.settling import Rules
from migma_nb.planning.shift_checks import note_shifts
from migma_nb.planning.target_columns import EMAIL, ID, TYPE, TargetColumns
from migma_nb.planning.target_content import RowContents, read_row_contents
from migma_nb.planning.target_rows import TargetRows, read_target_rows
from migma_nb.planning.target_variables import read_row_variables, row_values


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PlannedTargets:
    """What a frame of targets was planned with.

    Args:
        frame: the frame; it shares its cells with the user's own as long as neither changes.
        columns: which of its columns mean what.
        options: the plan's arguments.
        content: what is the same for all rows.
        rules: who may be mailed.
        fillings: the variables of the mailing.
        placeholders: what its rows ask for, all together.
    """

    frame: pd.DataFrame
    columns: TargetColumns
    options: PlanOptions
    content: Content
    rules: Rules
    fillings: tuple[Filling, ...] = ()
    placeholders: tuple[str, ...] = ()

    def knowing(self, checked: "CheckedTargets") -> "PlannedTargets":
        """Return the same with what the checks have found out of it."""
        fillings = tuple(checked.variables.fillings)
        return replace(self, fillings=fillings, placeholders=checked.said.together.placeholders)


@dataclass(frozen=True, slots=True)
class CheckedTargets:
    """What the checks made of a frame of targets.

    Args:
        rows: whom each row is for.
        said: what each row says.
        variables: what fills its placeholders.
        persons: each row's recipient in this mailing, key columns joined in.
        bodies: the request bodies.
    """

    rows: TargetRows
    said: RowContents
    variables: Variables
    persons: Sequence[str | None]
    bodies: RowBodies

    @property
    def people(self) -> People:
        """Whom each row is for on the wire, and who each single recipient is."""
        return self.rows.people


def check_targets(planned: PlannedTargets, frame: pd.DataFrame, issues: IssueList) -> CheckedTargets:
    """Run all checks that look at the cells of a frame of targets.

    Args:
        planned: how the frame was planned.
        frame: the frame itself, or a repaired copy of it.
        issues: takes what is wrong.

    Raises:
        InputError: a placeholder could be filled by several columns, or an argument cannot be used.
    """
    columns, options = planned.columns, planned.options
    rows = read_target_rows(frame, columns, issues)
    said = read_row_contents(frame, columns, planned.content, issues)
    variables = read_row_variables(frame, columns, said, options, issues, singles=rows.singles)
    lint_rendering(planned.content, variables, issues, said.subjects)
    # A batch has no name of its own beside an address.
    note_shifts(variables, rows.people, issues, rows=sorted(rows.singles))
    own = _own(rows, said.own, row_values(variables))
    bodies = RowBodies(planned.content.constants, own, rows.people.addresses)
    persons = with_keys(rows.recipients, frame, options.key, issues)
    return CheckedTargets(rows, said, variables, persons, bodies)


def _own(
    rows: TargetRows, said: list[dict[str, Any]], values: list[dict[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return each row's own wire fields; a row with errors has what there is of them."""
    own: list[Mapping[str, Any]] = []
    for kind, address, fields, variables in zip(rows.kinds, rows.people.addresses, said, values, strict=True):
        whom = EMAIL if kind is RecipientType.EMAIL else ID
        named = {} if kind is None else {TYPE: kind.value, whom: address}
        own.append({**named, **fields, **({"variables": variables} if variables else {})})
    return own
