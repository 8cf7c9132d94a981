"""What the two databases say in different words, in one place."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = sqlite.Insert | postgresql.Insert

#: By the name of the dialect, what makes an insert that can say what happens on a conflict.
INSERTS: Mapping[str, Callable[[sa.Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert(conn: sa.Connection, table: sa.Table) -> Insert:
    """Return an insert that can say what happens on a conflict."""
    return INSERTS[conn.dialect.name](table)


def whole_steps(conn: sa.Connection, column: sa.ColumnElement[float], step: float) -> sa.ColumnElement[int]:
    """Return how many whole steps fit into a column that is not negative: cut off, not rounded."""
    share = column / step
    # PostgreSQL rounds where it casts; not every SQLite has been built with floor().
    return sa.cast(share if conn.dialect.name == "sqlite" else sa.func.floor(share), sa.BigInteger)
