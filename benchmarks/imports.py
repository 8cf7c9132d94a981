"""What importing costs: our name beside pandas', the command's help beside Python itself, in fresh processes.

Each round starts every command once, in an order that changes, and takes differences within the round. Two of
them run twice (A/A control): where that difference is as wide as ours, nothing is resolved. CPU time is what
decides, since other work on the machine stretches wall time, which on a quiet one is the same. Run it with::

    .venv/bin/python benchmarks/imports.py --rounds 20
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import NamedTuple


class Cost(NamedTuple):
    """What a process took, in milliseconds."""

    cpu: float
    wall: float


class Promise(NamedTuple):
    """A command may take so many milliseconds; more than another one, or in all."""

    name: str
    beyond: str
    allowed: float


_PYTHON = [sys.executable, "-c"]
_MIGMA = [sys.executable, "-m", "migma_nb.cli"]
COMMANDS = {
    "import pandas": [*_PYTHON, "import pandas"],
    "import pandas, again": [*_PYTHON, "import pandas"],
    "import pandas, migma_nb": [*_PYTHON, "import pandas, migma_nb"],
    "import migma_nb, pandas": [*_PYTHON, "import migma_nb, pandas"],
    "pass": [*_PYTHON, "pass"],
    "pass, again": [*_PYTHON, "pass"],
    "import migma_nb": [*_PYTHON, "import migma_nb"],
    "--help": [*_MIGMA, "--help"],
    "--version": [*_MIGMA, "--version"],
    "send --help": [*_MIGMA, "send", "--help"],
    "send --bogus": [*_MIGMA, "send", "--bogus"],
}
#: An answer's 300 ms are whole: Python's own start is a part of them.
PROMISES = (
    Promise("import pandas, migma_nb", "import pandas", 150),
    Promise("import migma_nb, pandas", "import pandas", 150),
    Promise("--help", "", 300),
    Promise("--version", "", 300),
    Promise("send --help", "", 300),
    Promise("send --bogus", "", 300),
)
CONTROLS = (("import pandas, again", "import pandas"), ("pass, again", "pass"))


def main() -> int:
    """Measure, print, and say by the exit code whether every promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = [measured(number) for number in range(parser.parse_args().rounds)]
    print(f"{len(rounds)} rounds; load average {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print("milliseconds: median (quartiles)" + " " * 16 + "CPU" + " " * 21 + "wall")
    for name in COMMANDS:
        print(f"  {name:<42}{spread(rounds, name)}")
    for name, other in CONTROLS:
        print(f"  A/A control: {name:<29}{spread(rounds, name, other)}")
    return 1 if [promise for promise in PROMISES if not kept(rounds, promise)] else 0


def measured(number: int) -> dict[str, Cost]:
    """Return what each command took, each in a fresh process; every second round begins from the end."""
    names = list(COMMANDS)
    turned = names[number % len(names) :] + names[: number % len(names)]
    return {name: cost_of(COMMANDS[name]) for name in (turned if number % 2 else reversed(turned))}


def cost_of(command: list[str]) -> Cost:
    """Run a command, whose words nobody reads, and return what it took."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu * 1000, wall * 1000)


def kept(rounds: list[dict[str, Cost]], promise: Promise) -> bool:
    """Print a promise beside what was found, and return whether it holds in CPU time."""
    found = statistics.median(differences(rounds, promise.name, promise.beyond, "cpu"))
    holds = found <= promise.allowed
    what = f"{promise.name}{' beyond ' + promise.beyond if promise.beyond else ''}"
    print(
        f"{'holds ' if holds else 'MISSED'} {what:<41}{spread(rounds, promise.name, promise.beyond)}", end=""
    )
    wall = statistics.median(differences(rounds, promise.name, promise.beyond, "wall"))
    print(f"  allowed {promise.allowed:.0f}{', in wall time beyond it' if wall > promise.allowed else ''}")
    return holds


def differences(rounds: list[dict[str, Cost]], name: str, other: str, unit: str) -> list[float]:
    """Return, round by round, what a command took beyond another one, or in all."""
    return [getattr(one[name], unit) - (getattr(one[other], unit) if other else 0) for one in rounds]


def spread(rounds: list[dict[str, Cost]], name: str, other: str = "") -> str:
    """Return medians and quartiles as they are printed, of CPU and wall time."""
    shown = []
    for unit in ("cpu", "wall"):
        found = differences(rounds, name, other, unit)
        low, middle, high = statistics.quantiles(found, n=4) if len(found) > 1 else found * 3
        shown.append(f"{middle:6.0f} ({low:.0f} to {high:.0f})")
    return f"{shown[0]:<24}{shown[1]:<24}"


if __name__ == "__main__":
    sys.exit(main())
