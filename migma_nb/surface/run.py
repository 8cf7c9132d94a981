"""`Run`: a send, while it goes on and after."""

import asyncio
import time
from collections.abc import Callable, Generator
from typing import Any, Literal, Self

import pandas as pd

from migma_nb.api import loop
from migma_nb.api.errors import InputError
from migma_nb.api.states import LIVE_STATES, RunState, State
from migma_nb.ledger import control
from migma_nb.ledger.control import Wish
from migma_nb.ledger.store import Ledger
from migma_nb.notebook.lines import counted
from migma_nb.sending import accounts, doubts, facts, reconciling
from migma_nb.sending.headless import check_headless
from migma_nb.sending.live import LiveRun
from migma_nb.surface.account import Accounted
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.fate import Fated
from migma_nb.surface.interrupts import explain, say_at_once
from migma_nb.surface.showing import Shown, Watched, bring_up_to_date, opening, watched
from migma_nb.surface.waiting import TICK_S, check_seconds, follow_on, wait_for_others


class Run(Accounted, Fated, Shown):
    """What became of a plan that was sent. `plan.send`, `plan.start` and `mg.open_run` make it.

    Args:
        ledger: the ledger that holds it.
        run_id: its id.
        index: the input's index, None where only the ledger is known.
        live: the run itself where this process drives it, or drove it.
        retry: sends the same plan again to those who were refused; None where only the ledger is known.
    """

    def __init__(
        self,
        ledger: Ledger,
        run_id: str,
        *,
        index: pd.Index | None = None,
        live: LiveRun | None = None,
        retry: "Callable[[Migma | None, int | None, bool], Run] | None" = None,
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._index = index
        self._live = live
        self._retry = retry

    @property
    def id(self) -> str:
        """The run's id, as in `mg.history()`."""
        return self._run_id

    @property
    def state(self) -> RunState:
        """`running`, `paused`, `finished`, `stopped`, `halted` or `died`."""
        return self._live.state if self._live else facts.state_of(self._ledger, self._run_id)

    @property
    def counts(self) -> dict[State, int]:
        """How many input rows are in which state, at this moment."""
        if self._live is not None and not self._live.ended.is_set():
            return self._live.tally.counts
        return facts.counts_of(self._ledger, self._run_id)

    def summary(self) -> str:
        """Return what the run came to, in a few lines, the next sensible step last."""
        return self._text()

    @property
    def unknown(self) -> pd.DataFrame:
        """The rows that may have been mailed, what is uncertain about each, and which options there are.

        Returns:
            Unknown rows × (`recipient`, `reason`, `why`, `first_attempt_at`, `attempts`, `options`), under
            the input's index; times are UTC.
        """
        return doubts.unknown(self._ledger, self._run_id, self._index)

    def resolve(self, rows: Any, as_: Literal["sent", "resend"], *, confirm: int | None = None) -> Self:
        """Settle unknown rows by your own word, which is put on record as such.

        Args:
            rows: a mask over the rows, a part of `run.frame` or `run.unknown`, or labels of their index.
            as_: "sent" where you know that it arrived; "resend" where you know that it did not: the next
                send of the plan takes the row up again, under a new key.
            confirm: how many rows that is.

        Raises:
            InputError: a row is not unknown, or not any more. Nothing was changed.
            ConfirmationError: the number is missing or wrong. Nothing was changed.
        """
        if as_ not in {"sent", "resend"}:
            raise InputError(f"as_={as_!r} is neither 'sent' nor 'resend'. Nothing was changed.")
        positions = accounts.positions_of(rows, self._all_labels())
        doubts.resolve(self._ledger, {self._run_id: positions}, as_, confirm)
        return self

    def reconcile(self, client: Migma | None = None) -> Self:
        """Settle unknown rows that Migma's own log certainly holds (`GET /v1/emails/{id}/logs`).

        A line in the log proves that a mail was taken; that there is none proves nothing. Only mails made
        from a stored email have a log, and it is kept for about 30 days (migma-api.md, section 6). Where
        two mails could be taken for each other nothing is guessed. `run.summary()` says how many were found.

        Args:
            client: to ask with; None takes the one that the run was sent with.

        Raises:
            InputError: the run's mails have no log, or no client is known.
            CallError: the log could not be read. Nothing was changed.
        """
        settings = self._settings(client, "run.reconcile(client)")
        loop.call(reconciling.reconcile(self._ledger, self._run_id, settings))
        return self

    def retry(
        self, client: Migma | None = None, *, confirm: int | None = None, progress: bool = True
    ) -> "Run":
        """Send again to those whom the API refused, once the cause is mended, under a new key each.

        Rows that were not refused are left alone. It is a new run, with an account of its own.

        Args:
            client: to send with; None takes the one that the run was sent with.
            confirm: with a live client, the number of refused rows (`run.counts["refused"]`).
            progress: show a bar.

        Raises:
            InputError: nobody was refused, or the run was opened without its plan.
            ConfirmationError: the live send was not confirmed. Nothing was sent.
        """
        if self._retry is None:
            raise InputError(
                "This run was opened from the ledger, which knows who was mailed, not what.",
                hint="Plan the same list again, and call plan.retry(client).",
            )
        return self._retry(client, confirm, progress)

    def wait(
        self, timeout: float | None = None, *, progress: bool = True, client: Migma | None = None
    ) -> Self:
        """Wait until the run is over, and its batches too have ended at the server, with a bar.

        A batch that is throttled is waited for until it goes on by itself; the time is shown. One whose
        status and counts have stood still for ten minutes (a throttle's own time apart) may never end: it is
        no longer waited for, as `run.frame` and `run.summary()` then say. Calling again follows it on, as
        does calling with a client where the run was opened by its id.

        It returns early where the run paused itself because too many answers in a row were failures of one
        kind: `resume()` goes on, `stop()` ends it.

        An interrupt (Ctrl-C, the kernel's stop button) begins no new row, lets those in flight come back,
        and is then raised; a second one does not wait for them, though they are still recorded.

        Args:
            timeout: seconds after which to return all the same; the run goes on. None waits to the end.
            progress: show the bar.
            client: to follow batches with once the run itself is over; None takes the one that it was sent
                with.

        Raises:
            InputError: the client is of another server than the run, or the timeout is no length of time.
        """
        check_seconds("timeout", timeout)
        until = None if timeout is None else time.monotonic() + timeout
        if self._live is None and self.state in LIVE_STATES:
            with watched(self, shown=progress) as panel:
                panel.update()
                wait_for_others(lambda: self.state in LIVE_STATES, until)
        if self._live is None or self._live.ended.is_set():
            known = self._live.settings if self._live else None
            settings = known if client is None else settings_of(client)
            if settings is not None and self.state not in LIVE_STATES:
                follow_on(self._ledger, self._run_id, settings, until, shown=progress)
            bring_up_to_date(self)
            return self
        with watched(self, shown=progress) as bar:
            try:
                while not self._live.ended.wait(TICK_S) and (until is None or time.monotonic() < until):
                    bar.update()
                    if self._live.needs_a_person:
                        break
            except KeyboardInterrupt as interrupt:
                explain(interrupt, self._drain(self._live, bar))
                raise
        if self._live.ended.is_set():
            bring_up_to_date(self)
            self._live.future.result()
        return self

    def stop(self) -> None:
        """Begin no new row; those in flight finish and are recorded. Returns at once.

        Like `pause` and `resume` it works from any thread, and for a run that another process drives; there
        it is heard within a second. A run that has ended stays as it is.
        """
        self._ask(Wish.STOP)

    def pause(self) -> None:
        """Begin no new row until `resume`; those in flight finish and are recorded. Returns at once.

        Raises:
            InputError: the run has ended.
        """
        self._ask(Wish.PAUSE)

    def resume(self) -> None:
        """Go on after a pause, also one that a spent error budget made. Returns at once.

        Raises:
            InputError: the run has ended.
            ConfigurationError: a live run, from a notebook that nobody watches. It stays as it is.
        """
        if self._live is not None:
            origin, sandbox = self._live.settings.origin, self._live.settings.sandbox
        else:
            origin, sandbox = facts.server_of(self._ledger, self._run_id)
        check_headless(origin, sandbox=sandbox)
        self._ask(Wish.RUN)

    def end_paused(self) -> Self:
        """End a run that waits for a person's decision, so that nothing is left waiting; others stay."""
        if self._live is not None and self._live.needs_a_person:
            self._live.halt_paused()
            self._live.ended.wait()
            bring_up_to_date(self)
        return self

    def _ask(self, wish: Wish) -> None:
        heard = self.state in LIVE_STATES
        if wish is Wish.STOP and self._live is not None:
            heard = not self._live.ended.is_set()  # also one whose batches are still followed
        if heard and self._live is not None:
            self._live.ask(wish)
        elif heard:
            heard = self._ledger.writing(lambda conn: control.ask(conn, self._run_id, wish))
        if not heard and wish is not Wish.STOP:
            raise InputError(
                f"Run {self._run_id} has ended ({self.state}).",
                hint="Send the plan again to go on with what is left.",
            )

    def _drain(self, live: LiveRun, bar: Watched) -> str:
        """Begin no new row and let those in flight come back; return what became of it, and how to go on."""
        live.ask(Wish.STOP)
        flying = self.counts.get(State.SENDING, 0)
        say_at_once(f"Stopping: {counted(flying, 'mail', 'mails')} in flight come back first …")
        try:
            while not live.ended.wait(TICK_S):
                bar.update()
        except KeyboardInterrupt:
            return (
                "Stopped without waiting for the mails in flight; what comes back is still put on record. "
                f"Look at it: {opening(self)}"
            )
        mailed = self.counts.get(State.ACCEPTED, 0)
        words = f"Stopped by you: {counted(mailed, 'mail', 'mails')} accepted, all on record."
        return f"{words} Send the same plan again to go on."

    def __await__(self) -> Generator[Any, None, Self]:
        return asyncio.to_thread(self.wait, None, progress=False).__await__()
