"""What is about to leave: the intent that stands for a row's exact bytes, dated by the ledger's clock."""

import hashlib
from dataclasses import replace

import sqlalchemy as sa

from migma_nb.api.logs import subject_digest
from migma_nb.api.settings import Settings
from migma_nb.ledger import clock
from migma_nb.ledger.locks import LifeLock
from migma_nb.ledger.schema import Intent
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
        payload_sha256=hashlib.sha256(body).hexdigest(),
        key_fingerprint=settings.key.fingerprint(),
        subject_sha256=subject_digest(plan.message(position).subject) if logged else None,
        email_id=plan.own_email_id(position),
    )


def dated(conn: sa.Connection, lock: LifeLock, intent: Intent, ahead_s: float) -> Intent:
    """Return the intent as of now, if its run still holds its lock; inside the transaction that writes it.

    Args:
        conn: that transaction.
        lock: the run's lock.
        intent: the intent.
        ahead_s: how far this machine's clock was seen to be ahead of the server's (seconds).

    Raises:
        LedgerError: the lock is lost, so that this run may be settled by others; nothing more is sent.
    """
    lock.require(conn)
    ahead_s = ahead_s if conn.dialect.name == "sqlite" else 0.0
    return replace(intent, at=clock.now(conn) - ahead_s)
