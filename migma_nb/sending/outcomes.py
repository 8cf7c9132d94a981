"""The outcome of an attempt as one transaction writes it: on the attempt, on the claim, and on the row."""

from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.api.meaning import Meaning
from migma_nb.ledger import claims, clock, journal, standings
from migma_nb.ledger.schema import Intent, Settled, Taken
from migma_nb.sending.decision import Decision, outcome_of
from migma_nb.sending.pace import Hearing


@dataclass(frozen=True, slots=True)
class Settling:
    """What an attempt came to; `latency_s` is how long its answer took (seconds)."""

    position: int
    taken: Taken
    intent: Intent
    meaning: Meaning
    decision: Decision
    hearing: Hearing
    latency_s: float

    def write(self, conn: sa.Connection) -> None:
        """Write all of it; a row that waits for its next attempt stays open."""
        outcome = outcome_of(self.meaning, self.decision, now=clock.now(conn), latency_s=self.latency_s)
        claims.record(conn, self.taken, self.intent, outcome)
        if self.decision.state is not None:
            account = standings.account_of(conn, self.taken.claim_id)
            state, reason = self.decision.state, self.decision.reason
            row = Settled(self.position, state, reason, self.meaning.detail, account)
            journal.settle_rows(conn, self.intent.run_id, [row])
        self.hearing.write(conn)
