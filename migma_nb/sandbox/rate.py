"""The rate limit: so many requests in a window of a second, a minute, an hour or a day, for each API key."""

import math
import re
from dataclasses import dataclass

from migma_nb.sandbox.clock import Clock
from migma_nb.sandbox.envelope import Refusal

_WINDOWS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}


@dataclass(slots=True)
class _Window:
    began: float
    used: int = 0


class RateLimit:
    """A fixed window that opens with a key's first request.

    Args:
        rate: "N/second", "N/minute", "N/hour" or "N/day".
        clock: Tells the time.

    Raises:
        ValueError: ``rate`` is not of that form.
    """

    def __init__(self, rate: str, clock: Clock) -> None:
        match = re.fullmatch(r"\s*([1-9]\d*)\s*/\s*(second|minute|hour|day)\s*", rate)
        if match is None:
            raise ValueError(
                f"The rate {rate!r} is not understood; write it like '100/minute' (second, hour, day)."
            )
        self._limit = int(match[1])
        self._length = _WINDOWS[match[2]]
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def take(self, fingerprint: str) -> dict[str, str]:
        """Count one request of a key.

        Returns:
            The ``X-RateLimit-…`` headers of its answer.

        Raises:
            Refusal: 429 with Retry-After, in whole seconds.
        """
        now = self._clock.monotonic()
        window = self._windows.get(fingerprint)
        if window is None or now >= window.began + self._length:
            window = self._windows[fingerprint] = _Window(now)
        seconds = max(1, math.ceil(window.began + self._length - now))
        headers = {
            "X-RateLimit-Limit": str(self._limit),
            "X-RateLimit-Remaining": str(max(0, self._limit - window.used - 1)),
            "X-RateLimit-Reset": str(seconds),
        }
        if window.used >= self._limit:
            message = f"Rate limit exceeded: {self._limit} requests. Try again in {seconds} s."
            raise Refusal(429, "RATE_LIMIT_EXCEEDED", message, {**headers, "Retry-After": str(seconds)})
        window.used += 1
        return headers
