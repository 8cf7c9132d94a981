"""The form's offer to repair what is certain: what would change is shown first, and can be taken back.

Controls by their labels: Repair what is certain, Use the repaired list, Leave it as it was, Take the repair
back. Class: `mnb-repair` for the whole.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import Checked
from migma_nb.notebook.form_draft import Recipients
from migma_nb.notebook.form_fields import shown
from migma_nb.notebook.form_lines import repair_lines
from migma_nb.notebook.lines import counted, safe
from migma_nb.notebook.looks import button, on_press, row
from migma_nb.notebook.paged_table import FrameSource, PagedTable
from migma_nb.planning.fix_looks import has_repairs
from migma_nb.planning.fixes import Repaired, repair
from migma_nb.planning.frozen import Plan
from migma_nb.planning.values import is_missing

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {"row": "Row", "column": "Column", "before": "Before", "after": "After", "code": "Code"}


class RepairOffer:
    """A button where something can be repaired, what it would change, and the buttons that decide on that.

    Args:
        bench: the draft.
        is_current: whether a plan is what the form shows.
        use: called with the list before and the list that takes its place.
    """

    def __init__(
        self,
        bench: Bench,
        is_current: Callable[[Plan], bool],
        use: Callable[[Recipients, Recipients], None],
    ) -> None:
        self._bench = bench
        self._is_current = is_current
        self._use = use
        self._checked: Checked | None = None
        self._offered = False
        self._repaired: Repaired | None = None
        #: The list as it was, and the repaired one that took its place.
        self._taken: tuple[Recipients, Recipients] | None = None
        self._table: PagedTable | None = None
        self._full = False
        guard = bench.notices.guard
        self._look = button("Repair what is certain", "Shows what would change; nothing changes yet")
        self._take = button(
            "Use the repaired list", "Plans with the repaired copy; your own file stays as it is"
        )
        self._leave = button("Leave it as it was", "Changes nothing")
        self._back = button("Take the repair back", "Plans with the list as it was before")
        self._said = widgets.HTML()
        self._place = widgets.VBox([])
        self._decide = row(self._take, self._leave)
        on_press(self._look, guard(self._looked))
        on_press(self._take, guard(self._taken_up))
        on_press(self._leave, guard(self._left))
        on_press(self._back, guard(self._taken_back))
        self.widget = widgets.VBox([self._look, self._back, self._said, self._place, self._decide])
        self.widget.add_class("mnb-repair")
        self._draw()

    def show(self, checked: Checked) -> None:
        """Offer what can be repaired in a plan; what was offered for another one is gone."""
        plan, recipients = checked.plan, checked.draft.recipients
        if self._checked is None or plan is None or plan is not self._checked.plan:
            self._repaired = None
            listed = recipients is not None and recipients.frame is not None
            self._offered = listed and plan is not None and has_repairs(plan)
        self._checked = checked
        self._draw()

    def show_full_addresses(self, full: bool) -> None:
        """Show addresses in full, or not."""
        self._full = full
        if self._table is not None:
            self._table.show_full_addresses = full

    def _draw(self) -> None:
        checked, repaired = self._checked, self._repaired
        recipients = None if checked is None else checked.draft.recipients
        back = self._taken is not None and recipients is self._taken[1]
        shown(self._look, self._offered and repaired is None)
        shown(self._back, back and repaired is None)
        for one in (self._said, self._place, self._decide):
            shown(one, repaired is not None)
        shown(self.widget, self._offered or back)

    def _looked(self) -> None:
        plan = None if self._checked is None else self._checked.plan
        if plan is None or not self._is_current(plan):
            return

        def done(repaired: Repaired) -> None:
            if self._is_current(plan):
                self._repaired = repaired
                self._tell(plan, repaired)
                self._draw()

        self._bench.in_background(lambda: repair(plan), done)

    def _tell(self, plan: Plan, repaired: Repaired) -> None:
        changes = repaired.changes
        rows = counted(int(changes["row"].nunique()), "row", "rows")
        left = ", ".join(f"{count:,} × {code}" for code, count in repaired.left.items())
        words = f"Would change {counted(len(changes), 'cell', 'cells')} in {rows}; nothing has changed yet."
        words += f" Left to you: {left}." if left else ""
        self._said.value = f'<div role="status">{safe(words, 400)}</div>'
        whose = changes["row"]

        def address(at: int) -> str:
            return plan.address(int(whose.iloc[at]))

        texts = changes.assign(before=_words(changes["before"]), after=_words(changes["after"]))
        source = FrameSource(texts, by="code", columns=_COLUMNS, private=address)
        self._table = PagedTable(
            source, label="Changes", size=5, choice_label="Repaired", notices=self._bench.notices
        )
        self._table.show_full_addresses = self._full
        self._place.children = [self._table.widget]

    def _taken_up(self) -> None:
        checked, repaired = self._checked, self._repaired
        if checked is None or checked.plan is None or repaired is None or not self._is_current(checked.plan):
            return
        old = checked.draft.recipients
        if old is None:
            return
        changed = counted(len(repaired.changes), "cell", "cells")
        new = replace(
            old,
            value=repaired.people,
            label=f"{old.label}, {changed} repaired",
            repairs=(*old.repairs, repair_lines(checked.draft, checked.placeholders)),
        )
        self._taken = old, new
        self._repaired = None
        self._draw()
        self._use(old, new)

    def _left(self) -> None:
        self._repaired = None
        self._draw()

    def _taken_back(self) -> None:
        if self._taken is not None and self._bench.draft.recipients is self._taken[1]:
            old, new = self._taken
            self._taken = None
            self._use(new, old)


def _words(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return cells as they are read; an empty one is said."""
    return cells.map(lambda cell: "nothing" if is_missing(cell) else str(cell))
