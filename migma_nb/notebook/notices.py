"""What went wrong in a callback, shown where the person looks, and kept; ipywidgets would swallow it."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from html import escape
from typing import Literal, ParamSpec, TypeVar

import ipywidgets as widgets

from migma_nb.api.errors import MigmaError
from migma_nb.notebook.lines import one_line
from migma_nb.notebook.masking import masked
from migma_nb.notebook.theme import MUTED, panel

Kind = Literal["error", "info"]
_P = ParamSpec("_P")
_R = TypeVar("_R")
#: So many are shown at once, the newest first.
_MOST_SHOWN = 3
_MOST_KEPT = 100
_LONGEST = 400
#: Whoever quotes a request's header quotes its key.
_BEARER = re.compile(r"\bbearer\s+\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Notice:
    words: str
    hint: str
    kind: Kind
    of: object = None


class Notices:
    """A place on the screen for what a person has to know, and the wrapper that puts errors there.

    Args:
        blank_out: returns a text without the key, such as `ApiKey.blank_out`, for errors that are not ours.
    """

    def __init__(self, blank_out: Callable[[str], str] = str) -> None:
        self.errors: list[BaseException] = []
        self.widget = widgets.HTML()
        self.widget.add_class("mnb-notices")
        self._blank_out = blank_out
        self._shown: list[_Notice] = []
        self._lock = threading.RLock()

    def guard(self, fn: Callable[_P, _R]) -> Callable[_P, _R | None]:
        """Return a function that shows what `fn` raises, keeps it, and returns None then.

        Once `fn` has succeeded, what its last failure showed is gone.
        """

        @wraps(fn)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R | None:
            try:
                found = fn(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the whole point: nothing may vanish in a callback
                self._caught(error, fn)
                return None
            self._drop(fn)
            return found

        return guarded

    def say(self, words: str, hint: str = "", kind: Kind = "error") -> None:
        """Show a sentence, and what to do next, both plain text."""
        self._show(_Notice(words, hint, kind))

    def clear(self) -> None:
        """Take everything off the screen; `errors` stays."""
        with self._lock:
            self._shown.clear()
            self._draw()

    def _caught(self, error: Exception, of: object) -> None:
        with self._lock:
            self.errors.append(error)
            del self.errors[:-_MOST_KEPT]
        if isinstance(error, MigmaError):
            self._show(_Notice(error.message, error.hint or "", "error", of))
        else:
            self._show(_Notice(f"{type(error).__name__}: {error}", "", "error", of))

    def _show(self, notice: _Notice) -> None:
        with self._lock:
            kept = [other for other in self._shown if other != notice]
            self._shown = [notice, *kept][:_MOST_SHOWN]
            self._draw()

    def _drop(self, of: object) -> None:
        with self._lock:
            kept = [notice for notice in self._shown if notice.of != of]
            if len(kept) < len(self._shown):
                self._shown = kept
                self._draw()

    def _draw(self) -> None:
        self.widget.value = "".join(map(self._html, self._shown))

    def _html(self, notice: _Notice) -> str:
        words, hint = (self._fit(text) for text in (notice.words, notice.hint))
        said = f"<b>{words}</b>" if notice.kind == "error" else words
        if hint:
            said += f'<div style="{MUTED}">{hint}</div>'
        role = "alert" if notice.kind == "error" else "status"
        live = "assertive" if notice.kind == "error" else "polite"
        name = "error" if notice.kind == "error" else "opened"
        return f'<div role="{role}" aria-live="{live}">{panel(said, name)}</div>'

    def _fit(self, text: str) -> str:
        blanked = _BEARER.sub("Bearer [key]", self._blank_out(text))
        return escape(one_line(masked(blanked), _LONGEST))
