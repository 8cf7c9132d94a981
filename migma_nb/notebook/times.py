"""A run's mails over time, in words and as a line of text: what its card, its text and its figure share."""

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


def times_words(timeline: Timeline) -> tuple[str, str, str]:
    """Return when a timeline begins, how many mails its busiest stretch has, and when it ends; all UTC."""
    step, length = timeline.step_s, timeline.end - timeline.begin
    begin, end = (datetime.fromtimestamp(when, UTC) for when in (timeline.begin, timeline.end))
    if step >= _DAY_S or length > 2 * _DAY_S:
        first, last = f"{begin:%Y-%m-%d}", f"{end:%Y-%m-%d} UTC"
    else:
        clock = "%H:%M:%S" if step < 60.0 else "%H:%M"  # noqa: PLR2004 - a minute
        same = begin.date() == end.date()
        first = f"{begin:%Y-%m-%d} {begin:{clock}}"
        last = f"{end:{clock if same else '%Y-%m-%d ' + clock}} UTC"
    most = max(timeline.totals)
    return first, f"at most {most:,} in {stretch_name(step)}", last


def times_text(timeline: Timeline | None) -> list[str]:
    """Return a timeline as two lines of text, at most 80 columns wide; none where there is no course."""
    if timeline is None or len(timeline.totals) < FEWEST_DRAWN:
        return []
    first, most, last = times_words(timeline)
    return [f"  Mails over time, {most}:", f"  {first} {spark(timeline.totals)} {last}"]


def spark(values: tuple[int, ...]) -> str:
    """Return numbers as bars of one character each, at most 30; only nothing at all is a space."""
    wide = -(-len(values) // _MOST_COLUMNS)
    found = [sum(values[at : at + wide]) for at in range(0, len(values), wide)]
    most = max(found, default=0) or 1
    return "".join(_HEIGHTS[-(-len(_HEIGHTS) * one // most) - 1] if one else " " for one in found)
