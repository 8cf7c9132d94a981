"""What the two databases say in different words, in one place."""

from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert(conn: sa.Connection, table: sa.Table) -> Insert:
    """Return an insert that can say what happens on a conflict."""
    if conn.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
