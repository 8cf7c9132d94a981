"""A run in this process: put on record, driven in the background loop, watched and stopped from anywhere."""

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import sqlalchemy as sa

from migma_nb.api import loop
from migma_nb.api.connection import Connection
from migma_nb.api.errors import LedgerError
from migma_nb.api.models import BatchStatus
from migma_nb.api.settings import Settings
from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
from migma_nb.ledger import batches, clock
from migma_nb.ledger.batches import Handle
from migma_nb.ledger.control import Wish
from migma_nb.ledger.locks import LifeLock
from migma_nb.ledger.places import Setting
from migma_nb.ledger.queries import Holder
from migma_nb.ledger.schema import RunRecord
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending import gate
from migma_nb.sending.batches import follow
from migma_nb.sending.controls import Controls, Standing
from migma_nb.sending.halting import Halt
from migma_nb.sending.preparing import new_id, prepared
from migma_nb.sending.proof import Trust
from migma_nb.sending.recording import put_on_record
from migma_nb.sending.runner import Runner
from migma_nb.sending.tally import Listener, Tally
from migma_nb.sending.troubles import Troubles

_alive: "weakref.WeakSet[LiveRun]" = weakref.WeakSet()
# A forked child drives none of its parent's runs, and must not stop them when it ends.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_alive.clear)


def start(
    plan: Plan,
    settings: Settings,
    options: gate.SendOptions,
    *,
    ledger: Setting = None,
    listeners: Sequence[Listener] = (),
    run_id: str | None = None,
    may_begin: Callable[[sa.Connection], None] | None = None,
) -> "LiveRun":
    """Check a send, put the run and all its rows on record, and set it going in the background.

    Args:
        plan: what to send.
        settings: the client's settings.
        options: confirm, skip_invalid, limit.
        ledger: the ledger's place; None takes the client's own, `MIGMA_LEDGER`, or the user's.
        listeners: told what happens, in the background thread.
        run_id: the run's id; None makes one.
        may_begin: raises where the run must not begin; called in the transaction that puts it on record.

    Raises:
        InputError, ConfirmationError: the send is not ready to go; nothing was sent.
        LedgerError: the ledger cannot be read or written; nothing was sent.
        ConfigurationError: no live send is safe with this ledger, or nobody watches; nothing was sent.
    """
    gate.check(plan, settings, options)
    opened = open_ledger(ledger or settings.ledger)
    plan, counted = prepared(plan, settings, options, opened)
    now = opened.reading(clock.now)
    record = RunRecord(
        run_id=run_id or new_id(now),
        scope=settings.scope,
        mailing=plan.mailing,
        plan_id=plan.id,
        server=settings.origin,
        sandbox=settings.sandbox,
        key_fingerprint=settings.key.fingerprint(),
        size=plan.size,
        people=len(plan.ready) if counted.people is None else counted.people,
        target=plan.target.recipient if plan.target else None,
        email_id=plan.constants.get("emailId"),
        started_at=now,
    )
    lock = opened.life_lock(record.run_id)
    if not lock.take():
        raise LedgerError(f"The lock of the new run {record.run_id} is held by somebody else.")

    def check(conn: sa.Connection) -> None:
        gate.check_overlap(plan, settings, conn)
        if may_begin is not None:
            may_begin(conn)

    try:
        states = put_on_record(opened, plan, record, check)
    except BaseException:
        lock.release(for_good=True)
        raise
    tally = Tally(states)
    return LiveRun(
        record, plan, settings, options, ledger=opened, lock=lock, tally=tally, listeners=listeners
    )


