"""The live panel of a run: how it stands as it goes on, buttons where they can be heard, and its account.

It looks at the run in a thread of its own and never makes it wait. Classes for whoever drives a browser:
`mnb-run`, `mnb-run-head`, `mnb-run-pause`, `mnb-run-stop`, `mnb-run-hint`, `mnb-run-end`.
"""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any, Protocol

import ipywidgets as widgets
import pandas as pd

from migma_nb.api.states import LIVE_STATES, RunState
from migma_nb.ledger.control import Wish
from migma_nb.notebook.cells import CellWatch
from migma_nb.notebook.looks import framed, row
from migma_nb.notebook.masking import masked
from migma_nb.notebook.notices import Notices
from migma_nb.notebook.paged_table import PagedTable
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.notebook.run_rows import RunRows
from migma_nb.notebook.run_words import head_html, reason_html, troubles_html
from migma_nb.sending import facts
from migma_nb.sending.glance import Glance, LiveWatch, Watch
from migma_nb.sending.summary import RunFacts

#: How often it looks (seconds) at a run of this process, and at one that only the ledger knows.
LIVE_EVERY_S, RECORD_EVERY_S = 0.25, 1.0
#: Looking takes at most this share of the time.
_SHARE = 0.1
#: A cell that has been running for so long (seconds) keeps buttons from being heard.
_LONG_CELL_S = 0.5
#: After so many looks in a row that failed it looks no more.
_MOST_FAILURES = 20
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


class Steered(Protocol):
    """What the buttons do: the same that a person would type."""

    def pause(self) -> None:
        """Begin no new row until `resume`."""

    def resume(self) -> None:
        """Go on after a pause."""

    def stop(self) -> None:
        """Begin no new row."""


