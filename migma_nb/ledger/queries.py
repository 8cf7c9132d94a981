"""What people ask the ledger: which runs there were, and what became of a run's rows."""

from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import InputError
from migma_nb.api.states import LIVE_STATES, State
from migma_nb.ledger.schema import ACCOUNT_COLUMNS, BATCH_COLUMNS, ClaimState, claims, rows, runs

_ROW = [rows.c.position, rows.c.address, rows.c.state, *(rows.c[name] for name in ACCOUNT_COLUMNS)]


def run_rows(conn: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """Return one dict per input row of a run, in order: its state, and what is known of its mail."""
    columns = [*_ROW, *(rows.c[name] for name in BATCH_COLUMNS)]
    query = sa.select(*columns).where(rows.c.run_id == run_id).order_by(rows.c.position)
    found = [dict(row._asdict()) for row in conn.execute(query)]
    flying = _in_flight(conn, run_id)
    for row in found:
        if row["state"] == State.WAITING and row["position"] in flying:
            row.update(flying[row["position"]], state=State.SENDING)
    return found


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


def live_runs(conn: sa.Connection, scope: str, mailing: str) -> list[str]:
    """Return the ids of a mailing's runs that are on record as going."""
    query = sa.select(runs.c.run_id).where(
        runs.c.scope == scope, runs.c.mailing == mailing, runs.c.state.in_(LIVE_STATES)
    )
    return list(conn.scalars(query))


def first_accepted(conn: sa.Connection, scope: str, mailing: str) -> float | None:
    """Return when the mailing first mailed somebody (seconds since the epoch), None if it never did."""
    query = sa.select(sa.func.min(claims.c.first_attempt_at)).where(
        claims.c.scope == scope, claims.c.mailing == mailing, claims.c.state == ClaimState.ACCEPTED
    )
    found: float | None = conn.execute(query).scalar()
    return found


def targets_of(conn: sa.Connection, scope: str, mailing: str) -> set[str | None]:
    """Return whom a mailing holds: the recipient of each batch, and None for single recipients."""
    query = (
        sa.select(runs.c.target)
        .join(claims, claims.c.run_id == runs.c.run_id)
        .where(claims.c.scope == scope, claims.c.mailing == mailing, claims.c.state != ClaimState.FREE)
        .distinct()
    )
    return set(conn.scalars(query))


def batch_handle(conn: sa.Connection, run_id: str) -> str | None:
    """Return the id under which the API knows the batch of a run, None where it was not accepted."""
    settled = [State.ACCEPTED, State.ALREADY_SENT]
    query = sa.select(rows.c.message_id).where(rows.c.run_id == run_id, rows.c.state.in_(settled))
    found: str | None = conn.execute(query).scalar()
    return found
