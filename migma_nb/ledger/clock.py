"""The ledger's clock: one for all who share a ledger, where there is one."""

import time

import sqlalchemy as sa


def now(conn: sa.Connection) -> float:
    """Return the present (seconds since the epoch), by the database server where there is one."""
    if conn.dialect.name == "postgresql":
        return float(
            conn.execute(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))).scalar_one()
        )
    return time.time()
