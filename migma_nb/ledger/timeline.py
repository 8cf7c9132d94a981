"""When the mails of a run were answered: counted into a few stretches of time, however many rows it has."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.api.states import State
from migma_nb.ledger.dialects import whole_steps
from migma_nb.ledger.schema import rows, runs

#: What may become of a mail that a run itself has sent, the best first.
ANSWERED = (State.ACCEPTED, State.REFUSED, State.UNKNOWN)
MOST_STRETCHES = 60
#: The lengths of a stretch (seconds), the shortest first; beyond them whole numbers of weeks.
STEPS_S = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many mails were answered in each stretch of time.

    Args:
        begin: when the first stretch begins (seconds since the epoch, a multiple of `step_s`).
        step_s: how long each is (seconds).
        counts: how many mails came to what, one number a stretch; states that no mail came to are left out.
    """

    begin: float
    step_s: float
    counts: Mapping[State, tuple[int, ...]]

    @property
    def totals(self) -> tuple[int, ...]:
        """How many mails were answered in each stretch."""
        return tuple(map(sum, zip(*self.counts.values(), strict=True)))

    @property
    def end(self) -> float:
        """When the last stretch ends (seconds since the epoch)."""
        return self.begin + self.step_s * len(self.totals)


def step_for(first: float, last: float) -> float:
    """Return the shortest stretch (seconds) of which `MOST_STRETCHES` reach from one moment to another."""
    for step in STEPS_S:
        if _whole(last, step) - _whole(first, step) < MOST_STRETCHES:
            return step
    # One more than fit, since the first and the last may be cut.
    return STEPS_S[-1] * math.ceil((last - first) / STEPS_S[-1] / (MOST_STRETCHES - 1))


def timeline_of(conn: sa.Connection, run_id: str) -> Timeline | None:
    """Return when the mails that a run itself has sent were answered; None where none was yet.

    What an earlier run sent, and what was settled after this one's end, has another time, and is left out.
    """
    answered = answered_by(conn, run_id)
    ends = sa.select(sa.func.min(rows.c.finished_at), sa.func.max(rows.c.finished_at)).where(
        rows.c.run_id == run_id, answered
    )
    first, last = conn.execute(ends).one()
    if first is None:
        return None
    step = step_for(first, last)
    stretch = whole_steps(conn, rows.c.finished_at, step).label("stretch")
    query = (
        sa.select(stretch, rows.c.state, sa.func.count())
        .where(rows.c.run_id == run_id, answered)
        .group_by(stretch, rows.c.state)
    )
    return drawn(
        first, last, ((int(at), State(state), int(count)) for at, state, count in conn.execute(query))
    )


def answered_by(conn: sa.Connection, run_id: str) -> sa.ColumnElement[bool]:
    """Return the condition that a run's row is a mail that the run itself has sent, and that was answered."""
    run = conn.execute(sa.select(runs.c.started_at, runs.c.finished_at).where(runs.c.run_id == run_id)).one()
    return sa.and_(
        rows.c.state.in_(ANSWERED),
        rows.c.finished_at >= run.started_at,
        *([] if run.finished_at is None else [rows.c.finished_at <= run.finished_at]),
    )


def drawn(first: float, last: float, stretches: Iterable[tuple[int, State, int]]) -> Timeline:
    """Return a timeline from one moment to another.

    Args:
        first: when the first mail was answered (seconds since the epoch).
        last: when the last one was.
        stretches: how many whole steps (of `step_for` the two) had gone by, the state, and how many mails.
    """
    step = step_for(first, last)
    begin = _whole(first, step)
    counts = {state: [0] * (_whole(last, step) - begin + 1) for state in ANSWERED}
    for at, state, count in stretches:
        counts[state][at - begin] = count
    found = {state: tuple(numbers) for state, numbers in counts.items() if any(numbers)}
    return Timeline(begin * step, step, found)


def _whole(moment: float, step: float) -> int:
    """Return how many whole steps have gone by at a moment, as `whole_steps` counts them."""
    return int(moment / step)
