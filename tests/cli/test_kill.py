"""A send that is killed goes on and mails nobody twice: sender and sandbox in processes of their own."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import migma_nb as mg

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_killed_three_times_it_goes_on_and_mails_nobody_twice(
    folder: Path, serve: Callable[..., Any], environment: dict[str, str], send: list[str], migma: Run
) -> None:
    """500 people: rows in flight are unknown or settled by the proven key; no file holds the key."""
    lines = [f"p{number}@x.example,N{number}" for number in range(500)]
    (folder / "people.csv").write_text("\n".join(["email,name", *lines]) + "\n")
    server, ledger = serve(), folder / "ledger.sqlite3"
    options = ["--live", "--confirm=500", "--rate=250/second", "--timeout=2", f"--ledger={ledger}"]
    command = [*send, *options, "--json", "--out=sent.csv"]
    for round_ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "migma_nb.cli", *command],
            env=environment | server.env,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until_mailed(ledger, 100 * (round_ + 1), process, runs=round_ + 1)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = migma(*command, **server.env)
    counts = json.loads(done.stdout)["counts"]
    key = server.key.encode()
    mailed = Counter(server.mailed())
    assert 3 == (mg.history(ledger=ledger)["state"] == "died").sum()
    assert {1} == set(mailed.values())
    assert 500 == sum(counts.values())
    assert {"accepted", "already_sent", "unknown"} >= set(counts)
    assert len(mailed) >= counts.get("accepted", 0) + counts["already_sent"]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"ledger.sqlite3", "sent.csv"} <= {path.name for path in files}
    assert [] == [path for path in files if key in path.read_bytes()]


def wait_until_mailed(ledger: Path, people: int, process: "subprocess.Popen[bytes]", runs: int = 1) -> None:
    """Wait until the ledger has so many runs, which have mailed so many people together."""
    while process.poll() is None:
        known = mg.history(ledger=ledger) if ledger.exists() else None
        if known is not None and len(known) >= runs and known["accepted"].sum() >= people:
            return
        time.sleep(0.05)
    raise AssertionError("the send ended before it could be killed")
