"""What people ask the ledger: which runs there were, and what became of a run's rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.states import LIVE_STATES, RunState, State
from migma_nb.ledger.batches import batches_in
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import ACCOUNT_COLUMNS, BATCH_COLUMNS, ClaimState, claims, rows, runs

_ROW = [
    rows.c.position,
    rows.c.recipient,
    rows.c.address,
    rows.c.state,
    *(rows.c[name] for name in ACCOUNT_COLUMNS),
]
_LIVE_RUNS = Prepared(
    sa.select(runs.c.run_id).where(
        runs.c.scope == sa.bindparam("of_scope"),
        runs.c.mailing == sa.bindparam("of_mailing"),
        sa.or_(*(runs.c.state == state for state in LIVE_STATES)),
    )
)


#: How a person stands to whom a run has nothing to send, or not now.
_NOTHING_TO_SEND = (ClaimState.ACCEPTED, ClaimState.ALREADY_SENT, ClaimState.HELD)
_LEFT_TO_MAIL = Prepared(
    sa.select(rows.c.position)
    .outerjoin(
        claims,
        sa.and_(
            claims.c.scope == sa.bindparam("of_scope"),
            claims.c.mailing == sa.bindparam("of_mailing"),
            claims.c.recipient == rows.c.recipient,
        ),
    )
    .where(rows.c.run_id == sa.bindparam("of_run"), rows.c.state == State.WAITING)
    .where(sa.or_(claims.c.state.is_(None), sa.and_(*(claims.c.state != one for one in _NOTHING_TO_SEND))))
    .limit(1)
)


def anybody_left(conn: sa.Connection, run_id: str, scope: str, mailing: str) -> bool:
    """Return whether a run that has just begun may have something to send to anybody."""
    whose = {"of_run": run_id, "of_scope": scope, "of_mailing": mailing}
    return _LEFT_TO_MAIL.one(conn, whose) is not None


def run_rows(
    conn: sa.Connection, run_id: str, start: int = 0, stop: int | None = None, *, state: State | None = None
) -> list[dict[str, Any]]:
    """Return one dict per input row of a run, in order: its state, and what is known of its mail.

    `recipient` is who it is in the mailing (None where nobody can be mailed), `address` what was written.

    Args:
        conn: a transaction.
        run_id: the run.
        start: the first row's position, from 0.
        stop: the position behind the last; None for all to the end.
        state: only rows that are on record in this state; None for all.
    """
    part = _between(run_id, start, stop)
    part += [] if state is None else [rows.c.state == state]
    columns = [*_ROW, *(rows.c[name] for name in BATCH_COLUMNS)]
    query = sa.select(*columns).where(*part).order_by(rows.c.position)
    found = [dict(row._asdict()) for row in conn.execute(query)]
    waiting = any(row["state"] == State.WAITING for row in found)
    flying = _in_flight(conn, run_id, start, stop) if waiting else {}
    for row in found:
        if row["state"] == State.WAITING and row["position"] in flying:
            row.update(flying[row["position"]], state=State.SENDING)
    return found


def _between(run_id: str, start: int, stop: int | None) -> list[sa.ColumnElement[bool]]:
    end = [] if stop is None else [rows.c.position < stop]
    return [rows.c.run_id == run_id, rows.c.position >= start, *end]


def size_of(conn: sa.Connection, run_id: str) -> int:
    """Return how many input rows a run has."""
    return int(conn.execute(sa.select(runs.c.size).where(runs.c.run_id == run_id)).scalar_one())


def reasons_of(conn: sa.Connection, run_id: str) -> dict[tuple[State, str | None], int]:
    """Return how many rows of a run are in which state for which reason, by the first of each."""
    query = (
        sa.select(rows.c.state, rows.c.reason, sa.func.count())
        .where(rows.c.run_id == run_id)
        .group_by(rows.c.state, rows.c.reason)
        .order_by(sa.func.min(rows.c.position))
    )
    found = {(State(state), reason): int(count) for state, reason, count in conn.execute(query)}
    if flying := counts_of(conn, run_id).get(State.SENDING):
        # A row that waits has no reason yet.
        found[State.WAITING, None] -= flying
        found[State.SENDING, None] = flying
    return {kind: count for kind, count in found.items() if count}


def counts_of(conn: sa.Connection, run_id: str) -> dict[State, int]:
    """Return how many rows of a run are in which state; states without any are left out."""
    query = sa.select(rows.c.state, sa.func.count()).where(rows.c.run_id == run_id).group_by(rows.c.state)
    return with_flying(conn, run_id, {State(state): int(count) for state, count in conn.execute(query)})


def with_flying(conn: sa.Connection, run_id: str, counted: Mapping[State, int]) -> dict[State, int]:
    """Return a run's counts on record, with what is in flight as `sending`."""
    found = dict(counted)
    if flying := len(_in_flight(conn, run_id)) if State.WAITING in found else 0:
        found[State.WAITING] -= flying
        found[State.SENDING] = found.get(State.SENDING, 0) + flying
    return {state: found[state] for state in State if found.get(state)}


