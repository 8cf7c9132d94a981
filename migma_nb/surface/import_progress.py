"""An import's progress bar: tqdm in terminal or notebook, driven by whoever waits."""

import time
from typing import Any, Protocol

from migma_nb.api.states import State
from migma_nb.sending.importing import LiveImport
from migma_nb.surface.progress import made_bar, short

_OPEN = (State.WAITING, State.SENDING)
#: It is drawn at most so often (seconds): to count the rows of a long list takes a moment.
_TICK_S = 0.3


class ImportScreen(Protocol):
    """Where it is seen how an import stands, while somebody waits for it."""

    def update(self) -> None:
        """Show how it stands now; asked often, and on its own to show it seldom."""

    def close(self, *, leave_none: bool = False) -> None:
        """Show the end."""


class ImportBar:
    """A bar over the people of an import.

    Args:
        live: the import.
        shown: whether anything is shown at all.
    """

    def __init__(self, live: LiveImport, *, shown: bool) -> None:
        self._live = live
        self._shown = shown
        self._bar: Any = None
        self._total = len(live.contacts.ready)
        self._drawn = 0.0

    def update(self) -> None:
        """Draw how the import stands now, at most a few times a second."""
        if not self._shown or time.monotonic() - self._drawn < _TICK_S:
            return
        if self._bar is None:
            self._bar = made_bar(total=self._total, desc=short(self._live.contacts.tag), unit="contact")
        counts = self._live.counts
        left = sum(counts.get(state, 0) for state in _OPEN)
        self._bar.n = min(self._total, self._total - left + self._live.in_hand)
        self._bar.refresh()
        self._drawn = time.monotonic()

    def close(self, *, leave_none: bool = False) -> None:
        """Draw the end.

        Args:
            leave_none: take a notebook's bar away, since the import's account takes its place.
        """
        self._drawn = 0.0
        if self._bar is not None or self._live.ended.is_set():
            self.update()
        if self._bar is not None:
            # The account says all of it, and stands below; in a terminal the bar stays, as tqdm's do.
            container = getattr(self._bar, "container", None)
            self._bar.close()
            if container is not None and leave_none:
                container.close()
