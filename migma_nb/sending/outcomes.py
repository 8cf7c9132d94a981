"""The outcome of an attempt as one transaction writes it: on the attempt, on the claim, and on the row."""

from typing import Any, NamedTuple

import sqlalchemy as sa

from migma_nb.api.meaning import Meaning
from migma_nb.ledger import claims, clock, journal, standings
from migma_nb.ledger.schema import Intent, Outcome, Settled, Taken
from migma_nb.sending.decision import Decision, outcome_of
from migma_nb.sending.pace import Hearing


class Settling(NamedTuple):
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
        written = claims.record(conn, self.taken, self.intent, outcome)
        if self.decision.state is not None:
            account = self._account(outcome) if written else standings.account_of(conn, self.taken.claim_id)
            state, reason = self.decision.state, self.decision.reason
            row = Settled(self.position, state, reason, self.meaning.detail, account)
            journal.settle_rows(conn, self.intent.run_id, [row])
        self.hearing.write(conn)

    def _account(self, outcome: Outcome) -> dict[str, Any]:
        """Return what the claim knows of the mail by this outcome, without reading it back."""
        return {
            "reason": outcome.reason,
            "detail": outcome.detail,
            "message_id": outcome.message_id,
            "provider": outcome.provider,
            "api_status": outcome.api_status,
            "http_status": outcome.http_status,
            "attempts": 0 if outcome.fresh else self.taken.attempts,
            "first_attempt_at": None if outcome.fresh else self.taken.first_attempt_at,
            "finished_at": outcome.finished_at,
            "latency_s": outcome.latency_s,
            "request_id": outcome.request_id,
            "idempotency_key": self.taken.idempotency_key,
            "payload_sha256": self.intent.payload_sha256,
        }
