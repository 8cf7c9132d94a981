"""The slots that a process holds of the shared pace, for its own workers. Pure: the clock is a parameter."""

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from migma_nb.sending.pacing import Grant

#: A slot that was given back is good for so long (seconds): used later, it would bunch with later ones.
RETURNED_S = 0.02
#: Where a lease was used up, and more was asked for, so soon (seconds), the next may be this much larger.
SOON_S, MORE = 0.25, 1.5


@dataclass(slots=True)
class _Lease:
    """Slots that follow each other; those before `used` are used or lost."""

    first: float
    spacing: float
    count: int
    late: float
    asked: float
    first_ahead_s: float
    used: int = 0
    lost: int = 0

    @property
    def left(self) -> int:
        return self.count - self.used

    @property
    def at(self) -> float:
        """When the next slot begins."""
        return self.first + self.used * self.spacing

    @property
    def ahead_s(self) -> float:
        return self.first_ahead_s + self.used * self.spacing

    def lose_late(self, now: float) -> None:
        """Give up the slots whose time is over."""
        over = now - self.at - self.late
        if over > 0:
            # Counted, not stepped through: a fast rate has thousands, of which few are used.
            lost = min(math.ceil(over / self.spacing) if self.spacing else self.left, self.left)
            self.used += lost
            self.lost += lost


class Turn(NamedTuple):
    """What a worker gets: a slot (when it was asked for), or how long to wait; 0: there are no slots left.

    `ahead_s` is how long before its time the slot was asked for (seconds).
    """

    slot: float | None = None
    wait: float = 0.0
    ahead_s: float = 0.0


class Slots:
    """Slots that were given to this process and not used yet; a late one is lost, never made up for.

    Args:
        workers: how many use them.
    """

    def __init__(self, workers: int) -> None:
        #: How many slots to lease at most: as many as were used of late, and some more.
        self.most = workers
        self._workers = workers
        self._leases: deque[_Lease] = deque()

    def __len__(self) -> int:
        return sum(lease.left for lease in self._leases)

    def add(self, grant: Grant, asked: float, offset: float = 0.0) -> None:
        """Put slots to the others.

        Args:
            grant: what the pace gave, by the ledger's clock.
            asked: when it was asked, by that clock.
            offset: what to take from that clock's time to have that of `take`.
        """
        if grant.count:
            self._leases.append(
                _Lease(grant.at - offset, grant.spacing, grant.count, grant.late, asked, grant.at - asked)
            )

    def take(self, now: float) -> Turn:
        """Return the next slot, if its time has come."""
        while self._leases:
            lease = self._leases[0]
            lease.lose_late(now)
            if lease.left:
                break
            self._learn(self._leases.popleft(), now)
        else:
            return Turn()
        if lease.at > now:
            return Turn(wait=lease.at - now)
        turn = Turn(lease.asked, 0.0, lease.ahead_s)
        lease.used += 1
        return turn

    def _learn(self, lease: _Lease, now: float) -> None:
        """Lease no more than can be used: what lapses here is lacking elsewhere."""
        if lease.lost:
            self.most = max(self._workers, min(self.most, lease.count - lease.lost))
        elif lease.count >= self.most and now - lease.first <= SOON_S:
            self.most = math.ceil(MORE * self.most)

    def give_back(self, turn: Turn, now: float) -> None:
        """Put back a slot whose request is not needed; the next worker may use it while it is fresh."""
        if turn.slot is not None:
            self._leases.appendleft(_Lease(now, 0.0, 1, RETURNED_S, turn.slot, turn.ahead_s))

    def void(self) -> None:
        """Drop all of them: the server has just asked everybody to wait."""
        self._leases.clear()
