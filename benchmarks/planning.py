"""What planning a long list costs: `mg.plan`, all checks on, against a pydantic model row by row, in turn.

The list has an address and eight columns that fill a variable each: names (repeated, some beyond ASCII), a
company, a city, an invoice number and a customer number (each its own), an amount and a date. One address in
a hundred is invalid, one in two hundred is missing or comes twice; one company in fifty is missing, and takes
a default. The yardstick begins with the frame as ours does: its rows as dicts, each given to a model of an
`EmailStr` and eight fields. It is measured on a part of the list, since a row takes as long whatever their
number; what the model alone takes, given dicts that are there already, is printed too. Run it with::

    .venv/bin/python benchmarks/planning.py --rows 1000000 --rounds 3
"""

import argparse
import ctypes
import datetime as dt
import hashlib
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
from pydantic import BaseModel, EmailStr, ValidationError

import migma_nb as mg

#: How many times as fast as the yardstick ours has to be, by CPU time: that repeats on a busy machine.
FASTER = 15.0
#: How much longer a row may take in the long list than in one of 10,000.
GROWTH, SHORT = 1.3, 10_000
#: How many times the frame's own memory the planning may take on top.
MEMORY = 3.0
#: What Linux calls the wish to have no huge pages.
_THP_DISABLE = 41
#: How long a look at a finished plan may take (seconds), and how large its card may be (bytes).
LOOK_S, CARD = 0.2, 100_000
#: So many rows are given to the yardstick.
PART = 20_000
MAILING: dict[str, Any] = {
    "mailing": "2026-11 renewal notice",
    "sender": "Acme Billing <billing@acme.example>",
    "subject": "{{first_name}}, your plan renews on {{renews_on}}",
    "template": "<p>Dear {{first_name}} {{last_name}}, invoice {{invoice_no}} of customer {{customer_no}} in "
    "{{city}}: {{amount}}. {{company}}.</p>",
    "project_id": "proj_1",
    "transactional": True,
    "defaults": {"company": "your company"},
    "duplicates": "first",
}
#: A draw below the first is invalid, else below the next missing, else below the last a double.
_INVALID, _MISSING, _DOUBLE = 0.01, 0.0125, 0.015
_FIRST = ["Ann", "Bo", "Cy", "Dörte", "Émile", "Farid", "Grace", "Jürgen", "Kofi", "Lea", "Ngô"]
_LAST = ["Müller", "Okafor", "Smith", "García", "Nowak", "Rossi", "Kim", "O'Hara", "Yılmaz"]
_CITIES = ["Köln", "Lagos", "Łódź", "Paris", "Busan", "São-Paulo", "Leeds", "Graz", "Aarhus"]
_WRONG = ["{}@", "{} acme.com", "{}@@acme.com", "{}@acme,com", "{}.@acme.com", "{}@acme..com", "n/a {}"]


class Person(BaseModel):
    """A row, as people check lists with pydantic."""

    email: EmailStr
    first_name: str
    last_name: str
    company: str | None
    invoice_no: str
    customer_no: int
    city: str
    amount: float
    renews_on: dt.date


