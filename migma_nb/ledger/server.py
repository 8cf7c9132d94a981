"""The ledger as a PostgreSQL database: one writer at a time, each commit on the server's disk."""

from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import ConfigurationError, LedgerError

#: The schema that holds the tables, unless the URL names a search path of its own.
SCHEMA = "migma_nb"
#: The name of an advisory lock: of this ledger (the number of its table), and of what it stands for.
LOCK_NAME = "hashtextextended('migma_nb ' || coalesce(to_regclass('meta')::oid::bigint, 0) || ' {what}', 0)"
_ONE_WRITER = f"SELECT pg_advisory_xact_lock({LOCK_NAME.format(what='write')})"
# Each statement of such a transaction sees what was committed before it began; since the first thing it does
# is to wait for its turn, that is all there is, as with SQLite's BEGIN IMMEDIATE.
BEGIN_WRITE = ("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", _ONE_WRITER)
BEGIN_READ = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
HINT = (
    "Nothing is sent without it; see that the server is up and that its user may write there, and send again "
    "to go on."
)
#: How long to wait for a connection, and for a peer that is silent (seconds).
_CONNECT_S, _SILENT_S = 10, 30
#: A program suspended in the middle of a write (a closed laptop) holds the others up for so long (seconds).
IDLE_S = 15
#: More connections than this are closed once they are not needed.
_KEPT = 2


def engine_of(url: sa.URL, busy_s: float) -> sa.Engine:
    """Return the engine of a database, set up for durable writes.

    Args:
        url: where it is.
        busy_s: how long a write waits for another program's write (seconds).

    Raises:
        ConfigurationError: the driver is not installed.
    """
    waits = {
        "connect_timeout": _CONNECT_S,
        "keepalives_idle": _SILENT_S // 2,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": _SILENT_S * 1000,
        "application_name": "migma_nb",
    }
    given = {name: value for name, value in waits.items() if name not in url.query}
    try:
        engine = sa.create_engine(
            url,
            connect_args=given,
            isolation_level="AUTOCOMMIT",
            pool_size=_KEPT,
            max_overflow=20,
            hide_parameters=True,
        )
    except ImportError:
        raise ConfigurationError(
            "A ledger in PostgreSQL needs the driver psycopg, which is not installed.",
            hint='Install it with: pip install "migma-nb[postgres]"',
        ) from None
    settings = _settings(busy_s, own_path="search_path" in str(url.query.get("options", "")))

    @sa.event.listens_for(engine, "connect")
    def _settle(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(settings)

    return engine


def _settings(busy_s: float, *, own_path: bool) -> str:
    """Return the statement that sets what holds for a connection, whatever the server's default is."""
    wanted = {
        # An intent whose mail has left must be on the disk.
        "synchronous_commit": "on",
        "lock_timeout": f"{busy_s:g}s",
        # Less than others wait: whoever is suspended in mid-transaction must not halt their runs.
        "idle_in_transaction_session_timeout": f"{IDLE_S}s",
        # A run's lock hangs on a connection that has nothing to say while the run goes on.
        "idle_session_timeout": "0",
        "tcp_keepalives_idle": f"{_SILENT_S // 2}",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": f"{_SILENT_S * 1000}",
    }
    if not own_path:
        wanted["search_path"] = SCHEMA
    values = ", ".join(f"('{name}', '{value}')" for name, value in wanted.items())
    # Older servers do not know all of these.
    listed = f"(VALUES {values}) AS wanted(name, value)"
    return f"SELECT set_config(wanted.name, wanted.value, false) FROM {listed} JOIN pg_settings USING (name)"  # noqa: S608 - our words


def make_schema(conn: sa.Connection) -> None:
    """Make the schema of the tables where it is not there yet; the caller holds the write transaction.

    Raises:
        LedgerError: it is not there, and this user may not make it.
    """
    look = (
        "SELECT current_schema(), current_setting('search_path'), current_user, current_database(), "
        "has_database_privilege(current_database(), 'CREATE')"
    )
    schema, path, user, database, allowed = conn.exec_driver_sql(look).one()
    if schema is not None:
        return
    if path != SCHEMA or not allowed:
        raise LedgerError(
            f"The database {database} has no schema {path}, and the user {user} cannot make it.",
            hint=f"Ask its owner for: CREATE SCHEMA {path} AUTHORIZATION {user}",
        )
    conn.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")


def is_broken(conn: sa.Connection) -> bool:
    """Return whether an error has spoilt the transaction, so that its COMMIT would quietly be a ROLLBACK."""
    connection: Any = conn.connection.dbapi_connection
    return str(connection.info.transaction_status.name) == "INERROR"
