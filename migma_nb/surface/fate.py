"""`run.refresh`, `run.log` and `run.plot`: what became of a run's mails after the API took them."""

from concurrent import futures
from typing import TYPE_CHECKING, Self

import pandas as pd

from migma_nb.api import loop
from migma_nb.api.errors import InputError
from migma_nb.api.settings import Settings
from migma_nb.ledger.store import Ledger
from migma_nb.sending import accounts, facts, refreshing
from migma_nb.sending.live import LiveRun
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.waiting import check_seconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: How often an interrupt is looked for (seconds).
_TICK_S = 0.1


class Fated:
    """What a `Run` knows of its mails once the API took them; `Run` is the only one of its kind."""

    _ledger: Ledger
    _run_id: str
    _live: LiveRun | None

    def refresh(self, client: Migma | None = None, *, wait: float | None = None) -> Self:
        """Read what became of the mails from Migma's own log, and keep it beside the rows.

        Afterwards `run.frame` has the columns `delivery`, `opened_at`, `clicked_at`, `bounced_at`,
        `complained_at` and `checked_at`, also in a new process, and `run.summary()` says how fresh and how
        certain they are. `delivery` is the most telling word of the log so far: `sent`, `delivered`,
        `opened`, `clicked`, then `suppressed`, `bounced`, `complained`; it is missing where the log has no
        line. The log has times of its own for opens and clicks only: `bounced_at` and `complained_at` are
        when a refresh first saw it say so.

        Only mails made with `email_id=` have a log, which is kept for about 30 days. A line is a row's where
        it bears the row's `message_id`; failing that, only where nothing else comes into question. A line
        that is missing proves nothing. Of a batch the server's own counts are brought up to date, of a
        campaign its status (`api_status`).

        Args:
            client: to ask with, its key needs `email:read`; None takes the one that the run was sent with.
            wait: seconds for which to look again, ever less often, until the log knows how every mail's way
                ended (`delivered`, `bounced`, …); None looks once.

        Raises:
            InputError: the run belongs to another server, or no client is known.
            CallError: the log could not be read. What is known already stays.
        """
        check_seconds("wait", wait)
        settings = self._settings(client, "run.refresh(client)")
        work = loop.submit(refreshing.refresh(self._ledger, self._run_id, settings, wait_s=wait))
        try:
            # In short steps, since not every system interrupts a long wait.
            while not work.done():
                futures.wait([work], _TICK_S)
        finally:
            # An interrupted cell asks no further; on a look that is done this does nothing.
            work.cancel()
        work.result()
        return self

    def log(self, client: Migma | None = None) -> pd.DataFrame:
        """Return the log of the run's email since its first mail, as the API has it.

        It is the log of the whole email: other sends of the same email since then are in it as well, and
        nothing tells them apart. For a batch, whose people are no rows of the run, it is all there is.

        Args:
            client: as in `refresh`.

        Returns:
            Lines × (`to_email`, `subject`, `status`, `created_at`, `opened_at`, `clicked_at`, `open_count`,
            `click_count`, `bounce_type`, `complaint_type`, `tracking_id`), newest first; times are UTC.

        Raises:
            InputError: the run's mails have no log, or no client is known.
            CallError: the log could not be read.
        """
        settings = self._settings(client, "run.log(client)")
        lines = loop.call(refreshing.read_lines(self._ledger, self._run_id, settings))
        return accounts.log_frame(lines)

    def plot(self) -> "Figure":
        """Draw how far the rows came, and when the mails were sent; `refresh` first for what became of them.

        Returns:
            A figure of matplotlib that a notebook shows by itself, and `figure.savefig("run.png")` writes.

        Raises:
            InputError: matplotlib is not installed.
        """
        try:
            from migma_nb.notebook.figure import figure_of  # noqa: PLC0415 - matplotlib is optional and slow
        except ImportError as error:
            raise InputError(
                "run.plot() needs matplotlib, which is not installed.",
                hint="Run: pip install 'migma-nb[plot]'. run.summary() has the same figures in words.",
            ) from error
        return figure_of(facts.facts_of(self._ledger, self._run_id))

    def _settings(self, client: Migma | None, call: str) -> Settings:
        """Return what to ask with: the client's settings, else those that the run was sent with."""
        if client is not None:
            return settings_of(client)
        if self._live is None:
            raise InputError("This run was opened without a client.", hint=f"Call {call}.")
        return self._live.settings
