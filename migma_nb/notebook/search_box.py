"""A line to search with: it searches as somebody types, at once on Enter, and is kept without an address."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.looks import labelled
from migma_nb.notebook.masking import masked
from migma_nb.notebook.newest import Newest
from migma_nb.notebook.notices import Notices

#: A search begins when no key was pressed for so long (seconds).
PAUSE_S = 0.15
#: And what was typed is shortened when nothing was typed for so long (seconds).
_IDLE_S = 4.0


class SearchBox:
    """The line, and what is looked for; `widget` is what to show.

    What stands in a field is kept with the notebook. An address that was typed is therefore shortened there,
    on Enter or after a few seconds; the search itself goes by all of it, also when more is typed behind it.

    Args:
        label: the words before it (str).
        width: of label and line together (CSS).
        hint: what to type, in grey (str).
        search: looks for `text`, in a thread of its own.
        notices: where errors are shown.
    """

    def __init__(
        self, label: str, width: str, hint: str, search: Callable[[], None], notices: Notices
    ) -> None:
        self.text = ""
        self._full = False
        self._quiet = False
        self._shown = ""
        looking = notices.guard(search)
        self._newest: Newest[str, None] = Newest(lambda _: looking(), lambda _: None, wait_s=PAUSE_S)
        self._idle: Newest[str, str] = Newest(lambda text: text, self._shorten, wait_s=_IDLE_S)
        self.widget = labelled(widgets.Text, label, width, placeholder=hint, continuous_update=True)
        self.widget.observe(notices.guard(self._typed), "value")
        self.widget.on_msg(notices.guard(self._told))

    def show_full(self, *, full: bool) -> None:
        """Show what was typed in full, or shortened."""
        self._full = full
        self._show(self.text)

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until what was typed last has been looked for."""
        self._newest.settle(timeout_s)

    def _typed(self, change: Any) -> None:
        if self._quiet:
            return
        self.text = self._meant(str(change["new"]))
        self._shown = str(change["new"])
        self._newest.ask(self.text)
        self._idle.ask(self.text)

    def _told(self, _: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and content.get("event") == "submit":
            self._show(self.text)
            self._newest.ask(self.text, now=True)

    def _meant(self, typed: str) -> str:
        """Return what is looked for, where more was typed behind a shortened address, or some taken off."""
        shown = self._shown
        if shown == self.text:
            return typed
        if typed.startswith(shown):
            return self.text + typed[len(shown) :]
        if typed and shown.startswith(typed):
            return self.text[: len(self.text) - (len(shown) - len(typed))]
        return typed

    def _shorten(self, text: str) -> None:
        if text == self.text:
            self._show(text)

    def _show(self, text: str) -> None:
        self._shown = text if self._full else masked(text)
        self._quiet = True
        try:
            self.widget.value = self._shown
        finally:
            self._quiet = False
