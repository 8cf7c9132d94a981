"""A list of any length, planned from its file: how much memory that takes, and what a row costs.

The file (Parquet, or CSV with `--csv`) is made first, block by block, in a process of its own. Then two more
plan it, each with a peak of its own: one a tenth of the list, the yardstick of time per row, one all of it.
The last one also looks at what a person would: a preview, the card, the problems, who is in row 0. Run it
with::

    .venv/bin/python benchmarks/long_plan.py --people 1000000
    .venv/bin/python benchmarks/long_plan.py --people 10000000      # promised within 2 GB; some ten minutes
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
from planning import MAILING, made
from pyarrow import parquet

import migma_nb as mg

#: The most memory that a plan of any length may take (MB).
ALLOWED_MB = 2_000
#: How much longer a row of the whole list may take than one of a tenth of it.
ALLOWED_SLOWER = 1.3
_BLOCK = 100_000


@dataclass(frozen=True, slots=True)
class Planned:
    """What a process says of the plan that it made.

    Args:
        rows: of the list.
        people: how many would be mailed.
        problems: lines of `plan.issues`.
        cpu_s, wall_s: of `mg.plan` alone.
        peak_mb: the most memory that the process ever had resident.
        looks_s: the longest of the looks at the plan (seconds).
    """

    rows: int
    people: int
    problems: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    looks_s: float


def main() -> int:
    """Measure, print, and say by the exit code whether the promises hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--csv", action="store_true", help="a CSV in place of a Parquet file")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.make:
        make(wanted.make, wanted.people)
        return 0
    if wanted.plan:
        print(json.dumps(asdict(planned(wanted.plan))))
        return 0
    with tempfile.TemporaryDirectory(prefix="migma-bench-") as folder:
        name = "people.csv" if wanted.csv else "people.parquet"
        tenth = of_process(Path(folder) / f"tenth-{name}", wanted.people // 10)
        whole = of_process(Path(folder) / name, wanted.people)
    return 0 if report(tenth, whole) else 1


def of_process(path: Path, people: int) -> Planned:
    """Make a file and have it planned, each in a process of its own."""
    itself = [sys.executable, __file__, "--people", str(people)]
    subprocess.run([*itself, "--make", str(path)], check=True)
    said = subprocess.run([*itself, "--plan", str(path)], check=True, capture_output=True, text=True)
    path.unlink()
    return Planned(**json.loads(said.stdout))


def make(path: Path, people: int) -> None:
    """Write the list, block by block; every block is planning.py's list, with addresses of its own."""
    writer = None
    for at, start in enumerate(range(0, people, _BLOCK)):
        block = made(min(_BLOCK, people - start), seed=at)
        block["email"] = block["email"].str.replace("acme.com", f"acme{at}.com")
        if path.suffix == ".csv":
            block.to_csv(path, mode="a", header=not at, index=False)
            continue
        table = pa.Table.from_pandas(block, preserve_index=False)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def planned(path: Path) -> Planned:
    """Plan a file, look at the plan, and tell what it took."""
    mg.plan(made(10), **MAILING)  # what is done once in a process is no row's
    wall, cpu = time.perf_counter(), time.process_time()
    plan = mg.plan(path, **MAILING)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    looks = []
    for look in (lambda: plan.preview(plan._plan.size // 2), lambda: repr(plan), plan._repr_html_):  # noqa: SLF001
        began = time.perf_counter()
        look()
        looks.append(time.perf_counter() - began)
    peak = int(Path("/proc/self/status").read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024
    return Planned(plan._plan.size, plan.people or 0, len(plan.issues), cpu, wall, peak, max(looks))  # noqa: SLF001


def report(tenth: Planned, whole: Planned) -> bool:
    """Print what both plans took; return whether the promises hold."""
    for name, plan in (("a tenth", tenth), ("all", whole)):
        print(
            f"{name}: {plan.rows:,} rows, {plan.people:,} people, {plan.problems:,} problems; "
            f"{1e6 * plan.cpu_s / plan.rows:.2f} µs CPU a row, {plan.wall_s:,.0f} s in all; "
            f"{plan.peak_mb:,.0f} MB at most; the slowest look {1e3 * plan.looks_s:.0f} ms"
        )
    slower = (whole.cpu_s / whole.rows) / (tenth.cpu_s / tenth.rows)
    more = 1e6 * (whole.peak_mb - tenth.peak_mb) / (whole.rows - tenth.rows)
    print(f"  a row of all over one of the tenth: {slower:.2f} (allowed {ALLOWED_SLOWER})")
    print(f"  {more:,.0f} bytes of memory a row more; {whole.peak_mb:,.0f} MB of {ALLOWED_MB:,}")
    print(f"load average at the end {os.getloadavg()[0]:.1f}")
    return whole.peak_mb <= ALLOWED_MB and slower <= ALLOWED_SLOWER


if __name__ == "__main__":
    sys.exit(main())
