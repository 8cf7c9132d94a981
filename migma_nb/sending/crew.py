"""One send by several workers, as the client that began it knows it: its parts, their ends, and how it stops.

It makes no worker and no queue: whoever runs its tasks is given them at once, and runs them again elsewhere
where a worker is lost.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from migma_nb.api.connection import PATIENCE
from migma_nb.api.errors import LedgerError, MigmaError
from migma_nb.api.settings import Settings
from migma_nb.api.states import LIVE_STATES, Reason, RunState
from migma_nb.ledger import crews, journal
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.planning.parts import PlanPart, part_of
from migma_nb.sending.crew_parts import PartEnd

_STOPPED = PartEnd(RunState.STOPPED, Reason.STOPPED, "the run was stopped before its turn")
_LOST = "the cluster lost this part"
#: How often it is looked whether what a lost task left has come to its end (seconds).
_TICK_S = 0.3
#: How often it is looked which parts of a stopped send nobody is at work on any more (seconds).
_LOOK_S = 1.0
#: So long (seconds) the cluster may take to hand over what a part came to: who had it may be gone.
_RESULT_S = 30.0
#: So long after the longest exchange (seconds) nothing of a run that was told to stop is in flight any more.
_SPARE_S = 5.0


class Task(Protocol):
    """A part that somebody else runs, such as a future of `dask.distributed`."""

    @property
    def status(self) -> str | None:
        """How it stands: "finished", "error", "cancelled", "lost", or something else while it goes on."""

    def result(self, timeout: float) -> PartEnd:
        """Return what it came to; raises TimeoutError after so many seconds."""

    def exception(self, timeout: float) -> BaseException | None:
        """Return why it failed; raises TimeoutError after so many seconds."""

    def cancel(self) -> object:
        """Give it up."""

    def release(self) -> object:
        """Let its result be forgotten."""

    def add_done_callback(self, fn: Callable[["Task"], object]) -> object:
        """Have a function called once it is done, in another thread."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its number, its rows in the whole plan, and whether any of them is to be sent."""

    number: int
    start: int
    stop: int
    sends: bool


