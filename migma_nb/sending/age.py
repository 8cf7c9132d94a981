"""How much time has passed, by two clocks: none that jumps back can make an idempotency key look young."""

import time
from typing import NamedTuple, Self


class KeyAge(NamedTuple):
    """An age, or the present, by the ledger's clock (seconds); and both clocks when that was read off."""

    base_s: float
    wall: float
    monotonic: float

    @classmethod
    def of(cls, seconds: float) -> Self:
        """Return an age that was read off just now."""
        return cls(seconds, time.time(), time.monotonic())

    def now(self) -> float:
        """Return what it is by now (seconds): the larger of what wall and monotonic clock say."""
        return self.base_s + max(0.0, time.time() - self.wall, time.monotonic() - self.monotonic)

    def at_least(self, seconds: float) -> "KeyAge":
        """Return the age read off anew; it never grows younger."""
        return KeyAge.of(max(seconds, self.now()))