def made(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return the list, the same each time.

    Args:
        rows: how many (int).
        seed: of its chance.
    """
    chance = random.Random(seed)
    emails: list[str | None] = []
    for at in range(rows):
        name = f"{chance.choice(_FIRST[:3]).lower()}.{chance.choice(_LAST[1:3]).lower()}{at}"
        draw = chance.random()
        if draw < _INVALID:
            emails.append(chance.choice(_WRONG).format(name))
        elif draw < _MISSING:
            emails.append(None)
        elif draw < _DOUBLE and emails:
            emails.append(emails[chance.randrange(len(emails))])
        else:
            emails.append(f"{name}@mail{at % 977}.acme.com")
    return pd.DataFrame(
        {
            "email": emails,
            "first_name": [chance.choice(_FIRST) for _ in range(rows)],
            "last_name": [f"{chance.choice(_LAST)}-{at % 331}" for at in range(rows)],
            "company": [None if at % 50 == 0 else f"Acme {at % 4999}" for at in range(rows)],
            "invoice_no": [f"2026-{at:08d}" for at in range(rows)],
            "customer_no": range(1_000_000, 1_000_000 + rows),
            "city": [chance.choice(_CITIES) for _ in range(rows)],
            "amount": [chance.randrange(100, 5_000_000) / 100 for _ in range(rows)],
            "renews_on": pd.to_datetime([dt.date(2026, 12, 1 + at % 28) for at in range(rows)]),
        }
    )


def main() -> int:
    """Measure, print, and say by the exit code whether all promises hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", choices=("small", "huge"), help="print peak and frame alone, in bytes")
    wanted = parser.parse_args()
    if wanted.memory == "small":
        ctypes.CDLL(None).prctl(_THP_DISABLE, 1, 0, 0, 0)
    frame = made(wanted.rows)
    if wanted.memory:
        print(*grown(frame))
        return 0
    print(f"{wanted.rows:,} rows, 8 variables, load average {os.getloadavg()[0]:.1f}")
    plan = mg.plan(frame, **MAILING)
    kept = [
        speed(frame, wanted.rounds),
        looks(plan, "as above"),
        looks(troubled(frame), "a third in trouble"),
    ]
    kept += [memory(wanted.rows), templates(frame.head(2_000))]
    print(f"load average at the end {os.getloadavg()[0]:.1f}")
    return 0 if all(kept) else 1


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def by_row(frame: pd.DataFrame) -> int:
    """Do what the yardstick does, from a frame whose missing cells are None."""
    return checked(frame.to_dict("records"))


def checked(records: list[dict[Any, Any]]) -> int:
    """Check rows one by one; return how many are fine."""
    fine = 0
    for record in records:
        try:
            Person(**record)
        except ValidationError:
            continue
        fine += 1
    return fine


def speed(frame: pd.DataFrame, rounds: int) -> bool:
    """Compare ours with the yardstick, and with itself on a short list."""
    part = frame.head(PART)
    part = part.astype(object).where(part.notna(), None)
    records = part.to_dict("records")
    short = frame.head(SHORT)
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "pydantic": (len(part), lambda: by_row(part)),
        "again": (len(part), lambda: by_row(part)),
        "model": (len(part), lambda: checked(records)),
        "ours": (len(frame), lambda: mg.plan(frame, **MAILING)),
        "short": (len(short), lambda: mg.plan(short, **MAILING)),
    }
    names = list(ways)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            rows, work = ways[name]
            times = [timed(work) for _ in range(5 if name == "short" else 1)]
            wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
            found[name].append((wall / rows, cpu / rows))
    for name in names:
        wall, cpu = (statistics.median(column) for column in zip(*found[name], strict=True))
        print(f"  {name:<9} {1 / wall:9,.0f} rows/s wall, {1 / cpu:9,.0f} rows/s CPU")

    def ratio(one: str, other: str, clock: int) -> list[float]:
        pairs = zip(found[one], found[other], strict=True)
        return sorted(mine[clock] / theirs[clock] for mine, theirs in pairs)

    def told(ratios: list[float]) -> str:
        return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"

    faster, growth = ratio("pydantic", "ours", 1), ratio("ours", "short", 1)
    print(
        f"  A/A control: wall {told(ratio('again', 'pydantic', 0))}, "
        f"CPU {told(ratio('again', 'pydantic', 1))}"
    )
    print(
        f"  times as fast: wall {told(ratio('pydantic', 'ours', 0))}, CPU {told(faster)}; promised {FASTER}"
    )
    print(
        f"  a row over one of {SHORT:,}: wall {told(ratio('ours', 'short', 0))}, CPU {told(growth)}; "
        f"promised {GROWTH}"
    )
    return statistics.median(faster) >= FASTER and statistics.median(growth) <= GROWTH


