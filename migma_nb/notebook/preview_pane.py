"""Any row's mail as its recipient will see it, with controls to walk through the list.

Controls by their labels: Previous, Next, Next with a problem, Row, Find, Find next, View (Desktop, Phone,
Text). Classes: `mnb-preview` for the whole, `mnb-mail` around the frame, `mnb-problems` for what is wrong.
"""

import threading
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.lines import safe
from migma_nb.notebook.looks import button, framed, labelled, radios, row
from migma_nb.notebook.masking import masked, masked_message, masked_with
from migma_nb.notebook.notices import Notices
from migma_nb.notebook.plan_previews import PlanPreviews, PreviewSource
from migma_nb.notebook.preview import HIGH, beginning, frame_height, mail_frame, shown_notes, shown_text
from migma_nb.notebook.search_box import SearchBox
from migma_nb.notebook.theme import dot
from migma_nb.planning.rendering import RenderedMessage

__all__ = ["PlanPreviews", "PreviewPane", "PreviewSource"]

#: How wide a mail is shown (pixels, at least and at most), as a usual screen would have it.
_DESKTOP, _PHONE, _TEXT = "Desktop", "Phone", "Text"
_VIEWS = {_DESKTOP: (640, 0), _PHONE: (375, 375)}
#: What scrolls has to be reached by the keyboard.
_SCROLLED = 'tabindex="0" role="group"'


