"""A run that is waited for: a bar on a terminal, else a line of counts now and then."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import State
from migma_nb.cli.answering import begun
from migma_nb.cli.screen import say
from migma_nb.sending.glance import Glance, Watch
from migma_nb.surface.run import Run
from migma_nb.surface.showing import watch_of

#: How often a line is written where nobody watches (seconds).
LOG_EVERY_S = 60.0
#: What stands in every line, also where there is none; other states where there are some.
_ALWAYS = (State.ACCEPTED, State.REFUSED, State.UNKNOWN, State.WAITING, State.SENDING)


def wait(run: Run, log_every: float | None) -> bool:
    """Wait for a run, and return whether it was interrupted; SIGTERM ends it as Ctrl-C does.

    Args:
        run: the run, which this process drives.
        log_every: seconds between two lines of counts on stderr, 0 for none; None shows a bar on a terminal
            and elsewhere a line a minute.
    """
    begun()
    watched = sys.stderr.isatty()
    every = log_every if log_every is not None or watched else LOG_EVERY_S
    # What is said on the way must not get between a script and its document.
    with contextlib.redirect_stdout(sys.stderr), terminable():
        try:
            if every:
                _wait_and_log(run, every)
            else:
                run.wait(progress=watched and every is None)
            run.end_paused()
        except KeyboardInterrupt:
            run.stop()
            return True
    return False


def _wait_and_log(run: Run, every: float) -> None:
    watch, said = watch_of(run), False
    while True:
        run.wait(timeout=every, progress=False)
        found = _looked(watch)
        if found is None:
            time.sleep(min(every, 1.0))
        over = found is not None and (found.over or found.needs_a_person)
        # A short run needs no line; one that had lines has its end in one, too.
        if found is not None and (said or not over):
            say(log_line(found, time.time()), aside=True, whole=True)
            said = True
        if over:
            return


def _looked(watch: Watch) -> Glance | None:
    try:
        return watch.look()
    except LedgerError:
        # The run knows what to do about its ledger; the next line may come.
        return None


def log_line(found: Glance, now: float) -> str:
    """Return how a run stands in one line of `name=value` pairs, the time (UTC) first.

    Args:
        found: the run at this moment.
        now: the present (seconds since the epoch).
    """
    counts = {str(state): found.counts.get(state, 0) for state in _ALWAYS}
    counts |= {str(state): count for state, count in found.counts.items() if count}
    pairs = {"run": found.run_id, "state": str(found.state), **{name: str(n) for name, n in counts.items()}}
    if found.batches is not None:
        parts = ("total", "queued", "sent", "failed")
        pairs |= {f"batch_{part}": str(getattr(found.batches, part)) for part in parts}
    rate, left_s = found.pacing.per_minute, found.left_s
    pairs["rate_per_min"] = "" if rate is None else f"{rate:.1f}"
    pairs["left_s"] = "" if left_s is None else f"{left_s:.0f}"
    stamp = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return " ".join([stamp, *(f"{name}={value}" for name, value in pairs.items())])


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM interrupt what stands inside, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
