"""`Fixed`: a repaired copy of a planned list, and what was changed in it."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from migma_nb.notebook.fixed_card import fixed_html, fixed_text
from migma_nb.planning.fixes import Repaired


class Fixed:
    """A repaired copy of the list that was planned, as `plan.fix` makes it. The list itself is as it was.

    Args:
        repaired: what was made.
    """

    def __init__(self, repaired: Repaired) -> None:
        self._repaired = repaired

    @property
    def people(self) -> pd.DataFrame:
        """The repaired copy, to plan again with: rows, index and columns as in the planned list."""
        return self._repaired.people

    @property
    def changes(self) -> pd.DataFrame:
        """Every change, by row.

        Returns:
            Changes × (`row`, `index`, `column`, `before`, `after`, `code`, `error`); `after` is None where a
            cell was emptied, and `error` is the code of what keeps the row from being sent since, "" for
            nothing. A cell that was changed for two reasons has two lines.
        """
        return self._repaired.changes

    @property
    def left(self) -> Mapping[str, int]:
        """How many problems of the chosen codes have no certain repair, by code."""
        return MappingProxyType(self._repaired.left)

    @property
    def issues(self) -> pd.DataFrame:
        """What is left to you and what to do: as `plan.issues`, of the repaired copy and the chosen codes."""
        return self._repaired.issues

    def __repr__(self) -> str:
        return fixed_text(self.changes, self.left, self.issues)

    def _repr_html_(self) -> str:
        return fixed_html(self.changes, self.left, self.issues)
