"""The server that the tests start is cleared away with them, however they end."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.proof
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_server_outlives_the_process_that_started_it(how: signal.Signals) -> None:
    """Its data folder goes too."""
    code = (
        "import time; from tests.servers.postgres import PostgresServer\n"
        "with PostgresServer() as server:\n"
        "    print(server.base, server.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    base, pid = process.stdout.readline().split()
    process.send_signal(how)
    process.communicate(timeout=30)
    end = time.monotonic() + 30
    while Path(base).exists() or Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.1)
