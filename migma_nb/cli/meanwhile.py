"""Work without counts, such as the planning of a long list: a line now and then, and an end on demand."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from migma_nb.cli.going import how_often, stamped
from migma_nb.cli.screen import say


@contextlib.contextmanager
def meanwhile(state: str, log_every: float | None) -> Iterator[None]:
    """Write on stderr that this still goes on, while what stands inside does; SIGTERM ends it as Ctrl-C does.

    Args:
        state: what goes on, in one word.
        log_every: seconds between two lines, 0 for none; None is once a minute, and never on a terminal.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """
    every = how_often(log_every)
    with interruptible(), _told(state, every) if every else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM interrupt what stands inside, whatever a library makes of that.

    pandas 2.2 turns an interrupt in the middle of a CSV into an error about the file.

    Raises:
        KeyboardInterrupt: a signal came, and what stood inside raised something else, or nothing.
    """
    came = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.set()
        signal.default_int_handler(number, frame)

    before = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGINT, signal.SIGTERM)
        # What a shell has set aside, as for a job in the background, stays so.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    except Exception:
        if came.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def _told(state: str, every: float) -> Iterator[None]:
    over, begun = threading.Event(), time.monotonic()

    def write() -> None:
        while not over.wait(every):
            pairs = {"state": state, "elapsed_s": f"{time.monotonic() - begun:.0f}"}
            say(stamped(pairs, time.time()), aside=True, whole=True)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()
