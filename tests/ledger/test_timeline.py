"""A run's mails over time: each is counted once, in few stretches, by either database."""

import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from migma_nb.api.states import Reason, RunState, State
from migma_nb.ledger import journal
from migma_nb.ledger.schema import RowRecord, RunRecord, Settled
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.ledger.timeline import MOST_STRETCHES, Timeline, step_for, timeline_of

NOW = 1_790_000_000.0


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    """Give an empty ledger."""
    opened = open_ledger(place)
    yield opened
    opened.close()


def answered(
    ledger: Ledger, run_id: str, rows: list[tuple[State, float | None]], *, ends: float | None = None
) -> Timeline | None:
    """Put a run on record that began `NOW`, with what its rows came to and when; return its timeline."""
    run = RunRecord(run_id, "s", "m", "p", "https://x:443", False, "fp", len(rows), len(rows), None, NOW)
    records = [
        RowRecord(at, f"p{at}@x.example", f"p{at}@x.example", State.WAITING) for at in range(len(rows))
    ]
    settled = [
        Settled(at, state, Reason.OK, "", {} if moment is None else {"finished_at": moment})
        for at, (state, moment) in enumerate(rows)
        if state is not State.WAITING
    ]
    ledger.writing(lambda conn: journal.begin(conn, run, records))
    ledger.writing(lambda conn: journal.settle_rows(conn, run_id, settled))
    if ends is not None:
        ledger.writing(
            lambda conn: journal.finish(conn, run_id, RunState.FINISHED, reason=None, detail=None, now=ends)
        )
    return ledger.reading(lambda conn: timeline_of(conn, run_id))


@pytest.mark.both_at_once
def test_mails_are_counted_where_they_belong(ledger: Ledger) -> None:
    """By state, in the stretch in which they were answered: cut off, never rounded up into the next."""
    moments = [NOW + 0.02, NOW + 0.09, NOW + 0.3 + 0.0999, NOW + 4.95]
    found = answered(
        ledger, "one", [*((State.ACCEPTED, moment) for moment in moments), (State.REFUSED, NOW + 0.04)]
    )
    assert found is not None
    assert (NOW, 0.1) == (found.begin, found.step_s)
    assert [2, 0, 0, 1, 1] == [found.counts[State.ACCEPTED][at] for at in (0, 1, 2, 3, 49)]
    assert [1, 0] == [found.counts[State.REFUSED][at] for at in (0, 1)]
    assert State.UNKNOWN not in found.counts
    assert (3, 5, 50) == (found.totals[0], sum(found.totals), len(found.totals))


@pytest.mark.both_at_once
def test_what_the_run_did_not_send_itself_is_left_out(ledger: Ledger) -> None:
    """What an earlier run sent, what was never sent, and what was found in a log after the run's end."""
    rows: list[tuple[State, float | None]] = [
        (State.ACCEPTED, NOW + 1),
        (State.ALREADY_SENT, NOW - 9_000),
        (State.REFUSED, NOW - 9_000),
        (State.ACCEPTED, NOW + 90_000),
        (State.INVALID, None),
    ]
    found = answered(ledger, "one", rows, ends=NOW + 2)
    assert found is not None
    assert (1,) == found.totals


@pytest.mark.both_at_once
def test_before_the_first_answer_there_is_no_timeline(ledger: Ledger) -> None:
    """Nor where all were mailed before."""
    assert None is answered(ledger, "one", [(State.WAITING, None)] * 3)
    assert None is answered(ledger, "two", [(State.ALREADY_SENT, NOW - 5)] * 3)


@example(delays=[0.0, 29.5 * 604_800])
@example(delays=[0.0, 600 * 604_800.0, 599.9 * 604_800])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delays=st.lists(st.floats(0, 1e8) | st.floats(0, 4), min_size=1, max_size=20))
def test_every_mail_is_counted_once_in_few_stretches(place: str, delays: list[float]) -> None:
    """However long the run took: blinks and years alike."""
    opened = open_ledger(place)
    try:
        found = answered(opened, secrets.token_hex(8), [(State.ACCEPTED, NOW + delay) for delay in delays])
    finally:
        opened.close()
    assert found is not None
    assert len(delays) == sum(found.totals)
    assert len(found.totals) <= MOST_STRETCHES
    assert found.totals[0] > 0
    assert found.totals[-1] > 0
    assert found.begin <= NOW + min(delays) + 1e-3
    assert found.end >= NOW + max(delays) - 1e-3


@given(first=st.floats(1e9, 2e9), length=st.floats(0, 1e9))
def test_a_stretch_is_no_longer_than_it_must_be(first: float, length: float) -> None:
    """Few of them, and of half a chart's width at least, unless the next shorter one were too many."""
    step = step_for(first, first + length)
    count = int((first + length) / step) - int(first / step) + 1
    assert count <= MOST_STRETCHES
    assert step <= 0.1 or count > MOST_STRETCHES / 7
