"""How fast requests may leave: one limiter for all workers of a run. Pure: the clock is a parameter."""

from collections import deque

from migma_nb.api.settings import Rate

#: "auto" begins with so many requests a minute, below every plan's known limit but the smallest.
AUTO_START = 60.0
#: "auto" never goes beyond this many requests a minute: the highest limit that any source names.
AUTO_MOST = 1000.0
#: "auto" doubles after a window (seconds) without a 429, and stays this share below a limit it has met.
WINDOW_S = 60.0
MARGIN = 0.9


class Pacer:
    """Says when the next request may leave.

    Args:
        rate: a fixed rate, or None for "auto", which learns from 429s.
    """

    def __init__(self, rate: Rate | None) -> None:
        self._auto = rate is None
        self._rate = rate or Rate(AUTO_START, WINDOW_S)
        self._left: deque[float] = deque()
        self._next = 0.0
        self._held_until = 0.0
        self._ceiling = AUTO_MOST
        self._window_since: float | None = None

    @property
    def per_minute(self) -> float:
        """The allowed requests per minute at present."""
        return self._rate.requests * 60.0 / self._rate.seconds

    def reserve(self, now: float) -> float:
        """Return how long to wait (seconds) for a request that asks now; 0 means: it leaves now.

        A wait is no reservation: ask again after it.
        """
        self._grow(now)
        while self._left and now - self._left[0] >= self._rate.seconds:
            self._left.popleft()
        wait = max(self._held_until, self._next) - now
        if len(self._left) >= self._rate.requests:
            wait = max(wait, self._left[0] + self._rate.seconds - now)
        if wait > 0:
            return wait
        self._left.append(now)
        # Requests of one minute are spread over it; a day's are not, since nobody waits 86 s for a mail.
        spread = self._rate.seconds <= WINDOW_S
        self._next = max(now, self._next) + (self._rate.seconds / self._rate.requests if spread else 0.0)
        return 0.0

    def give_back(self) -> None:
        """Take back the last reservation: its request was not needed."""
        if self._left:
            self._left.pop()

    def told_to_wait(self, now: float, seconds: float | None) -> None:
        """Note a 429: everybody waits, and "auto" keeps below what was just too much."""
        self._held_until = max(self._held_until, now + (1.0 if seconds is None else seconds))
        self._window_since = None
        if self._auto:
            recent = sum(1 for at in self._left if now - at < WINDOW_S)
            self._ceiling = max(1.0, MARGIN * min(self.per_minute, max(recent - 1, 1)))
            self._rate = Rate(self._ceiling, WINDOW_S)

    def _grow(self, now: float) -> None:
        if self._window_since is None:
            self._window_since = max(now, self._held_until)
        if self._auto and now - self._window_since >= WINDOW_S:
            self._window_since = now
            self._rate = Rate(min(self._ceiling, 2 * self.per_minute), WINDOW_S)
