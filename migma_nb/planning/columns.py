"""Columns by name: finding the one that is meant, and naming near matches where there is none."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError

_MOST_NAMES = 12


def column_names(frame: pd.DataFrame) -> list[str]:
    """Return the names of a frame's columns as text, by position."""
    return [str(label) for label in frame.columns]


def column_at(frame: pd.DataFrame, position: int) -> "pd.Series[Any]":
    """Return the column at a position, also where two columns share a name."""
    return frame.iloc[:, position]


def named_column(frame: pd.DataFrame, label: object, argument: str) -> int:
    """Return the position of the column that an argument names.

    Args:
        frame: the list of people.
        label: the column's name.
        argument: the argument's name, for the error.

    Raises:
        InputError: there is no such column, or there are two.
    """
    names = column_names(frame)
    found = [position for position, name in enumerate(names) if name == str(label)]
    if not found:
        raise InputError(
            f"{argument} names the column {label!r}, which the list does not have.",
            hint=near_matches(str(label), names),
        )
    if len(found) > 1:
        raise InputError(
            f"The list has {len(found)} columns called {label!r}.",
            hint="Rename all but one of them, so that it is clear which is meant.",
        )
    return found[0]


def near_matches(name: str, names: Sequence[str], what: str = "column") -> str:
    """Return a hint that names what is close to a name that was not found, or all there is."""
    by_fold = {candidate.casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.casefold(), list(by_fold), n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(repr(by_fold[match]) for match in close)}?"
    return f"The {what}s are: {listed(names)}." if names else f"There is no {what}."


def listed(names: Iterable[str]) -> str:
    """Return names as one readable list, cut after a dozen."""
    every = list(names) or ["none"]
    shown = ", ".join(every[:_MOST_NAMES])
    return shown if len(every) <= _MOST_NAMES else f"{shown} and {len(every) - _MOST_NAMES} more"