def troubled(frame: pd.DataFrame) -> Any:
    """Return a plan in which a third of the rows have problems: refused, doubled, or left-overs in a name."""
    third = frame.copy()
    at = pd.RangeIndex(len(third))
    for column, place, cell in (
        ("email", 0, "nobody at all"),
        ("email", 1, "ann@acme.com"),
        ("city", 2, "#N/A"),
    ):
        third[column] = third[column].mask(at % 9 == place, cell)
    return mg.plan(third, **MAILING)


def looks(plan: Any, what: str) -> bool:
    """Look at a finished plan in every way that a notebook does."""
    ways: dict[str, Callable[[], object]] = {
        "preview": lambda: plan.preview(1_234)._repr_html_(),
        "issues": lambda: len(plan.issues),
        "repr": lambda: repr(plan),
        "html": plan._repr_html_,
    }
    slowest = {name: max(timed(work) for _ in range(3)) for name, work in ways.items()}
    size = len(plan._repr_html_().encode())
    told = ", ".join(
        f"{name} {wall * 1000:.0f} ({cpu * 1000:.0f} CPU)" for name, (wall, cpu) in slowest.items()
    )
    print(
        f"  looks, {what}: {len(plan.issues):,} issues; {told} ms "
        f"(slowest of 3; promised {LOOK_S * 1000:.0f}); card {size:,} bytes, promised {CARD:,}"
    )
    return max(wall for wall, _ in slowest.values()) <= LOOK_S and size <= CARD


def memory(rows: int) -> bool:
    """Measure in processes of their own what planning adds to the peak of their memory.

    Arrow may ask for its memory in pages of 2 MB where Linux has them, of which a short list leaves much
    untouched: what is promised is held with such pages and without.
    """
    kept = []
    for pages in ("small", "huge"):
        command = [sys.executable, __file__, f"--memory={pages}", f"--rows={rows}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        peak, own = map(int, answer)
        kept.append(peak <= MEMORY * own)
        print(
            f"  memory, {pages} pages: peak grew by {peak / 1e6:,.0f} MB, the frame has {own / 1e6:,.0f} MB "
            f"(memory_usage(deep=True)): {peak / own:.2f} times, promised {MEMORY}"
        )
    return all(kept)


def grown(frame: pd.DataFrame) -> tuple[int, int]:
    """Return by how much planning raises the highest resident memory, and what the frame has (bytes)."""
    mg.plan(frame.head(20_000), **MAILING)  # what is loaded and cached once is no part of it
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    before = psutil.Process().memory_info().rss
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # Linux: the peak counts anew from here
    plan = mg.plan(frame, **MAILING)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    assert plan.people
    return peak - before, int(frame.memory_usage(deep=True).sum())


def templates(frame: pd.DataFrame) -> bool:
    """Show what a row costs to be made ready with a small template and a large one, and its bytes alone."""
    costs: dict[int, tuple[float, float]] = {}
    for size in (2_000, 200_000):
        template = MAILING["template"] + "<p>" + "x" * (size - len(MAILING["template"])) + "</p>"
        plan = mg.plan(frame, **{**MAILING, "template": template})._plan  # noqa: SLF001 - as a run has it
        bodies = [plan.body(row) for row in plan.ready]

        def ready(plan: Any = plan) -> None:
            for row in plan.ready:
                plan.digest_of(plan.body(row))

        def bare(bodies: list[bytes] = bodies) -> None:
            for body in bodies:
                hashlib.sha256(bytes(memoryview(body))).hexdigest()

        made_ready = statistics.median(timed(ready)[1] for _ in range(5))
        alone = statistics.median(timed(bare)[1] for _ in range(5))
        costs[size] = made_ready / len(bodies), alone / len(bodies)
        print(
            f"  template of {size / 1000:,.0f} kB: body and digest {costs[size][0] * 1e6:,.1f} us CPU a row; "
            f"copying and hashing the bytes alone {costs[size][1] * 1e6:,.1f} us"
        )
    small, large = (own - alone for own, alone in costs.values())
    print(f"  beyond the bytes: {small * 1e6:,.1f} us and {large * 1e6:,.1f} us")
    return large <= small + 0.2 * costs[200_000][1]


if __name__ == "__main__":
    sys.exit(main())
