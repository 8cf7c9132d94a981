"""A run's rows counted in one pass: the same that each question alone finds, and no longer for more rows."""

import secrets
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from migma_nb.api.states import Reason, RunState, State
from migma_nb.ledger import journal
from migma_nb.ledger.schema import RowRecord, RunRecord, Settled
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.ledger.survey import Survey, survey
from migma_nb.ledger.timeline import timeline_of
from migma_nb.notebook.run_card import run_html
from migma_nb.sending.facts import facts_of
from migma_nb.sending.summary import summarise

NOW = 1_790_000_000.0
SETTLED = [State.ACCEPTED, State.REFUSED, State.UNKNOWN, State.ALREADY_SENT, State.INVALID]


@pytest.fixture
def ledger(place: str) -> Iterator[Ledger]:
    """Give an empty ledger."""
    opened = open_ledger(place)
    yield opened
    opened.close()


def put(ledger: Ledger, run_id: str, rows: list[Settled], *, ends: float, recipients: list[str]) -> None:
    """Put a run on record that began `NOW` and has ended, with what became of each recipient's row."""
    run = RunRecord(run_id, "s", "m", "p", "https://x:443", False, "fp", len(rows), len(rows), None, NOW)
    records = [RowRecord(at, who, who, State.WAITING) for at, who in enumerate(recipients)]
    ledger.writing(lambda conn: journal.begin(conn, run, records))
    ledger.writing(lambda conn: journal.settle_rows(conn, run_id, rows))
    ledger.writing(
        lambda conn: journal.finish(conn, run_id, RunState.FINISHED, reason=None, detail=None, now=ends)
    )


def people(count: int) -> list[str]:
    """Return so many addresses."""
    return [f"p{at}@x.example" for at in range(count)]


@example(delays=[0.0, 1.0], states=[State.ACCEPTED], ends=1e6)
@example(delays=[5.0, 5.0, 9e5], states=[State.ACCEPTED, State.REFUSED], ends=10.0)
@example(delays=[0.0], states=[State.INVALID], ends=0.0)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    delays=st.lists(st.floats(0, 1e7) | st.floats(0, 4), min_size=1, max_size=20),
    states=st.lists(st.sampled_from(SETTLED), min_size=1),
    ends=st.floats(0, 2e7),
)
def test_one_pass_finds_what_each_question_alone_finds(
    place: str, delays: list[float], states: list[State], ends: float
) -> None:
    """Whether the run's mails took all of its time, a blink of it, or were settled after its end."""
    opened, run_id = open_ledger(place), secrets.token_hex(8)
    became = [states[at % len(states)] for at in range(len(delays))]
    rows = [
        Settled(at, state, Reason.OK, "", {"finished_at": NOW + delay})
        for at, (state, delay) in enumerate(zip(became, delays, strict=True))
    ]
    try:
        put(opened, run_id, rows, ends=NOW + ends, recipients=people(len(rows)))
        found, alone = opened.reading(lambda conn: (survey(conn, run_id), timeline_of(conn, run_id)))
    finally:
        opened.close()
    assert Survey(dict(Counter(became)), 0, batches=False, timeline=alone) == found


@pytest.mark.both_at_once
def test_batches_and_what_the_log_has_settled_are_counted(ledger: Ledger) -> None:
    """By what stands before a batch's id, and by the reason."""
    rows = [
        Settled(0, State.ACCEPTED, Reason.RECONCILED, "", {"finished_at": NOW + 1}),
        Settled(1, State.ACCEPTED, Reason.OK, "", {"finished_at": NOW + 1}),
        Settled(2, State.UNKNOWN, Reason.LOST_ANSWER, "", {"finished_at": NOW + 1}),
    ]
    put(
        ledger,
        "people",
        rows,
        ends=NOW + 2,
        recipients=["tag@x.example", "segments@x.example", "c@x.example"],
    )
    put(ledger, "batches", rows, ends=NOW + 2, recipients=["tag:vip", "a@x.example", "segment:s"])
    found = [ledger.reading(partial(survey, run_id=run)) for run in ("people", "batches")]
    assert [(1, False), (1, True)] == [(one.reconciled, one.batches) for one in found]
    assert 2 == facts_of(ledger, "batches").batches


@pytest.mark.both_at_once
def test_a_summary_of_very_many_refusals_is_short_and_counts_them_all(ledger: Ledger) -> None:
    """Where a server has words of its own for every row: a few of them stand for the rest."""
    words = [f"p{at}@x.example is suppressed" for at in range(2_000)]
    rows = [
        *(Settled(at, State.REFUSED, Reason.REFUSED, said, {}) for at, said in enumerate(words)),
        *(Settled(at, State.REFUSED, Reason.REFUSED, "quota", {}) for at in range(2_000, 2_050)),
        *(Settled(at, State.UNKNOWN, Reason.LOST_ANSWER, "no answer", {}) for at in range(2_050, 2_053)),
    ]
    put(ledger, "one", rows, ends=NOW + 2, recipients=people(len(rows)))
    found = facts_of(ledger, "one")
    assert len(found.rows) <= 201
    lines = [line for line in summarise(found).splitlines() if line.startswith(("refused:", "unknown:"))]
    assert [
        "refused: 50 × refused: quota",
        "refused: 1 × refused: p0@x.example is suppressed",
        "refused: 1 × refused: p1@x.example is suppressed",
        "refused: 1,998 more, see run.frame",
        "unknown: 3 × lost_answer: no answer",
    ] == lines
    assert len(run_html(found)) < 100_000
