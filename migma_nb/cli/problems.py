"""A plan's problems as lines: each kind once, or the first few of each with what to do."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from migma_nb.cli.screen import say, table
from migma_nb.cli.wording import for_terminal
from migma_nb.notebook.lines import one_line

_FIRST = 3
_LONGEST_VALUE = 44


def show_kinds(issues: pd.DataFrame) -> None:
    """Print one line per kind of problem: how many, and one of them."""
    rows = []
    for code, group in _by_kind(issues):
        first = group.iloc[0]
        rows.append([f"{len(group):,} ×", code, str(first["severity"]), _where(first), _value(first)])
    table(rows, right=[0])


def show_first_of_each(issues: pd.DataFrame) -> None:
    """Print the first few of each kind, with what to do about them."""
    for code, group in _by_kind(issues):
        say()
        say(f"  {len(group):,} × {code} ({group.iloc[0]['severity']})", bold=True)
        for _, line in group.head(_FIRST).iterrows():
            say(f"    {for_terminal(message_of(line))}")
        if len(group) > _FIRST:
            say(f"    … and {len(group) - _FIRST:,} more")
        say(f"    → {for_terminal(one_line(group.iloc[0]['fix'], 300))}")


def tally(issues: pd.DataFrame) -> str:
    """Return how many problems there are, in words."""
    errors = int((issues["severity"] == "error").sum())
    warnings = len(issues) - errors
    words = [_counted(errors, "error"), _counted(warnings, "warning")]
    return " and ".join(words)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _by_kind(issues: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the problems by code, errors first, then by number."""
    groups = [(str(code), group) for code, group in issues.groupby("code", sort=False)]
    groups.sort(key=lambda pair: (pair[1].iloc[0]["severity"] != "error", -len(pair[1])))
    yield from groups


def _where(line: Any) -> str:
    return "whole plan" if pd.isna(line["row"]) else f"row {line['row']}"


def _value(line: Any) -> str:
    return one_line(line["value"], _LONGEST_VALUE) or f"nothing in {one_line(line['column'], _LONGEST_VALUE)}"


def message_of(line: Any) -> str:
    """Return a problem in a sentence, its value in it.

    Args:
        line: a line of `plan.issues`.
    """
    words, value = one_line(line["message"], 300), one_line(line["value"], _LONGEST_VALUE)
    # Some messages quote the cell themselves.
    return words if not value or value.rstrip("…") in words else f"{words} It reads: {value}"
