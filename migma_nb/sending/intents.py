"""What is about to leave: the intent that stands for a row's exact bytes, dated and written together."""

import sqlalchemy as sa

from migma_nb.api.logs import subject_digest
from migma_nb.api.settings import Settings
from migma_nb.ledger import claims, clock
from migma_nb.ledger.leave import Leave, leave
from migma_nb.ledger.locks import LifeLock
from migma_nb.ledger.schema import Intent, Standing, Taken
from migma_nb.planning.frozen import Plan


def intent_of(plan: Plan, settings: Settings, run_id: str, position: int, body: bytes) -> Intent:
    """Return the intent to send a row's bytes, not yet dated.

    Args:
        plan: the plan.
        settings: the client's settings.
        run_id: the run.
        position: the row, from 0.
        body: its bytes.
    """
    # Only mails made from what Migma stores have a log, in which their subject is looked for.
    logged = "template" not in plan.constants and not plan.is_batch(position)
    return Intent(
        scope=settings.scope,
        mailing=plan.mailing,
        recipient=plan.recipient(position),
        run_id=run_id,
        plan_id=plan.id,
        payload_sha256=plan.digest_of(body),
        key_fingerprint=settings.key.fingerprint(),
        subject_sha256=subject_digest(plan.message(position).subject) if logged else None,
        email_id=plan.own_email_id(position),
    )


class Departures:
    """Writes a run's intents, inside the transactions of its scribe.

    What holds for all that leave in one transaction is asked for once: that the run is on record as running,
    that it still holds its lock, and what time it is.

    Args:
        run_id: the run.
        lock: its lock.
    """

    def __init__(self, run_id: str, lock: LifeLock) -> None:
        self._run_id = run_id
        self._lock = lock
        self._given: Leave | None = None
        self._now = 0.0

    def take(
        self, conn: sa.Connection, intent: Intent, seen: Standing | None, ahead_s: float
    ) -> Taken | Standing:
        """Claim a row's person and write the intent, or return how the person stands instead.

        Args:
            conn: the transaction.
            intent: the intent, not yet dated.
            seen: how the person stood when the row was taken up; None for nobody's.
            ahead_s: how far this machine's clock was seen to be ahead of the server's (seconds).

        Raises:
            LedgerError: this run may be, or was, settled by others; nothing more is sent.
        """
        given = self._leave(conn)
        return claims.take(given, self._dated(intent, given, ahead_s), seen)

    def again(self, conn: sa.Connection, intent: Intent, ahead_s: float) -> Taken:
        """Write the intent of a further attempt on a claim that this run holds; arguments as for `take`."""
        given = self._leave(conn)
        return claims.again(given, self._dated(intent, given, ahead_s))

    def _leave(self, conn: sa.Connection) -> Leave:
        # Each transaction has a connection object of its own (`Ledger.write`).
        if self._given is None or self._given.conn is not conn:
            self._lock.require(conn)
            given = leave(conn, self._run_id)
            self._now, self._given = clock.now(conn), given
        return self._given

    def _dated(self, intent: Intent, given: Leave, ahead_s: float) -> Intent:
        # A server's clock is the same for everybody, and is not this machine's.
        ahead_s = ahead_s if given.conn.dialect.name == "sqlite" else 0.0
        return intent._replace(at=self._now - ahead_s)
