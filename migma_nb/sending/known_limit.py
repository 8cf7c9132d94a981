"""What is known of a server's limit, and how much of it is spoken for: the state that all who send share.

Pure: a small frozen value and functions on it, the clock is a parameter.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

#: "auto" begins with so many requests a minute, below every plan's known limit but the smallest.
AUTO_START = 60.0
#: "auto" never goes beyond this many requests a minute: the highest limit that any source names.
AUTO_MOST = 1000.0
#: Limits are counted over a minute.
WINDOW_S = 60.0
#: "auto" stays this share below a limit that it has met: arrivals that jitter by a second still fit.
MARGIN = 0.02
#: So close to the highest limit it stays while it has met none.
MARGIN_UNMET = 0.005
#: A limit that was measured over fewer requests than this is coarse: "auto" feels its way up from it.
FINE = 50
#: Of so many runs it is known at which rate they go.
_MOST_CHOSEN = 16
#: A request that has no answer after so long (seconds) no longer keeps the others waiting.
FLYING_S = 5.0


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
    left, while the limit is unknown. `passed` got through since the first 429 of a stream, `passed_before` of
    them before `measured_since`, the 429 from which its rate is measured; it is `measured`
    once another came. `began_at` is when the first request left, `full` how many got through from then to the
    first 429 of a stream, which may have been a full bucket. `steps` are those beyond the limit
    that was met since its last 429, the last one from `stepped_from` at `stepped_at`. `chosen` has the rates
    (requests a minute, 0 at "auto") that users chose for the last runs that took slots, by run.
    """

    per_minute: float = AUTO_START
    kind: Kind = Kind.UNMET
    learned_at: float = 0.0
    stepped_at: float = 0.0
    stepped_from: float = 0.0
    steps: int = 0
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
    passed_before: int = 0
    measured: bool = False
    began_at: float = 0.0
    full: int = 0
    distrust: bool = False
    told: float = 0.0
    told_reset: float = 0.0
    told_left: float = -1.0
    log: tuple[tuple[int, int, int], ...] = ()
    flying: tuple[float, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    chosen: tuple[tuple[str, float], ...] = ()

    @property
    def margin(self) -> float:
        """How far below the limit requests are kept."""
        return MARGIN_UNMET if self.kind is Kind.UNMET else MARGIN

    @property
    def spacing(self) -> float:
        """The seconds between two requests at "auto"."""
        return 60.0 / (self.per_minute * (1 - self.margin))

    @property
    def is_on_trial(self) -> bool:
        """Whether what is taken for a window may be a stream."""
        return self.kind is Kind.WINDOW and self.measured_since > 0

    @property
    def is_met_again(self) -> bool:
        """Whether the limit is known so well that requests are spread evenly just below it."""
        return self.kind is Kind.WINDOW or (self.kind is Kind.STREAM and self.measured)

    @property
    def is_unsure(self) -> bool:
        """Whether "auto" knows so little that it waits for answers before it lets more requests go."""
        return self.kind is Kind.UNMET or (self.kind is Kind.STREAM and self.passed < FINE)


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


def goes_at(pace: Pace, run_id: str, per_minute: float) -> Pace:
    """Return the state with the rate that a run's user chose (requests a minute); 0 is "auto"."""
    if (run_id, per_minute) in pace.chosen:
        return pace
    others = tuple(part for part in pace.chosen if part[0] != run_id)
    return replace(pace, chosen=(*others, (run_id, per_minute))[-_MOST_CHOSEN:])


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


def of_a_full_minute(pace: Pace, at: float) -> float:
    """Return the rate (requests a second) of a bucket that held a minute's when the first request left.

    What it let through until its first 429 is what it refills from a minute before that request on.
    """
    return pace.full / (WINDOW_S + at - pace.began_at) if pace.full else 0.0


def got_through(pace: Pace, since: float) -> int:
    """Return how many requests got through that left in this second or after it."""
    return sum(part[2] for part in pace.log if part[0] >= math.floor(since))


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
            "began_at",
        )
    }
    log: tuple[tuple[int, int, int], ...] = ()
    for second, before, through in pace.log:
        log = counted(log, second - back, before, through)
    flying = tuple(at - back for at in pace.flying)
    return replace(pace, **moved, log=log, flying=flying)
