"""Pause, resume and stop: by this process at once, by any other through the ledger."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import Reason, RunState
from migma_nb.ledger import control
from migma_nb.ledger.control import Wish
from migma_nb.ledger.store import Ledger
from migma_nb.sending.halting import Halt
from migma_nb.sending.runner import Runner

#: How often the ledger is asked whether somebody elsewhere wants something of this run (seconds).
LISTEN_S = 0.5
_PAUSED = "paused; run.resume() goes on, run.stop() ends it"


@dataclass(slots=True)
class Standing:
    """How a run that is going stands, and why."""

    state: RunState = RunState.RUNNING
    reason: Reason | None = None
    detail: str = ""


class Controls:
    """The controls of one run. Everything but `ask` belongs into the background loop.

    Args:
        runner: what is paused, resumed and stopped.
        ledger: where others leave their wishes.
        changed: told each new standing of the run.
    """

    def __init__(self, runner: Runner, ledger: Ledger, changed: Callable[[Standing], None]) -> None:
        self._runner = runner
        self._ledger = ledger
        self._changed = changed
        self._heard = Wish.RUN
        self.now = Wish.RUN

    async def listen(self) -> None:
        """Do what is asked of the run elsewhere, until cancelled."""
        while True:
            await asyncio.sleep(LISTEN_S)
            try:
                wish = await self._runner.aside(lambda: self._ledger.reading(self._wish))
            except LedgerError:
                # A ledger that cannot be read now is the runner's matter, at its next write.
                continue
            if wish is not self._heard:
                self._heard = wish
                await self.obey(wish)

    async def wanted(self, wish: Wish) -> None:
        """Do what this process asks, and leave it on record, so that a wish of elsewhere is overruled."""
        await self.obey(wish)
        await self._write(lambda conn: control.ask(conn, self._runner.run_id, wish))
        self._heard = wish

    async def obey(self, wish: Wish, halt: Halt | None = None) -> None:
        """Pause, resume or stop; a run that is to stop stays stopped.

        Args:
            wish: what is asked.
            halt: why a pause was not a person's wish.
        """
        if Wish.STOP in (self.now, wish):
            self.now = Wish.STOP
            self._runner.stop()
            return
        if wish is self.now:
            return
        self.now = wish
        if wish is Wish.PAUSE:
            self._runner.pause()
            reason, detail = (halt.reason, halt.detail) if halt else (Reason.PAUSED, _PAUSED)
            await self._note(Standing(RunState.PAUSED, reason, detail))
        else:
            self._runner.resume()
            await self._note(Standing())

    async def _note(self, standing: Standing) -> None:
        run_id = self._runner.run_id
        await self._write(
            lambda conn: control.note_state(
                conn, run_id, standing.state, standing.reason, standing.detail or None
            )
        )
        # On record before anybody is shown it.
        self._changed(standing)

    async def _write(self, work: Callable[[sa.Connection], object]) -> None:
        try:
            await self._runner.write(work)
        except LedgerError:
            # The runner meets the same ledger at its next intent, and halts.
            return

    def _wish(self, conn: sa.Connection) -> Wish:
        return control.wish_of(conn, self._runner.run_id)
