"""What goes wrong in a run, as it happens: gathered by kind, newest first, never more than a few kinds."""

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from migma_nb.api.models import BatchStatus
from migma_nb.api.states import RunState, State

#: So many kinds are told apart; of more only the newest are named, and the rest is counted.
MOST_KINDS = 20
#: Characters of a kind's words.
_LONGEST = 300
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:=]+@[^\s<>()\[\]\"',;:]+")
_WRONG = (State.REFUSED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble: rows refused, unknown, or (`waiting`) tried again, and why.

    `newest` is the position of the row that it befell last, `at` is when (seconds since the epoch). Words
    name no recipient, since they stand for many.
    """

    state: State
    words: str
    count: int
    newest: int
    at: float


def kind_of(detail: str) -> str:
    """Return the words that rows of one kind share: without addresses, on one line."""
    words = " ".join(_ADDRESS.sub("this address", detail[: 4 * _LONGEST]).split())
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def gathered(found: Iterable[Trouble]) -> list[Trouble]:
    """Return troubles with those of one kind counted together, newest first."""
    kinds: dict[tuple[State, str], Trouble] = {}
    for one in found:
        key = one.state, kind_of(one.words)
        before = kinds.get(key)
        last = one if before is None or one.at >= before.at else before
        count = one.count + (before.count if before else 0)
        kinds[key] = replace(last, words=key[1], count=count)
    return sorted(kinds.values(), key=lambda one: one.at, reverse=True)[:MOST_KINDS]


class Troubles:
    """Hears a run and gathers what goes wrong; safe to read from any thread at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[tuple[State, str], Trouble] = {}

    @property
    def found(self) -> list[Trouble]:
        """The kinds so far, newest first."""
        with self._lock:
            return list(reversed(self._kinds.values()))

    def row_changed(self, position: int, before: State, after: State, detail: str) -> None:
        """Gather a row that was refused, became unknown, or is tried again."""
        again = after is State.WAITING and before is State.SENDING
        if after not in _WRONG and not again:
            return
        key = after, kind_of(detail)
        with self._lock:
            known = self._kinds.pop(key, None)
            count = 1 + (known.count if known else 0)
            self._kinds[key] = Trouble(after, key[1], count, position, time.time())
            if len(self._kinds) > MOST_KINDS:
                del self._kinds[next(iter(self._kinds))]

    def batch_changed(self, position: int, status: BatchStatus) -> None:
        """A batch's own counts say how it stands."""

    def run_ended(self, state: RunState, detail: str) -> None:
        """Nothing more goes wrong."""
