"""Faults and kills: 10,000 sends at 5 % mixed faults, the sender killed 20 times, set against the outbox.

A sandbox in a process of its own misbehaves in every way that it knows, evenly mixed, on so many of its
requests. A sending process is killed (SIGKILL) at seeded moments and started again with the same plan, until
one comes to its end. Then every run's account is compared with what the server mailed. Run it with::

    .venv/bin/python benchmarks/faults.py
    .venv/bin/python benchmarks/faults.py --people 1000 --kills 5      (a minute: for CI)

The exit code is 1 where somebody was mailed twice, where a row's state is untrue, or where a row is unknown
at the end whose answer was no 5xx of the API's own.
"""

import argparse
import multiprocessing
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

import migma_nb as mg
from migma_nb.sandbox import FAULTS

#: Importing takes a second, so senders are forked from a process that has done it.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["migma_nb"])
_MAILED = ("accepted", "already_sent")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; `share` is that of requests that meet a fault, `timeout` the client's (seconds)."""

    people: int
    kills: int
    share: float
    seed: int
    timeout: float
    workers: int


@dataclass(slots=True)
class Findings:
    """What the comparison came to; the first three must be empty."""

    twice: dict[str, list[str]] = field(default_factory=dict)
    untrue: list[str] = field(default_factory=list)
    unexplained: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    @property
    def hold(self) -> bool:
        """Whether the promise holds."""
        return not (self.twice or self.untrue or self.unexplained)


def main() -> int:
    """Run it all, print the account, and return the exit code."""
    wanted = _wanted()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="migma-bench-") as place:
        account, ledger = Path(place) / "account", Path(place) / "ledger.sqlite3"
        server = start_server(wanted, account)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip().removeprefix("Sandbox at ")
            kills = send_with_kills(wanted, url, (account / "key").read_text(), ledger)
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()
        took = time.monotonic() - began
        with mg.Sandbox(path=account) as sandbox:
            found = compare(ledger, sandbox)
            faults = Counter(one["fault"] for one in sandbox.server.requests() if one["fault"])
            requests = len(sandbox.server.requests())
    print(
        f"{wanted.people:,} people, {kills} kills, {sum(faults.values()):,} faults in {requests:,} requests"
    )
    print(f"  took       {took:.0f} s, {found.runs} runs")
    print(f"  last run   {dict(found.states)}")
    print(f"  twice      {len(found.twice)}")
    print(f"  untrue     {len(found.untrue)}")
    print(f"  unknown    {dict(found.unknown) or 0}")
    print(f"             of these not explained by a 5xx of the API's own: {dict(found.unexplained) or 0}")
    for line in [*(f"twice: {who}: {why}" for who, why in found.twice.items()), *found.untrue][:20]:
        print(f"  {line}")
    return 0 if found.hold and kills == wanted.kills else 1


def _wanted() -> Wanted:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.05, help="of requests that meet a fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=2.0)
    parser.add_argument("--workers", type=int, default=8)
    return Wanted(**vars(parser.parse_args()))


def start_server(wanted: Wanted, account: Path) -> "subprocess.Popen[str]":
    """Start `migma-nb sandbox` with every fault at an even share."""
    options = [f"--path={account}", f"--seed={wanted.seed}"]
    options += [f"--fault={name}={wanted.share / len(FAULTS):.6f}" for name in FAULTS]
    command = [sys.executable, "-m", "migma_nb.cli", "sandbox", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def send_with_kills(wanted: Wanted, url: str, key: str, ledger: Path) -> int:
    """Send, kill and start again until a sender comes to its end; return how many were killed."""
    chance = random.Random(wanted.seed)
    moments = sorted(chance.uniform(0.01, 0.99) * wanted.people for _ in range(wanted.kills))
    killed = 0
    for moment in moments:
        sender = _start(wanted, url, key, ledger)
        while sender.is_alive() and _mailed(ledger) < moment:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.05))
        sender.kill()
        sender.join()
        killed += sender.exitcode == -signal.SIGKILL
    last = _start(wanted, url, key, ledger)
    last.join()
    return killed


def _start(wanted: Wanted, url: str, key: str, ledger: Path) -> Any:
    sender = _FORKS.Process(target=send, args=(wanted, url, key, str(ledger)))
    sender.start()
    return sender


def send(wanted: Wanted, url: str, key: str, ledger: str) -> None:
    """Send the plan, as any process would: the same list, the same line."""
    people = pd.DataFrame(
        {
            "email": [f"person{n}@d{n % 97}.example" for n in range(wanted.people)],
            "first_name": [f"Name{n}" for n in range(wanted.people)],
        }
    )
    plan = mg.plan(
        people,
        mailing="benchmark",
        sender="Acme <billing@acme.example>",
        subject="Hello {{first_name}}",
        template="<p>Hello {{first_name}}</p>",
        project_id="p",
        transactional=True,
    )
    client = mg.Migma(key, base_url=url, rate="100000/second", timeout=wanted.timeout, workers=wanted.workers)
    plan.send(client, confirm=plan.people, progress=False, ledger=ledger)


def _mailed(ledger: Path) -> int:
    """Return how many the ledger has as accepted; asked beside the senders, not through them."""
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=5)) as conn:
            found = conn.execute("SELECT count(*) FROM claims WHERE state = 'accepted'").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(found[0])


def compare(ledger: Path, sandbox: mg.Sandbox) -> Findings:
    """Set every run's account against what the server mailed."""
    outbox = sandbox.outbox
    log = sandbox.server.requests()
    found = Findings()
    copies = Counter(outbox["to"])
    for who in (who for who, count in copies.items() if count > 1):
        keys = set(outbox.loc[outbox["to"] == who, "idempotency_key"])
        found.twice[who] = [
            f"{one['time']} {one['status']} {one['fault']}" for one in log if one["idempotency_key"] in keys
        ]
    first_copy = pd.to_datetime(outbox.groupby("to")["accepted_at"].min(), utc=True).to_dict()
    runs = mg.history(ledger=ledger)
    found.runs = len(runs)
    for run_id, ended in zip(runs["run_id"], runs["finished_at"], strict=True):
        frame = mg.open_run(run_id, ledger=ledger).frame
        for who, state in zip(frame["recipient"], frame["state"], strict=True):
            at = first_copy.get(who)
            mailed_by_then = at is not None and at < ended
            untrue = (
                (state in _MAILED and at is None)
                or (state in {"not_sent", "refused", "invalid"} and mailed_by_then)
                or state in {"waiting", "sending"}
            )
            if untrue:
                found.untrue.append(f"run {run_id}: {who} is {state}; first copy {at}, run ended {ended}")
    last = mg.open_run(runs["run_id"].iloc[0], ledger=ledger)
    found.states = Counter(last.frame["state"])
    doubts = last.frame[last.frame["state"] == "unknown"]
    found.unknown = Counter(doubts["reason"])
    found.unexplained = Counter(doubts.loc[doubts["reason"] != "server_error", "reason"])
    if set(found.states) - {*_MAILED, "unknown"}:
        found.untrue.append(f"the last run did not finish: {dict(found.states)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
