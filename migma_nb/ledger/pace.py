"""The pace that all who send with one API key to one server share: kept as one small text each."""

import sqlalchemy as sa

from migma_nb.ledger.schema import paces


def read(conn: sa.Connection, origin: str, key_fingerprint: str) -> str | None:
    """Return the pace as it was written last, None where nothing is known yet."""
    found: str | None = conn.execute(sa.select(paces.c.state).where(*_one(origin, key_fingerprint))).scalar()
    return found


def write(conn: sa.Connection, origin: str, key_fingerprint: str, state: str, now: float) -> None:
    """Write the pace, in the transaction in which it was read: writers come one after the other."""
    values = {"state": state, "changed_at": now}
    if conn.execute(paces.update().where(*_one(origin, key_fingerprint)).values(values)).rowcount == 0:
        conn.execute(paces.insert().values(origin=origin, key_fingerprint=key_fingerprint, **values))


def _one(origin: str, key_fingerprint: str) -> tuple[sa.ColumnElement[bool], ...]:
    return paces.c.origin == origin, paces.c.key_fingerprint == key_fingerprint
