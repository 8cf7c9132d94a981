"""Who may claim a line of Migma's log: every attempt of this ledger that may have put one there."""

from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.ledger.batches import batches_in
from migma_nb.ledger.schema import ClaimState, attempts, claims, rows, runs

#: Attempts that came to one of these left no mail behind.
_CERTAINLY_NONE = ("refused", "not_accepted", "halt", "outdated")


@dataclass(frozen=True, slots=True)
class Claimant:
    """One generation of a person's claim that was attempted from a stored email.

    Args:
        claim_id, generation: which claim, and under which of its keys.
        address: the recipient on the wire.
        subject_sha256: the subject's hash.
        first_at, last_at: when its first and its last attempt left (seconds since the epoch, our clock).
        answered_at: when the last attempt was answered, None where it was not.
        attempts: how many there were.
        open: it is the claim's present generation, and nobody knows yet what became of it.
        message_id: the API's handle, None where no answer gave one.
    """

    claim_id: int
    generation: int
    address: str
    subject_sha256: str
    first_at: float
    last_at: float
    answered_at: float | None
    attempts: int
    open: bool
    message_id: str | None


_MAYBE = sa.or_(attempts.c.verdict.is_(None), attempts.c.verdict.not_in(_CERTAINLY_NONE))


def first_batch_of(conn: sa.Connection, scope: str, email_id: str) -> float | None:
    """Return when the first batch left that may have put lines into the log of a stored email.

    Nobody here knows who is in a batch, nor when it reached whom: from then on any line may be its own.

    Args:
        conn: an open transaction.
        scope: the account.
        email_id: the email.

    Returns:
        Seconds since the epoch by our clock, None where there was no batch.
    """
    query = (
        sa.select(sa.func.min(attempts.c.intent_at))
        .select_from(claims)
        .join(runs, runs.c.run_id == claims.c.run_id)
        .join(attempts, attempts.c.claim_id == claims.c.claim_id)
        .where(claims.c.scope == scope, _made_from(email_id), batches_in(claims.c.recipient), _MAYBE)
    )
    found: float | None = conn.execute(query).scalar()
    return found


def claimants_of(conn: sa.Connection, scope: str, email_id: str) -> list[Claimant]:
    """Return every generation, of any mailing, that may have left a line in the log of a stored email.

    Args:
        conn: an open transaction.
        scope: the account.
        email_id: the email.
    """
    query = (
        sa.select(
            claims.c.claim_id,
            claims.c.state,
            claims.c.generation.label("present"),
            claims.c.message_id,
            claims.c.subject_sha256,
            claims.c.run_id,
            claims.c.recipient,
            attempts.c.generation,
            sa.func.min(attempts.c.intent_at).label("first_at"),
            sa.func.max(attempts.c.intent_at).label("last_at"),
            sa.func.max(attempts.c.finished_at).label("answered_at"),
            sa.func.count().label("attempts"),
        )
        .select_from(claims)
        .join(runs, runs.c.run_id == claims.c.run_id)
        .join(attempts, attempts.c.claim_id == claims.c.claim_id)
        .where(claims.c.scope == scope, _made_from(email_id), claims.c.subject_sha256.is_not(None))
        .where(_MAYBE)
        .group_by(
            claims.c.claim_id,
            claims.c.state,
            claims.c.generation,
            claims.c.message_id,
            claims.c.subject_sha256,
            claims.c.run_id,
            claims.c.recipient,
            attempts.c.generation,
        )
    )
    addresses = _addresses(conn, scope, email_id)
    found: list[Claimant] = []
    for row in conn.execute(query):
        present = row.generation == row.present
        found.append(
            Claimant(
                claim_id=row.claim_id,
                generation=row.generation,
                address=addresses[row.run_id, row.recipient],
                subject_sha256=row.subject_sha256,
                first_at=row.first_at,
                last_at=row.last_at,
                answered_at=row.answered_at,
                attempts=row.attempts,
                open=present and row.state == ClaimState.UNKNOWN,
                message_id=row.message_id if present else None,
            )
        )
    return found


def _made_from(email_id: str) -> sa.ColumnElement[bool]:
    """Return the condition that a claim's mail is made from a stored email: its own, else its run's."""
    return sa.func.coalesce(claims.c.email_id, runs.c.email_id) == email_id


def _addresses(conn: sa.Connection, scope: str, email_id: str) -> dict[tuple[str, str], str]:
    # Not by a join: rows have no index on their recipient.
    own = sa.select(claims.c.run_id).where(claims.c.scope == scope, claims.c.email_id == email_id)
    query = (
        sa.select(rows.c.run_id, rows.c.recipient, rows.c.address)
        .join(runs, runs.c.run_id == rows.c.run_id)
        .where(runs.c.scope == scope, sa.or_(runs.c.email_id == email_id, runs.c.run_id.in_(own)))
        .where(rows.c.recipient.is_not(None))
    )
    return {(run_id, recipient): address for run_id, recipient, address in conn.execute(query)}
