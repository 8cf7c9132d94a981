"""Who is alive: a runner holds an OS lock on a file of its own while it lives.

The kernel lets go of it when the process ends, however it ends. No timer is involved.
"""

import os
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout

from migma_nb.api.errors import LedgerError

_held: "weakref.WeakSet[BaseFileLock]" = weakref.WeakSet()


class LifeLock:
    """The lock of one run.

    Args:
        folder: the folder beside the ledger that holds these files.
        run_id: the run that it stands for.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / f"{run_id}.lock"
        self._lock = FileLock(self._path, timeout=0, thread_local=False)

    def take(self) -> bool:
        """Take the lock if nobody lives who holds it; return whether it was taken.

        Raises:
            LedgerError: nobody can say, since its file cannot be made or opened.
        """
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
        """Let go of it; `for_good` also removes the file of a run whose end is on record."""
        _held.discard(self._lock)
        self._lock.release()
        if for_good:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release(for_good=False)


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
