"""A plan as a preview pane wants it: message, problems and search by row."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from migma_nb.api.states import State
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import Severity
from migma_nb.planning.rendering import RenderedMessage


class PreviewSource(Protocol):
    """Messages by row, from 0."""

    @property
    def size(self) -> int:
        """How many rows there are (int)."""

    def message(self, i: int) -> RenderedMessage:
        """Return a row's message."""

    def batch(self, i: int) -> str:
        """Return whom a row mails in words, such as a tag's name; "" where it is one person."""

    def problems(self, i: int) -> Sequence[str]:
        """Return what is wrong or odd about a row, in sentences."""

    def next_problem(self, after: int) -> int | None:
        """Return the next row behind this one that has a problem, None where there is none."""

    def find(self, text: str, after: int) -> int | None:
        """Return the next row behind this one that contains a text, None where there is none."""


class PlanPreviews:
    """A plan's messages, problems and rows to search in.

    Args:
        plan: the plan.
        issues: its issues in other words, None for its own.
    """

    def __init__(self, plan: Plan, issues: pd.DataFrame | None = None) -> None:
        self._plan = plan
        self._issues = plan.issues if issues is None else issues
        own = self._issues["row"].notna().to_numpy()
        self._first = int(np.argmax(own)) if own.any() else len(own)
        #: The frame is sorted by row, the whole plan's problems first.
        self._rows = self._issues["row"].iloc[self._first :].to_numpy(dtype=np.int64)

    @property
    def issues(self) -> pd.DataFrame:
        """The issues whose words are shown."""
        return self._issues

    @property
    def size(self) -> int:
        """How many rows the plan has (int)."""
        return self._plan.size

    def message(self, i: int) -> RenderedMessage:
        """Return a row's message, as far as its values go."""
        return self._plan.message(i)

    def batch(self, i: int) -> str:
        """Return the tag, segment or audience that a row mails; "" where it is one person."""
        found = self._plan.batches.get(i)
        return "" if found is None else f"everybody in {found}"

    def problems(self, i: int) -> Sequence[str]:
        """Return a row's problems, and whether and why it is not sent."""
        begin, end = np.searchsorted(self._rows, [i, i + 1])
        found = self._issues.iloc[self._first + begin : self._first + end]
        told = zip(found["severity"], found["message"], found["fix"], strict=True)
        lines = [
            f"{'Not sent. ' if severity == Severity.ERROR else ''}{message} {fix}".strip()
            for severity, message, fix in told
        ]
        preset = self._plan.preset(i)
        if preset is not None and preset[0] is not State.INVALID:
            lines.insert(0, f"Not sent ({preset[0]}). {preset[2]}")
        return lines

    def next_problem(self, after: int) -> int | None:
        """Return the next row behind this one that has a problem, None where there is none."""
        at = int(np.searchsorted(self._rows, after, side="right"))
        return int(self._rows[at]) if at < len(self._rows) else None

    def find(self, text: str, after: int) -> int | None:
        """Return the next row behind this one with a text in its address or a value."""
        return self._plan.find(text.strip(), after)