def kinds_of(
    conn: sa.Connection, run_id: str, states: Sequence[State], most: int = 100
) -> list[dict[str, Any]]:
    """Return what a summary tells of people of a run, such as those that were refused, by kind.

    Each kind has `state`, `reason`, `detail`, how many `rows` it has, and the `position` of the first; those
    with most rows come first.

    Args:
        conn: a transaction.
        run_id: the run.
        states: whose rows are told of.
        most: so many kinds of each state at most: a server may have words of its own for every row.
    """
    kind = (rows.c.state, rows.c.reason, rows.c.detail)
    size, first = sa.func.count(), sa.func.min(rows.c.position)
    rank = sa.func.row_number().over(partition_by=rows.c.state, order_by=(size.desc(), first))
    ranked = (
        sa.select(*kind, size.label("rows"), first.label("position"), rank.label("rank"))
        .where(rows.c.run_id == run_id, rows.c.state.in_(states), ~batches_in(rows.c.recipient))
        .group_by(*kind)
        .subquery()
    )
    told = [column for column in ranked.c if column.name != "rank"]
    query = sa.select(*told).where(ranked.c.rank <= most).order_by(ranked.c.rank, ranked.c.position)
    return [dict(row._asdict()) for row in conn.execute(query)]


def batches_of(conn: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """Return what a summary tells of the batches of a run, in order.

    Each with `position`, `recipient`, `state`, `reason`, `detail`, `message_id`, `api_status` and its counts.
    """
    told = ("position", "recipient", "state", "reason", "detail", "message_id", "api_status", *BATCH_COLUMNS)
    query = (
        sa.select(*(rows.c[name] for name in told))
        .where(rows.c.run_id == run_id, batches_in(rows.c.recipient))
        .order_by(rows.c.position)
    )
    found = [dict(row._asdict()) for row in conn.execute(query)]
    waiting = [row for row in found if row["state"] == State.WAITING]
    flying = _in_flight(conn, run_id) if waiting else {}
    for row in waiting:
        row["state"] = State.SENDING if row["position"] in flying else State.WAITING
    return found


@dataclass(frozen=True, slots=True)
class Holder:
    """Another run that holds rows which a run waits for, how it stands, and how many they are."""

    run_id: str
    state: RunState
    rows: int


def holders_of(conn: sa.Connection, run_id: str) -> list[Holder]:
    """Return which other runs hold people whom a run waits for, most rows first."""
    own, other = runs.alias("own"), runs.alias("other")
    same_mailing = (claims.c.scope == own.c.scope, claims.c.mailing == own.c.mailing)
    query = (
        sa.select(other.c.run_id, other.c.state, sa.func.count())
        .select_from(rows)
        .join(own, own.c.run_id == rows.c.run_id)
        .join(claims, sa.and_(*same_mailing, claims.c.recipient == rows.c.recipient))
        .join(other, other.c.run_id == claims.c.run_id)
        .where(rows.c.run_id == run_id, rows.c.state == State.WAITING)
        .where(claims.c.state == ClaimState.HELD, claims.c.run_id != run_id)
        .group_by(other.c.run_id, other.c.state)
        .order_by(sa.func.count().desc(), other.c.run_id)
    )
    return [Holder(holder, RunState(state), count) for holder, state, count in conn.execute(query)]


def _in_flight(
    conn: sa.Connection, run_id: str, start: int = 0, stop: int | None = None
) -> dict[int, dict[str, Any]]:
    """Return the rows from one position to before another whose claim is held, here or elsewhere."""
    columns = ("attempts", "first_attempt_at", "idempotency_key", "payload_sha256")
    run = conn.execute(sa.select(runs.c.scope, runs.c.mailing).where(runs.c.run_id == run_id)).one_or_none()
    if run is None:
        return {}
    query = (
        sa.select(rows.c.position, *(claims.c[name] for name in columns))
        .join(claims, claims.c.recipient == rows.c.recipient)
        .where(*_between(run_id, start, stop), rows.c.state == State.WAITING)
        .where(claims.c.scope == run.scope, claims.c.mailing == run.mailing)
        .where(claims.c.state == ClaimState.HELD)
    )
    return {row.position: {name: getattr(row, name) for name in columns} for row in conn.execute(query)}


def run_of(conn: sa.Connection, run_id: str) -> dict[str, Any]:
    """Return a run's own record; the first letters of its id are enough if they fit one run only.

    Raises:
        InputError: no run has this id, or several do.
    """
    query = sa.select(runs).where(runs.c.run_id.startswith(run_id, autoescape=True)).limit(2)
    found = conn.execute(query).all()
    if len(found) != 1 or not run_id:
        what = "Several runs begin" if len(found) > 1 else "No run in this ledger begins"
        raise InputError(f"{what} with {run_id!r}.", hint="mg.history() or `migma-nb runs` lists them.")
    return dict(found[0]._asdict())


def all_runs(conn: sa.Connection) -> list[dict[str, Any]]:
    """Return all runs, newest first, each with its counts by state under `counts`."""
    found = [dict(row._asdict()) for row in conn.execute(sa.select(runs).order_by(runs.c.started_at.desc()))]
    query = sa.select(rows.c.run_id, rows.c.state, sa.func.count()).group_by(rows.c.run_id, rows.c.state)
    counts: dict[str, dict[str, int]] = {}
    for run_id, state, count in conn.execute(query):
        counts.setdefault(run_id, {})[state] = count
    return [run | {"counts": counts.get(run["run_id"], {})} for run in found]


def newest_run(conn: sa.Connection, mailing: str) -> str | None:
    """Return the id of a mailing's newest run, None where there is none of that name."""
    query = sa.select(runs.c.run_id).where(runs.c.mailing == mailing).order_by(runs.c.started_at.desc())
    found: str | None = conn.execute(query.limit(1)).scalar()
    return found


def recipients_of(conn: sa.Connection, run_id: str) -> set[str]:
    """Return whom a run was to mail: the persons and batches of all rows that could be sent."""
    query = sa.select(rows.c.recipient).where(rows.c.run_id == run_id, rows.c.recipient.is_not(None))
    return set(conn.execute(query).scalars())


def live_runs(conn: sa.Connection, scope: str, mailing: str) -> list[str]:
    """Return the ids of a mailing's runs that are on record as going."""
    found = _LIVE_RUNS.all(conn, {"of_scope": scope, "of_mailing": mailing})
    return [run_id for (run_id,) in found]


def first_accepted(conn: sa.Connection, scope: str, mailing: str) -> float | None:
    """Return when the mailing first mailed somebody (seconds since the epoch), None if it never did."""
    query = sa.select(sa.func.min(claims.c.first_attempt_at)).where(
        claims.c.scope == scope, claims.c.mailing == mailing, claims.c.state == ClaimState.ACCEPTED
    )
    found: float | None = conn.execute(query).scalar()
    return found


def kept_from_other_plans(conn: sa.Connection, run_id: str) -> int:
    """Return how many rows of a run were mailed before with the content of another plan."""
    query = (
        sa.select(sa.func.count())
        .select_from(rows)
        .join(runs, runs.c.run_id == rows.c.run_id)
        .join(claims, claims.c.recipient == rows.c.recipient)
        .where(claims.c.scope == runs.c.scope, claims.c.mailing == runs.c.mailing)
        .where(rows.c.run_id == run_id, rows.c.state == State.ALREADY_SENT)
        .where(claims.c.plan_id != runs.c.plan_id)
    )
    return int(conn.execute(query).scalar_one())
