"""What the ledger knows of a run, gathered for its summary; a run whose process died is settled first."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from migma_nb.api.states import LIVE_STATES, RunState, State
from migma_nb.ledger import clock, deliveries, journal, queries
from migma_nb.ledger.batches import is_batch
from migma_nb.ledger.store import Ledger
from migma_nb.ledger.survey import survey
from migma_nb.sending.fates import Fates, fates_of, forgotten_before
from migma_nb.sending.summary import RunFacts


def state_of(ledger: Ledger, run_id: str) -> RunState:
    """Return how a run stands; one on record as running whose process is gone has died."""
    state = RunState(_record(ledger, run_id)["state"])
    if state in LIVE_STATES and run_id in journal.settle_for_a_look(ledger):
        return RunState.DIED
    return state


def server_of(ledger: Ledger, run_id: str) -> tuple[str, bool]:
    """Return a run's server, and whether that is a sandbox."""
    run = _record(ledger, run_id)
    return str(run["server"]), bool(run["sandbox"])


def counts_of(ledger: Ledger, run_id: str) -> dict[State, int]:
    """Return how many rows of a run are in which state."""
    return ledger.reading(lambda conn: queries.counts_of(conn, run_id))


def reasons_of(ledger: Ledger, run_id: str) -> dict[tuple[State, str | None], int]:
    """Return how many rows of a run are in which state for which reason."""
    return ledger.reading(lambda conn: queries.reasons_of(conn, run_id))


def size_of(ledger: Ledger, run_id: str) -> int:
    """Return how many rows a run has."""
    return ledger.reading(lambda conn: queries.size_of(conn, run_id))


def words_of(ledger: Ledger, run_id: str) -> dict[str, int] | None:
    """Return how many rows of a run have which word of Migma's log; None where it was never asked."""
    return ledger.reading(lambda conn: deliveries.words_of(conn, run_id))


def facts_of(ledger: Ledger, run_id: str) -> RunFacts:
    """Return everything a summary of a run needs."""
    state_of(ledger, run_id)

    def look(conn: sa.Connection) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
        run = queries.run_of(conn, run_id)
        found = survey(conn, run_id)
        counts = queries.with_flying(conn, run_id, found.counts)
        # Each of these goes through all rows: what the counts rule out is not asked for.
        waiting = State.WAITING in counts or State.SENDING in counts
        first = None
        if State.ACCEPTED not in counts:
            first = queries.first_accepted(conn, run["scope"], run["mailing"])
        told = {
            "counts": counts,
            "kept": queries.kept_from_other_plans(conn, run_id) if State.ALREADY_SENT in counts else 0,
            "held": queries.holders_of(conn, run_id) if waiting else [],
            "reconciled": found.reconciled,
            "first_sent_on": None if first is None else f"{datetime.fromtimestamp(first, UTC):%Y-%m-%d}",
            "fates": _fates(conn, run["run_id"]),
            "timeline": found.timeline,
        }
        lines = queries.batches_of(conn, run_id) if found.batches else []
        if failed := [state for state in (State.REFUSED, State.UNKNOWN) if state in counts]:
            lines += queries.kinds_of(conn, run_id, failed)
        return run, lines, told

    run, rows, told = ledger.reading(look)
    return RunFacts(
        run_id=run_id,
        mailing=run["mailing"],
        server=run["server"],
        sandbox=run["sandbox"],
        state=RunState(run["state"]),
        detail=run["detail"] or "",
        ledger=ledger.name,
        batches=sum(is_batch(row.get("recipient")) for row in rows),
        has_log=run["email_id"] is not None,
        rows=rows,
        **told,
    )


def _fates(conn: sa.Connection, run_id: str) -> Fates | None:
    """Return what became of a run's mails, None where their log was never asked."""
    refreshed_at = deliveries.refreshed_at(conn, run_id)
    if refreshed_at is None:
        return None
    since = forgotten_before(clock.now(conn))
    return fates_of(deliveries.tallies_of(conn, run_id, since), refreshed_at)


def _record(ledger: Ledger, run_id: str) -> dict[str, Any]:
    return ledger.reading(lambda conn: queries.run_of(conn, run_id))
