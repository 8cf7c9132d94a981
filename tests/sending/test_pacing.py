"""The pace and the error budget, on a clock that the test turns."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.api.meaning import Meaning, Verdict
from migma_nb.api.settings import Rate, parse_rate
from migma_nb.api.states import Reason
from migma_nb.sending.budget import MOST_IN_A_ROW, Budget
from migma_nb.sending.pacing import AUTO_MOST, AUTO_START, Pacer


def left_within(pacer: Pacer, seconds: float, now: float = 0.0) -> list[float]:
    """Return when requests left, where somebody asks as soon as they may."""
    times, end = [], now + seconds
    while now < end:
        wait = pacer.reserve(now)
        if wait == 0:
            times.append(now)
        now += wait
    return times


@given(st.integers(1, 200), st.sampled_from([1.0, 60.0]))
def test_a_fixed_rate_is_never_exceeded_in_any_window(requests: int, seconds: float) -> None:
    """However one looks at it."""
    window: deque[float] = deque()
    for at in left_within(Pacer(Rate(requests, seconds)), 3 * seconds):
        window.append(at)
        while at - window[0] >= seconds - 1e-9:
            window.popleft()
        assert len(window) <= requests


def test_a_days_budget_may_be_spent_at_once() -> None:
    """Nobody waits 86 seconds for a mail; the thousand and first waits for tomorrow."""
    pacer = Pacer(parse_rate("1000/day"))
    assert 1000 == len(left_within(pacer, 100.0))
    assert pacer.reserve(100.0) == pytest.approx(86_300.0)


def test_auto_starts_low_and_doubles_after_each_clean_minute() -> None:
    """Up to the highest limit that any source names."""
    pacer = Pacer(None)
    assert AUTO_START == pytest.approx(len(left_within(pacer, 60.0)), abs=1)
    assert 2 * AUTO_START == pytest.approx(len(left_within(pacer, 60.0, 60.0)), abs=3)
    left_within(pacer, 600.0, 120.0)
    assert AUTO_MOST == pacer.per_minute


def test_a_429_holds_everybody_and_auto_stays_below_what_was_too_much() -> None:
    """Ten a minute were too many, so fewer than ten leave in the next ones."""
    pacer = Pacer(None)
    left_within(pacer, 10.5)
    pacer.told_to_wait(10.5, 20.0)
    assert pacer.reserve(10.5) >= 20.0
    assert 10 > len(left_within(pacer, 60.0, 31.0))


def test_the_budget_is_spent_by_failures_alike_in_a_row_only() -> None:
    """A success between them, or another kind, begins anew; a 429 counts for nothing."""
    budget = Budget()
    refused = Meaning(Verdict.REFUSED, Reason.REFUSED, "", status=400)
    limited = Meaning(Verdict.NOT_ACCEPTED, Reason.RATE_LIMITED, "", status=429)
    for _ in range(MOST_IN_A_ROW - 1):
        assert not budget.spent_by(refused)
        assert not budget.spent_by(limited)
    assert not budget.spent_by(Meaning(Verdict.ACCEPTED, Reason.OK, ""))
    assert [False] * (MOST_IN_A_ROW - 1) + [True] == [budget.spent_by(refused) for _ in range(MOST_IN_A_ROW)]
