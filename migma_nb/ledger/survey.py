"""All rows of a run counted in one pass: by state, by what is told of them, by when they were answered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from migma_nb.api.states import Reason, State
from migma_nb.ledger import clock
from migma_nb.ledger.batches import batches_in
from migma_nb.ledger.dialects import whole_steps
from migma_nb.ledger.schema import rows, runs
from migma_nb.ledger.timeline import Timeline, answered_by, drawn, step_for, timeline_of


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a run's rows finds.

    Args:
        counts: how many are in which state on record, without those that have none; what is in flight is
            `waiting` there.
        reconciled: how many were unknown until Migma's log was found to hold them.
        batches: whether any is a batch.
        timeline: when the run's own mails were answered; None where none was.
    """

    counts: Mapping[State, int]
    reconciled: int
    batches: bool
    timeline: Timeline | None


class _Part(NamedTuple):
    state: str
    stretch: int | None
    size: int
    reconciled: int
    batches: int
    first: float
    last: float


def survey(conn: sa.Connection, run_id: str) -> Survey:
    """Return what a pass over a run's rows finds, however many there are.

    The steps of its timeline are guessed from when the run began and ended. Where its mails took much less of
    that time, they are shorter, and the timeline takes two passes of its own.
    """
    run = conn.execute(sa.select(runs.c.started_at, runs.c.finished_at).where(runs.c.run_id == run_id)).one()
    step = step_for(run.started_at, max(run.started_at, run.finished_at or clock.now(conn)))
    found = _pass(conn, run_id, step)
    counts: Counter[State] = Counter()
    for one in found:
        counts[State(one.state)] += one.size
    timed = [one for one in found if one.stretch is not None]
    timeline = None
    if timed:
        first, last = min(one.first for one in timed), max(one.last for one in timed)
        timeline = (
            drawn(first, last, ((one.stretch or 0, State(one.state), one.size) for one in timed))
            if step == step_for(first, last)
            else timeline_of(conn, run_id)
        )
    return Survey(
        counts={state: counts[state] for state in State if counts[state]},
        reconciled=sum(one.reconciled for one in found if one.state == State.ACCEPTED),
        batches=any(one.batches for one in found),
        timeline=timeline,
    )


def _pass(conn: sa.Connection, run_id: str, step: float) -> list[_Part]:
    stretch = sa.case(
        (answered_by(conn, run_id), whole_steps(conn, rows.c.finished_at, step)), else_=sa.null()
    ).label("stretch")
    query = (
        sa.select(
            rows.c.state,
            stretch,
            sa.func.count(),
            _how_many(rows.c.reason == Reason.RECONCILED),
            _how_many(batches_in(rows.c.recipient)),
            sa.func.min(rows.c.finished_at),
            sa.func.max(rows.c.finished_at),
        )
        .where(rows.c.run_id == run_id)
        .group_by(rows.c.state, stretch)
    )
    return [_Part(*row) for row in conn.execute(query)]


def _how_many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))
