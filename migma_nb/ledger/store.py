"""The ledger file: where it is, how it is opened, and how its transactions reach the disk."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
import sqlalchemy as sa

from migma_nb.api.errors import ConfigurationError, LedgerError
from migma_nb.ledger.inode import identity_of, make_file
from migma_nb.ledger.migrations import bring_up, version_of
from migma_nb.ledger.schema import SCHEMA_VERSION

T = TypeVar("T")

#: How long a write waits for another process's write (seconds).
BUSY_S = 30.0


def ledger_path(setting: str | os.PathLike[str] | None = None) -> Path:
    """Return the file of the ledger that a setting names, links followed, since its locks lie beside it.

    Args:
        setting: a path or a `sqlite:///` URL; None takes `MIGMA_LEDGER`, else a file in the user's data
            folder.

    Raises:
        ConfigurationError: the setting names a database that this version cannot keep a ledger in.
    """
    text = os.fspath(setting) if setting is not None else os.environ.get("MIGMA_LEDGER", "")
    if not text:
        return Path(platformdirs.user_data_dir("migma_nb", appauthor=False)).resolve() / "ledger.sqlite3"
    if "://" not in text:
        return Path(text).expanduser().resolve()
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        kind = text.partition(":")[0]
        raise ConfigurationError(
            f"This version keeps its ledger in a SQLite file, not in {kind!r}.",
            hint="Set MIGMA_LEDGER or ledger= to the path of a file.",
        )
    return Path(url.database).expanduser().resolve()


class Ledger:
    """An open ledger. Made by `open_ledger`; safe to use from several threads.

    Args:
        path: the SQLite file.
        engine: its engine, set up for durable writes.
        writable: whether anything may be written; else what the dead left is not settled either.
    """

    def __init__(self, path: Path, engine: sa.Engine, *, writable: bool = True) -> None:
        self.path = path
        self.writable = writable
        self._engine = engine
        self._identity = identity_of(path)

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    @property
    def locks(self) -> Path:
        """The folder of the locks that say which runs are alive."""
        # By the file's own name: who came to it through a link must meet the others' locks.
        own = self.path.resolve()
        return own.with_name(own.name + ".locks")

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a write transaction; when the block ends without an error, it is on disk.

        Raises:
            LedgerError: the ledger could not be written.
        """
        with self._errors("written"), self._engine.connect() as conn:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                self._require_the_same_file()
                yield conn
            except BaseException:
                conn.exec_driver_sql("ROLLBACK")
                raise
            conn.exec_driver_sql("COMMIT")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a read transaction: everything read inside it is of one moment.

        Raises:
            LedgerError: the ledger could not be read.
        """
        with self._errors("read"), self._engine.connect() as conn:
            conn.exec_driver_sql("BEGIN")
            try:
                yield conn
            finally:
                conn.exec_driver_sql("ROLLBACK")

    def reading(self, query: Callable[[sa.Connection], T]) -> T:
        """Return what a query finds, all of it of one moment."""
        with self.read() as conn:
            return query(conn)

    def writing(self, work: Callable[[sa.Connection], T]) -> T:
        """Return the result of work whose writes are on disk."""
        with self.write() as conn:
            return work(conn)

    def close(self) -> None:
        """Close all connections; the ledger can be used again afterwards."""
        self._engine.dispose()

    def _require_the_same_file(self) -> None:
        """Write nothing into a file that nobody will find again: what it holds would be sent twice."""
        if identity_of(self.path) != self._identity:
            raise LedgerError(
                f"The ledger {self.path} was deleted or replaced while it was in use.",
                hint="Nothing more is sent. Put the file back, and send again to go on.",
            )

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).splitlines()[0]
        else:
            return
        raise LedgerError(
            f"The ledger {self.path} could not be {what}: {why}.",
            hint="Nothing is sent without it; free the file or its disk, and send again to go on.",
        )


def open_ledger(setting: str | os.PathLike[str] | None = None) -> Ledger:
    """Open the ledger, making it where it is not there yet (readable by its owner only).

    Args:
        setting: as in `ledger_path`.

    Raises:
        LedgerError: the place cannot be written, holds something else, or a newer version made it.
    """
    path = ledger_path(setting)
    hint = "Set MIGMA_LEDGER or ledger= to a file in a folder that you may write to."
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_file(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be written: {error.strerror}. Nothing was sent.", hint=hint
        ) from None
    ledger = Ledger(path, _engine(path))
    _prepare(ledger)
    return ledger


def _prepare(ledger: Ledger) -> None:
    found = ledger.reading(version_of)
    if found is None or found < SCHEMA_VERSION:
        ledger.writing(bring_up)
    if found is not None and found > SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger {ledger.path} was made by a newer migma_nb (its version {found}).",
            hint="Upgrade migma_nb, or name another ledger. Nothing was sent.",
        )


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
        isolation_level="AUTOCOMMIT",
    )

    @sa.event.listens_for(engine, "connect")
    def _settle(connection: Any, _: Any) -> None:
        # WAL lets readers look while a run writes; FULL puts each commit on the disk before it returns,
        # since with NORMAL a power cut could lose an intent whose mail had left.
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine
