"""From an older ledger's shape to the present one: each step has a version, runs once, and loses no row."""

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from migma_nb.ledger import server
from migma_nb.ledger.deliveries import deliveries, refreshes
from migma_nb.ledger.imports import import_chunks, imported
from migma_nb.ledger.prepared import Prepared
from migma_nb.ledger.schema import SCHEMA_VERSION, meta, metadata, paces, rulings

_VERSION = Prepared(sa.select(meta.c.value).where(meta.c.name == "schema_version"))
_Step = Callable[[sa.Connection], None]


def version_of(conn: sa.Connection) -> int | None:
    """Return the version of a ledger's shape, None where nothing was made yet."""
    if not sa.inspect(conn).has_table(meta.name):
        return None
    found = _VERSION.one(conn, {})
    return None if found is None else int(found[0])


def bring_up(conn: sa.Connection) -> None:
    """Make what is missing, step by step; the caller holds the write transaction of all of it."""
    found = version_of(conn)
    if found is None:
        if conn.dialect.name == "postgresql":
            server.make_schema(conn)
        metadata.create_all(conn)
        conn.execute(meta.insert().values(name="schema_version", value=str(SCHEMA_VERSION)))
        return
    for version in range(found + 1, SCHEMA_VERSION + 1):
        _STEPS[version](conn)
        conn.execute(meta.update().where(meta.c.name == "schema_version").values(value=str(version)))


def _second(conn: sa.Connection) -> None:
    """Wishes to runs that are going, rulings on doubts, and what is needed to look into Migma's log."""
    for line in (
        "ALTER TABLE runs ADD COLUMN wanted VARCHAR NOT NULL DEFAULT 'run'",
        "ALTER TABLE runs ADD COLUMN email_id VARCHAR",
        "ALTER TABLE claims ADD COLUMN subject_sha256 VARCHAR",
        "ALTER TABLE claims ADD COLUMN ruled_as VARCHAR",
    ):
        conn.execute(sa.text(line))
    rulings.create(conn)


def _third(conn: sa.Connection) -> None:
    """The pace that all who send with one API key share."""
    paces.create(conn)


def _fourth(conn: sa.Connection) -> None:
    """Imports; what became of mails; the stored email of a claim, where each row has its own."""
    imported.create(conn)
    import_chunks.create(conn)
    refreshes.create(conn)
    deliveries.create(conn)
    conn.execute(sa.text("ALTER TABLE claims ADD COLUMN email_id VARCHAR"))


_STEPS: Mapping[int, _Step] = {2: _second, 3: _third, 4: _fourth}
