"""What "auto" learns from answers: from a 429, from how long it asks to wait, and from rate headers. Pure."""

import math
from dataclasses import dataclass, replace
from typing import Any

from migma_nb.api.meaning import LONGEST_WAIT_S
from migma_nb.api.rate_headers import RateWord
from migma_nb.sending.known_limit import (
    AUTO_MOST,
    FINE,
    MARGIN,
    WINDOW_S,
    Kind,
    Pace,
    counted,
    got_through,
    settled,
)

#: What was learned is believed for a day (seconds).
LEARNED_LIFE_S = 24 * 3600.0
#: A wait up to this (seconds) is that of a server which lets requests through one by one.
SHORT_WAIT_S = 6.5
#: Without a word, a minute's end is guessed at the second and third 429; then waits double from this on.
LAST_GUESS, SHORTEST_PROBE_S = 3, 2.0
#: A reset that is told further ahead than this (seconds) is not a minute's.
LONGEST_RESET_S = 61.0
#: A second 429 within so long (seconds) shows that what headers tell is not the limit.
TOLD_AGAIN_S = 300.0
#: After its first 429 a stream is taken for this share of what got through in the last seconds.
CAUTION, RECENT_S = 0.3, 3.0
#: Once it is measured over many requests, a 429 lowers what held before to this share at most.
LOWERED = 0.9
#: Between two 429s so many fewer or more may get through than a full bucket refilled by our reckoning: the
#: first and the last token were there in part. One that held half a minute's is told from it by these.
FEWER, LARGER, MORE = 0.5, 1.05, 1.3


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, as far as the pace goes.

    `asked_at` is when its slot was given, `left_at` when the request left, both by the ledger's clock;
    `limited` says that it was a 429; `wait_s` is its `Retry-After` (seconds) or None.
    """

    asked_at: float
    left_at: float
    limited: bool = False
    wait_s: float | None = None


def passed(pace: Pace, at: float, count: int, asked_at: float, now: float) -> Pace:
    """Note requests that left in one second and got through to the API itself.

    Args:
        pace: the shared state.
        at: when they left.
        count: how many.
        asked_at: when the last of their slots was given.
        now: the present.
    """
    pace = settled(pace, now)
    pace = replace(
        pace,
        log=counted(pace.log, at, 0, count),
        flying=pace.flying[count:],
        passed=pace.passed + count,
    )
    if pace.kind is Kind.STREAM and not pace.refused and pace.next_at >= now:
        # A rate measured over n requests is right to within one of them: it is felt for from below, as long
        # as it is what requests wait for, not their answers.
        more = 1 + (3.0 if pace.passed < FINE else 0.5) * count / max(2, pace.passed) ** 2
        pace = replace(pace, per_minute=min(AUTO_MOST, pace.per_minute * more))
    if pace.refused and asked_at > pace.refused_at:
        return _learned(pace, now)
    return pace


def refused(pace: Pace, heard: Heard, now: float) -> Pace:
    """Note a 429, or a 503 that asks to wait: everybody waits. One event teaches once."""
    pace = replace(settled(pace, now), flying=pace.flying[1:])
    reset = now + heard.wait_s if heard.wait_s else heard.left_at
    if pace.refused and heard.asked_at <= pace.refused_at:
        # In flight when the first 429 came: part of the same event.
        return _held(pace, now + (heard.wait_s or 0.0), reset)
    count = pace.refused + 1
    first = not pace.refused
    pace = replace(
        pace,
        refused=count,
        refused_since=now if first else pace.refused_since,
        before_at=pace.refused_at if first else pace.before_at,
        refused_at=now,
        leading_at=0.0,
    )
    return _held(pace, now + _hold(pace, heard, now), reset)


def told(pace: Pace, word: RateWord, now: float) -> Pace:
    """Note what the headers of an answer say of the limit; they may be wrong, so they move it within bounds.

    A limit whose window is not told is believed once a reset lies so far ahead that it must be a minute's.
    What a 429 taught is worth more than any header.
    """
    if pace.distrust or word.limit is None:
        return pace
    reset = word.reset_s or 0.0
    seen = max(pace.told_reset, reset) if word.limit == pace.told and reset <= LONGEST_RESET_S else reset
    left, last = word.remaining, pace.told_left
    pace = replace(pace, told=word.limit, told_reset=seen, told_left=-1.0 if left is None else left)
    if (
        left == 0
        and last > 0
        and 0 < reset <= LONGEST_RESET_S
        and pace.kind is Kind.TOLD
        and not pace.refused
    ):
        # Believed where it was seen to fall: a server that always says 0 would stop the run.
        pace = _held(pace, now + reset, 0.0)
    window = word.window_s or (WINDOW_S if SHORT_WAIT_S < seen <= LONGEST_RESET_S else None)
    if window is None or window > LONGEST_RESET_S or pace.kind not in {Kind.UNMET, Kind.TOLD}:
        return pace
    per_minute = min(AUTO_MOST, max(1.0, word.limit * 60.0 / window))
    return replace(pace, kind=Kind.TOLD, per_minute=per_minute, learned_at=now, flying=())


def aged(pace: Pace, now: float) -> Pace:
    """Return the state to begin a run with: what was learned more than a day ago is learned anew."""
    if pace.learned_at and now - pace.learned_at > LEARNED_LIFE_S:
        kept = {name: getattr(pace, name) for name in ("next_at", "log", "days", "seen_at", "chosen")}
        return replace(Pace(), **kept)
    return pace


def used_up(pace: Pace, heard: Heard) -> bool:
    """Return whether nothing but a daily quota explains these refusals: no wait told, and none has helped."""
    return heard.wait_s is None and pace.held_until - pace.refused_since > LONGEST_WAIT_S


def released(pace: Pace, now: float) -> Pace:
    """Return the state for a run that ends over its refusals: the next one asks once, at once."""
    return replace(pace, held_until=now)


def _hold(pace: Pace, heard: Heard, now: float) -> float:
    """Return how long to hold (seconds) after a 429: as told, else growing waits."""
    step = 2.0 ** min(pace.refused, 20)
    if heard.wait_s is not None:
        return max(heard.wait_s, min(1.0, step / 100))
    if pace.refused == 1:
        return 1.0
    late = _is_of_the_next_minute(pace, pace.refused_since)
    # A minute's window may end with the clock's minute, or a minute after the first request that got through.
    first = next((part[0] for part in pace.log if part[2]), now)
    ends = sorted(end + 1.0 - now for end in (math.ceil(now / WINDOW_S) * WINDOW_S, first + WINDOW_S))
    ahead = [wait for wait in ends if wait > 0]
    if pace.refused <= LAST_GUESS and ahead and not (pace.is_met_again or late):
        return max(SHORTEST_PROBE_S, ahead[0])
    return max(SHORTEST_PROBE_S, step / 8)


def _is_of_the_next_minute(pace: Pace, now: float) -> bool:
    """Return whether requests have been sent for longer than a minute: a full window may end at any time."""
    return bool(pace.log) and pace.log[0][0] <= now - WINDOW_S


def _held(pace: Pace, until: float, closed_until: float) -> Pace:
    until = max(pace.held_until, until)
    return replace(
        pace,
        held_until=until,
        next_at=max(pace.next_at, until),
        closed_until=max(pace.closed_until, closed_until),
    )


def _learned(pace: Pace, now: float) -> Pace:
    """Learn from an event that is over: the first request after it got through, all others are answered."""
    worded = pace.closed_until > pace.refused_at
    closed_s = pace.closed_until - pace.refused_since
    # Spread evenly, requests fill a window shortly before its end: it is closed for a moment only.
    over_a_window = closed_s > SHORT_WAIT_S or (pace.refused > 1 and not worded and not pace.is_met_again)
    if pace.kind is Kind.TOLD and pace.refused_since - pace.before_at > TOLD_AGAIN_S:
        # Once in a while others may have used up what the headers promised.
        changes: dict[str, Any] = {}
    elif over_a_window:
        since = pace.closed_until - WINDOW_S - (1.0 if worded else 0.0)
        # The one that led the way belongs to the next window.
        limit = max(1, got_through(pace, since) - 1)
        changes = {"kind": Kind.WINDOW, "per_minute": float(limit), "distrust": True, "measured_since": 0.0}
    elif pace.kind is Kind.UNMET and _is_of_the_next_minute(pace, now):
        # What was sent a minute ago has just left the minute: perhaps that made room in a window that slides.
        changes = _on_trial(pace)
    else:
        changes = _stream(pace)
    pace = replace(pace, **changes)
    return replace(
        pace,
        per_minute=min(AUTO_MOST, max(1.0, pace.per_minute)),
        refused=0,
        closed_until=0.0,
        learned_at=now,
        stepped_at=now,
        stepped_from=0.0,
        steps=0,
        held_until=now,
        next_at=now + pace.spacing,
        flying=(),
    )


def _on_trial(pace: Pace) -> dict[str, Any]:
    """Take what got through in the last minute for a window that slides, and measure it as a stream as well.

    If it is one, as many in a minute never meet another 429. If one comes, it was none.
    """
    return {
        "kind": Kind.WINDOW,
        "per_minute": float(got_through(pace, pace.refused_since - WINDOW_S)),
        "measured_since": pace.refused_since,
        "passed": 1,
        "passed_before": 0,
        "measured": False,
    }


def _stream(pace: Pace) -> dict[str, Any]:
    """Learn from a server that lets requests through one by one: a bucket that refills, or a short window."""
    lowered = pace.per_minute * (1 - MARGIN)
    if pace.kind is Kind.TOLD:
        return {"per_minute": lowered}
    if pace.kind is Kind.WINDOW and not pace.is_on_trial:
        through = got_through(pace, pace.refused_since - WINDOW_S)
        lowered = min(lowered, math.ceil(pace.per_minute) - 1, max(through, LOWERED * pace.per_minute))
        return {"per_minute": pace.stepped_from or lowered}
    if pace.kind is Kind.UNMET:
        recent = got_through(pace, pace.refused_since - RECENT_S)
        return {
            "kind": Kind.STREAM,
            "per_minute": CAUTION * recent * 60.0 / RECENT_S,
            "measured_since": pace.refused_since,
            "passed": 1,
            "passed_before": 0,
            "measured": False,
            "full": pace.passed - 1 if pace.began_at else 0,
        }
    # Between two 429s such a server let through just what it refilled, to within one request. The one that
    # led the way came after the 429 from which it counts.
    elapsed = max(1.0, pace.refused_since - pace.measured_since)
    through = pace.passed - pace.passed_before
    mean = 60.0 * max(1, through - 1) / elapsed
    if not pace.measured and (known := _full_bucket(pace)):
        return known
    if pace.passed < FINE:
        full = pace.full if pace.measured else 0
        return {"kind": Kind.STREAM, "per_minute": mean, "measured": True, "full": full}
    # Where its bucket was full in between, the mean is too low; what was tried is too high.
    least = LOWERED * math.sqrt((pace.stepped_from or pace.per_minute) * pace.per_minute)
    if pace.full and pace.measured:
        # All is counted that it held at first and refilled since: the mean is right.
        least = 0.0
    elif pace.is_on_trial and pace.steps:
        # So many a minute were let through; the mean is lower, since they were not spread evenly at first.
        least = pace.stepped_from
    elif through >= FINE and not pace.steps:
        least = min(least, math.sqrt(mean * pace.per_minute))
    changes = {"kind": Kind.STREAM, "per_minute": max(mean, least), "measured": True, "full": 0}
    if through >= FINE:
        changes |= {"measured_since": pace.refused_since, "passed_before": pace.passed - 1}
    return changes


def _full_bucket(pace: Pace) -> dict[str, Any] | None:
    """Learn from the second 429 of a bucket that was full and holds a minute's requests; None: it is none.

    Such a bucket is a stream that began a minute before the first request. If it is one, it refilled between
    the two 429s what that says, to within a request and what is late by an answer's time.
    """
    total = pace.full + pace.passed - 1
    rate = total / (WINDOW_S + pace.refused_since - pace.began_at)
    refilled = rate * (pace.refused_since - pace.measured_since)
    if not pace.full or not refilled - FEWER <= pace.passed <= LARGER * refilled + MORE:
        return None
    return {
        "kind": Kind.STREAM,
        "per_minute": 60.0 * rate,
        "measured": True,
        "measured_since": pace.began_at - WINDOW_S,
        "passed": total,
        "passed_before": 0,
    }
