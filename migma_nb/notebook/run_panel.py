"""The live panel of a run: how it stands as it goes on, buttons where they can be heard, and its account.

It looks at the run in a thread of its own and never makes it wait. Classes for whoever drives a browser:
`mnb-run`, `mnb-run-head`, `mnb-run-pause`, `mnb-run-resume`, `mnb-run-stop`, `mnb-run-hint`, `mnb-run-end`.
"""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any

import ipywidgets as widgets
import pandas as pd

from migma_nb.notebook.looks import framed
from migma_nb.notebook.lost import LOST, lost
from migma_nb.notebook.masking import masked
from migma_nb.notebook.notices import Notices
from migma_nb.notebook.paged_table import PagedTable
from migma_nb.notebook.run_buttons import RunButtons, Steered
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.notebook.run_rows import RunRows
from migma_nb.notebook.run_words import head_html, reason_html, troubles_html
from migma_nb.notebook.theme import named
from migma_nb.sending import facts
from migma_nb.sending.glance import Glance, LiveWatch, Watch
from migma_nb.sending.summary import RunFacts, headline

#: How often it looks (seconds) at a run of this process, and at one that only the ledger knows.
LIVE_EVERY_S, RECORD_EVERY_S = 0.25, 1.0
#: Looking takes at most this share of the time.
SHARE = 0.1
#: After so many looks in a row that failed it looks no more.
MOST_FAILURES = 20
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
_GONE = f"{LOST} These lines show the run again, as the ledger has it:"
_REHEARSED = (
    f"{LOST} It was a rehearsal, whose record ends with its kernel. Run the cell again for a new one."
)
_SHEET = """<style>
.mnb.mnb-run {
  border: 1px solid rgba(128, 128, 128, .35); border-radius: 10px; padding: 14px 18px 12px; margin: 6px 0;
  max-width: 1320px; box-sizing: border-box;
}
.mnb-run .mnb-run-end { margin-top: 8px; }
/* Without its kernel it stays as it was, and would look alive; `looks` has the words. */
.mnb-run.jupyter-widgets-disconnected > * { opacity: .6; }
.mnb-run.jupyter-widgets-disconnected :is(.mnb-run-pause, .mnb-run-resume, .mnb-run-stop) { display: none; }
</style>"""


