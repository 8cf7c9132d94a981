"""What people ask the ledger: which runs there were, and what became of a run's rows."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
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


def run_rows(conn: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """Return one dict per input row of a run, in order: its state, and what is known of its mail.

    `recipient` is who it is in the mailing (None where nobody can be mailed), `address` what was written.
    """
    columns = [*_ROW, *(rows.c[name] for name in BATCH_COLUMNS)]
    query = sa.select(*columns).where(rows.c.run_id == run_id).order_by(rows.c.position)
    found = [dict(row._asdict()) for row in conn.execute(query)]
    flying = _in_flight(conn, run_id)
    for row in found:
        if row["state"] == State.WAITING and row["position"] in flying:
            row.update(flying[row["position"]], state=State.SENDING)
    return found


def counts_of(conn: sa.Connection, run_id: str) -> dict[State, int]:
    """Return how many rows of a run are in which state; states without any are left out."""
    query = sa.select(rows.c.state, sa.func.count()).where(rows.c.run_id == run_id).group_by(rows.c.state)
    found = {State(state): int(count) for state, count in conn.execute(query)}
    if flying := len(_in_flight(conn, run_id)) if State.WAITING in found else 0:
        found[State.WAITING] -= flying
        found[State.SENDING] = found.get(State.SENDING, 0) + flying
    return {state: found[state] for state in State if found.get(state)}


def rows_to_explain(conn: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """Return what a summary tells of single rows: those that were refused or are unknown, and batches.

    Each with `position`, `recipient`, `state`, `reason`, `detail`, `message_id`, `api_status` and a batch's
    own counts, in order.
    """
    told = ("position", "recipient", "state", "reason", "detail", "message_id", "api_status", *BATCH_COLUMNS)
    explained = rows.c.state.in_((State.REFUSED, State.UNKNOWN))
    query = (
        sa.select(*(rows.c[name] for name in told))
        .where(rows.c.run_id == run_id, sa.or_(explained, batches_in(rows.c.recipient)))
        .order_by(rows.c.position)
    )
    found = [dict(row._asdict()) for row in conn.execute(query)]
    waiting = [row for row in found if row["state"] == State.WAITING]
    flying = _in_flight(conn, run_id) if waiting else {}
    for row in waiting:
        row["state"] = State.SENDING if row["position"] in flying else State.WAITING
    return found


def reconciled(conn: sa.Connection, run_id: str) -> int:
    """Return how many rows of a run were unknown until Migma's log was found to hold them."""
    query = sa.select(sa.func.count()).where(
        rows.c.run_id == run_id, rows.c.state == State.ACCEPTED, rows.c.reason == Reason.RECONCILED
    )
    return int(conn.execute(query).scalar_one())


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


def _in_flight(conn: sa.Connection, run_id: str) -> dict[int, dict[str, Any]]:
    """Return the rows whose claim is held, here or elsewhere, by position."""
    columns = ("attempts", "first_attempt_at", "idempotency_key", "payload_sha256")
    run = conn.execute(sa.select(runs.c.scope, runs.c.mailing).where(runs.c.run_id == run_id)).one_or_none()
    if run is None:
        return {}
    query = (
        sa.select(rows.c.position, *(claims.c[name] for name in columns))
        .join(claims, claims.c.recipient == rows.c.recipient)
        .where(rows.c.run_id == run_id, rows.c.state == State.WAITING)
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
