"""How fast requests may leave, and who may go next.

Pure: the clock is a parameter. What is shared is in `known_limit`, what answers teach in `learning`.
"""

import math
from dataclasses import dataclass, replace

from migma_nb.api.settings import Rate
from migma_nb.sending.known_limit import (
    AUTO_MOST,
    FLYING_S,
    MARGIN,
    WINDOW_S,
    Kind,
    Pace,
    got_through,
    let_go,
    of_a_full_minute,
    settled,
)

#: The limits that the sources name (migma-api.md, section 8): "auto" crosses each with a single request.
KNOWN_LIMITS = (10, 100, 500)
#: "auto" doubles after so long (seconds) without a 429: with a minute it would take five to reach 1,000.
STEP_S = 1.0
#: After so many requests without a 429 it tries a little more than the limit that it has met, within these
#: bounds (seconds): a window, and a bucket that was full, which is known as well ...
REVISIT_WINDOW, REVISIT_WINDOW_S = 150, (300.0, 600.0)
#: ... and another stream sooner.
REVISIT_STREAM, REVISIT_STREAM_S = 100, (120.0, 300.0)
#: While that meets no 429 it takes a step twice as large as the one before each time that so long has passed
#: (seconds), up to this share ...
NEXT_STEP_S, LARGEST_STEP = 30.0, 0.5
#: ... and sooner after so many, a third more in all, which no limit lets through that was met as it is: after
#: so many requests, within these bounds (seconds).
SURE_STEPS, SURE_REQUESTS, SURE_STEP_S = 4, 10, (15.0, NEXT_STEP_S)
#: It takes such steps sooner while a stream has met a single 429, after which it was taken for very little.
FIRST_STEP_S = 5.0
#: While the limit is unknown, one request in so many of the last minute's may be unanswered: all of those
#: would get a 429 at once, and a hundredth of five minutes' requests is a twentieth of one's.
PER_FLYING, LEAST_FLYING = 33, 3
#: While a stream is measured: a second 429 is sure to come.
PER_FLYING_STREAM, LEAST_FLYING_STREAM = 50, 2
#: After the first 429 of a stream so many requests go one by one.
CAREFUL = 10
#: ... and up to so many, while no more got through than a bucket that held a minute's refills, and so many.
CAREFUL_MOST, REFUTED = 30, 2
#: ... where that is at most this rate (a minute): of fewer requests each 429 is a larger share.
CAREFUL_BELOW = 160.0
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


def most_flying(pace: Pace, now: float) -> int:
    """Return how many requests may be unanswered while the limit is unknown."""
    if pace.kind is Kind.STREAM and pace.passed < CAREFUL:
        return 1
    if pace.kind is Kind.STREAM and not pace.measured and pace.passed < CAREFUL_MOST:
        rate = of_a_full_minute(pace, pace.measured_since)
        if rate <= CAREFUL_BELOW / 60 and pace.passed <= rate * (now - pace.measured_since) + REFUTED:
            return 1
    through = got_through(pace, now - WINDOW_S)
    if pace.kind is Kind.STREAM:
        return max(LEAST_FLYING_STREAM, through // PER_FLYING_STREAM)
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
        pace = replace(pace, flying=(*pace.flying, now), began_at=pace.began_at or now)
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
    if pace.kind in {Kind.WINDOW, Kind.STREAM} and pace.per_minute < AUTO_MOST and _may_step(pace, now):
        more = 1 + min(LARGEST_STEP, MARGIN * 2.0 ** min(pace.steps, 9))
        return replace(
            pace,
            stepped_at=now,
            stepped_from=pace.per_minute,
            steps=pace.steps + 1,
            per_minute=min(AUTO_MOST, max(1.0, pace.per_minute * more)),
        )
    return pace


def _may_step(pace: Pace, now: float) -> bool:
    """Return whether it is time to try more than the limit that was met, of which at least half is used."""
    if not pace.is_met_again:
        pause = FIRST_STEP_S
    elif pace.steps:
        pause = NEXT_STEP_S if pace.steps < SURE_STEPS else _after(SURE_REQUESTS, SURE_STEP_S, pace)
    elif pace.is_on_trial:
        pause = WINDOW_S
    elif pace.kind is Kind.STREAM and not pace.full:
        pause = _after(REVISIT_STREAM, REVISIT_STREAM_S, pace)
    else:
        pause = _after(REVISIT_WINDOW, REVISIT_WINDOW_S, pace)
    pause_counted = min(pause, WINDOW_S)
    used = sum(part[1] for part in pace.log if part[0] > now - pause_counted)
    return now - pace.stepped_at >= pause and used >= pace.per_minute * pause_counted / WINDOW_S / 2 - 1


def _after(requests: int, bounds: tuple[float, float], pace: Pace) -> float:
    """Return how long so many requests take (seconds), within bounds."""
    return min(max(bounds[0], requests * pace.spacing), bounds[1])


def _full_until(pace: Pace, limit: float, now: float) -> float:
    """Return until when the last minute holds as many as the limit has; now or earlier: it does not.

    The minute is taken a second longer, by whole seconds: requests arrive later than they leave, by turns.
    """
    held = [part for part in pace.log if part[0] > now - WINDOW_S - 2]
    if limit - sum(part[1] for part in held) >= 1 or not held:
        return now
    return held[0][0] + WINDOW_S + 2
