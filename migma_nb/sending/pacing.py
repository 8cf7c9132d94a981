"""How fast requests may leave: the state that all workers and processes share, and who may go next.

Pure: a small frozen value and functions on it, the clock is a parameter. What answers teach is in `learning`.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from migma_nb.api.settings import Rate

#: "auto" begins with so many requests a minute, below every plan's known limit but the smallest.
AUTO_START = 60.0
#: "auto" never goes beyond this many requests a minute: the highest limit that any source names.
AUTO_MOST = 1000.0
#: The limits that the sources name (migma-api.md, section 8): "auto" crosses each with a single request.
KNOWN_LIMITS = (10, 100, 500)
#: "auto" doubles after so long (seconds) without a 429: with a minute it would take five to reach 1,000.
STEP_S = 1.0
#: After so long (seconds) without a 429 it tries a little more than the limit that it has met.
REVISIT_S = 600.0
#: Limits are counted over a minute.
WINDOW_S = 60.0
#: "auto" stays this share below a limit that it has met: arrivals that jitter by a second still fit.
MARGIN = 0.02
#: So close to the highest limit it stays while it has met none.
MARGIN_UNMET = 0.005
#: While the limit is unknown, one request in so many of the last minute's may be unanswered: all of those
#: would get a 429 at once, and a hundredth of five minutes' requests is a twentieth of one's.
PER_FLYING = 33
LEAST_FLYING = 3
#: After the first 429 of a stream so many requests go one by one.
CAREFUL = 10
#: A request that has no answer after so long (seconds) no longer keeps the others waiting.
FLYING_S = 5.0
#: A lease is for so many seconds of the rate, and for one slot at least.
LEASE_S = 0.5
#: How late (seconds) a slot may be used; later it is lost.
LATE_S = 0.5
#: A fixed rate's slots are spread over its window up to this length (seconds): nobody waits 86 s for a mail.
SPREAD_S = 60.0
#: A day's budget is counted in parts of a day of this length (seconds).
DAY_PART_S = 900.0
#: How often a process that may not go yet asks again (seconds).
LOOK_AGAIN_S = 0.25


class Kind(StrEnum):
    """How a limit was met: not yet, over a window, as a steady stream, or told by headers."""

    UNMET = "unmet"
    WINDOW = "window"
    STREAM = "stream"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of a server's limit for one API key, and how much of it is spoken for.

    Times are seconds by the ledger's clock. `log` counts, by second, the requests that were let go and those
    that got through; `days` what was let go by part of a day. `flying` holds when requests without an answer
    left, while the limit is unknown.
    """

    per_minute: float = AUTO_START
    kind: Kind = Kind.UNMET
    learned_at: float = 0.0
    stepped_at: float = 0.0
    seen_at: float = 0.0
    next_at: float = 0.0
    held_until: float = 0.0
    refused: int = 0
    refused_since: float = 0.0
    refused_at: float = 0.0
    before_at: float = 0.0
    measured_since: float = 0.0
    closed_until: float = 0.0
    leading_at: float = 0.0
    passed: int = 0
    distrust: bool = False
    told: float = 0.0
    told_reset: float = 0.0
    told_left: float = -1.0
    log: tuple[tuple[int, int, int], ...] = ()
    flying: tuple[float, ...] = ()
    days: tuple[tuple[int, int], ...] = ()

    @property
    def margin(self) -> float:
        """How far below the limit requests are kept."""
        return MARGIN_UNMET if self.kind is Kind.UNMET else MARGIN

    @property
    def spacing(self) -> float:
        """The seconds between two requests at "auto"."""
        return 60.0 / (self.per_minute * (1 - self.margin))

    @property
    def is_unsure(self) -> bool:
        """Whether "auto" knows so little that it waits for answers before it lets more requests go."""
        return self.kind is Kind.UNMET or (self.kind is Kind.STREAM and self.passed < CAREFUL)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a process gets: slots from `at` on, `spacing` apart, each usable for `late` seconds; or a wait."""

    count: int = 0
    at: float = 0.0
    spacing: float = 0.0
    late: float = LATE_S
    wait: float = 0.0


def grant(pace: Pace, rate: Rate | None, now: float, most: int) -> tuple[Pace, Grant]:
    """Give the next slots to a process that has a request ready, or tell it when to ask again.

    Args:
        pace: the shared state.
        rate: the user's fixed rate, None for "auto".
        now: the present by the ledger's clock (seconds).
        most: so many slots at most: what the process can use, since others lack what it lets lapse.

    Returns:
        The state after it, and the slots. Slots may begin a while ahead, in the order of asking.
    """
    pace = settled(pace, now)
    if pace.held_until > now:
        return pace, Grant(wait=pace.held_until - now)
    if pace.refused:
        return _lead(pace, now)
    if rate is not None:
        return _fixed(pace, rate, now, most)
    return _auto(pace, now, most)


def settled(pace: Pace, now: float) -> Pace:
    """Return the state with what is too old left out, and moved back where the clock was set back."""
    back = pace.seen_at - now
    if back > 1.0:
        pace = _moved(pace, back)
    # While the server refuses, the minute before it did is what there is to learn from.
    oldest = math.floor((pace.refused_since if pace.refused else now) - WINDOW_S) - 2
    if pace.log and pace.log[0][0] < oldest:
        pace = replace(pace, log=tuple(part for part in pace.log if part[0] >= oldest))
    if pace.flying and pace.flying[0] < now - FLYING_S:
        pace = replace(pace, flying=tuple(at for at in pace.flying if at >= now - FLYING_S))
    return replace(pace, seen_at=max(now, pace.seen_at - max(0.0, back)))


def let_go(pace: Pace, at: float, count: int) -> Pace:
    """Count slots in the log, at the second in which they begin."""
    return replace(pace, log=counted(pace.log, at, count, 0))


def counted(
    log: tuple[tuple[int, int, int], ...], at: float, let_go: int, got_through: int
) -> tuple[tuple[int, int, int], ...]:
    """Return the log with these added to their second."""
    second = math.floor(at)
    found = {part[0]: part for part in log}
    _, before, through = found.get(second, (second, 0, 0))
    found[second] = (second, before + let_go, through + got_through)
    return tuple(found[at] for at in sorted(found))


def got_through(pace: Pace, since: float) -> int:
    """Return how many requests got through that left in this second or after it."""
    return sum(part[2] for part in pace.log if part[0] >= math.floor(since))


def most_flying(pace: Pace, now: float) -> int:
    """Return how many requests may be unanswered while the limit is unknown."""
    if pace.kind is Kind.STREAM:
        return 1
    through = got_through(pace, now - WINDOW_S)
    sent = through + len(pace.flying)
    for limit in (*KNOWN_LIMITS, min(round(pace.told), AUTO_MOST)):
        if through <= limit <= sent < AUTO_MOST:
            return 1 if sent == limit else 0
    return max(LEAST_FLYING, through // PER_FLYING)


def _lead(pace: Pace, now: float) -> tuple[Pace, Grant]:
    """After a hold one request leads the way; the others wait for its answer."""
    since = now - pace.leading_at
    if pace.leading_at and since < FLYING_S:
        return pace, Grant(wait=min(LOOK_AGAIN_S, FLYING_S - since))
    pace = replace(let_go(pace, now, 1), leading_at=now, next_at=max(now, pace.next_at))
    return pace, Grant(1, now, 0.0, FLYING_S)


def _auto(pace: Pace, now: float, most: int) -> tuple[Pace, Grant]:
    pace = _grown(pace, now)
    if pace.is_unsure:
        if len(pace.flying) >= most_flying(pace, now):
            return pace, Grant(wait=LOOK_AGAIN_S)
        # One slot at a time, not before its turn: each answer may change what follows.
        if pace.next_at > now:
            return pace, Grant(wait=pace.next_at - now)
        pace = replace(pace, flying=(*pace.flying, now))
        return _given(pace, now, pace.spacing, 1, LATE_S)
    limit = pace.per_minute if pace.kind is Kind.WINDOW else AUTO_MOST
    full = _full_until(pace, limit, now)
    if full > now:
        return pace, Grant(wait=min(full - now, 1.0))
    count = max(1, min(most, math.floor(LEASE_S / pace.spacing)))
    return _given(pace, now, pace.spacing, count, LATE_S)


def _given(pace: Pace, now: float, spacing: float, count: int, late: float) -> tuple[Pace, Grant]:
    at = max(now, pace.next_at)
    pace = replace(let_go(pace, at, count), next_at=at + count * spacing)
    return pace, Grant(count, at, spacing, late)


def _fixed(pace: Pace, rate: Rate, now: float, most: int) -> tuple[Pace, Grant]:
    if rate.seconds > SPREAD_S:
        return _of_the_day(pace, rate, now)
    # A slot may be used a little late, so they are spread over the window and that little: then no window,
    # wherever it begins, holds more than the rate.
    late = min(1.0, rate.seconds / 20)
    spacing = (rate.seconds + late) / rate.requests
    count = max(1, min(most, math.floor(LEASE_S / spacing)))
    return _given(pace, now, spacing, count, late)


def _of_the_day(pace: Pace, rate: Rate, now: float) -> tuple[Pace, Grant]:
    """A day's budget may be spent at once; a part of the day counts until the whole of it is a day old."""
    first = (now - rate.seconds) / DAY_PART_S - 1
    days = dict(part for part in pace.days if part[0] > first)
    pace = replace(pace, days=tuple(sorted(days.items())))
    left = math.floor(rate.requests - sum(days.values()))
    if left < 1:
        return pace, Grant(wait=(min(days) + 1) * DAY_PART_S + rate.seconds - now)
    count = min(left, 8)
    part = math.floor(now / DAY_PART_S)
    days[part] = days.get(part, 0) + count
    # Used late, a slot could fall into the next part of the day and be counted in this one.
    return replace(pace, days=tuple(sorted(days.items()))), Grant(count, now, 0.0, LATE_S)


