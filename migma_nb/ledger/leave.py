"""Leave to send: whether a run is still on record as running, asked once for a whole transaction."""

from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import LIVE_STATES
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import SCHEMA_VERSION, Intent, meta, runs

_VERSION = sa.select(meta.c.value).where(meta.c.name == "schema_version").scalar_subquery()
_RUN_STATE = Prepared(sa.select(runs.c.state, _VERSION).where(runs.c.run_id == sa.bindparam("the_run")))


@dataclass(frozen=True, slots=True)
class Leave:
    """That a run may send, as a write transaction found it: until that ends, nobody else can write."""

    conn: sa.Connection
    run_id: str

    def to(self, intent: Intent) -> sa.Connection:
        """Return the transaction in which to write an intent of this run.

        Raises:
            LedgerError: the intent is another run's.
        """
        if self.run_id != intent.run_id:
            raise LedgerError(f"Run {intent.run_id} was not given leave to send.")
        return self.conn


def leave(conn: sa.Connection, run_id: str) -> Leave:
    """Ask whether a run may send; what it is given is good for all intents of this transaction.

    Args:
        conn: an open write transaction.
        run_id: the run.

    Raises:
        LedgerError: this run is no longer on record as running, so it may not send.
    """
    found = _RUN_STATE.one(conn, {"the_run": run_id})
    state, shape = found if found is not None else (None, None)
    if shape is not None and int(shape) > SCHEMA_VERSION:
        raise LedgerError(
            f"A newer migma_nb has brought up the ledger (to its version {shape}) while run {run_id} was "
            "going; this older one sends nothing more.",
            hint="Upgrade migma_nb, restart, and send again to go on.",
        )
    if state not in LIVE_STATES:
        raise LedgerError(
            f"Run {run_id} is no longer on record as running ({state}); it sends nothing more.",
            hint="Was its lock file removed, or the ledger replaced? Send again to go on.",
        )
    return Leave(conn, run_id)
