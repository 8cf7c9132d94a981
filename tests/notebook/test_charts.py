"""The small charts of a run: as pictures with words beside them, and as lines of text."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from migma_nb.api.states import RunState, State
from migma_nb.ledger.timeline import Timeline
from migma_nb.notebook.lines import width_of
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.notebook.times import spark, times_words
from migma_nb.sending.fates import Fates
from migma_nb.sending.summary import RunFacts
from tests.notebook.finished import finished

Tags = Callable[[str], list[tuple[str, dict[str, str | None]]]]

#: 13:20:00 UTC on 21 September 2026.
NOW = 1_789_996_800.0
BUSY = Timeline(
    NOW,
    60.0,
    {State.ACCEPTED: (10, 1_000, 0, 500), State.REFUSED: (0, 4, 0, 0), State.UNKNOWN: (0, 1, 0, 0)},
)
FATES = Fates(
    NOW + 86_400, mails=1_510, words={"delivered": 1_000, "opened": 9}, delivered=1_009, opened=9, clicked=1
)


def facts(**changes: Any) -> RunFacts:
    """Return the facts of a finished run, of which a test changes what it is about."""
    fields: dict[str, Any] = {
        "counts": {State.ACCEPTED: 1_510, State.REFUSED: 4, State.UNKNOWN: 1},
        "timeline": BUSY,
    }
    return finished(**fields | changes)


def test_the_card_draws_when_mails_were_sent(tags: Tags) -> None:
    """A path for each thing that mails came to, and in words the day, the hours and the busiest minute."""
    found = tags(run_html(facts()))
    (label,) = [
        attrs["aria-label"] for tag, attrs in found if tag == "svg" and "from" in (attrs["aria-label"] or "")
    ]
    assert "from 13:20 to 13:24, at most 1,005 in a minute" == label
    assert 3 == [tag for tag, _ in found].count("path")
    for words in (">2026-09-21, UTC<", ">13:20<", ">at most 1,005 in a minute<", ">13:24<"):
        assert words in run_html(facts())


def test_a_single_refusal_among_thousands_can_be_seen(tags: Tags) -> None:
    """No column is so low that it vanishes, and none leaves the picture."""
    timeline = Timeline(NOW, 60.0, {State.ACCEPTED: (100_000,) * 5, State.REFUSED: (0, 1, 0, 0, 0)})
    (box, paths) = _drawn(tags(run_html(facts(timeline=timeline))))
    top, height = box[1], box[3]
    assert 2 == len(paths)
    for path in paths:
        for base, high in re.findall(r"M\d+ (-?\d+)v-(\d+)", path):
            assert 2 <= int(high) <= height
            assert top <= int(base) - int(high)


def test_the_text_draws_the_same_as_bars_of_one_character() -> None:
    """In the summary of a terminal, beside the same words."""
    lines = run_text(facts()).splitlines()
    at = lines.index("  Mails over time, 2026-09-21, UTC, at most 1,005 in a minute")
    assert "  13:20 ▁█ ▄ 13:24" == lines[at + 1]


def test_the_text_draws_how_far_mails_came() -> None:
    """A bar for each stage, that is full only for all and empty only for nothing."""
    lines = run_text(facts(fates=FATES)).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  planned"))
    assert [
        f"  planned    1,515  {'█' * 30}",
        f"  accepted   1,510  {'█' * 29}   99 % of planned",
        f"  delivered  1,009  {'█' * 20}            67 % of accepted",
        f"  opened         9  █{' ' * 29}  <1 % of delivered",
        f"  clicked        1  █{' ' * 29}  <1 % of delivered",
    ] == [re.sub(r" +$", "", line) for line in lines[at : at + 5]]


@pytest.mark.parametrize("timeline", [None, Timeline(NOW, 0.1, {State.ACCEPTED: (7, 2)})])
def test_where_there_is_no_course_nothing_is_drawn(tags: Tags, timeline: Timeline | None) -> None:
    """A column alone says nothing; in words the card says the moment."""
    html = run_html(facts(timeline=timeline))
    assert "path" not in [tag for tag, _ in tags(html)]
    assert "Mails over time" not in run_text(facts(timeline=timeline))
    assert (timeline is not None) == ("at most 7 in a tenth of a second" in html)


@pytest.mark.parametrize(
    ("begin", "step_s", "count", "shown"),
    [
        (NOW, 0.5, 4, ("2026-09-21, UTC", "13:20:00", "13:20:02", "at most 1 in half a second")),
        (NOW, 900.0, 50, ("", "2026-09-21 13:20", "2026-09-22 01:50 UTC", "at most 1 in 15 minutes")),
        (NOW, 21_600.0, 40, ("", "2026-09-21", "2026-10-01 UTC", "at most 1 in 6 hours")),
        (NOW, 4 * 604_800.0, 30, ("", "2026-09-21", "2029-01-08 UTC", "at most 1 in 4 weeks")),
    ],
)
def test_times_are_said_as_finely_as_they_need(
    begin: float, step_s: float, count: int, shown: tuple[str, ...]
) -> None:
    """Seconds for a blink, days for weeks, the day once where it is the same."""
    told = times_words(Timeline(begin, step_s, {State.ACCEPTED: (1,) * count}))
    assert shown == (told.day, told.first, told.last, told.most)


def test_a_card_and_a_text_stay_small_with_the_longest_timeline(tags: Tags) -> None:
    """Sixty stretches, in each of which everything happened, and a funnel: 20 kB and 80 columns at most."""
    full = Timeline(
        NOW,
        900.0,
        dict.fromkeys((State.ACCEPTED, State.REFUSED, State.UNKNOWN), (123456,) * 60),
    )
    rows = [
        {"state": state, "reason": f"reason {n}", "detail": "why " * 40}
        for n in range(5)
        for state in (State.REFUSED, State.UNKNOWN)
    ]
    counts = {state: 123_456 for state in State if state not in {State.WAITING, State.SENDING}}
    words = dict.fromkeys(("delivered", "opened", "clicked", "bounced", "complained", "suppressed"), 1_000)
    fates = Fates(
        NOW, mails=200_000, words=words, delivered=9_000, opened=800, clicked=70, pending=5, forgotten=3
    )
    long = {"mailing": "m" * 900, "ledger": "l" * 900, "detail": "d" * 900, "state": RunState.HALTED}
    made = facts(timeline=full, counts=counts, rows=rows, fates=fates, **long)
    tags(run_html(made))
    assert 20_000 > len(run_html(made).encode())
    drawn = [line for line in run_text(made).splitlines() if {"█", "▄"} & set(line)]
    assert 6 == len(drawn)
    assert 80 >= max(map(width_of, drawn))


def test_a_batch_has_no_times_of_its_own(tags: Tags) -> None:
    """One call says nothing of when its people were mailed."""
    row = {"recipient": "tag:vip", "message_id": "b1", "state": State.ACCEPTED, "batch_total": None}
    made = facts(batches=1, counts={State.ACCEPTED: 1}, rows=[row])
    tags(run_html(made))
    assert "over time" not in run_html(made) + run_text(made)


@pytest.mark.parametrize(
    ("values", "drawn"),
    [((0, 0), "  "), ((1, 0, 8), "▁ █"), ((5,), "█"), (tuple(range(60)), None)],
)
def test_bars_of_one_character_are_at_most_thirty(values: tuple[int, ...], drawn: str | None) -> None:
    """Only nothing is a gap."""
    assert (spark(values) == drawn) if drawn is not None else (len(spark(values)) == 30)


def _drawn(found: list[tuple[str, dict[str, str | None]]]) -> tuple[list[float], list[str]]:
    """Return the box and the paths of the columns."""
    (box,) = [attrs["viewbox"] for tag, attrs in found if tag == "svg" and "viewbox" in attrs]
    return [float(part) for part in (box or "").split()], [
        attrs["d"] or "" for tag, attrs in found if tag == "path"
    ]
