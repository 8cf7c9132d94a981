"""Waiting for what goes on elsewhere: a run of another process, and batches at the server."""

import time
from collections.abc import Callable
from numbers import Real

from migma_nb.api.errors import InputError
from migma_nb.api.settings import Settings
from migma_nb.ledger.store import Ledger
from migma_nb.sending.following import Follower, check_server, open_handles
from migma_nb.surface.progress import BatchBar

#: How often the screen is brought up to date (seconds).
TICK_S = 0.1


def check_seconds(name: str, given: object) -> None:
    """Refuse what is no length of time.

    Raises:
        InputError: it is neither None nor a number of seconds from 0.
    """
    number = isinstance(given, Real) and not isinstance(given, bool)
    if given is not None and not (number and float(given) >= 0):  # type: ignore[arg-type] # a Real is
        raise InputError(f"{name}={given!r} is not a number of seconds from 0.")


def wait_for_others(going: Callable[[], bool], until: float | None) -> None:
    """Wait while a run of another process goes on.

    Args:
        going: whether it does.
        until: when to return all the same (monotonic seconds); None waits to the end.
    """
    while going() and (until is None or time.monotonic() < until):
        time.sleep(TICK_S * 5)


def follow_on(ledger: Ledger, run_id: str, settings: Settings, until: float | None, *, shown: bool) -> None:
    """Follow the batches of a run that is over, as far as they have not ended, with a bar.

    Args:
        ledger: the ledger that holds the run.
        run_id: the run.
        settings: of the client to ask with.
        until: when to return all the same (monotonic seconds); None waits until all ended or are given up.
        shown: whether the bar is shown.

    Raises:
        InputError: the run was sent to another server.
    """
    if not open_handles(ledger, run_id):
        return
    check_server(ledger, run_id, settings)
    follower = Follower(ledger, run_id, settings)
    try:
        with BatchBar(shown=shown) as bar:
            while not follower.ended.wait(TICK_S) and (until is None or time.monotonic() < until):
                bar.update(follower.batches)
            bar.update(follower.batches)
    finally:
        follower.stop()
    if follower.ended.is_set():
        follower.future.result()
