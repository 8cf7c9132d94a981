"""The nightly job of docs/nightly.md, run as it stands there: checked, killed, run again, and told."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit

PAGE = Path(__file__).parents[2] / "docs" / "nightly.md"
PEOPLE = 150


@pytest.fixture
def night(folder: Path, environment: dict[str, str]) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Return a function that starts the script as cron does, with the page's own files around it."""
    page = PAGE.read_text(encoding="utf-8")
    (job,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    # Slow enough to be killed in the middle.
    (folder / "renewal.toml").write_text(f'{job}rate = "40/second"\ntimeout = 3\nlog-every = 1\n')
    (folder / "nightly.sh").write_text(script)
    (folder / "nightly.sh").chmod(0o755)
    lines = "".join(f"p{at}@acme.org,N{at}\n" for at in range(PEOPLE))
    (folder / "export.csv").write_text(f"email,name\n{lines}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"

    def start(name: str, **env: str) -> "subprocess.Popen[bytes]":
        with (folder / "nightly.log").open("ab") as log:
            return subprocess.Popen(
                ["./nightly.sh", name],
                cwd=folder,
                env=environment | {"PATH": path} | env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    return start


@pytest.mark.proof
def test_a_night_that_is_killed_is_gone_on_with_by_the_same_script(
    night: Callable[..., "subprocess.Popen[bytes]"], folder: Path, serve: Callable[..., Any]
) -> None:
    """A kill -9 in the middle, the same script again, and once more: everybody once, and every row told."""
    server = serve()
    first = night("renewal", **server.env)
    until_mailed(folder / "ledger.sqlite3", 30, first)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(30)
    assert Exit.FINE == night("renewal", **server.env).wait(240), (folder / "nightly.log").read_text()
    assert Exit.FINE == night("renewal", **server.env).wait(240)
    log = (folder / "nightly.log").read_text()
    assert re.search(r"(?m)^\d{4}-\d\d-\d\dT[\d:]+Z run=\S+ state=running accepted=\d+ ", log)
    assert "after run" in log
    assert f"Nobody was mailed: all {PEOPLE} were mailed" in log
    assert "\x1b" not in log
    account = pd.read_csv(folder / "sent.csv")
    assert {"already_sent": PEOPLE} == account["state"].value_counts().to_dict()
    states = mg.history(ledger=folder / "ledger.sqlite3")["state"].tolist()
    assert ["finished", "finished", "died"] == states
    assert Counter({f"p{at}@acme.org": 1 for at in range(PEOPLE)}) == Counter(server.mailed())


def test_a_night_with_a_broken_list_mails_nobody(
    night: Callable[..., "subprocess.Popen[bytes]"], folder: Path, serve: Callable[..., Any]
) -> None:
    """The check's exit code ends the script before the send."""
    server = serve()
    with (folder / "export.csv").open("a") as file:
        file.write("broken@,X\n")
    assert Exit.BAD_INPUT == night("renewal", **server.env).wait(120)
    assert not (folder / "ledger.sqlite3").exists()
    assert [] == server.mailed()


def until_mailed(ledger: Path, people: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until so many people were mailed."""
    while process.poll() is None:
        if ledger.exists() and mg.history(ledger=ledger)["accepted"].sum() >= people:
            return
        time.sleep(0.05)
    raise AssertionError("the night ended before it could be killed")
