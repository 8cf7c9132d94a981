"""The ledger's file itself: made without ever being opened beside SQLite, and known again later.

A process that closes any descriptor of a file loses all its POSIX locks on it, those of SQLite too
(sqlite.org: howtocorrupt.html, 2.2). Another process that only looked at the ledger then takes itself for
the last one, tidies the log away, and what the first goes on to write is lost. So nobody but SQLite opens a
ledger that is there.
"""

import errno
import os
import threading
from pathlib import Path

_making = threading.Lock()


def make_file(path: Path) -> None:
    """Make the file where it is not there yet, readable by its owner only.

    Raises:
        OSError: it can't be made, or is there and may not be written.
    """
    with _making:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if not may_be_written(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def may_be_written(path: Path) -> bool:
    """Return whether the permissions let this process write a file, as far as they tell."""
    return os.access(path, os.R_OK | os.W_OK)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other that takes its name later, None where none is there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
