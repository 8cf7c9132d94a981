"""`migma-nb sandbox`: a server in a process of its own."""

import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.cli.exits import Exit

Migma = Callable[..., subprocess.CompletedProcess[str]]
#: A `Server` of conftest.py.
Serve = Callable[..., Any]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(serve: Serve, how: signal.Signals) -> None:
    """SIGTERM and Ctrl-C: code 0, nothing on stderr, the port free again."""
    server = serve()
    assert httpx.get(f"{server.url}/v1/nothing").status_code in {401, 404}
    found = server.end(how)
    assert (Exit.FINE, "") == (found.returncode, found.stderr)
    assert "Ended. 0 messages were delivered." in found.stdout
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_its_key_is_in_a_file_of_its_owners_and_nowhere_else(serve: Serve, tmp_path: Path) -> None:
    """The line to type reads it from there; a file that was there loses the rights of others."""
    place = tmp_path / "old key"
    place.write_text("old")
    place.chmod(0o644)
    server = serve(f"--key-file={place}")
    key = place.read_text()
    assert 0o600 == stat.S_IMODE(place.stat().st_mode)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
    assert f"MIGMA_API_KEY=\"$(cat '{place}')\"" in server.export
    found = server.end()
    assert key not in server.first_line + server.export + found.stdout + found.stderr


def test_its_export_line_is_all_that_a_live_send_needs(
    serve: Serve, folder: Path, environment: dict[str, str], send: list[str]
) -> None:
    """Typed in a shell, strict and all."""
    server = serve("--strict", "--domain=acme.example")
    line = shlex.join([sys.executable, "-m", "migma_nb.cli", *send, "--live", "--confirm=2"])
    found = subprocess.run(
        ["sh", "-c", f"{server.export}\n{line}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert Exit.FINE == found.returncode, found.stdout + found.stderr
    assert ["a@x.example", "b@x.example"] == server.mailed()


def test_an_account_is_kept_in_its_folder(serve: Serve, migma: Migma, send: list[str]) -> None:
    """The same key serves again, and a second sandbox cannot take the folder meanwhile."""
    server = serve("--rate=1000/second", "--seed=3")
    migma(*send, "--live", "--confirm=2", **server.env)
    place = server.export.split("cat ")[1].split("/key")[0]
    second = migma("sandbox", f"--path={place}")
    assert Exit.BAD_INPUT == second.returncode
    assert "Close the sandbox that uses it" in second.stderr
    assert ["a@x.example", "b@x.example"] == server.mailed()


def test_a_job_file_says_how_it_is(
    serve: Serve, folder: Path, here: Migma, send: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its faults as a table, its key beside the job file; a client's rate at the top is not its limit."""
    (folder / "job.toml").write_text(
        'rate = "1/day"\n[sandbox]\nkey-file = "key"\nfault = {error_500_after_accept = 1}\n'
    )
    server = serve(f"--config={folder / 'job.toml'}")
    monkeypatch.setenv("MIGMA_API_KEY", (folder / "key").read_text())
    found = here(*send, "--live", "--confirm=2", "--project=p", f"--base-url={server.url}")
    assert (Exit.UNKNOWN, True) == (found.returncode, "2  unknown" in found.stdout), found.stderr
    missing = here("sandbox", "--config=no.toml")
    assert (Exit.BAD_INPUT, True) == (missing.returncode, "no.toml" in missing.stderr)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["--fault=nothing=0.5"], "accept_then_drop"),
        (["--fault=accept_then_drop"], "--fault"),
        (["--fault=accept_then_drop=often"], "0 to 1"),
        (["--fault=accept_then_drop=2"], "0 to 1"),
        (["--rate=fast"], "100/minute"),
        (["--path=people.csv"], "people.csv"),
        (["--key-file=people.csv/key"], "--key-file"),
    ],
)
def test_a_wish_that_cannot_be_met_is_a_sentence(here: Migma, typed: list[str], words: str) -> None:
    """Code 2 and no server."""
    found = here("sandbox", *typed)
    assert (Exit.BAD_INPUT, "") == (found.returncode, found.stdout)
    assert found.stderr.startswith("Error: ")
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_a_port_that_is_taken_is_a_sentence(serve: Serve, here: Migma) -> None:
    """It names the port."""
    port = serve().url.rsplit(":", 1)[1]
    found = here("sandbox", f"--port={port}")
    assert Exit.BAD_INPUT == found.returncode
    assert port in found.stderr
