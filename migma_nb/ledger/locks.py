"""Who is alive: a runner holds a lock of its own while it lives, and whoever can take it knows it dead.

Beside a file it is a lock of the operating system, which the kernel lets go of when the process ends, however
it ends; in PostgreSQL an advisory lock of a connection of its own, which the server lets go of when that
connection ends. No timer of ours is involved.
"""

import os
import socket
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from filelock import BaseFileLock, FileLock, Timeout

from migma_nb.api.errors import ConfigurationError, LedgerError
from migma_nb.ledger.server import LOCK_NAME


class LifeLock(Protocol):
    """The lock of one run."""

    def take(self) -> bool:
        """Take the lock if nobody lives who holds it; return whether it was taken."""

    def release(self, *, for_good: bool) -> None:
        """Let go of it; `for_good` also clears away what stands for a run whose end is on record."""

    def require(self, conn: sa.Connection) -> None:
        """Raise a LedgerError where a lock that was taken has been lost since; inside a transaction."""

    def elsewhere(self) -> Path | None:
        """Return what stands for a run of another computer, whose life cannot be told from here, or None."""


_held: "weakref.WeakSet[BaseFileLock]" = weakref.WeakSet()


class FileLifeLock:
    """A lock on a file of its own.

    Args:
        folder: the folder beside the ledger that holds these files.
        run_id: the run that it stands for.
        host: this computer's name, where locks of other computers may not be seen; else None.
    """

    def __init__(self, folder: Path, run_id: str, *, host: str | None = None) -> None:
        self._folder = folder
        self._run_id = run_id
        self._host = host
        self._path = folder / (f"{run_id}.lock" if host is None else f"{run_id}@{host}.lock")
        self._lock = FileLock(self._path, timeout=0, mode=0o600, thread_local=False)

    def take(self) -> bool:
        """Take the lock, unless its holder lives or is another computer's.

        Raises:
            LedgerError: nobody can say, since its file cannot be made or opened.
        """
        if self.elsewhere() is not None:
            return False
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            raise LedgerError(
                f"The lock {self._path} beside the ledger cannot be used: {error.strerror or error}.",
                hint="Nothing is sent without it; free the place, and send again to go on.",
            ) from None
        _held.add(self._lock)
        return True

    def release(self, *, for_good: bool) -> None:
        """Let go of it; `for_good` also removes the file."""
        _held.discard(self._lock)
        self._lock.release()
        if for_good:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def require(self, conn: sa.Connection) -> None:
        """Nothing to ask: nobody can take it from a process that lives.

        Where its file was removed and the run settled, the run's own record says so.
        """

    def elsewhere(self) -> Path | None:
        """Return the file of another computer's lock on this run."""
        if self._host is None:
            return None
        return next((one for one in self._folder.glob(f"{self._run_id}@*.lock") if one != self._path), None)


class ServerLifeLock:
    """An advisory lock of PostgreSQL, on a connection of its own.

    Args:
        engine: the ledger's engine.
        run_id: the run that it stands for.
        errors: makes a LedgerError of what the database says; told what could not be done to the ledger.
    """

    def __init__(
        self, engine: sa.Engine, run_id: str, errors: Callable[[str], AbstractContextManager[None]]
    ) -> None:
        self._engine = engine
        self._run_id = run_id
        self._errors = errors
        self._conn: sa.Connection | None = None
        self._held: dict[str, int] = {}

    def take(self) -> bool:
        """Take the lock, unless somebody's connection holds it.

        Raises:
            LedgerError: the server could not be asked.
            ConfigurationError: the connection is not the server's own, so that no lock would hold.
        """
        try:
            with self._errors("locked"):
                self._conn = self._engine.connect()
                self._conn.detach()
                pid = _own_pid(self._conn)
                key, taken = self._conn.exec_driver_sql(_TAKE, {"run": self._run_id}).one()
        except BaseException:
            self._let_go()
            raise
        if taken:
            self._held = {"key": key, "pid": pid}
        else:
            self._let_go()
        return bool(taken)

    def release(self, *, for_good: bool) -> None:
        """Let go of it, by ending the connection."""
        del for_good
        if self._conn is not None and self._held:
            with suppress(sa.exc.SQLAlchemyError):
                self._conn.exec_driver_sql("SELECT pg_advisory_unlock(%(key)s)", self._held)
        self._let_go()

    def require(self, conn: sa.Connection) -> None:
        """Ask the server whether the connection that took the lock still holds it.

        Raises:
            LedgerError: it does not, so that this run may be settled at any moment.
        """
        if not self._held or conn.exec_driver_sql(_STILL_HELD, self._held).scalar_one_or_none() is None:
            raise LedgerError(
                f"Run {self._run_id} has lost its lock in the ledger (its connection to the database ended), "
                "so it sends nothing more.",
                hint="See that the server is up, and send again to go on.",
            )

    def elsewhere(self) -> Path | None:
        """Nothing: the server sees all computers' connections."""
        return None

    def _let_go(self) -> None:
        self._held = {}
        if self._conn is not None:
            with suppress(sa.exc.SQLAlchemyError):
                self._conn.close()
            self._conn = None


_NAME = LOCK_NAME.format(what="life of ' || %(run)s || '")
_TAKE = f"SELECT key, pg_try_advisory_lock(key) FROM (SELECT {_NAME} AS key) AS named"  # noqa: S608 - nobody's text
_STILL_HELD = """
SELECT 1 FROM pg_locks
WHERE locktype = 'advisory' AND granted AND pid = %(pid)s AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND classid = ((%(key)s::bigint >> 32) & 4294967295)::oid AND objid = (%(key)s::bigint & 4294967295)::oid
"""


def _own_pid(conn: sa.Connection) -> int:
    """Return the number of the server's process behind a connection.

    A pooler hands out one server's process to many, and so would give a lock away that is already held: what
    it says of itself when a connection begins is not what the server says.
    """
    connection: Any = conn.connection.dbapi_connection
    found: int = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    if found != connection.info.backend_pid:
        raise ConfigurationError(
            "The ledger's URL leads to a connection pooler, through which no lock of a run would hold.",
            hint="Give the address of the PostgreSQL server itself. Nothing was sent.",
        )
    return found


def this_host() -> str:
    """Return this computer's name, fit for a file's name."""
    return "".join(char if char.isalnum() or char in ".-" else "_" for char in socket.gethostname()) or "_"


def _leave_to_the_parent() -> None:
    """Give up a forked child's copies: a worker that outlives a killed run would keep it alive for ever."""
    for lock in list(_held):
        # To release it would let go of the parent's lock. Newer versions of filelock close the copy.
        descriptor = lock._context.lock_file_fd  # noqa: SLF001 - filelock has no public name for it
        if descriptor is not None:
            os.close(descriptor)
            lock._context.lock_file_fd = None  # noqa: SLF001 - as above
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
