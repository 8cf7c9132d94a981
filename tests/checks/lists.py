"""What the tests of checks share: a mailing that is complete, lists of one column, and what they earn."""

from typing import Any

import numpy as np
import pandas as pd

import migma_nb as mg

#: A mailing with nothing wrong in it, which reads the column `v`.
MAILING: dict[str, Any] = {
    "mailing": "2026-11 renewal notice",
    "sender": "Acme Billing <billing@acme.org>",
    "subject": "Your plan renews",
    "template": "<p>Hello {{v}}!</p>",
    "project_id": "proj_1",
    "transactional": True,
}
#: The same to targets, whose content is stored at Migma.
TO_TARGETS: dict[str, Any] = {
    "mailing": "m",
    "sender": "Acme <news@acme.org>",
    "subject": "News",
    "email_id": "e1",
    "transactional": False,
}


def addressed(*cells: Any, name: str = "v") -> pd.DataFrame:
    """Return a list of people with one column, whose addresses have nothing wrong about them."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    addresses = [f"person{at}@acme.org" for at in range(len(cells))]
    return pd.DataFrame({"email": addresses, name: pd.Series(column, dtype=object)})


def plan(people: Any, **changes: Any) -> mg.SendPlan:
    """Plan the complete mailing, with what a test changes about it."""
    return mg.plan(people, **{**MAILING, **changes})


def to_targets(rows: list[dict[str, Any]], **changes: Any) -> mg.SendPlan:
    """Plan a mailing to a frame of targets; what is None in `changes` is left out."""
    arguments = {**TO_TARGETS, **changes}
    return mg.plan(
        pd.DataFrame(rows, dtype=object),
        **{name: value for name, value in arguments.items() if value is not None},
    )


def rows_of(made: mg.SendPlan, code: str) -> list[int]:
    """Return the rows that a code names."""
    issues = made.issues
    return [int(row) for row in issues.loc[issues["code"] == code, "row"].dropna()]


def count_of(made: mg.SendPlan, code: str) -> int:
    """Return how many problems of a code there are, the whole plan's among them."""
    return int((made.issues["code"] == code).sum())


def told(fixed: mg.Fixed) -> list[tuple[int, str, Any, Any, str]]:
    """Return what was changed: row, column, before, after, code."""
    columns = (fixed.changes[name] for name in ("row", "column", "before", "after", "code"))
    return [tuple(line) for line in zip(*columns, strict=True)]