class Crew:
    """A send that several workers make.

    `crew_id`, `plan`, `settings`, `ledger` and `parts` stay as they are; `ends` fills; `ended` is set once
    every part has come to its end.

    Args:
        crew_id: its id, under which its mark is on record.
        plan: what is sent.
        settings: the client's settings.
        ledger: the client's own; the workers' is the same.
        rows: so many rows a part has.
    """

    def __init__(self, crew_id: str, plan: Plan, settings: Settings, ledger: Ledger, rows: int) -> None:
        self.crew_id = crew_id
        self.plan = plan
        self.settings = settings
        self.ledger = ledger
        self.parts: Sequence[Part] = [_part(plan, number, rows) for number in range(-(-plan.size // rows))]
        self.ends: dict[int, PartEnd] = {}
        self.ended = threading.Event()
        self._tasks: dict[int, Task] = {}
        self._left = {part.number for part in self.parts if part.sends}
        self._cause: PartEnd | None = None
        self._finishing = False
        self._lock = threading.Lock()

    @property
    def state(self) -> RunState:
        """How the send stands: `running`, `finished`, `stopped` or `halted`."""
        return RunState.RUNNING if not self.ended.is_set() else self.end.state

    @property
    def detail(self) -> str:
        """Why it ended before all rows had their turn, "" where it did not."""
        return self.end.detail if self.ended.is_set() else ""

    @property
    def stopping(self) -> bool:
        """Whether no further part begins."""
        return self._cause is not None

    def hand_out(self, submit: Callable[[PlanPart, int], Task]) -> None:
        """Give all parts away.

        Args:
            submit: gives a part, with its number, to whoever runs it.
        """
        for part in self.parts:
            if not part.sends:
                continue
            with self._lock:
                if self._cause is not None:  # the first parts may have ended all before the last is made
                    self._left.discard(part.number)
                    continue
            task = submit(part_of(self.plan, part.start, part.stop), part.number)
            self._tasks[part.number] = task
            task.add_done_callback(partial(self._heard, part.number))
        self.end_if_done()

    def stop(self, cause: PartEnd = _STOPPED) -> None:
        """Begin nothing more; what is in flight comes back and is recorded. Returns soon.

        Args:
            cause: what is said of the rows whose turn had not come; the first one stands.
        """
        with self._lock:
            first, self._cause = self._cause is None, self._cause or cause
        self._give_up_idle_parts()
        if first:
            threading.Thread(target=self._keep_giving_up, name="migma_nb-stopping", daemon=True).start()

    def _keep_giving_up(self) -> None:
        # A worker may die after the send was stopped, and no other one may ever come for its part.
        while not self.ended.wait(_LOOK_S):
            self._give_up_idle_parts()

    def _give_up_idle_parts(self) -> None:
        """Let no further part begin, and give up each that no live run is sending."""
        busy: set[int] = set()
        # A ledger that is gone lets nothing begin either.
        with suppress(LedgerError):
            self.ledger.writing(lambda conn: crews.stop(conn, self.crew_id))
            journal.settle_the_dead(self.ledger)
            busy = {run.number for run in self.runs() if run.state in LIVE_STATES}
        for number, task in list(self._tasks.items()):
            if number not in busy and task.status == "pending":
                with suppress(Exception):  # a cluster that cannot be reached gives nothing out any more
                    task.cancel()

    def runs(self) -> Sequence[crews.PartRun]:
        """Return the runs of all parts so far, by part, those of one part in their order."""
        return self.ledger.reading(lambda conn: crews.runs_of(conn, self.crew_id))

    @property
    def end(self) -> PartEnd:
        """What the whole came to, by what its parts came to so far."""
        ends = [self.ends[number] for number in sorted(self.ends)]
        failed = [end for end in ends if end.failed]
        if self._cause is not None:
            return self._cause
        if failed:
            words = f"{len(failed):,} of {len(self.parts):,} parts were not sent to their end: "
            return PartEnd(RunState.HALTED, failed[0].reason, f"{words}{failed[0].detail}")
        return next((end for end in ends if end.state is not RunState.FINISHED), PartEnd(RunState.FINISHED))

    def _heard(self, number: int, task: Task) -> None:
        """Note what a part came to. Called in a thread of whoever runs the tasks."""
        try:
            end = _end_of(task)
            if end is None:  # given up, or lost with the whole cluster
                end = self._cause or PartEnd(RunState.HALTED, Reason.HALTED, _LOST, failed=True)
            self.ends[number] = end
            if end.state is RunState.HALTED and not end.failed and not self.stopping:
                # What halts one run, such as the account, would halt them all.
                self.stop(end)
        finally:  # whoever waits for the end of all must not do so for ever
            with self._lock:
                self._left.discard(number)
            self.end_if_done()
            with suppress(Exception):
                task.release()

    def end_if_done(self) -> None:
        """Come to the end once no part is left."""
        with self._lock:
            over = not self._left and not self._finishing
            self._finishing = self._finishing or over
        if not over:
            return
        try:
            self._finish()
        finally:
            self.ended.set()

    def _finish(self) -> None:
        """Take the mark back; runs that lost their task are told to stop, and waited for.

        While one of them goes on the mark stays, stopped, so that nothing begins beside it.
        """
        until = time.monotonic() + PATIENCE * self.settings.timeout + _SPARE_S
        with suppress(LedgerError):
            if any(end.failed for end in self.ends.values()):
                self.ledger.writing(lambda conn: crews.stop(conn, self.crew_id))
            journal.settle_the_dead(self.ledger)
            while not self.ledger.writing(lambda conn: crews.end(conn, self.crew_id)):
                if time.monotonic() > until:
                    return
                self.ledger.writing(lambda conn: crews.stop(conn, self.crew_id))
                time.sleep(_TICK_S)
                journal.settle_the_dead(self.ledger)


def _part(plan: Plan, number: int, rows: int) -> Part:
    start, stop = number * rows, min((number + 1) * rows, plan.size)
    sends = any(plan.preset(row) is None for row in range(start, stop))
    return Part(number, start, stop, sends)


def _end_of(task: Task) -> PartEnd | None:
    """Return what a task came to; None where it was given up or lost."""
    try:
        if task.status == "finished":
            return task.result(_RESULT_S)
        error = task.exception(_RESULT_S) if task.status == "error" else None
    except Exception:  # noqa: BLE001 - the cluster that holds it is gone, in whatever words it says so
        return None
    if error is None:
        return None
    words = str(error) if isinstance(error, MigmaError) else _NAMED.get(type(error).__name__)
    words = words or f"a worker met a {type(error).__name__}; its log says more"
    return PartEnd(RunState.HALTED, Reason.HALTED, words, failed=True)


_NAMED = {"KilledWorker": "each worker that was given it ended in the middle; the workers' logs may say why"}
