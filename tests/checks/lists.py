"""What the tests of checks share: a mailing that is complete, lists of one column, and what they earn."""

import json
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


#: What one list can be: of people, of single targets, or of single targets whose variables are dicts.
KINDS = ("people", "targets", "dicts")


def frame_as(kind: str, people: pd.DataFrame) -> pd.DataFrame:
    """Return a list of people with the column `email` as a frame of single targets; for "people" as it is."""
    if kind == "people":
        return people
    others = people.drop(columns="email")
    frame = pd.DataFrame({"recipientType": "email", "recipientEmail": people["email"]}, index=people.index)
    if kind == "targets":
        return pd.concat([frame, others], axis=1)
    cells = zip(*(others[name].tolist() for name in others), strict=True)
    dicts = np.empty(len(people), dtype=object)
    dicts[:] = [dict(zip(map(str, others), row, strict=True)) for row in cells]
    return frame.assign(variables=pd.Series(dicts, index=people.index, dtype=object))


def plan_as(kind: str, people: pd.DataFrame, **changes: Any) -> mg.SendPlan:
    """Plan the complete mailing to a list of people as one of the kinds."""
    if kind != "people":
        changes = {name: value for name, value in changes.items() if name != "address"}
    return plan(frame_as(kind, people), **changes)


def bare(column: str) -> str:
    """Return what a column of any of the kinds is called in a list of people."""
    return "email" if column == "recipientEmail" else column.removeprefix("variables.")


def value_at(frame: pd.DataFrame, row: int, column: str) -> Any:
    """Return a cell as `fixed.changes` names it, also one of a dict or of JSON text."""
    if column in frame.columns:
        return frame[column].iloc[row]
    whole, _, name = column.partition(".")
    cell = frame[whole].iloc[row]
    held = json.loads(cell) if isinstance(cell, str) else cell
    return held.get(name, held.get(name.upper()))
