"""The ledger: how it is opened, and how its transactions reach the disk."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.ledger import files, forks, server
from migma_nb.ledger.inode import identity_of
from migma_nb.ledger.locks import FileLifeLock, LifeLock, ServerLifeLock, this_host
from migma_nb.ledger.migrations import bring_up, version_of
from migma_nb.ledger.mounts import Keeping, Mount, mount_under
from migma_nb.ledger.places import Place, Setting, place_of
from migma_nb.ledger.prepared import plainly
from migma_nb.ledger.schema import SCHEMA_VERSION

T = TypeVar("T")

#: How long a write waits for another process's write (seconds).
BUSY_S = 30.0


class LedgerGoneError(LedgerError):
    """The ledger cannot be reached, or it is open whether a commit reached it: nothing is tried again."""


class Ledger:
    """An open ledger. Made by `open_ledger`; safe to use from several threads.

    Args:
        place: where it is.
        engine: its engine, set up for durable writes.
        mount: the file system that a file is on, None where that is not known.
        writable: whether anything may be written; else what the dead left is not settled either.
    """

    def __init__(
        self, place: Place, engine: sa.Engine, mount: Mount | None = None, *, writable: bool = True
    ) -> None:
        self.place = place
        self.writable = writable
        self._identity = None if place.path is None else identity_of(place.path)
        self.mount = mount
        self._engine = engine
        self._on_server = place.url is not None
        kind = server if self._on_server else files
        self._begin_write, self._begin_read, self._hint = kind.BEGIN_WRITE, kind.BEGIN_READ, kind.HINT
        forks.note(engine)
        # No pool may be left to the garbage collector: it would not say good-bye to the server.
        weakref.finalize(self, engine.dispose)

    def __repr__(self) -> str:
        return f"Ledger({self.name!r})"

    @property
    def name(self) -> str:
        """What people are told: the file, or the database without its password."""
        return self.place.name

    @property
    def path(self) -> Path:
        """The SQLite file.

        Raises:
            LedgerError: there is none.
        """
        if self.place.path is None:
            raise LedgerError(f"The ledger {self.name} is no file.")
        return self.place.path

    @property
    def locks(self) -> Path:
        """The folder of the locks that say which runs are alive, beside a file."""
        return self.path.with_name(self.path.name + ".locks")

    @property
    def keeping(self) -> Keeping:
        """How a file is kept on its file system."""
        return Keeping.WAL if self.mount is None else self.mount.keeping

    @property
    def one_clock(self) -> bool:
        """Whether all who write share one clock: a computer's, or the server's."""
        return self._on_server or self.keeping is Keeping.WAL

    @property
    def may_outlive_lock(self) -> bool:
        """Whether a process may lose a run's lock and go on: a server lets go of it with the connection."""
        return self._on_server

    @property
    def refusal(self) -> str | None:
        """Why nobody may be mailed live by this ledger, None where it is safe."""
        if self.keeping is not Keeping.UNSAFE or self.mount is None:
            return None
        return (
            f"The ledger {self.name} lies on a network or shared drive of the kind {self.mount.kind!r} "
            f"(mounted at {self.mount.point}), where another computer may not see who is at work on it, "
            "so that people could be mailed twice."
        )

    def life_lock(self, run_id: str) -> LifeLock:
        """Return the lock of a run, not yet taken."""
        if self._on_server:
            return ServerLifeLock(self._engine, run_id, self._errors)
        return FileLifeLock(self.locks, run_id, host=None if self.keeping is Keeping.WAL else this_host())

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a write transaction; when the block ends without an error, it is on disk.

        Raises:
            LedgerError: the ledger could not be written.
        """
        with self._errors("written"), self._engine.connect() as conn:
            try:
                _begin(conn, self._begin_write)
                self._require_the_same_file()
                yield conn
                self._require_whole(conn)
            except BaseException:
                _roll_back(conn)
                raise
            self._commit(conn)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a read transaction: everything read inside it is of one moment.

        Raises:
            LedgerError: the ledger could not be read.
        """
        with self._errors("read"), self._engine.connect() as conn:
            try:
                _begin(conn, self._begin_read)
                yield conn
            finally:
                _roll_back(conn)

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
        if self.place.path is not None and identity_of(self.place.path) != self._identity:
            raise LedgerError(
                f"The ledger {self.name} was deleted or replaced while it was in use.",
                hint="Nothing more is sent. Put the file back, and send again to go on.",
            )

    def _require_whole(self, conn: sa.Connection) -> None:
        if self._on_server and server.is_broken(conn):
            raise LedgerError(f"The ledger {self.name} could not be written: a statement failed.")

    def _commit(self, conn: sa.Connection) -> None:
        try:
            _say(conn, "COMMIT")
        except sa.exc.SQLAlchemyError as error:
            _roll_back(conn)
            why = self._words(error)
        else:
            return
        raise LedgerGoneError(
            f"The ledger {self.name} could not be written: {why}.", hint=self._hint
        ) from None

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            why = self._words(error)
            gone = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or (
                isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
            )
        else:
            return
        kind = LedgerGoneError if gone else LedgerError
        # From nothing: a driver's frames hold the password.
        raise kind(f"The ledger {self.name} could not be {what}: {why}.", hint=self._hint) from None

    def _words(self, error: sa.exc.SQLAlchemyError) -> str:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        words = lines[0] if lines else type(error).__name__
        secret = None if self.place.url is None else self.place.url.password
        return (words.replace(str(secret), "***") if secret else words).rstrip(".")


def open_ledger(setting: Setting = None) -> Ledger:
    """Open the ledger, making it where it is not there yet (a file: readable by its owner only).

    Args:
        setting: as in `place_of`.

    Raises:
        ConfigurationError: the setting names no place for a ledger, or a driver is missing.
        LedgerError: the place cannot be written, holds something else, or a newer version made it.
    """
    place, setting = place_of(setting), None
    mount = None
    if place.url is not None:
        engine = server.engine_of(place.url, BUSY_S)
    elif place.path is not None:
        files.make(place.path)
        mount = mount_under(place.path)
        engine = files.engine_of(place.path, Keeping.WAL if mount is None else mount.keeping, BUSY_S)
    ledger = Ledger(place, engine, mount)
    _prepare(ledger)
    return ledger


def _prepare(ledger: Ledger) -> None:
    found = ledger.reading(version_of)
    if found is None or found < SCHEMA_VERSION:
        ledger.writing(bring_up)
        found = ledger.reading(version_of)
    if found is not None and found > SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger {ledger.name} was made by a newer migma_nb (its version {found}).",
            hint="Upgrade migma_nb, or name another ledger. Nothing was sent.",
        )


def _begin(conn: sa.Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        _say(conn, statement)


def _say(conn: sa.Connection, statement: str) -> None:
    if conn.dialect.name == "sqlite":
        plainly(conn, statement)
    else:
        # SQLAlchemy sees when a server's connection has ended, and then renews all that it keeps.
        conn.exec_driver_sql(statement)


def _roll_back(conn: sa.Connection) -> None:
    # A connection that is gone has nothing to roll back, and its own error is the one to tell.
    with suppress(sa.exc.SQLAlchemyError):
        conn.exec_driver_sql("ROLLBACK")
