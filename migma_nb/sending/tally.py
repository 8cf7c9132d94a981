"""What happens in a run, told to whoever listens, and counted."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from migma_nb.api.models import BatchStatus
from migma_nb.api.states import RunState, State

#: Called with a row's position, its state before and after, and the words for a person.
RowChanged = Callable[[int, State, State, str], None]


class Listener(Protocol):
    """Hears what happens in a run, in the background thread: be quick, and never raise."""

    def row_changed(self, position: int, before: State, after: State, detail: str) -> None:
        """A row went from one state to another."""

    def batch_changed(self, position: int, status: BatchStatus) -> None:
        """The batch of a row reported its own counts."""

    def run_ended(self, state: RunState, detail: str) -> None:
        """The run is over, and its end is on record."""


class Tally:
    """The counts of a run, safe to read from any thread at any time."""

    def __init__(self, states: Counter[State]) -> None:
        self._lock = threading.Lock()
        self._counts = states
        self._batches: dict[int, BatchStatus] = {}

    @property
    def counts(self) -> dict[State, int]:
        """How many rows are in which state; states with no row are left out."""
        with self._lock:
            return {state: self._counts[state] for state in State if self._counts[state]}

    def row_changed(self, position: int, before: State, after: State, detail: str) -> None:
        """Count a row from one state to the other."""
        del position, detail
        with self._lock:
            self._counts[before] -= 1
            self._counts[after] += 1

    @property
    def batches(self) -> dict[int, BatchStatus]:
        """The newest status of each batch that has reported one, by its row."""
        with self._lock:
            return dict(self._batches)

    def batch_changed(self, position: int, status: BatchStatus) -> None:
        """Keep a batch's newest counts."""
        with self._lock:
            self._batches[position] = status

    def run_ended(self, state: RunState, detail: str) -> None:
        """Nothing to count."""
