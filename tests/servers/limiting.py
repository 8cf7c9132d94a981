"""Servers that limit, on a virtual clock: fixed windows, a sliding log, a token bucket, with a day's quota.

They know nothing of the client. `simulate` drives workers of one or several processes that share one pace
against one of them, event by event, each request with a random latency.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from migma_nb.api.rate_headers import rate_word
from migma_nb.api.settings import Rate
from migma_nb.sending import learning, pacing
from migma_nb.sending.pacing import Pace
from migma_nb.sending.slots import Slots

MINUTE_S, DAY_S = 60.0, 86_400.0


@dataclass
class Window:
    """At most so many in each window, which begin at a phase of the clock, or with the first request."""

    limit: int
    seconds: float = MINUTE_S
    phase: float | None = None
    began: float = -math.inf
    used: int = 0

    def take(self, now: float) -> tuple[bool, float, float]:
        """Return whether a request gets through, how many are left, and the seconds until there is room."""
        if now >= self.began + self.seconds:
            if self.phase is None:
                self.began = now
            else:
                self.began = self.phase + math.floor((now - self.phase) / self.seconds) * self.seconds
            self.used = 0
        fits = self.used < self.limit
        self.used += fits
        return fits, self.limit - self.used, self.began + self.seconds - now


@dataclass
class Sliding:
    """At most so many in any window: a log of those that got through."""

    limit: int
    seconds: float = MINUTE_S
    log: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> tuple[bool, float, float]:
        """Return as above."""
        while self.log and self.log[0] <= now - self.seconds:
            self.log.popleft()
        fits = len(self.log) < self.limit
        if fits:
            self.log.append(now)
        return fits, self.limit - len(self.log), self.log[0] + self.seconds - now


@dataclass
class Bucket:
    """A bucket of tokens that is full at first and refills steadily."""

    limit: int
    capacity: float
    seconds: float = MINUTE_S
    tokens: float = math.nan
    at: float = 0.0

    def take(self, now: float) -> tuple[bool, float, float]:
        """Return as above."""
        rate = self.limit / self.seconds
        if math.isnan(self.tokens):
            self.tokens, self.at = self.capacity, now
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * rate)
        self.at = now
        fits = self.tokens >= 1
        self.tokens -= fits
        missing = max(0.0, 1 - self.tokens) if not fits else self.capacity - self.tokens
        return fits, math.floor(self.tokens), missing / rate


@dataclass
class Server:
    """A limit, perhaps a day's quota, and how much of it is told: "all", "wait" (Retry-After) or "nothing"."""

    limit: Window | Sliding | Bucket
    tells: str = "wait"
    quota: Window | None = None
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def answer(self, now: float) -> tuple[bool, dict[str, str]]:
        """Take one request; return whether it got through, and the headers of its answer."""
        fits, left, wait = self.limit.take(now)
        if fits and self.quota is not None:
            fits, _, day = self.quota.take(now)
            wait = wait if fits else day
        (self.accepted if fits else self.refused).append(now)
        headers = {}
        if self.tells == "all":
            headers = {
                "x-ratelimit-limit": str(self.limit.limit),
                "x-ratelimit-remaining": str(int(left)),
                "x-ratelimit-reset": str(max(1, math.ceil(wait))),
            }
        if not fits and self.tells != "nothing":
            headers["retry-after"] = str(max(1, math.ceil(wait)))
        return fits, headers


@dataclass
class Driver:
    """Workers of several processes that share a pace, always with a request ready."""

    server: Server
    rate: Rate | None = None
    processes: int = 1
    workers: int = 8
    latency: tuple[float, float] = (0.1, 0.5)
    seed: int = 0
    begin: float = 1_000_000.0
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[float], float] = lambda now: now
    let_go: list[tuple[float, int]] = field(default_factory=list)
    ended: float | None = None

    def run(self, seconds: float) -> "Driver":
        """Let so many seconds of the server's clock pass."""
        chance = random.Random(self.seed)
        slots = [Slots() for _ in range(self.processes)]
        events: list[tuple[float, int, Callable[[float], None]]] = []
        count = 0

        def at(when: float, what: Callable[[float], None]) -> None:
            nonlocal count
            count += 1
            heapq.heappush(events, (when, count, what))

        def ask(who: int) -> Callable[[float], None]:
            def turn(real: float) -> None:
                now = self.clock(real)
                mine = slots[who]
                taken = mine.take(now)
                if taken.slot is None and taken.wait == 0:
                    self.pace, given = pacing.grant(self.pace, self.rate, now)
                    mine.add(given, now)
                    taken = mine.take(now)
                    if taken.slot is None:
                        at(real + max(given.wait, taken.wait, 0.001), turn)
                        return
                if taken.slot is None:
                    at(real + taken.wait, turn)
                    return
                self.let_go.append((real, who))
                asked = taken.slot
                delay = chance.uniform(*self.latency)
                at(real + delay / 2, lambda there: serve(who, asked, now, there, delay / 2))

            return turn

        def serve(who: int, asked: float, left: float, there: float, delay: float) -> None:
            fits, headers = self.server.answer(there)
            at(there + delay, lambda back: hear(who, asked, left, back, fits, headers))

        def hear(
            who: int, asked: float, left: float, back: float, fits: bool, headers: dict[str, str]
        ) -> None:
            now = self.clock(back)
            word = rate_word(headers, datetime.fromtimestamp(now, UTC))
            if fits:
                self.pace = learning.passed(self.pace, left, 1, asked, now)
            else:
                wait = float(headers["retry-after"]) if "retry-after" in headers else None
                heard = learning.Heard(asked, left, limited=True, wait_s=wait)
                self.pace = learning.refused(self.pace, heard, now)
                slots[who].void()
                if (wait or 0) > 900 or learning.used_up(self.pace, heard):
                    self.ended = back
                    return
            if self.rate is None:
                self.pace = learning.told(self.pace, word, now)
            ask(who)(back)

        for who in range(self.processes):
            for _ in range(self.workers):
                at(self.begin + chance.uniform(0, 0.01), ask(who))
        until = self.begin + seconds
        while events and events[0][0] < until and self.ended is None:
            when, _, what = heapq.heappop(events)
            what(when)
        return self

    def use(self, seconds: float, per_minute: float) -> float:
        """Return what got through in the last so many seconds, over what the limit allows in them."""
        end = self.begin + seconds
        return sum(1 for one in self.server.accepted if self.begin <= one < end) / (per_minute * seconds / 60)

    def share_of_429(self) -> float:
        """Return the share of requests that were answered 429."""
        refused = len(self.server.refused)
        return refused / max(1, refused + len(self.server.accepted))
