"""A run or an import that is waited for: a bar on a terminal, else a line of counts now and then."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from migma_nb.api.errors import LedgerError
from migma_nb.api.states import State
from migma_nb.cli.answering import begun
from migma_nb.cli.screen import say
from migma_nb.sending.glance import Glance, Watch
from migma_nb.surface.import_progress import ImportBar
from migma_nb.surface.imports import ImportRun
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
    watched, every = sys.stderr.isatty(), how_often(log_every)
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


def how_often(log_every: float | None) -> float | None:
    """Return how often a line is written (seconds), 0 for never; None where a terminal shows it otherwise."""
    return log_every if log_every is not None or sys.stderr.isatty() else LOG_EVERY_S


def wait_for_import(run: ImportRun, log_every: float | None) -> bool:
    """Wait for an import, and return whether it was interrupted; arguments as for `wait`."""
    begun()
    every, live = how_often(log_every), run._live  # noqa: SLF001 - as any screen of an import
    screen = ImportLog(run, every) if every else ImportBar(live, shown=every is None)
    with contextlib.redirect_stdout(sys.stderr), terminable():
        try:
            run._wait(screen)  # noqa: SLF001 - as above
        except KeyboardInterrupt:
            return True
    return False


class ImportLog:
    """Lines of counts about an import, in place of its bar.

    Args:
        run: the import.
        every: seconds between two lines.
    """

    def __init__(self, run: ImportRun, every: float) -> None:
        self._run = run
        self._every = every
        self._due = time.monotonic() + every
        self._said = False

    def update(self) -> None:
        """Write a line, if it is time."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every
            self._say()

    def close(self, *, leave_none: bool = False) -> None:
        """Write the end, if anything was written before."""
        del leave_none
        if self._said:
            self._say()

    def _say(self) -> None:
        self._said = True
        told = {"import": self._run.id, "state": str(self._run.state), **_counts(self._run.counts)}
        say(stamped(told, time.time()), aside=True, whole=True)


def follow(run: Run, seconds: float, log_every: float | None) -> None:
    """Wait for the end of a run that another process drives, with the same lines; a signal is raised.

    Args:
        run: the run.
        seconds: how long at most.
        log_every: as for `wait`; on a terminal nothing is shown.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM; the run goes on.
    """
    every = how_often(log_every)
    with contextlib.redirect_stdout(sys.stderr), terminable():
        if every:
            _wait_and_log(run, every, time.monotonic() + seconds)
        else:
            run.wait(timeout=seconds, progress=False)


def _wait_and_log(run: Run, every: float, until: float | None = None) -> None:
    """Wait for a run and write lines; until a time (monotonic seconds), where its decisions are another's."""
    watch, said = watch_of(run), False
    while True:
        run.wait(
            timeout=every if until is None else min(every, max(0.0, until - time.monotonic())), progress=False
        )
        found = _looked(watch)
        if found is None:
            time.sleep(min(every, 1.0))
        over = found is not None and (found.over or (found.needs_a_person and until is None))
        # A short run needs no line; one that had lines has its end in one, too.
        if found is not None and (said or not over):
            say(log_line(found, time.time()), aside=True, whole=True)
            said = True
        if over or (until is not None and time.monotonic() >= until):
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
    pairs = {"run": found.run_id, "state": str(found.state), **_counts(found.counts)}
    if found.batches is not None:
        parts = ("total", "queued", "sent", "failed")
        pairs |= {f"batch_{part}": str(getattr(found.batches, part)) for part in parts}
    rate, left_s = found.pacing.per_minute, found.left_s
    pairs["rate_per_min"] = "" if rate is None else f"{rate:.1f}"
    pairs["left_s"] = "" if left_s is None else f"{left_s:.0f}"
    return stamped(pairs, now)


def _counts(found: Mapping[State, int]) -> dict[str, str]:
    counts = {str(state): found.get(state, 0) for state in _ALWAYS}
    counts |= {str(state): count for state, count in found.items() if count}
    return {name: str(count) for name, count in counts.items()}


def stamped(pairs: Mapping[str, str], now: float) -> str:
    """Return `name=value` pairs as a line of a log, the time (UTC) first.

    Args:
        pairs: names and values without spaces.
        now: the present (seconds since the epoch).
    """
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
