"""`migma-nb` in a process of its own that finds its libraries loaded: most of a short command's time.

The process is forked from one that has imported what the commands import and done nothing else. Where the
environment says something that Python reads while it starts, or that is not known here, it is started afresh.
"""

import atexit
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from migma_nb.cli import main

COMMAND = [sys.executable, "-m", "migma_nb.cli"]
Completed = subprocess.CompletedProcess[str]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    ["migma_nb.cli.checks", "migma_nb.cli.sends", "migma_nb.cli.resumes", "migma_nb.sandbox.server", __name__]
)
#: Read while the command runs, and not before.
_LATE = ("MIGMA_", "XDG_")
_SECONDS = 120


def completed(args: list[str], environment: dict[str, str], usual: dict[str, str], folder: Path) -> Completed:
    """Run a command to its end.

    Args:
        args: its arguments.
        environment: all of its environment.
        usual: the one that commands of these tests have.
        folder: where it runs.
    """
    early = {
        name for name, value in environment.items() if usual.get(name) != value and not name.startswith(_LATE)
    }
    if early:
        return afresh([*COMMAND, *args], environment, folder)
    return Running(args, environment, folder, folder.parent).wait()


class Running:
    """A command that goes on in a process of its own.

    Args:
        args: its arguments.
        environment: all of its environment.
        folder: where it runs.
        place: a folder for what it says.
    """

    def __init__(self, args: list[str], environment: dict[str, str], folder: Path, place: Path) -> None:
        self._args = args
        self._said = place / "stdout", place / "stderr"
        for file in self._said:
            file.write_bytes(b"")
        names = tuple(map(str, self._said))
        self._process = _context.Process(target=_run, args=(args, environment, folder, *names))
        self._process.start()

    def lines(self, count: int) -> list[str]:
        """Return the first lines that it says, once there are so many; "" for those that it never said."""
        until = time.monotonic() + _SECONDS
        while True:
            ended = self._process.exitcode is not None
            whole = self._said[0].read_text().split("\n")[:-1]
            if len(whole) >= count or ended:
                return [*whole, *[""] * count][:count]
            assert time.monotonic() < until
            time.sleep(0.01)

    def signal(self, how: signal.Signals) -> None:
        """Send it a signal, if it still goes on."""
        if self._process.exitcode is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, how)

    def wait(self, seconds: float = _SECONDS) -> Completed:
        """Return how it ended, and all that it said."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            self._process.kill()
            raise subprocess.TimeoutExpired(self._args, seconds)
        out, err = (file.read_bytes().decode() for file in self._said)
        return subprocess.CompletedProcess(self._args, self._process.exitcode, out, err)


def afresh(command: list[str], environment: dict[str, str], folder: Path) -> Completed:
    """Run a command line to its end, from the start of its program on."""
    return subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        check=False,
        timeout=_SECONDS,
    )


def typed(line: str, folder: Path) -> list[str]:
    """Return what a command is given by a line that somebody types into a shell.

    Args:
        line: the line, which begins with the command's name.
        folder: where it is typed.
    """
    place, given = folder.parent / "bin", folder.parent / "given"
    place.mkdir(exist_ok=True)
    (place / "migma-nb").write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" > '{given}'\n")
    (place / "migma-nb").chmod(0o700)
    given.unlink(missing_ok=True)
    subprocess.run(
        ["sh", "-c", line],
        env=os.environ | {"PATH": f"{place}:{os.environ['PATH']}"},
        cwd=folder,
        check=True,
        timeout=_SECONDS,
    )
    return [os.fsdecode(one) for one in given.read_bytes().split(b"\0")[:-1]]


def _run(args: list[str], environment: dict[str, str], folder: Path, out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["migma-nb", *args]
    for number, place in ((1, out), (2, err)):
        file = os.open(place, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8")
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), "utf-8", "backslashreplace", write_through=True
    )
    try:
        main()
    finally:
        # A process that was forked ends without.
        atexit._run_exitfuncs()
