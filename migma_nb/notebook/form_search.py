"""A list of the account to search in: tags, segments, generated emails."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_desk import Choice
from migma_nb.notebook.form_fields import shown
from migma_nb.notebook.lines import one_line, safe

#: So many are offered at once; of more the search finds those that are meant.
_MOST = 50
_WIDTH = 70


class SearchList:
    """A line to search with, and what it finds; it is loaded when it is first shown.

    Args:
        bench: whom to ask.
        kind: what of, such as "tags"; as for `Desk.choices`.
        label: what one of them is called.
        taken: takes what was chosen.
    """

    def __init__(self, bench: Bench, kind: str, label: str, taken: Callable[[Choice], None]) -> None:
        self._bench = bench
        self._kind = kind
        self._taken = taken
        self._all: Sequence[Choice] | None = None
        self._asked: tuple[str | None] | None = None
        self._quiet = False
        self._visible = False
        self._search = widgets.Text(description="Find", placeholder=f"part of the {label.lower()}'s name")
        self._list = widgets.Select(options=[], rows=4, description=label)
        self._said = widgets.HTML()
        self._said.add_class("mnb-note")
        self._search.observe(bench.notices.guard(lambda _: self._draw()), "value")
        self._list.observe(bench.notices.guard(self._chosen), "value")
        self.widget = widgets.VBox([self._search, self._list, self._said])
        self.widget.add_class("mnb-search")
        self.widget.add_class(f"mnb-search-{kind}")

    def show(self, visible: bool) -> None:
        """Show or hide the list; the first time, and for another project, it asks the account."""
        self._visible = visible
        shown(self.widget, visible)
        self.load()

    def load(self) -> None:
        """Ask the account, in the background, unless it was asked."""
        project = self._bench.draft.arguments.get("project_id")
        if not self._visible or self._asked == (project,):
            return
        self._asked = (project,)
        self._say("Loading …")

        def ask() -> Sequence[Choice]:
            try:
                return self._bench.desk.choices(self._kind, project)
            except BaseException:
                self._say("")
                raise

        self._bench.in_background(ask, self._loaded)

    def offer(self, found: Sequence[Choice]) -> None:
        """Offer these, all of them, in place of what was offered."""
        self._search.value = ""
        self._loaded(found)

    def _loaded(self, found: Sequence[Choice]) -> None:
        # What was typed while the account was asked is looked for now, and stays in the line.
        self._all = found
        self._draw()

    def unchoose(self) -> None:
        """Show none as chosen, so that the same one can be chosen again."""
        self._quiet = True
        try:
            self._list.value = None
        finally:
            self._quiet = False

    def _draw(self) -> None:
        if self._all is None:
            return
        sought = self._search.value.casefold().strip()
        found = [one for one in self._all if sought in f"{one.name} {one.id}".casefold()]
        kept = self._list.value
        # Told to the page at the end and in one: else a choice among the new options, made at once, is
        # taken for a change of ours.
        with self._list.hold_sync():
            self._quiet = True
            try:
                self._list.options = [(one_line(one.label, _WIDTH), one) for one in found[:_MOST]]
                self._list.value = kept if kept in found[:_MOST] else None
            finally:
                self._quiet = False
        total = len(self._all)
        words = f"{len(found):,} of {total:,}" if sought else f"{total:,} in all"
        more = f"; the first {_MOST} are shown" if len(found) > _MOST else ""
        none = f"The account has no {self._kind} here." if not total else ""
        self._say(none or f"{words}{more}")

    def _chosen(self, change: Any) -> None:
        if not self._quiet and change["new"] is not None:
            self._taken(change["new"])

    def _say(self, words: str) -> None:
        self._said.value = f'<span role="status">{safe(words)}</span>' if words else ""
