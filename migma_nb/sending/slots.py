"""The slots that a process holds of the shared pace, for its own workers. Pure: the clock is a parameter."""

from collections import deque
from dataclasses import dataclass

from migma_nb.sending.pacing import Grant

#: A slot that was given back is good for so long (seconds): used later, it would bunch with later ones.
RETURNED_S = 0.02


@dataclass(frozen=True, slots=True)
class _Slot:
    at: float
    late: float
    asked: float
    ahead_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker gets: a slot (when it was asked for), or how long to wait; 0: there are no slots left.

    `ahead_s` is how long before its time the slot was asked for (seconds).
    """

    slot: float | None = None
    wait: float = 0.0
    ahead_s: float = 0.0


class Slots:
    """Slots that were given to this process and not used yet; a late one is lost, never made up for."""

    def __init__(self) -> None:
        self._slots: deque[_Slot] = deque()

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, grant: Grant, asked: float, offset: float = 0.0) -> None:
        """Put slots to the others.

        Args:
            grant: what the pace gave, by the ledger's clock.
            asked: when it was asked, by that clock.
            offset: what to take from that clock's time to have that of `take`.
        """
        for number in range(grant.count):
            at = grant.at + number * grant.spacing
            self._slots.append(_Slot(at - offset, grant.late, asked, at - asked))

    def take(self, now: float) -> Turn:
        """Return the next slot, if its time has come."""
        while self._slots and self._slots[0].at + self._slots[0].late < now:
            self._slots.popleft()
        if not self._slots:
            return Turn()
        first = self._slots[0]
        if first.at > now:
            return Turn(wait=first.at - now)
        self._slots.popleft()
        return Turn(first.asked, 0.0, first.ahead_s)

    def give_back(self, turn: Turn, now: float) -> None:
        """Put back a slot whose request is not needed; the next worker may use it while it is fresh."""
        if turn.slot is not None:
            self._slots.appendleft(_Slot(now, RETURNED_S, turn.slot, turn.ahead_s))

    def void(self) -> None:
        """Drop all of them: the server has just asked everybody to wait."""
        self._slots.clear()
