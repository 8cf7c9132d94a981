"""The pace that all who send with one API key to one server share: kept as one small text each."""

import sqlalchemy as sa

from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import paces

# Compiled once: a fast run asks for it every few rows.
_THIS_ONE = (
    paces.c.origin == sa.bindparam("of_origin"),
    paces.c.key_fingerprint == sa.bindparam("of_fingerprint"),
)
_VALUES = ("state", "changed_at")
_STATE = Prepared(sa.select(paces.c.state).where(*_THIS_ONE))
_CHANGE = Prepared(paces.update().where(*_THIS_ONE), _VALUES)
_FIRST = Prepared(paces.insert(), ("origin", "key_fingerprint", *_VALUES))


def read(conn: sa.Connection, origin: str, key_fingerprint: str) -> str | None:
    """Return the pace as it was written last, None where nothing is known yet."""
    found = _STATE.one(conn, {"of_origin": origin, "of_fingerprint": key_fingerprint})
    return None if found is None else str(found[0])


def write(conn: sa.Connection, origin: str, key_fingerprint: str, state: str, now: float) -> None:
    """Write the pace, in the transaction in which it was read: writers come one after the other."""
    values = {"state": state, "changed_at": now}
    if _CHANGE.run(conn, values | {"of_origin": origin, "of_fingerprint": key_fingerprint}) == 0:
        _FIRST.run(conn, values | {"origin": origin, "key_fingerprint": key_fingerprint})
