"""What reading a long list costs: `mg.read_recipients` against `pandas.read_csv(dtype=str)`, in turn.

The list has eight columns, CRLF, letters beyond ASCII and a tenth of the cells of one column in quotation
marks, as spreadsheets write them. What ours does beyond pandas: it finds out encoding, separator, quoting and
header, and checks every row's width and every quotation mark, which pandas does not. Run it with::

    .venv/bin/python benchmarks/reading.py --rows 1000000 --rounds 5
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import migma_nb as mg

#: How much longer ours may take: all its checks in less than pandas' own parsing once more.
ALLOWED = 2.0
_NAMES = "email,first_name,last_name,company,city,zip,renews_on,amount"


def main() -> int:
    """Measure, print, and say by the exit code whether it is within what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="migma-bench-") as place:
        path = Path(place) / "people.csv"
        path.write_bytes(made(wanted.rows))
        size = path.stat().st_size
        ways: dict[str, Callable[[], Any]] = {
            "pandas": lambda: pd.read_csv(path, dtype=str),
            "again": lambda: pd.read_csv(path, dtype=str),
            "ours": lambda: mg.read_recipients(path),
        }
        assert ways["pandas"]().equals(ways["ours"]())
        rounds = [measured(ways, number) for number in range(wanted.rounds)]
    return report(rounds, wanted.rows, size)


def made(rows: int) -> bytes:
    """Return the list, the same each time."""
    lines = [_NAMES]
    for at in range(rows):
        company = f'"Acme, Sons {at % 977}"' if at % 10 == 0 else f"Acme {at % 977}"
        lines.append(
            f"user{at}@mail{at % 500}.example,Anna{at % 91},Müller{at % 301},{company},Köln,{at % 99999:05d},"
            f"2026-12-{at % 28 + 1:02d},{at % 1000}.50"
        )
    return "".join(f"{line}\r\n" for line in lines).encode()


def measured(ways: dict[str, Callable[[], Any]], number: int) -> dict[str, tuple[float, float]]:
    """Return CPU and wall seconds of each way, in an order that changes from round to round."""
    names = list(ways)
    found = {}
    for name in names[number % len(names) :] + names[: number % len(names)]:
        wall, cpu = time.perf_counter(), time.process_time()
        ways[name]()
        found[name] = (time.process_time() - cpu, time.perf_counter() - wall)
    return found


def report(rounds: list[dict[str, tuple[float, float]]], rows: int, size: int) -> int:
    """Print the medians and the ratios; return 1 where ours takes longer than allowed."""
    print(f"{len(rounds)} rounds of {rows:,} rows, {size / 1e6:,.1f} MB")
    for name in ("pandas", "again", "ours"):
        cpu = statistics.median(one[name][0] for one in rounds)
        wall = statistics.median(one[name][1] for one in rounds)
        print(f"  {name:<6} {cpu:6.2f} s CPU, {wall:6.2f} s wall, {rows / wall:,.0f} rows/s")
    control = statistics.median(one["again"][0] / one["pandas"][0] for one in rounds)
    ratios = sorted(one["ours"][0] / one["pandas"][0] for one in rounds)
    ratio = statistics.median(ratios)
    print(f"  A/A control: median {control:.2f}")
    print(f"  ours / pandas: median {ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}); allowed {ALLOWED}")
    return 0 if ratio <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
