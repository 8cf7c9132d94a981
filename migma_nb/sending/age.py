"""How old a row's idempotency key is, by two clocks, so that none that jumps can make it look young."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KeyAge:
    """An age by the ledger's clock (seconds), and when that was read off."""

    base_s: float
    wall: float = field(default_factory=time.time)
    monotonic: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Return the age at present (seconds): the larger of what wall and monotonic clock say."""
        return self.base_s + max(0.0, time.time() - self.wall, time.monotonic() - self.monotonic)

    def at_least(self, seconds: float) -> "KeyAge":
        """Return the age read off anew; it never grows younger."""
        return KeyAge(max(seconds, self.now()))