class RunPanel:
    """Shows a run while it goes on and after; several panels of one run are fine.

    `widget` is what to show, `errors` what went wrong in it, `ended` is set once it shows the run's end or
    was closed.

    Args:
        watch: where it looks at the run.
        steered: what the buttons do; None for no buttons.
        index: the input's index, for the exported file.
        stopping: what is said in place of the buttons while a cell waits for the run; "" while none does.
        opening: the call that opens the run again, for a page without widgets; None takes the plain one.
        finished: called once, when the end is shown.
    """

    def __init__(
        self,
        watch: Watch,
        steered: Steered | None = None,
        *,
        index: pd.Index | None = None,
        stopping: str = "",
        opening: str | None = None,
        finished: "Callable[[RunPanel], None] | None" = None,
    ) -> None:
        self.run_id, self.ledger = watch.run_id, watch.ledger
        self.notices = Notices()
        self.ended = threading.Event()
        self.table: PagedTable | None = None
        self._watch = watch
        self._steered = steered if watch.ledger.writable else None
        self._index = index
        self._stopping = stopping
        self._opening = opening or f"mg.open_run({watch.run_id!r})"
        self._finished = finished
        self._asked: Wish | None = None
        self._seen: Glance | None = None
        self._failures = 0
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._cells = CellWatch()
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

    def refresh(self) -> None:
        """Look at the run, and show how it stands now; once it is over, its account."""
        with self._lock:
            if self.ended.is_set():
                return
            before = len(self.errors)
            self._look()
            self._failures = self._failures + 1 if len(self.errors) > before else 0
            if self._failures >= _MOST_FAILURES:
                self.notices.say("This panel no longer watches the run.", "Run the cell again to look anew.")
                self._over()

    def waited_for(self, stopping: str) -> None:
        """Let it know that a cell waits for the run, and what stops it then; "" once none waits any more."""
        with self._lock:
            self._stopping = stopping
            if self._seen is not None and not self.ended.is_set():
                self._show_buttons(self._seen)

    def close(self) -> None:
        """Look no more, and take the panel off the screen. The run goes on."""
        with self._lock:
            self._over()
            self.widget.close()

    def twins(self) -> dict[str, str]:
        """Return what stands on a page without widgets: `text/html` and `text/plain`, true at any time."""
        if self._seen is not None and not self._seen.over:
            began = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            words = (
                f"Run {self.run_id} was {self._seen.state} at {began}, "
                f"with {self._seen.left:,} of {self._seen.size:,} rows to go. "
                f"{self._opening} shows what became of it."
            )
            return {"text/plain": words, "text/html": f"<div>{escape(words)}</div>"}
        found = self._facts()
        return {"text/plain": run_text(found), "text/html": run_html(found)}

    def bundle(self) -> dict[str, Any]:
        """Return the panel for a page with widgets, with its twins for one without."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {WIDGET_MIME: view, **self.twins()}

    @property
    def every_s(self) -> float:
        """How long it waits between two looks at least (seconds)."""
        return LIVE_EVERY_S if isinstance(self._watch, LiveWatch) else RECORD_EVERY_S

    def _make(self) -> None:
        self._head = widgets.HTML()
        self._head.add_class("mnb-run-head")
        self._troubles = widgets.HTML()
        self._reason = widgets.HTML()
        self._pause = self._button("Pause", "Begin no new row until you resume", self._pressed_pause)
        self._pause.add_class("mnb-run-pause")
        self._stop = self._button(
            "Stop", "Begin no new row; what is in flight is finished", self._pressed_stop
        )
        self._stop.add_class("mnb-run-stop")
        self._hint = widgets.HTML()
        self._hint.add_class("mnb-run-hint")
        self._buttons = row(self._pause, self._stop, self._hint)
        self._end = widgets.VBox([], layout=widgets.Layout(display="none"))
        self._end.add_class("mnb-run-end")
        parts = [self._head, self._reason, self._buttons, self._troubles, self._end, self.notices.widget]
        self.widget = framed(*parts, name="mnb-run")
        self.widget.layout.border = "1px solid rgba(128,128,128,.35)"
        self.widget.layout.padding = "12px 16px"
        self.widget.layout.max_width = "64em"

    def _button(self, name: str, tooltip: str, pressed: Callable[[], None]) -> Any:
        made = widgets.Button(description=name, tooltip=tooltip, layout=widgets.Layout(width="7em"))
        guarded = self.notices.guard(pressed)

        def heard(_: Any, content: dict[str, Any], __: Any) -> None:
            # Only what a person clicks in the front end, not a `.click()` of some cell.
            if content.get("event") == "click":
                guarded()

        made.on_msg(heard)
        return made

    def _pressed_pause(self) -> None:
        if self._steered is None or self._seen is None:
            return
        if self._seen.state is RunState.PAUSED:
            self._steered.resume()
            self._asked = Wish.RUN
        else:
            self._steered.pause()
            self._asked = Wish.PAUSE
        self._show_buttons(self._seen)

    def _pressed_stop(self) -> None:
        if self._steered is None or self._seen is None:
            return
        self._steered.stop()
        self._asked = Wish.STOP
        self._show_buttons(self._seen)

    def _look_once(self) -> None:
        found = self._seen = self._watch.look()
        if found.over:
            self._show_end()
            return
        _put(self._head, head_html(found))
        _put(self._troubles, troubles_html(found))
        _put(self._reason, reason_html(found))
        self._show_buttons(found)

    def _show_buttons(self, found: Glance) -> None:
        """Show what can be done now; a button that nobody would hear is not there, or says why it waits."""
        paused, going = found.state is RunState.PAUSED, found.state in LIVE_STATES
        if self._asked is not None and self._is_done(found, self._asked):
            self._asked = None
        heard = self._steered is not None and not self._stopping
        busy = self._cells.running_s > _LONG_CELL_S
        stopping = self._asked is Wish.STOP or found.pacing.wanted is Wish.STOP
        for button, there in ((self._pause, heard and going), (self._stop, heard)):
            button.layout.display = None if there else "none"
        self._pause.description = "Resume" if paused else "Pause"
        self._pause.tooltip = "Go on with what is left" if paused else "Begin no new row until you resume"
        self._pause.disabled = busy or stopping or self._asked is not None
        self._stop.disabled = busy or stopping
        _put(self._hint, f'<span role="status">{self._hint_words(busy=heard and busy)}</span>')

    def _hint_words(self, *, busy: bool) -> str:
        if self._stopping:
            return self._stopping
        if busy:
            return "A cell is running; the buttons can be pressed once it has ended."
        asked = {Wish.STOP: "Stopping …", Wish.PAUSE: "Pausing …", Wish.RUN: "Going on …"}
        return "" if self._asked is None else asked[self._asked]

    def _is_done(self, found: Glance, asked: Wish) -> bool:
        state = {Wish.RUN: RunState.RUNNING, Wish.PAUSE: RunState.PAUSED}.get(asked)
        return state is not None and found.state is state

    def _show_end(self) -> None:
        found = self._facts()
        _put(self._head, run_html(found, framed=False))
        self.table = PagedTable(
            rows := RunRows(self.ledger, self.run_id, self._index),
            label="Rows",
            choice_label="State",
            export=rows.export,
            notices=self.notices,
        )
        full = widgets.Checkbox(description="Show full addresses", indent=False)
        full.observe(self.notices.guard(self._show_addresses), "value")
        self._end.children = [widgets.HTML("<b>Rows</b>"), self.table.widget, full]
        self._end.layout.display = None
        for part in (self._troubles, self._reason, self._buttons):
            part.layout.display = "none"
        self._over()
        if self._finished is not None:
            self._finished(self)

    def _show_addresses(self, change: Any) -> None:
        if self.table is not None:
            self.table.show_full_addresses = bool(change["new"])

    def _facts(self) -> RunFacts:
        """Return the account without anybody's address: what stands in a widget is kept with the notebook."""
        found = facts.facts_of(self.ledger, self.run_id)
        rows = [{**line, "detail": masked(str(line.get("detail") or ""))} for line in found.rows]
        return replace(found, rows=rows, detail=masked(found.detail), mailing=masked(found.mailing))

    def _watching(self) -> None:
        """Look again and again, until the run is over or the panel is closed."""
        pause_s = self.every_s
        while not self._closing.wait(pause_s):
            if self.widget.comm is None:
                self._over()
                return
            began = time.monotonic()
            self.refresh()
            pause_s = max(self.every_s, (time.monotonic() - began) / _SHARE)

    def _over(self) -> None:
        self.ended.set()
        self._closing.set()
        self._cells.end()


def _put(widget: Any, html: str) -> None:
    if widget.value != html:
        widget.value = html
