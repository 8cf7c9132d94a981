"""A run in this process: put on record, driven in the background loop, watched and stopped from anywhere."""

import asyncio
import atexit
import secrets
import threading
import time
import weakref
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from migma_nb.api import loop
from migma_nb.api.connection import Connection
from migma_nb.api.errors import LedgerError
from migma_nb.api.models import BatchStatus
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason, RunState, State
from migma_nb.ledger import journal
from migma_nb.ledger.locks import LifeLock
from migma_nb.ledger.queries import batch_handle
from migma_nb.ledger.schema import RowRecord, RunRecord
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending import gate
from migma_nb.sending.batches import follow
from migma_nb.sending.proof import establish
from migma_nb.sending.runner import Runner
from migma_nb.sending.tally import Listener, Tally

_alive: "weakref.WeakSet[LiveRun]" = weakref.WeakSet()


def start(
    plan: Plan,
    settings: Settings,
    options: gate.SendOptions,
    *,
    ledger: str | None = None,
    listeners: Sequence[Listener] = (),
) -> "LiveRun":
    """Check a send, put the run and all its rows on record, and set it going in the background.

    Args:
        plan: what to send.
        settings: the client's settings.
        options: confirm, skip_invalid, limit.
        ledger: the ledger's path; None takes the client's own, `MIGMA_LEDGER`, or the user's.
        listeners: told what happens, in the background thread.

    Raises:
        InputError, ConfirmationError: the send is not ready to go; nothing was sent.
        LedgerError: the ledger cannot be read or written; nothing was sent.
    """
    gate.check(plan, settings, options)
    opened = open_ledger(ledger or settings.ledger)
    journal.settle_the_dead(opened, time.time())
    gate.check_overlap(plan, settings, opened)
    now = time.time()
    record = RunRecord(
        run_id=f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        scope=settings.scope,
        mailing=plan.mailing,
        plan_id=plan.id,
        server=settings.origin,
        sandbox=settings.sandbox,
        key_fingerprint=settings.key.fingerprint(),
        size=plan.size,
        people=plan.people,
        target=plan.target.recipient if plan.target else None,
        started_at=now,
    )
    lock = LifeLock(opened.locks, record.run_id)
    if not lock.take():
        raise LedgerError(f"The lock of the new run {record.run_id} is held by somebody else.")
    records = [_record(plan, position) for position in range(plan.size)]
    try:
        opened.writing(lambda conn: journal.begin(conn, record, records))
    except BaseException:
        lock.release(for_good=True)
        raise
    tally = Tally(Counter(row.state for row in records))
    return LiveRun(
        record, plan, settings, options, ledger=opened, lock=lock, tally=tally, listeners=listeners
    )


class LiveRun:
    """A run that this process drives.

    `run_id`, `ledger`, `plan` and `tally` stay as they are; `state`, `reason` and `detail` tell how it
    stands; `ended` is set once its end is on record.
    """

    def __init__(
        self,
        record: RunRecord,
        plan: Plan,
        settings: Settings,
        options: gate.SendOptions,
        *,
        ledger: Ledger,
        lock: LifeLock,
        tally: Tally,
        listeners: Sequence[Listener],
    ) -> None:
        self.run_id = record.run_id
        self.record = record
        self.plan = plan
        self.ledger = ledger
        self.settings = settings
        self.tally = tally
        self.state = RunState.RUNNING
        self.reason: Reason | None = None
        self.detail = ""
        self.ended = threading.Event()
        self._options = options
        self._lock = lock
        self._listeners = [tally, *listeners]
        self._wanted = True
        self._runner = Runner(record.run_id, plan, settings, ledger, self._row_changed)
        _alive.add(self)
        self.future = loop.submit(self._drive())

    def stop(self) -> None:
        """Begin no further attempt; those in flight are finished and recorded. Returns at once."""
        self._wanted = False
        loop.background_loop().call_soon_threadsafe(self._runner.stop)

    async def _drive(self) -> None:
        try:
            await self._runner.work(self._prove, limit=self._options.limit)
            await self._finish()
            await self._follow_batch()
        except Exception as error:
            self.state, self.reason = RunState.HALTED, Reason.HALTED
            self.detail = f"{type(error).__name__}: {error}"
            raise
        finally:
            # A run whose end is not on record leaves its lock file to whoever settles it.
            self._runner.close()
            self._lock.release(for_good=self.state is not RunState.RUNNING and self._on_record)
            for listener in self._listeners:
                listener.run_ended(self.state, self.detail)
            _alive.discard(self)
            self.ended.set()

    _on_record = False

    async def _finish(self) -> None:
        halt = self._runner.halt
        if halt is not None:
            state, reason, detail = RunState.HALTED, halt.reason, halt.detail
        elif not self._wanted:
            state, reason, detail = RunState.STOPPED, Reason.STOPPED, "stopped; send again to go on"
        else:
            state, reason, detail = RunState.FINISHED, None, ""
        try:
            await self._runner.finish(state, reason, detail)
        except LedgerError as error:
            state, reason, detail = RunState.HALTED, Reason.LEDGER, str(error)
        else:
            self._on_record = True
        self.state, self.reason, self.detail = state, reason, detail

    async def _prove(self) -> bool:
        """Find out whether the server honours keys; without a confirmed send not even that is posted."""
        if not self.settings.sandbox and self._options.confirm is None:
            return False
        proven, halt = await establish(self.settings, self.ledger, lambda: not self._wanted)
        if halt is not None:
            self._runner.halted(halt)
        return proven

    async def _follow_batch(self) -> None:
        if self.plan.target is None or self.state is not RunState.FINISHED:
            return
        handle = await asyncio.to_thread(self.ledger.reading, lambda conn: batch_handle(conn, self.run_id))
        if handle is None:
            return
        async with Connection(self.settings) as connection:
            found = await follow(
                connection,
                handle,
                heard=self._batch_changed,
                rest=self._runner.rest,
                stopped=lambda: not self._wanted,
            )
        self.detail = found.detail

    async def _batch_changed(self, status: BatchStatus) -> None:
        await asyncio.to_thread(
            self.ledger.writing, lambda conn: journal.write_batch(conn, self.run_id, 0, status)
        )
        for listener in self._listeners:
            listener.batch_changed(status)

    def _row_changed(self, position: int, before: State, after: State, detail: str) -> None:
        for listener in self._listeners:
            listener.row_changed(position, before, after, detail)


def _record(plan: Plan, position: int) -> RowRecord:
    preset = plan.preset(position)
    if preset is not None:
        state, reason, detail = preset
        return RowRecord(position, None, plan.address(position), state, reason, detail)
    return RowRecord(position, plan.recipient(position), plan.address(position), State.WAITING)


@atexit.register
def _drain_at_exit() -> None:
    """Let what is in flight come back and be recorded before the interpreter ends."""
    left = list(_alive)
    for run in left:
        run.stop()
    for run in left:
        run.ended.wait(run.settings.timeout + 5.0)