class LiveRun:
    """A run that this process drives.

    `run_id`, `ledger`, `plan`, `tally` and `troubles` stay as they are; `state`, `reason` and `detail` tell
    how it stands; `ended` is set once its end is on record.
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
        self.troubles = Troubles()
        self._listeners: list[Listener] = [tally, self.troubles, *listeners]
        # Without a confirmed send nothing but the mails themselves is posted to a live server.
        trust = Trust(settings, ledger, allowed=self._may_prove())
        self._runner = Runner(
            record.run_id,
            plan,
            settings,
            ledger,
            lock=lock,
            trust=trust,
            row_changed=self._row_changed,
            budget_spent=self._budget_spent,
            only_refused=options.only_refused,
            window=options.window,
        )
        self._controls = Controls(self._runner, ledger, self._stands)
        self._pausing: set[asyncio.Task[None]] = set()
        _alive.add(self)
        self.future = loop.submit(self._drive())

    @property
    def needs_a_person(self) -> bool:
        """Whether the run is paused for a reason that a person must look at, such as a spent error budget."""
        paused_itself = self.state is RunState.PAUSED and self.reason is not Reason.PAUSED
        return paused_itself and not self._told_to_go_on

    @property
    def held(self) -> list[Holder]:
        """Which other runs hold rows that this run waits for, as of its last look."""
        return self._runner.held

    def ask(self, wish: Wish) -> None:
        """Stop, pause or resume; what is in flight is always finished and recorded. Returns at once."""
        if wish is Wish.RUN and self.needs_a_person:
            # Somebody has decided: whoever waits from now on need not be told again.
            self._told_to_go_on = True
        if not self.ended.is_set():
            loop.submit(self._controls.wanted(wish))

    def halt_paused(self) -> None:
        """End a run that is paused, for the reason it is paused for. Returns at once."""
        halt = Halt(self.reason or Reason.PAUSED, self.detail)
        loop.background_loop().call_soon_threadsafe(self._runner.halted, halt)

    def _may_prove(self) -> bool:
        # A batch is never repeated, whatever the server honours, so that nothing hangs on a proof.
        repeatable = not all(map(self.plan.is_batch, self.plan.ready))
        return repeatable and (self.settings.sandbox or self._options.confirm is not None)

    async def _drive(self) -> None:
        listening = asyncio.create_task(self._controls.listen())
        try:
            await self._runner.work(limit=self._options.limit)
            await self._finish()
            await self._follow_batches()
        except Exception as error:
            halt = Halt(Reason.HALTED, f"{type(error).__name__}: {error}")
            self.state, self.reason, self.detail = RunState.HALTED, halt.reason, halt.detail
            if not self._on_record:
                # A fault of our own leaves no row waiting either.
                self._runner.halted(halt)
                await self._finish()
            raise
        finally:
            listening.cancel()
            # A run whose end is not on record leaves its lock file to whoever settles it.
            try:
                await self._runner.close(for_good=self.state not in LIVE_STATES and self._on_record)
            finally:
                for listener in self._listeners:
                    listener.run_ended(self.state, self.detail)
                _alive.discard(self)
                self.ended.set()

    _on_record = False

    async def _finish(self) -> None:
        halt = self._runner.halt
        if halt is not None:
            state, reason, detail = RunState.HALTED, halt.reason, halt.detail
        elif self._controls.now is Wish.STOP:
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

    async def _follow_batches(self) -> None:
        """Follow what this run's batches come to at the server; what is known of them is on record."""
        # A campaign's own status tells how far it is; not every server names its batch.
        followed = bool(self.plan.batches) and self.plan.request is None
        if not followed or self.state is not RunState.FINISHED:
            return
        read = partial(self.ledger.reading, lambda conn: batches.handles(conn, self.run_id))
        with suppress(LedgerError):  # every row is accounted for already; the rest can be looked up later
            if found := await self._runner.aside(read):
                async with Connection(self.settings) as connection:
                    await follow(
                        connection,
                        found,
                        heard=self._batch_heard,
                        rest=self._runner.rest,
                        stopped=lambda: self._controls.now is Wish.STOP,
                    )

    async def _batch_heard(self, handle: Handle, status: BatchStatus | None, words: str) -> None:
        write = partial(batches.write_status, run_id=self.run_id, handle=handle, status=status, words=words)
        await self._runner.write(write)
        if status is not None:
            for listener in self._listeners:
                listener.batch_changed(handle.position, status)

    #: Whether a run that paused itself was told to go on, until that is on record.
    _told_to_go_on = False

    def _stands(self, standing: Standing) -> None:
        self._told_to_go_on = False
        if self.state in LIVE_STATES:
            self.state, self.reason, self.detail = standing.state, standing.reason, standing.detail

    def _budget_spent(self, halt: Halt) -> None:
        task = asyncio.get_running_loop().create_task(self._controls.obey(Wish.PAUSE, halt))
        self._pausing.add(task)
        task.add_done_callback(self._pausing.discard)

    def _row_changed(self, position: int, before: State, after: State, detail: str) -> None:
        for listener in self._listeners:
            listener.row_changed(position, before, after, detail)


@atexit.register
def _drain_at_exit() -> None:
    """Let what is in flight come back and be recorded before the interpreter ends."""
    left = list(_alive)
    for run in left:
        run.ask(Wish.STOP)
    for run in left:
        run.ended.wait(run.settings.timeout + 5.0)