class PreviewPane:
    """One message at a time: who it is from and for, its subject, its HTML in a sandboxed frame, its text.

    Args:
        source: the messages; None shows nothing yet.
        notices: where errors are shown; without it the pane has a place of its own.
    """

    def __init__(self, source: PreviewSource | None = None, *, notices: Notices | None = None) -> None:
        self.notices = notices or Notices()
        self.row = 0
        self._full = False
        self._quiet = False
        # A plan that was made in a thread arrives while a person may be turning rows.
        self._lock = threading.RLock()
        self._make(own=notices is None)
        self.source = source

    @property
    def source(self) -> PreviewSource | None:
        """Where the messages come from; with another one the row stays, as far as there is one."""
        return self._source

    @source.setter
    def source(self, source: PreviewSource | None) -> None:
        with self._lock:
            self._source = source
            self._height = 0
            self._size = 0 if source is None else source.size
            self._quietly(lambda: setattr(self._number, "max", max(0, self._size - 1)))
            for control in self._controls:
                control.disabled = not self._size
            self.show(min(self.row, max(0, self._size - 1)))

    @property
    def show_full_addresses(self) -> bool:
        """Whether addresses are shown, and so kept in the notebook, in full (bool)."""
        return self._full

    @show_full_addresses.setter
    def show_full_addresses(self, full: bool) -> None:
        with self._lock:
            self._full = full
            self._box.show_full(full=full)
            self._draw()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until what was typed into the search has been looked for."""
        self._box.settle(timeout_s)

    def show(self, row: int) -> None:
        """Show the message of a row, from 0."""
        with self._lock:
            self.row = row
            self._quietly(lambda: setattr(self._number, "value", row))
            self._draw()

    def _make(self, *, own: bool) -> None:
        self._previous, self._next = button("Previous", "Previous row"), button("Next", "Next row")
        self._problem = button("Next with a problem", "Next row with an error or a warning")
        self._again = button("Find next", "Next row that contains this")
        self._number = labelled(widgets.BoundedIntText, "Row", "110px", min=0, max=0)
        self._box = SearchBox(
            "Find", "260px", "an address or a value", lambda: self._search(self.row - 1), self.notices
        )
        self._view = radios("View", [*_VIEWS, _TEXT])
        self._of, self._said, self._shown = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._controls = (
            self._previous,
            self._next,
            self._problem,
            self._number,
            self._box.widget,
            self._again,
        )
        self._wire()
        self.widget = framed(
            row(self._previous, self._next, self._problem, self._number, self._of),
            row(self._box.widget, self._again, self._view, self._said),
            self._shown,
            *([self.notices.widget] if own else []),
            name="mnb-preview",
        )

    def _wire(self) -> None:
        guard = self.notices.guard
        self._previous.on_click(guard(lambda _: self.show(max(0, self.row - 1))))
        self._next.on_click(guard(lambda _: self.show(min(max(0, self._size - 1), self.row + 1))))
        self._problem.on_click(
            guard(lambda _: self._jump("No row has a problem.", self._next_problem, self.row))
        )
        self._again.on_click(guard(lambda _: self._search(self.row)))
        self._number.observe(guard(self._numbered), "value")
        self._view.observe(guard(lambda _: self._draw()), "value")

    def _numbered(self, change: Any) -> None:
        with self._lock:
            if not self._quiet:
                self.show(int(change["new"]))

    def _search(self, after: int) -> None:
        with self._lock:
            if self._box.text.strip():
                self._jump("Not in any row.", self._find, after)
            else:
                self._said.value = ""

    def _next_problem(self, after: int) -> int | None:
        return None if self._source is None else self._source.next_problem(after)

    def _find(self, after: int) -> int | None:
        return None if self._source is None else self._source.find(self._box.text.strip(), after)

    def _jump(self, nowhere: str, step: Callable[[int], int | None], after: int) -> None:
        """Go to the next row of a kind; behind the last one it begins again with the first."""
        found, words = step(after), ""
        if found is None:
            found = step(-1)
            words = "No other row." if found == self.row else "From the first row again."
            words = nowhere if found is None else words
        self._said.value = f'<span role="status" class="mnb-muted">{escape(words)}</span>'
        if found is not None:
            self.show(found)

    def _quietly(self, change: Callable[[], None]) -> None:
        self._quiet = True
        try:
            change()
        finally:
            self._quiet = False

    def _draw(self) -> None:
        if self._source is None or not self._size:
            self._of.value = ""
            self._shown.value = _nothing("Nothing to show yet.")
            return
        words = f"of {self._size:,}, from 0" if self._size > 1 else "the only one"
        self._of.value = f'<span class="mnb-muted">{words}</span>'
        try:
            message, problems = self._source.message(self.row), list(self._source.problems(self.row))
        except BaseException:
            # Never the last row's mail under this row's number.
            self._shown.value = _nothing("This row cannot be shown.")
            raise
        cut = False
        if self._view.value == _TEXT:
            # A long mail's text is shown from its beginning: no more of it has to be read and masked.
            message, cut = beginning(message)
        if not self._full:
            problems = [masked_with(one, message.recipient) for one in problems]
            message = masked_message(message)
        head = _head(message, masked(self._source.batch(self.row)) or message.recipient)
        self._shown.value = _strip(problems) + head + self._mail(message, cut=cut) + _notes(message)

    def _mail(self, message: RenderedMessage, *, cut: bool) -> str:
        if self._view.value == _TEXT or message.html is None:
            text = escape(shown_text(message, cut=cut))
            return f'<pre class="mnb-plain" {_SCROLLED} aria-label="The mail as text">{text}</pre>'
        # As high as the longest mail so far, so that what is below does not jump from row to row.
        self._height = max(self._height, frame_height(message))
        height = self._height if self._view.value == _DESKTOP else HIGH
        return f'<div class="mnb-mail">{mail_frame(message.html, height, *_VIEWS[self._view.value])}</div>'


def _nothing(words: str) -> str:
    return f'<div class="mnb-nothing mnb-muted">{words}</div>'


def _head(message: RenderedMessage, to: str) -> str:
    pairs = [("From", message.sender), ("To", to), ("Subject", message.subject)]
    pairs += [("Reply-To", message.reply_to)] if message.reply_to else []
    lines = "".join(f"<dt>{name}</dt><dd>{safe(value, 200)}</dd>" for name, value in pairs)
    return f'<dl class="mnb-head">{lines}</dl>'


def _strip(problems: Sequence[str]) -> str:
    """Return a row's problems in a strip that is always there and always as high, so that nothing jumps."""
    lines = "".join(f"<div>{dot('warning')} {safe(line, 400)}</div>" for line in problems)
    lines = lines or '<div class="mnb-muted">No problem in this row.</div>'
    return f'<div class="mnb-problems" {_SCROLLED} aria-label="Problems of this row">{lines}</div>'


def _notes(message: RenderedMessage) -> str:
    """Return what the API leaves open, on one line until it is opened, so that nothing jumps."""
    notes = shown_notes(message)
    if not notes:
        return '<div class="mnb-muted">&nbsp;</div>'
    lines = "".join(f"<div>{safe(note, 300)}</div>" for note in notes)
    words = "1 note on this mail" if len(notes) == 1 else f"{len(notes)} notes on this mail"
    return f'<details class="mnb-muted"><summary>{words}</summary>{lines}</details>'
