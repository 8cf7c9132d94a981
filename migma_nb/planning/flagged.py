"""The cells of a planned list that have problems, and what the repair of one code makes of them."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pandas as pd

from migma_nb.planning.addresses import check_address, identity
from migma_nb.planning.cell_repairs import Column
from migma_nb.planning.issues import IssueCode
from migma_nb.planning.list_checks import PlannedList
from migma_nb.planning.mendable import Mendable, of_people, unmistakable
from migma_nb.planning.settling import Rules
from migma_nb.planning.target_checks import PlannedTargets
from migma_nb.planning.target_repairs import of_targets


def rows_of(issues: pd.DataFrame, codes: Collection[IssueCode]) -> dict[tuple[str, IssueCode], list[int]]:
    """Return the rows that have problems of these codes, by column and code."""
    wanted = issues[issues["code"].isin([code.value for code in codes]) & issues["row"].notna()]
    groups: Any = wanted["row"].astype(int).groupby([wanted["column"], wanted["code"]], sort=False)
    return {(column, IssueCode(code)): part.tolist() for (column, code), part in groups}


def mendable_columns(planned: PlannedList | PlannedTargets, people: pd.DataFrame) -> list[Mendable]:
    """Return the columns in which something may be repaired."""
    if isinstance(planned, PlannedTargets):
        return unmistakable(of_targets(planned, people))
    return unmistakable(of_people(planned, people))


def mended(column: Mendable, code: IssueCode, seen: Column, whom: Rules) -> dict[int, Any]:
    """Return what is to stand in which row after the repair of one code, where that is something else."""
    rows, cells = seen.rows, seen.cells
    if column.is_address:
        rows = [row for row in rows if not _is_excluded(cells[row], whom.excluded)]
    found = column.repairs[code](replace(seen, rows=rows)) if rows else {}
    if column.is_address and whom.allowed is not None:
        found = {row: to for row, to in found.items() if not _would_be_lost(cells[row], to, whom.allowed)}
    # The same again: a format hides what was repaired.
    return {
        row: after
        for row, after in found.items()
        if not (type(after) is type(cells[row]) and after == cells[row])
    }


def _is_excluded(cell: Any, excluded: frozenset[str]) -> bool:
    """Say whether an address stands on the exclusion list as it stands here, which no repaired one would."""
    return isinstance(cell, str) and identity(cell) in excluded


def _would_be_lost(cell: Any, repaired: Any, allowed: frozenset[str]) -> bool:
    """Say whether an address may be mailed as it stands here, and the repaired one may not."""
    own = check_address(cell).identity if isinstance(cell, str) else None
    return own is not None and own in allowed and identity(repaired) not in allowed
