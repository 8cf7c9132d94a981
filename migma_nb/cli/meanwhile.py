"""A line now and then about work that has no counts yet, such as the planning of a long list."""

import contextlib
import threading
import time
from collections.abc import Iterator

from migma_nb.cli.going import how_often, stamped
from migma_nb.cli.screen import say


@contextlib.contextmanager
def meanwhile(state: str, log_every: float | None) -> Iterator[None]:
    """Write on stderr that this still goes on, while what stands inside does.

    Args:
        state: what goes on, in one word.
        log_every: seconds between two lines, 0 for none; None is once a minute, and never on a terminal.
    """
    every, over, begun = how_often(log_every), threading.Event(), time.monotonic()

    def write() -> None:
        while not over.wait(every):
            pairs = {"state": state, "elapsed_s": f"{time.monotonic() - begun:.0f}"}
            say(stamped(pairs, time.time()), aside=True, whole=True)

    if not every:
        yield
        return
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()
