"""The sandbox's clock: the wall clock and what it was moved ahead by, so that 24 hours can pass in a test."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall and monotonic time with one offset.

    Args:
        ahead: Seconds by which it runs ahead of the wall clock.
    """

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic() + self.ahead

    def timestamp(self, seconds: float | None = None) -> str:
        """In ISO 8601, UTC, with milliseconds, as the envelope's metadata has it.

        Args:
            seconds: Since the epoch; None for now.
        """
        moment = datetime.fromtimestamp(self.now() if seconds is None else seconds, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
