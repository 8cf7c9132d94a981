"""An import whose process is killed goes on where it stopped; two at once do no harm."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migma_nb as mg
from migma_nb.ledger.imports import import_chunks
from migma_nb.ledger.places import place_of
from migma_nb.ledger.reading import open_to_read
from migma_nb.sandbox import SandboxServer
from tests.importing.lists import TAG, asked, people

Serve = Callable[..., tuple[SandboxServer, mg.Migma]]
_ROOT = Path(__file__).parents[2]
#: Imports the list in a file, ten to a request, and writes the counts down.
SCRIPT = """
import json, os, sys
import migma_nb as mg
import migma_nb.planning.contacts as contacts
contacts.CHUNK_ROWS = 10
client = mg.Migma(os.environ["KEY"], base_url=os.environ["SERVER"], rate="%s")
run = mg.import_contacts(sys.argv[1], client, tag=sys.argv[2], progress=False)
print(json.dumps({str(state): count for state, count in run.counts.items()}))
"""


def start(server: SandboxServer, path: Path, rate: str) -> "subprocess.Popen[str]":
    """Begin an import of a file in a process of its own."""
    env = os.environ | {"KEY": server.api_key, "SERVER": server.url, "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-c", SCRIPT % rate, str(path), TAG]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def counts_of(process: "subprocess.Popen[str]") -> dict[str, int]:
    """Wait for the end of an import; return its counts."""
    said, _ = process.communicate(timeout=120)
    assert 0 == process.returncode
    found: dict[str, int] = json.loads(said)
    return found


def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A file of 200 people."""
    path = tmp_path / "people.csv"
    people(200).to_csv(path, index=False)
    return path


def test_killed_three_times_it_goes_on_and_sends_nobodys_content_twice(
    serve: Serve, listed: Path, place: str
) -> None:
    """What is on record stays out; a request that was on its way goes out again under its own key."""
    server, client = serve()
    for round_ in (1, 2, 3):
        process = start(server, listed, "10/second")
        until(lambda enough=4 * round_: asked(server)["POST /v1/contacts/bulk"] >= enough)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.communicate()
    counts = counts_of(start(server, listed, "500/second"))
    assert {"accepted", "already_sent"} == set(counts)
    assert (200, 200) == (sum(counts.values()), len(server.contacts()))
    ledger = open_to_read(place_of(place))
    chunks = ledger.reading(lambda conn: conn.execute(sa.select(import_chunks)).all())
    ledger.close()
    bodies = {chunk.body_sha256 for chunk in chunks}
    # 20 requests; those that a kill cut off are there twice, under one key each.
    assert (20, 20) == (len(bodies), len({chunk.idempotency_key for chunk in chunks}))
    assert 3 >= len(chunks) - 20
    assert client.settings.key.fingerprint() in {chunk.key_fingerprint for chunk in chunks}


def test_two_processes_at_once_do_no_harm(serve: Serve, listed: Path) -> None:
    """The second waits for the first, and finds everybody in."""
    server, _ = serve()
    both = [start(server, listed, "50/second") for _ in range(2)]
    found = sorted((counts_of(process) for process in both), key=str)
    assert [{"accepted": 200}, {"already_sent": 200}] == found
    assert (20, 200) == (asked(server)["POST /v1/contacts/bulk"], len(server.contacts()))


def test_an_interrupted_import_says_how_to_go_on(serve: Serve, listed: Path) -> None:
    """The request on its way comes back and is on record; the interrupt is raised."""
    server, client = serve()
    process = start(server, listed, "3/second")
    until(lambda: asked(server)["POST /v1/contacts/bulk"] >= 3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    taken = len(server.contacts())
    assert 0 < taken < 200
    run = mg.import_contacts(listed, client, tag=TAG, progress=False)
    assert {"already_sent": taken, "accepted": 200 - taken} == {
        str(state): count for state, count in run.counts.items()
    }
