"""Any row's mail as its recipient will see it, with controls to walk through the list."""

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.lines import safe
from migma_nb.notebook.looks import framed, row
from migma_nb.notebook.masking import masked, masked_message
from migma_nb.notebook.notices import Notices
from migma_nb.notebook.plan_previews import PlanPreviews, PreviewSource
from migma_nb.notebook.preview import mail_frame, shown_text
from migma_nb.notebook.theme import facts

__all__ = ["PlanPreviews", "PreviewPane", "PreviewSource"]

_WIDTHS = {"Desktop": 0, "Phone": 375}


class PreviewPane:
    """One message at a time: who it is from and for, its subject, its HTML in a sandboxed frame, its text.

    Args:
        source: the messages; None shows nothing yet.
        notices: where errors are shown; without it the pane has a place of its own.
    """

    def __init__(self, source: PreviewSource | None = None, *, notices: Notices | None = None) -> None:
        self.notices = notices or Notices()
        self.row = 0
        self._source = source
        self._full = False
        self._quiet = False
        self._sought = ""
        self._make(own=notices is None)
        self.source = source

    @property
    def source(self) -> PreviewSource | None:
        """Where the messages come from; with another one the row stays, as far as there is one."""
        return self._source

    @source.setter
    def source(self, source: PreviewSource | None) -> None:
        self._source = source
        size = 0 if source is None else source.size
        self._number.max = max(0, size - 1)
        for control in self._controls:
            control.disabled = not size
        self.show(min(self.row, max(0, size - 1)))

    @property
    def show_full_addresses(self) -> bool:
        """Whether addresses are shown, and so kept in the notebook, in full (bool)."""
        return self._full

    @show_full_addresses.setter
    def show_full_addresses(self, full: bool) -> None:
        self._full = full
        self.show(self.row)

    def show(self, row: int) -> None:
        """Show the message of a row, from 0."""
        self.row = row
        self._set(self._number, row)
        self._draw()

    def _make(self, *, own: bool) -> None:
        guard = self.notices.guard
        self._previous, self._next, self._problem = (
            widgets.Button(description=name, tooltip=tip)
            for name, tip in (
                ("Previous", "Previous row"),
                ("Next", "Next row"),
                ("Next with a problem", "Next row with a problem"),
            )
        )
        self._number = widgets.BoundedIntText(description="Row", min=0, max=0)
        self._of = widgets.HTML()
        self._box = widgets.Text(
            description="Find", placeholder="address or value, then Enter", continuous_update=False
        )
        self._width = widgets.ToggleButtons(options=[*_WIDTHS, "Text"], description="View")
        self._head, self._body, self._said = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._previous.on_click(guard(lambda _: self.show(max(0, self.row - 1))))
        self._next.on_click(guard(lambda _: self.show(min(self._number.max, self.row + 1))))
        self._problem.on_click(guard(lambda _: self._jump("No row has a problem.", self._next_problem)))
        self._number.observe(guard(self._numbered), "value")
        self._box.observe(guard(self._searched), "value")
        self._width.observe(guard(lambda _: self._draw()), "value")
        self._controls = (self._previous, self._next, self._problem, self._number, self._box)
        self.widget = framed(
            row(self._previous, self._next, self._problem, self._number, self._of),
            row(self._box, self._width, self._said),
            self._head,
            self._body,
            *([self.notices.widget] if own else []),
            name="mnb-preview",
        )

    def _numbered(self, change: Any) -> None:
        if not self._quiet:
            self.show(int(change["new"]))

    def _searched(self, change: Any) -> None:
        if self._quiet:
            return
        self._sought = str(change["new"])
        if not self._full:
            self._set(self._box, masked(self._sought))
        if self._sought.strip():
            self._jump("Found nowhere.", self._find)

    def _next_problem(self, after: int) -> int | None:
        return None if self._source is None else self._source.next_problem(after)

    def _find(self, after: int) -> int | None:
        return None if self._source is None else self._source.find(self._sought, after)

    def _jump(self, nowhere: str, step: Callable[[int], int | None]) -> None:
        """Go to the next row of a kind, from the first on again behind the last."""
        found = step(self.row)
        if found is None:
            found = step(-1)
        self._said.value = f'<span role="status">{escape(nowhere if found is None else "")}</span>'
        if found is not None:
            self.show(found)

    def _set(self, control: Any, value: Any) -> None:
        self._quiet = True
        try:
            control.value = value
        finally:
            self._quiet = False

    def _draw(self) -> None:
        source = self._source
        if source is None or not source.size:
            self._head.value, self._body.value, self._of.value = "", "Nothing to show yet.", ""
            return
        message = source.message(self.row)
        problems = list(source.problems(self.row))
        if not self._full:
            message, problems = masked_message(message), list(map(masked, problems))
        pairs = [("From", message.sender), ("To", message.recipient), ("Subject", message.subject)]
        lines = "".join(f"<div>{safe(line, 300)}</div>" for line in problems)
        self._of.value = f"of 0–{source.size - 1:,}"
        self._head.value = facts((name, safe(value, 200)) for name, value in pairs) + lines
        view = self._width.value
        if view == "Text" or message.html is None:
            self._body.value = f'<pre class="mnb-text">{escape(shown_text(message))}</pre>'
        else:
            self._body.value = mail_frame(message.html, height=520, width=_WIDTHS[view])
