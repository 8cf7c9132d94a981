"""`migma-nb` in a process of its own that finds its libraries loaded: most of a short command's time.

The process is forked from one that has imported what the commands import and done nothing else. Where the
environment says something that Python reads while it starts, or that is not known here, it is started afresh.
"""

import atexit
import io
import multiprocessing
import os
import subprocess
import sys
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
    with (folder.parent / "stdout").open("w+b") as out, (folder.parent / "stderr").open("w+b") as err:
        process = _context.Process(target=_run, args=(args, environment, folder, out.name, err.name))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(args, _SECONDS)
        return subprocess.CompletedProcess(args, process.exitcode, out.read().decode(), err.read().decode())


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
