"""The ledger as a SQLite file: for its owner's eyes alone, in the mode that is safe on its file system."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.ledger import logs
from migma_nb.ledger.inode import make_file
from migma_nb.ledger.mounts import Keeping
from migma_nb.planning.paths import shown

BEGIN_WRITE = ("BEGIN IMMEDIATE",)
BEGIN_READ = ("BEGIN",)
HINT = "Nothing is sent without it; free the file or its disk, and send again to go on."


def make(path: Path) -> None:
    """Make the file and its folder where they are not there yet, readable by their owner only.

    Raises:
        LedgerError: the place cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_file(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger {shown(path)} cannot be written: {error.strerror}. Nothing was sent.",
            hint="Set MIGMA_LEDGER or ledger= to a file in a folder that you may write to.",
        ) from None


def engine_of(path: Path, keeping: Keeping, busy_s: float) -> sa.Engine:
    """Return the engine of a file, set up for durable writes.

    Args:
        path: the file.
        keeping: how it is kept on its file system.
        busy_s: how long a write waits for another process's write (seconds).

    Raises:
        LedgerError: the file is in a mode that is not safe here, and cannot be brought out of it now.
    """
    if keeping is not Keeping.WAL:
        _leave_wal(path, busy_s)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": busy_s, "check_same_thread": False},
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        logging_name=logs.SILENT,
    )
    # WAL lets readers look while a run writes. Where it is not safe, the journal's file stays, its header
    # blanked out: another computer may not see for a while that a file has come or gone.
    # FULL and EXTRA put each commit on the disk before it returns, since with NORMAL a power cut could lose
    # an intent whose mail had left.
    mode, sync = ("WAL", "FULL") if keeping is Keeping.WAL else ("PERSIST", "EXTRA")

    @sa.event.listens_for(engine, "connect")
    def _settle(connection: Any, _: Any) -> None:
        with closing(connection.cursor()) as cursor:
            found = cursor.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
            cursor.execute(f"PRAGMA synchronous={sync}")
        if found.upper() != mode and keeping is not Keeping.WAL:
            raise LedgerError(f"The ledger {path} is in the mode {found!r}, which is not safe on its drive.")

    return engine


def _leave_wal(path: Path, busy_s: float) -> None:
    """Bring a file out of WAL, as one that was moved to a network drive is.

    Alone with the file, so that no memory need be shared (sqlite.org: wal.html, 8).
    """
    try:
        with closing(sqlite3.connect(path, timeout=busy_s, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                connection.execute("PRAGMA synchronous=EXTRA")
                connection.execute("PRAGMA journal_mode=PERSIST")
    except sqlite3.Error as error:
        raise LedgerError(
            f"The ledger {path} lies on a network drive and is still in a mode for local disks ({error}).",
            hint="Close it in every other program, and try again.",
        ) from None
