"""The command line with a ledger in PostgreSQL."""

import subprocess
from collections.abc import Callable

from tests.servers.postgres import PostgresServer

Completed = subprocess.CompletedProcess[str]


def test_a_ledgers_url_is_taken_and_its_password_never_printed(
    here: Callable[..., Completed], send: list[str], postgres: PostgresServer
) -> None:
    """By every command that has a ledger."""
    with postgres.database() as url:
        sent = here(*send, f"--ledger={url}", "--project=p", "--json")
        listed = here("runs", f"--ledger={url}")
        reported = here("report", "2", f"--ledger={url}")
        missing = here("runs", f"--ledger={url}-not-there")
        refused = here("runs", f"--ledger=mysql://ann:{postgres.password}@h/d")
    every = (sent, listed, reported, missing, refused)
    assert [0, 0, 0, 2, 2] == [done.returncode for done in every]
    assert f"postgresql://postgres@127.0.0.1:{postgres.port}/" in listed.stdout
    assert "2 accepted" in listed.stdout
    assert "does not exist" in missing.stderr
    assert [] == [done for done in every if postgres.password in done.stdout + done.stderr]