class RunPanel:
    """Shows a run while it goes on and after; several panels of one run are fine.

    `widget` is what to show, `errors` what went wrong in it, `ended` is set once it shows the run's end or
    was closed, `table` has the run's rows then.

    Args:
        watch: where it looks at the run.
        steered: what the buttons do; None for no buttons.
        index: the input's index, for the exported file.
        stopping: what is said in place of the buttons while a cell waits for the run; "" while none does.
        opening: the call that opens the run again, for a page without widgets; None takes the plain one.
        kept: whether that call finds the run once this process has ended.
        finished: called when the end is shown; see `refresh`.
        blank_out: returns a text without the API key, for errors that are not ours.
    """

    def __init__(
        self,
        watch: Watch,
        steered: Steered | None = None,
        *,
        index: pd.Index | None = None,
        stopping: str = "",
        opening: str | None = None,
        kept: bool = True,
        finished: Callable[["RunPanel"], None] | None = None,
        blank_out: Callable[[str], str] = str,
    ) -> None:
        self.run_id, self.ledger = watch.run_id, watch.ledger
        self.notices = Notices(blank_out)
        self.ended = threading.Event()
        self.table: PagedTable | None = None
        self._watch = watch
        self._index = index
        self._opening = opening or f"mg.open_run({watch.run_id!r})"
        self._kept = kept
        self._finished = finished
        self._seen: Glance | None = None
        self._end_facts: RunFacts | None = None
        self._failures = 0
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._buttons = RunButtons(steered if watch.ledger.writable else None, self.notices)
        self._buttons.stopping = stopping
        self._make()
        self._look = self.notices.guard(self._look_once)
        self.refresh()
        if not self.ended.is_set():
            run = copy_context().run
            threading.Thread(target=run, args=(self._watching,), name="migma_nb panel", daemon=True).start()

    @property
    def errors(self) -> list[BaseException]:
        """What went wrong in callbacks and looks, oldest first."""
        return self.notices.errors

    @property
    def opening(self) -> str:
        """The call that opens the run again in any kernel, "" where none finds it once this one has ended."""
        return self._opening if self._kept else ""

    def refresh(self, *, again: bool = False) -> None:
        """Look at the run, and show how it stands now; once it is over, its account.

        Args:
            again: call `finished` once more where the end was shown before.
        """
        with self._lock:
            if self.ended.is_set():
                if again and self._end_facts is not None:
                    self._tell_end()
                return
            self._failures = 0 if self._look() else self._failures + 1
            if self._failures >= MOST_FAILURES:
                self.notices.say("This panel no longer watches the run.", f"{self._opening} looks anew.")
                self._over()

    def waited_for(self, stopping: str) -> None:
        """Let it know that a cell waits for the run, and what stops it then; "" once none waits any more."""
        with self._lock:
            self._buttons.stopping = stopping
            if self._seen is not None and not self.ended.is_set():
                self._buttons.show(self._seen)

    def close(self) -> None:
        """Look no more, and take the panel off the screen. The run goes on."""
        with self._lock:
            self._over()
            self.widget.close()

    def twins(self) -> dict[str, str]:
        """Return what stands on a page without widgets: `text/html` and `text/plain`, true at any time."""
        seen = self._seen
        if seen is not None:
            words = f"Run {self.run_id} {_as_seen(seen)} {self._opening} shows what became of it."
            return {"text/plain": words, "text/html": f"<div>{escape(words)}</div>"}
        found = self._end_facts or self._facts()
        return {"text/plain": run_text(found), "text/html": run_html(found)}

    def lost(self) -> dict[str, Any]:
        """Return the output that takes the panel's place on a page once its kernel has gone."""
        kind, seen = f"Run {named(self.run_id)}", self._seen
        if seen is None:
            found = self._end_facts or self._facts()
            kind, title = f"{kind} · {found.state}", headline(found)
        else:
            title = f"{masked(seen.mailing)!r} {_as_seen(seen)}"
        if not self.opening:
            return lost(kind, title, _REHEARSED)
        return lost(kind, title, _GONE, ["import migma_nb as mg", self.opening])

    def bundle(self) -> dict[str, Any]:
        """Return the panel for a page with widgets, with its twins for one without."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {WIDGET_MIME: view, **self.twins()}

    def _make(self) -> None:
        self._head, self._reason, self._troubles = (widgets.HTML() for _ in range(3))
        self._head.add_class("mnb-run-head")
        self._end = widgets.VBox([], layout=widgets.Layout(display="none"))
        self._end.add_class("mnb-run-end")
        sheet = widgets.HTML(_SHEET, layout=widgets.Layout(display="none"))
        going = [self._head, self._reason, self._buttons.widget, self._troubles]
        self.widget = framed(sheet, *going, self._end, self.notices.widget, name="mnb-run")

    def _look_once(self) -> bool:
        # A look at a run that is over goes through its rows for what its account has as well.
        found = None if self._watch.over() else self._watch.look()
        if found is None or found.over:
            self._show_end()
        else:
            self._seen = found
            _put(self._head, head_html(found))
            _put(self._troubles, troubles_html(found))
            _put(self._reason, reason_html(found))
            self._buttons.show(found)
        return True

    def _show_end(self) -> None:
        self._end_facts = self._facts()
        rows = RunRows(self.ledger, self.run_id, self._index, self._end_facts.counts)
        self.table = table = PagedTable(
            rows, label="Rows", choice_label="State", export=rows.export, notices=self.notices
        )
        full = widgets.Checkbox(description="Show full addresses", indent=False)

        def show_addresses(change: Any) -> None:
            table.show_full_addresses = bool(change["new"])

        full.observe(self.notices.guard(show_addresses), "value")
        self._end.children = [table.widget, full]
        # What is of the going run goes first: no button stands under an account of the end.
        for part in (self._troubles, self._reason, self._buttons.widget):
            part.layout.display = "none"
        _put(self._head, run_html(self._end_facts, framed=False))
        self._end.layout.display = None
        self._seen = None
        self._over()
        self._tell_end()

    def _tell_end(self) -> None:
        if self._finished is not None:
            self._finished(self)

    def _facts(self) -> RunFacts:
        """Return the account without anybody's address: what stands in a widget is kept with the notebook."""
        found = facts.facts_of(self.ledger, self.run_id)
        rows = [{**line, "detail": masked(str(line.get("detail") or ""))} for line in found.rows]
        return replace(found, rows=rows, detail=masked(found.detail), mailing=masked(found.mailing))

    def _watching(self) -> None:
        """Look again and again, until the run is over or the panel is closed."""
        every_s = LIVE_EVERY_S if isinstance(self._watch, LiveWatch) else RECORD_EVERY_S
        pause_s = every_s
        while not self._closing.wait(pause_s):
            if self.widget.comm is None:
                self._over()
                return
            began = time.monotonic()
            self.refresh()
            pause_s = max(every_s, (time.monotonic() - began) / SHARE)

    def _over(self) -> None:
        self.ended.set()
        self._closing.set()


def _as_seen(seen: Glance) -> str:
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return f"was {seen.state} at {at}, with {seen.left:,} of {seen.size:,} rows to go."


def _put(widget: Any, html: str) -> None:
    if widget.value != html:
        widget.value = html
