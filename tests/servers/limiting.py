"""Servers that limit, on a virtual clock: fixed windows, a sliding log, a token bucket, with a day's quota.

They know nothing of the client. `Driver` runs workers of one or several processes that share one pace
against one of them, event by event, each request with a random latency.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from migma_nb.api.meaning import LONGEST_WAIT_S
from migma_nb.api.rate_headers import rate_word
from migma_nb.api.settings import Rate
from migma_nb.sending import learning, pacing
from migma_nb.sending.known_limit import Pace
from migma_nb.sending.pace import STALE_S
from migma_nb.sending.slots import Slots, Turn

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
    """A limit, perhaps a day's quota; tells "all" (headers), "wait" (Retry-After on a 429) or "nothing"."""

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
class _Request:
    """One request on its way: whose, when its slot was asked for, and when it left."""

    who: int
    asked: float
    left: float
    delay: float = 0.0
    fits: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Driver:
    """Workers of several processes that share a pace, each always with a request ready.

    `latency` is in seconds there and back; `begin` is on the server's clock, `clock` what the ledger's clock
    then shows; `let_go` says who sent when.
    """

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

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._slots = [Slots(self.workers) for _ in range(self.processes)]
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._number = 0
        for who in range(self.processes):
            for _ in range(self.workers):
                self._at(self.begin + self._chance.uniform(0, 0.01), partial(self._ask, who))

    def run(self, seconds: float) -> "Driver":
        """Let so many seconds of the server's clock pass, from `begin` on; anew: beyond the last ones."""
        self.end = getattr(self, "end", self.begin) + seconds
        while self._events and self._events[0][0] < self.end and self.ended is None:
            when, _, what = heapq.heappop(self._events)
            what(when)
        return self

    def use(self, since: float, seconds: float) -> float:
        """Return what got through in so many seconds, over what the limit allows in them."""
        limit = self.server.limit
        first = self.begin + since
        got = sum(1 for one in self.server.accepted if first <= one < first + seconds)
        return got / (limit.limit * seconds / limit.seconds)

    def share_of_429(self, since: float, seconds: float) -> float:
        """Return the share of a while's requests that were answered 429."""
        first = self.begin + since
        refused, accepted = (
            sum(1 for one in times if first <= one < first + seconds)
            for times in (self.server.refused, self.server.accepted)
        )
        return refused / max(1, refused + accepted)

    def _at(self, when: float, what: Callable[[float], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when, self._number, what))

    def _ask(self, who: int, real: float) -> None:
        now = self.clock(real)
        mine = self._slots[who]
        turn = mine.take(real)
        if turn.slot is None and turn.wait == 0:
            self.pace, given = pacing.grant(self.pace, self.rate, now, mine.most)
            mine.add(given, now, now - real)
            turn = mine.take(real)
            if turn.slot is None and turn.wait == 0:
                turn = Turn(wait=max(given.wait, 0.001))
        if turn.slot is not None and turn.ahead_s > STALE_S and self.pace.refused_at > turn.slot:
            turn = Turn(wait=1e-6)
        if turn.slot is None:
            self._at(real + max(turn.wait, 1e-6), partial(self._ask, who))
            return
        self.let_go.append((real, who))
        request = _Request(who, turn.slot, now, self._chance.uniform(*self.latency) / 2)
        self._at(real + request.delay, partial(self._serve, request))

    def _serve(self, request: _Request, real: float) -> None:
        request.fits, request.headers = self.server.answer(real)
        self._at(real + request.delay, partial(self._hear, request))

    def _hear(self, request: _Request, real: float) -> None:
        now = self.clock(real)
        if request.fits:
            self.pace = learning.passed(self.pace, request.left, 1, request.asked, now)
        else:
            told = request.headers.get("retry-after")
            wait = None if told is None else float(told)
            heard = learning.Heard(request.asked, request.left, limited=True, wait_s=wait)
            self.pace = learning.refused(self.pace, heard, now)
            self._slots[request.who].void()
            if (wait or 0) > LONGEST_WAIT_S or learning.used_up(self.pace, heard):
                self.ended = real
                return
        if self.rate is None:
            word = rate_word(request.headers, datetime.fromtimestamp(now, UTC))
            self.pace = learning.told(self.pace, word, now)
        self._ask(request.who, real)


def server_of(kind: str, limit: int, tells: str, *, daily: int | None = None) -> Server:
    """Return a server with a limit per minute.

    Args:
        kind: "fixed" (a window from the first request on), "minutes" (of the clock), "sliding", "bucket"
            (which holds a minute's) or "small bucket" (which holds three seconds').
        limit: requests per minute.
        tells: as in `Server`.
        daily: the quota of a day, None for none.
    """
    made: Window | Sliding | Bucket
    if kind in {"fixed", "minutes"}:
        made = Window(limit, phase=0.0 if kind == "minutes" else None)
    elif kind == "sliding":
        made = Sliding(limit)
    else:
        made = Bucket(limit, limit if kind == "bucket" else max(2.0, limit / 20))
    return Server(made, tells, None if daily is None else Window(daily, DAY_S))
