"""Work in the background of which only the newest counts, such as a plan while somebody types."""

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

Job = TypeVar("Job")
Found = TypeVar("Found")


class Newest(Generic[Job, Found]):
    """Does one job at a time, the newest; older ones that wait are forgotten, and so is what they come to.

    Args:
        work: does a job.
        done: takes what it came to, in the background's thread; not called for a job that a newer one
            has overtaken.
        wait_s: a job begins when none came for so long (seconds).
    """

    def __init__(
        self, work: Callable[[Job], Found], done: Callable[[Found], None], *, wait_s: float = 0.25
    ) -> None:
        self._work = work
        self._done = done
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._job: tuple[int, Job] | None = None
        self._number = 0
        self._due = 0.0
        self._thread: threading.Thread | None = None

    def ask(self, job: Job, *, now: bool = False) -> None:
        """Put a job in place of the one that waits.

        Args:
            job: the job.
            now: whether it begins at once.
        """
        with self._changed:
            self._number += 1
            self._job = (self._number, job)
            self._due = time.monotonic() + (0 if now else self._wait_s)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=copy_context().run, args=(self._run,), name="mnb-form", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    @property
    def busy(self) -> bool:
        """Whether a job waits or is being done (bool)."""
        with self._changed:
            return self._thread is not None

    def settle(self, timeout_s: float = 60.0) -> bool:
        """Wait until nothing is left to do; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, timeout_s)

    def _run(self) -> None:
        try:
            while (taken := self._next()) is not None:
                number, job = taken
                found = self._work(job)
                if number == self._number:
                    self._done(found)
        except BaseException:
            with self._changed:
                self._thread = None
                self._changed.notify_all()
            raise

    def _next(self) -> tuple[int, Job] | None:
        with self._changed:
            while self._job is not None and (left := self._due - time.monotonic()) > 0:
                self._changed.wait(left)
            taken, self._job = self._job, None
            if taken is None:
                self._thread = None
                self._changed.notify_all()
            return taken
