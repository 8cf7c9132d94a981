"""The end of a page: what it sends is stopped, comes back, and is told in the terminal."""

import time
from pathlib import Path

from migma_nb.api.errors import MigmaError
from migma_nb.api.states import LIVE_STATES, State
from migma_nb.cli.screen import say
from migma_nb.notebook.lines import counted
from migma_nb.surface.page_runs import Noted, runs_of
from migma_nb.surface.run import Run

_TICK_S = 0.1
_GO_ON = "Open the form again and send the same list to go on."


def drain(runs: Path) -> None:
    """Begin no new row of what the page's kernels send, wait for those in flight, and say what became of it.

    A second interrupt does not wait.

    Args:
        runs: what holds the kernels' folders.
    """
    going = [run for noted in runs_of(runs) if (run := _opened(noted)) is not None]
    if not going:
        return
    flying = sum(run.counts.get(State.SENDING, 0) for run in going)
    say(f"Stopping: {counted(flying, 'mail', 'mails')} in flight come back first … (Ctrl-C again: at once)")
    try:
        for run in going:
            run.stop()
        while any(run.state in LIVE_STATES for run in going):
            time.sleep(_TICK_S)
    except KeyboardInterrupt:
        say("Ended without waiting; a mail whose answer was not there yet is put down as unknown.")
    else:
        for run in going:
            mailed = counted(run.counts.get(State.ACCEPTED, 0), "mail", "mails")
            say(f"Stopped by you: {mailed} accepted, all on record. {_GO_ON}")


def _opened(noted: Noted) -> Run | None:
    """Return a run that still goes on; None for one that has just ended, or whose ledger has."""
    try:
        run = noted.open()
        going = run.state in LIVE_STATES
    except MigmaError:
        return None
    return run if going else None
