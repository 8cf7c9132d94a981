"""`ClusterRun`: a send from several workers of a Dask cluster, while it goes on and after."""

import os
import time
from bisect import bisect_right
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from migma_nb.api import loop
from migma_nb.api.errors import InputError, LedgerError
from migma_nb.api.states import RunState, State
from migma_nb.notebook.lines import counted
from migma_nb.notebook.run_card import run_html, run_text
from migma_nb.sending import account_files, accounts, doubts, reconciling
from migma_nb.sending.crew import Crew
from migma_nb.sending.crew_accounts import Book
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.interrupts import explain, say_at_once
from migma_nb.surface.progress import made_bar, short
from migma_nb.surface.run import Run
from migma_nb.surface.waiting import TICK_S, check_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

#: The bar is drawn at most so often (seconds): the ledger is asked each time.
_DRAWN_EVERY_S = 1.0
_OPEN = (State.WAITING, State.SENDING)
_SHOWN = (State.ACCEPTED, State.ALREADY_SENT, State.REFUSED, State.UNKNOWN, State.NOT_SENT)


class ClusterRun:
    """What became of a plan that several workers sent. `plan.send` and `plan.start` make it with `cluster=`.

    Each part of the plan is a run of its own, of the same mailing, under the same ledger and at one rate.

    Args:
        crew: the send.
        retry: sends the same plan again to those who were refused.
    """

    def __init__(self, crew: Crew, retry: "Callable[[Migma | None, int | None, bool], Run]") -> None:
        self._crew = crew
        self._book = Book(crew)
        self._retry = retry

    @property
    def id(self) -> str:
        """The send's id, with which the ids of its runs begin."""
        return self._crew.crew_id

    @property
    def runs(self) -> list[str]:
        """The ids of the parts' runs, by part, as `mg.open_run` takes them; a part may have had several."""
        return [run.run_id for run in self._crew.runs()]

    @property
    def state(self) -> RunState:
        """`running`, `finished`, `stopped` or `halted`."""
        return self._crew.state

    @property
    def counts(self) -> dict[State, int]:
        """How many input rows are in which state, at this moment."""
        return self._book.counts()

    @property
    def frame(self) -> pd.DataFrame:
        """One line per input row of the whole plan, in its order and under its index, also while it goes on.

        Returns:
            Rows × the columns of `Run.frame`. Who was mailed by any run of this send is `accepted`.
        """
        return self._book.frame()

    @property
    def unknown(self) -> pd.DataFrame:
        """The rows that may have been mailed, as `Run.unknown` has them."""
        return self._book.unknown()

    def summary(self) -> str:
        """Return what the send came to, in a few lines, the next sensible step last."""
        return run_text(self._book.facts())

    def join(self, people: Any) -> pd.DataFrame:
        """Return the input's columns with the account beside them, by position, as `Run.join` does.

        Args:
            people: the frame that was planned, of pandas, Polars or PyArrow.

        Raises:
            InputError: the frame has another number of rows than the plan.
        """
        return accounts.join(people, self.frame)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as CSV; cells that a spreadsheet would run as formulas are neutralised."""
        return account_files.write_csv(self.frame, path)

    def resolve(self, rows: Any, as_: Literal["sent", "resend"], *, confirm: int | None = None) -> Self:
        """Settle unknown rows by your own word; arguments and errors as for `Run.resolve`."""
        if as_ not in {"sent", "resend"}:
            raise InputError(f"as_={as_!r} is neither 'sent' nor 'resend'. Nothing was changed.")
        newest = self._book.newest()
        starts = [part.start for part, _ in newest]
        found: dict[str, list[int]] = {}
        for position in accounts.positions_of(rows, self._crew.plan.index):
            at = bisect_right(starts, position) - 1
            if at < 0 or position >= newest[at][0].stop:
                raise InputError(
                    f"Row {position} is not unknown, or is so by an earlier run. Nothing was changed.",
                    hint="run.unknown says of each unknown row where it is settled.",
                )
            found.setdefault(newest[at][1], []).append(position - starts[at])
        doubts.resolve(self._crew.ledger, found, as_, confirm)
        return self

    def reconcile(self, client: Migma | None = None) -> Self:
        """Settle unknown rows that Migma's own log certainly holds, as `Run.reconcile` does."""
        settings = self._crew.settings if client is None else settings_of(client)
        for _, run_id in self._book.newest():
            if len(doubts.unknown(self._crew.ledger, run_id, None)):
                loop.call(reconciling.reconcile(self._crew.ledger, run_id, settings))
        return self

    def retry(self, client: Migma | None = None, *, confirm: int | None = None, progress: bool = True) -> Run:
        """Send again from here to those whom the API refused, as `Run.retry` does."""
        return self._retry(client, confirm, progress)

    def stop(self) -> None:
        """Begin no new row on any worker; those in flight finish and are recorded. Returns soon.

        Parts that have not begun are given up, and the runs of the others hear it within a second.
        """
        if not self._crew.ended.is_set():
            self._crew.stop()

    def wait(self, timeout: float | None = None, *, progress: bool = True) -> Self:
        """Wait until every part has come to its end, with a bar.

        An interrupt (Ctrl-C, the kernel's stop button) begins no new row anywhere, lets those in flight come
        back, and is then raised; a second one does not wait for them, though they are still recorded.

        Args:
            timeout: seconds after which to return all the same; the send goes on. None waits to the end.
            progress: show the bar.

        Raises:
            InputError: the timeout is no length of time.
        """
        check_seconds("timeout", timeout)
        until = None if timeout is None else time.monotonic() + timeout
        with _Bar(self._crew, self._book, shown=progress) as bar:
            try:
                while not self._crew.ended.wait(TICK_S) and (until is None or time.monotonic() < until):
                    bar.update()
            except KeyboardInterrupt as interrupt:
                explain(interrupt, self._drain(bar))
                raise
        return self

    def _drain(self, bar: "_Bar") -> str:
        """Begin no new row and let those in flight come back; return what became of it, and how to go on."""
        try:
            self._crew.stop()
            say_at_once("Stopping: what is in flight on the workers comes back first …")
            while not self._crew.ended.wait(TICK_S):
                bar.update()
        except KeyboardInterrupt:
            return (
                "Stopped without waiting for the mails in flight; what comes back is still put on record. "
                "Send the same plan again to go on."
            )
        again = "Send the same plan again to go on."
        try:
            mailed = counted(self._book.counts().get(State.ACCEPTED, 0), "mail", "mails")
        except LedgerError as error:
            return f"Stopped by you. {error} {again}"
        return f"Stopped by you: {mailed} accepted, all on record. {again}"

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return run_html(self._book.facts())


class _Bar:
    """A bar over the rows of all parts together, driven by whoever waits."""

    def __init__(self, crew: Crew, book: Book, *, shown: bool) -> None:
        self._crew, self._book, self._shown = crew, book, shown
        self._total = len(crew.plan.ready)
        self._bar: Any = None
        self._drawn = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drawn = 0.0
        self.update()
        if self._bar is not None:
            self._bar.close()

    def update(self) -> None:
        """Draw how the send stands now."""
        if not self._shown or time.monotonic() - self._drawn < _DRAWN_EVERY_S:
            return
        if self._bar is None:
            self._bar = made_bar(total=self._total, desc=short(self._crew.plan.mailing))
        try:
            counts = self._book.counts()
        except LedgerError:
            return  # the workers meet it too, and what they then do is what counts
        left = sum(counts.get(state, 0) for state in _OPEN)
        # A send that was cut short must not look as if it had come to its end.
        if self._crew.state is not RunState.FINISHED:
            left += counts.get(State.NOT_SENT, 0)
        self._bar.set_postfix(
            {str(state): counts[state] for state in _SHOWN if counts.get(state)}, refresh=False
        )
        self._bar.n = self._total - left
        self._bar.refresh()
        self._drawn = time.monotonic()