def _grown(pace: Pace, now: float) -> Pace:
    """Let "auto" go faster after a while without a 429, as far as its knowledge allows."""
    if not pace.stepped_at:
        return replace(pace, stepped_at=now)
    if pace.kind is Kind.UNMET and now - pace.stepped_at >= STEP_S:
        return replace(pace, stepped_at=now, per_minute=min(AUTO_MOST, 2 * pace.per_minute))
    if pace.kind is Kind.WINDOW and now - pace.stepped_at >= REVISIT_S:
        # What others used up in the minute that was measured is theirs no longer.
        more = 2.0 if 2 * pace.per_minute <= KNOWN_LIMITS[0] else 1 + MARGIN
        return replace(pace, stepped_at=now, per_minute=min(AUTO_MOST, more * pace.per_minute))
    return pace


def _full_until(pace: Pace, limit: float, now: float) -> float:
    """Return until when the last minute holds as many as the limit has; now or earlier: it does not.

    The minute is taken a second longer, by whole seconds: requests arrive later than they leave, by turns.
    """
    held = [part for part in pace.log if part[0] > now - WINDOW_S - 2]
    if limit - sum(part[1] for part in held) >= 1 or not held:
        return now
    return held[0][0] + WINDOW_S + 2


def _moved(pace: Pace, back: float) -> Pace:
    """Move all times back, where the clock was set back: nobody waits for a time that was the present."""
    moved = {
        name: max(0.0, getattr(pace, name) - back)
        for name in (
            "learned_at",
            "stepped_at",
            "next_at",
            "held_until",
            "refused_since",
            "refused_at",
            "before_at",
            "closed_until",
            "leading_at",
            "measured_since",
        )
    }
    log: tuple[tuple[int, int, int], ...] = ()
    for second, before, through in pace.log:
        log = counted(log, second - back, before, through)
    flying = tuple(at - back for at in pace.flying)
    return replace(pace, **moved, log=log, flying=flying)
