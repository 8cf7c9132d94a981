"""What a screen asks the ledger of a run, again and again: counts, troubles, and a page of its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from migma_nb.api.states import State
from migma_nb.ledger.batches import batches_in
from migma_nb.ledger.queries import Holder, holders_of, live_runs
from migma_nb.ledger.schema import BATCH_COLUMNS, ClaimState, attempts, claims, rows, runs

#: What a page of rows shows, in this order.
PAGE_COLUMNS = ("position", "address", "state", "reason", "detail", "message_id", "finished_at")
_SEARCHED = ("address", "detail", "message_id")


def counts(conn: sa.Connection, run_id: str) -> dict[State, int]:
    """Return how many rows of a run are in which state, without those that have none.

    What other runs hold of it counts as `waiting` here: `held_elsewhere` has it.
    """
    query = sa.select(rows.c.state, sa.func.count()).where(rows.c.run_id == run_id).group_by(rows.c.state)
    found = {State(state): int(count) for state, count in conn.execute(query)}
    held = sa.select(sa.func.count()).where(claims.c.run_id == run_id, claims.c.state == ClaimState.HELD)
    flying = min(found.get(State.WAITING, 0), int(conn.execute(held).scalar_one()))
    found[State.WAITING] = found.get(State.WAITING, 0) - flying
    found[State.SENDING] = found.get(State.SENDING, 0) + flying
    return {state: found[state] for state in State if found.get(state)}


def answered(conn: sa.Connection, run_id: str, since: float) -> tuple[int, float]:
    """Return how many attempts of a run were answered since then, and when the first of them was."""
    query = sa.select(sa.func.count(), sa.func.min(attempts.c.finished_at)).where(
        attempts.c.run_id == run_id, attempts.c.finished_at > since
    )
    count, first = conn.execute(query).one()
    return int(count), float(first or since)


def held_elsewhere(conn: sa.Connection, run: Mapping[str, Any]) -> list[Holder]:
    """Return which other runs hold rows of a run; asked only where another of its mailing is going."""
    others = [one for one in live_runs(conn, run["scope"], run["mailing"]) if one != run["run_id"]]
    return holders_of(conn, run["run_id"]) if others else []


def troubles(
    conn: sa.Connection, run_id: str, states: Sequence[State], most: int
) -> list[tuple[State, str, int, int, float]]:
    """Return kinds of trouble, newest first: state, words, how many rows, the newest's position, and when.

    Args:
        conn: a transaction.
        run_id: the run.
        states: whose rows are asked for.
        most: so many kinds at most.
    """
    newest = sa.func.max(rows.c.finished_at)
    query = (
        sa.select(
            rows.c.state, rows.c.reason, rows.c.detail, sa.func.count(), sa.func.max(rows.c.position), newest
        )
        .where(rows.c.run_id == run_id, rows.c.state.in_(states))
        .group_by(rows.c.state, rows.c.reason, rows.c.detail)
        .order_by(newest.desc(), rows.c.state)
        .limit(most)
    )
    return [
        (State(state), detail or reason or "", int(count), int(position), float(at or 0.0))
        for state, reason, detail, count, position, at in conn.execute(query)
    ]


def batch_rows_of(conn: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """Return the rows of a run that are batches, with their own counts."""
    names = ("position", "recipient", "state", "reason", "detail", "message_id", "api_status", *BATCH_COLUMNS)
    query = (
        sa.select(*(rows.c[name] for name in names))
        .where(rows.c.run_id == run_id, rows.c.recipient.is_not(None), batches_in(rows.c.recipient))
        .order_by(rows.c.position)
    )
    return [dict(row._asdict()) for row in conn.execute(query)]


def is_of_batches(conn: sa.Connection, run_id: str) -> bool:
    """Return whether any row of a run is a batch."""
    batch = (rows.c.recipient.is_not(None), batches_in(rows.c.recipient))
    query = sa.select(rows.c.position).where(rows.c.run_id == run_id, *batch).limit(1)
    return conn.execute(query).first() is not None


def page(
    conn: sa.Connection, run_id: str, state: State | None, search: str, *, start: int, size: int
) -> tuple[list[tuple[Any, ...]], int]:
    """Return rows of a run in their order, each as `PAGE_COLUMNS`, and how many there are to page through.

    Args:
        conn: a transaction.
        run_id: the run.
        state: only rows in this state; None for all.
        search: only rows whose address, words or message id hold this text; "" for all.
        start: the first one (from 0).
        size: so many at most.
    """
    where = _matching(run_id, state, search)
    columns = [rows.c[name] for name in PAGE_COLUMNS]
    query = sa.select(*columns).where(*where).order_by(rows.c.position).limit(size).offset(start)
    total = conn.execute(
        sa.select(sa.func.count()).select_from(rows).where(*where)
        if state or search
        else sa.select(runs.c.size).where(runs.c.run_id == run_id)
    ).scalar_one()
    return [tuple(row) for row in conn.execute(query)], int(total)


def positions(conn: sa.Connection, run_id: str, state: State | None, search: str) -> list[int]:
    """Return the positions of the rows that `page` pages through."""
    query = sa.select(rows.c.position).where(*_matching(run_id, state, search)).order_by(rows.c.position)
    return list(conn.scalars(query))


def _matching(run_id: str, state: State | None, search: str) -> list[sa.ColumnElement[bool]]:
    where = [rows.c.run_id == run_id]
    if state is not None:
        where.append(rows.c.state == state)
    if search:
        where.append(sa.or_(*(rows.c[name].icontains(search, autoescape=True) for name in _SEARCHED)))
    return where
