"""A long list sent and accounted for: what it takes of memory, time and disk, and what a kill leaves.

A server in a process of its own takes everything and counts how often each person was mailed. Senders are
processes of their own too, so that each has a peak of its own: one sends a tenth (the yardstick of time per
row), one sends all and writes the account as CSV, a third is killed in the middle, and a fourth goes on. Each
but the last two has a server and a ledger of its own. With `--csv` the list is that of `long_plan.py`, with
rows that are invalid and rows that come twice, and is planned and sent from a file, in pieces where it is
long. Run it with::

    .venv/bin/python benchmarks/million.py --people 100000
    .venv/bin/python benchmarks/million.py --people 1000000 --csv --kill 0      # half an hour to an hour
"""

import argparse
import gc
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from long_plan import make
from planning import MAILING
from sends import IN_FLIGHT, KEY
from serving import CONFLICT, REFUSAL, header_of, server, whole

import migma_nb as mg

#: What the sender may take over what the plan itself takes (MB), whatever the list's length.
ALLOWED_MB = 64
#: How much longer a row of the whole list may take than one of a tenth of it.
ALLOWED_SLOWER = 1.25
_ANSWER = b'{"success":true,"data":{"id":"em_%07d","status":"queued","provider":"migma"}}'
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender says of its run.

    Args:
        listed: rows of the list.
        people: to how many.
        counts: rows by state.
        planned_mb: its resident memory once the plan was made.
        peak_mb: the most that it ever was, the account on disk included.
        wall_s, cpu_s: of the send alone, from the call to its return.
        account_s: how long its account took to be written.
        rows: how many rows that account has, by state.
    """

    listed: int
    people: int
    counts: dict[str, int]
    planned_mb: float
    peak_mb: float
    wall_s: float
    cpu_s: float
    account_s: float
    rows: dict[str, int]

    @property
    def cpu_ms(self) -> float:
        """CPU time a row (milliseconds)."""
        return 1e3 * self.cpu_s / self.people

    @property
    def true(self) -> bool:
        """Whether the account on disk has every row, as the run counts them, and all people were mailed."""
        mailed = self.rows.get("accepted", 0) == self.people
        return mailed and self.rows == self.counts and sum(self.rows.values()) == self.listed


def main() -> int:
    """Measure, print, and say by the exit code whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument(
        "--kill", type=float, default=0.5, help="after which share of the mails to kill; 0: never"
    )
    parser.add_argument("--csv", action="store_true", help="a CSV, and not a frame in memory")
    wanted = parser.parse_args()
    people, kind = wanted.people, "csv" if wanted.csv else "frame"
    with tempfile.TemporaryDirectory(prefix="migma-bench-") as folder:
        place = Path(folder)
        tenth = sent_to(place / "tenth", people // 10, kind)
        whole = sent_to(place / "whole", people, kind)
        bytes_a_row = (place / "whole" / "ledger.sqlite3").stat().st_size / people
        held = report_whole(tenth, whole, bytes_a_row)
        if not wanted.kill:
            return 0 if held else 1
        with server(Record) as url:
            again, killed_at = killed_and_gone_on(url, place / "killed", people, wanted.kill)
            record = record_of(url)
    return 0 if report_killed(people, again, killed_at, record) and held else 1


def report_whole(tenth: Sent, whole: Sent, bytes_a_row: float) -> bool:
    """Print what a whole run took beside a tenth of it; return whether the promise holds."""
    for name, sent in (("a tenth", tenth), ("all", whole)):
        print(
            f"{name}: {sent.people:,} people of {sent.listed:,} rows in {sent.wall_s:,.0f} s, "
            f"{sent.cpu_ms:.2f} ms CPU a row; "
            f"{sent.planned_mb:,.0f} MB with the plan, {sent.peak_mb:,.0f} MB at most; "
            f"account of {sum(sent.rows.values()):,} rows written in {sent.account_s:.1f} s"
        )
    over_mb, slower = whole.peak_mb - whole.planned_mb, whole.cpu_ms / tenth.cpu_ms
    bytes_more = 1e6 * (over_mb - (tenth.peak_mb - tenth.planned_mb)) / (whole.people - tenth.people)
    true = tenth.true and whole.true
    print(f"  over the plan {over_mb:,.0f} MB (allowed {ALLOWED_MB}); {bytes_more:,.0f} bytes a row more")
    print(f"  CPU a row, all over a tenth: {slower:.2f} (allowed {ALLOWED_SLOWER})")
    print(f"  ledger {bytes_a_row:,.0f} bytes a row; accounts on disk true: {true}")
    return true and over_mb <= ALLOWED_MB and slower <= ALLOWED_SLOWER


def report_killed(people: int, again: Sent, killed_at: int, record: dict[str, int]) -> bool:
    """Print what became of a run that was killed and gone on with; return whether the promise holds."""
    lost = again.rows.get("unknown", 0)
    mailed = again.rows.get("accepted", 0) + again.rows.get("already_sent", 0)
    true = again.rows == again.counts and mailed + lost == people and mailed <= record["taken"] <= people
    print(f"killed after {killed_at:,} mails, gone on in a new process: {again.rows}")
    print(f"  the server mailed {record['taken']:,} people, {record['twice']} of them twice; true: {true}")
    return true and lost <= IN_FLIGHT and not record["twice"]


class Sender:
    """A process that plans, sends and writes the account."""

    def __init__(self, url: str, folder: Path, people: int, kind: str) -> None:
        self._line, theirs = _PROCESSES.Pipe(duplex=False)
        self.process = _PROCESSES.Process(target=send, args=(url, folder, people, kind, theirs))
        self.process.start()
        theirs.close()

    def get(self) -> Sent:
        """Return what it says at its end."""
        try:
            found: Sent = self._line.recv()
        except EOFError:
            raise SystemExit("A sender ended before it was done.") from None
        self.process.join()
        return found


def sent_to(folder: Path, people: int, kind: str) -> Sent:
    """Send to so many people, by a server and a ledger of their own."""
    with server(Record) as url:
        return sender(url, folder, people, kind).get()


def sender(url: str, folder: Path, people: int, kind: str = "frame") -> Sender:
    """Start a sender to so many people, with a ledger in this folder."""
    folder.mkdir(exist_ok=True)
    if kind == "csv":
        make(folder / "people.csv", people)
    return Sender(url, folder, people, kind)


def killed_and_gone_on(url: str, folder: Path, people: int, share: float) -> tuple[Sent, int]:
    """Kill a sender in the middle, and let another go on; return what that one says, and when it was."""
    first = sender(url, folder, people)
    while first.process.is_alive() and record_of(url)["taken"] < share * people:
        time.sleep(0.2)
    if first.process.pid is not None:
        os.kill(first.process.pid, signal.SIGKILL)
    first.process.join()
    killed_at = record_of(url)["taken"]
    return sender(url, folder, people).get(), killed_at


def planned(folder: Path, people: int, kind: str) -> Any:
    """Return the plan of a mailing to so many rows, from a file or from memory."""
    if kind == "csv":
        return mg.plan(folder / "people.csv", **MAILING)
    return mg.plan(
        pd.DataFrame(
            {
                "email": [f"person{n}@d{n % 50}.example" for n in range(people)],
                "first_name": [f"Name{n}" for n in range(people)],
            }
        ),
        mailing="benchmark",
        sender="Acme <billing@acme.example>",
        subject="Hello {{first_name}}",
        template="<h1>Hello {{first_name}}</h1>",
        project_id="p",
        transactional=True,
    )


def send(
    url: str,
    folder: Path,
    people: int,
    kind: str,
    line: "multiprocessing.connection.Connection[object, object]",
) -> None:
    """Plan a mailing to so many rows, send it, write its account, and tell of it."""
    plan = planned(folder, people, kind)
    planned_mb, cpu_s, wall_s = forget_peak(), cpu(), time.monotonic()
    client = mg.Migma(KEY, base_url=url, workers=IN_FLIGHT, rate="6000000/minute")
    ledger = folder / "ledger.sqlite3"
    run = plan.send(client, confirm=plan.people, skip_invalid=True, progress=False, ledger=ledger)
    wall_s, cpu_s = time.monotonic() - wall_s, cpu() - cpu_s
    run.summary()
    begun = time.monotonic()
    written = run.to_csv(folder / "account.csv")
    account_s = time.monotonic() - begun
    counts, most_mb = {str(state): count for state, count in run.counts.items()}, peak_mb()
    rows: Counter[str] = Counter()
    for part in pd.read_csv(written, usecols=["state"], chunksize=100_000):
        rows.update(part["state"])
    line.send(Sent(people, plan.people, counts, planned_mb, most_mb, wall_s, cpu_s, account_s, dict(rows)))


def forget_peak() -> float:
    """Let the peak begin anew, and return what is held now (MB): planning has its own."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mb()


def peak_mb() -> float:
    """Return the most memory that this process had resident since its peak was forgotten (MB)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def cpu() -> float:
    """Return the CPU time of this process, all threads included (seconds)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def record_of(url: str) -> dict[str, int]:
    """Return the server's own record: how many people it took mail for, and how many of them twice."""
    with urllib.request.urlopen(f"{url}/record") as answer:
        found: dict[str, int] = json.loads(answer.read())
    return found


class Record:
    """What a server remembers: each key's first body, and how often each person was mailed."""

    def __init__(self) -> None:
        self._bodies: dict[bytes, int] = {}
        self._mails: Counter[bytes] = Counter()

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Return the answer to a request, as an API does that keeps its answers under their keys."""
        if head.startswith(b"GET /record"):
            twice = sum(count > 1 for count in self._mails.values())
            return whole(b"200 OK", json.dumps({"taken": len(self._mails), "twice": twice}).encode())
        if head.startswith(b"GET"):
            return whole(b"404 Not Found", b'{"success":false,"error":"no such thing"}')
        key, digest = header_of(head, b"idempotency-key"), hash(body)
        known = self._bodies.get(key)
        if known not in {None, digest}:
            return whole(b"409 Conflict", CONFLICT)
        self._bodies[key] = digest
        more = b"" if known is None else b"Idempotent-Replayed: true\r\n"
        whom = _recipient(body)
        if not whom:
            return whole(b"400 Bad Request", REFUSAL, more)
        if known is None:
            self._mails[whom] += 1
        return whole(b"200 OK", _ANSWER % len(self._mails), more)


def _recipient(body: bytes) -> bytes:
    _, found, rest = body.partition(b'"recipientEmail":')
    return rest.strip(b' "').partition(b'"')[0] if found else b""


if __name__ == "__main__":
    sys.exit(main())
