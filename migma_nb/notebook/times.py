"""A run's mails over time, in words and as a line of text: what its card, its text and its figure share."""

from dataclasses import dataclass
from datetime import UTC, datetime

from migma_nb.ledger.timeline import Timeline

#: Fewer stretches than this show no course: words say all there is.
FEWEST_DRAWN = 3
_NAMES = {
    0.1: "a tenth of a second",
    0.5: "half a second",
    1.0: "a second",
    60.0: "a minute",
    3_600.0: "an hour",
    86_400.0: "a day",
    604_800.0: "a week",
}
_MINUTE_S = 60.0
_DAY_S = 86_400.0
_WEEK_S = 604_800.0
_HEIGHTS = "▁▂▃▄▅▆▇█"
_MOST_COLUMNS = 30


def stretch_name(step_s: float) -> str:
    """Return how long a stretch is, such as "a second" or "15 minutes"."""
    if step_s in _NAMES:
        return _NAMES[step_s]
    for seconds, name in ((_WEEK_S, "weeks"), (3_600.0, "hours"), (60.0, "minutes")):
        if step_s % seconds == 0:
            return f"{step_s / seconds:.0f} {name}"
    return f"{step_s:.0f} seconds"


@dataclass(frozen=True, slots=True)
class Times:
    """A timeline in words: the day where all of it is on one, its first and last moment, its busiest stretch.

    All are in UTC, as `day` or else `last` says.
    """

    day: str
    first: str
    last: str
    most: str


def times_words(timeline: Timeline) -> Times:
    """Return a timeline in words."""
    step, length = timeline.step_s, timeline.end - timeline.begin
    begin, end = (datetime.fromtimestamp(when, UTC) for when in (timeline.begin, timeline.end))
    most = f"at most {max(timeline.totals):,} in {stretch_name(step)}"
    if step >= _DAY_S or length > 2 * _DAY_S:
        return Times("", f"{begin:%Y-%m-%d}", f"{end:%Y-%m-%d} UTC", most)
    clock = "%H:%M:%S" if step < _MINUTE_S else "%H:%M"
    if begin.date() == end.date():
        return Times(f"{begin:%Y-%m-%d}, UTC", f"{begin:{clock}}", f"{end:{clock}}", most)
    return Times("", f"{begin:%Y-%m-%d} {begin:{clock}}", f"{end:%Y-%m-%d} {end:{clock}} UTC", most)


def times_text(timeline: Timeline | None) -> list[str]:
    """Return a timeline as two lines of text, at most 80 columns wide; none where there is no course."""
    if timeline is None or len(timeline.totals) < FEWEST_DRAWN:
        return []
    told = times_words(timeline)
    head = ", ".join(part for part in ("Mails over time", told.day, told.most) if part)
    return [f"  {head}", f"  {told.first} {spark(timeline.totals)} {told.last}"]


def spark(values: tuple[int, ...]) -> str:
    """Return numbers as bars of one character each, at most 30; only nothing at all is a space."""
    wide = -(-len(values) // _MOST_COLUMNS)
    found = [sum(values[at : at + wide]) for at in range(0, len(values), wide)]
    most = max(found, default=0) or 1
    return "".join(_HEIGHTS[max(round(len(_HEIGHTS) * one / most), 1) - 1] if one else " " for one in found)
