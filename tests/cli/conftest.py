"""What the tests of the command line share: the command in an environment of its own, and a server for it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.cli import main
from migma_nb.cli.helping import Commands
from migma_nb.cli.parameters import taking
from tests.cli.commands import Completed, Running, completed, typed


def form_options(*args: str) -> dict[str, Any]:
    """Return the parameters of `migma-nb form`, typed so."""
    found: dict[str, Any] = {}
    alone = Commands(name="form", pretty_exceptions_enable=False)
    alone.command("form")(taking("form")(found.update))
    alone(list(args), prog_name="form", standalone_mode=False)
    return found


@pytest.fixture
def send() -> list[str]:
    """Return the beginning of a send with everything that a rehearsal needs."""
    return [
        "send",
        "people.csv",
        "--template=mail.html",
        "--subject=Hello {{name}}",
        "--sender=Acme <billing@acme.example>",
        "--mailing=m",
        "--transactional",
    ]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home of its own and nothing else."""
    home = tmp_path / "home"
    home.mkdir()
    names = ("PATH", "LANG", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "COLUMNS": "100",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a list of two people and a template."""
    place = tmp_path / "work"
    place.mkdir()
    (place / "people.csv").write_text("email,name\na@x.example,Ann\nb@x.example,Bob\n")
    (place / "mail.html").write_text("<p>Hello {{name}}</p>")
    return place


@pytest.fixture
def migma(folder: Path, environment: dict[str, str]) -> Callable[..., Completed]:
    """Return a function that runs the command in the folder."""

    def run(*args: str, **env: str) -> Completed:
        return completed([*args], environment | env, environment, folder)

    return run


@pytest.fixture
def paste(folder: Path, environment: dict[str, str]) -> Callable[..., Completed]:
    """Return a function that types a line into a shell, as somebody does who copies what was printed."""

    def run(line: str, **env: str) -> Completed:
        return completed(typed(line, folder), environment | env, environment, folder)

    return run


@pytest.fixture
def here(
    folder: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Completed]:
    """Return the same function for this process: what only says something needs no second of start."""
    monkeypatch.chdir(folder)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*args: str) -> Completed:
        monkeypatch.setattr(sys, "argv", ["migma-nb", *args])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(args, int(ended.value.code or 0), said.out, said.err)

    return run


class Server:
    """`migma-nb sandbox` in a process of its own, which keeps its account in a folder.

    Args:
        args: its options.
        place: the folder.
        env: the environment.
    """

    def __init__(self, args: tuple[str, ...], place: Path, env: dict[str, str]) -> None:
        self._place = place
        place.with_suffix(".said").mkdir()
        self._command = Running(
            ["sandbox", f"--path={place}", *args], env, place.parent, place.with_suffix(".said")
        )
        self.first_line, self.export = self._command.lines(2)
        self.url = self.first_line.removeprefix("Sandbox at ")

    @property
    def key(self) -> str:
        """Its key, as the file has it that its second line names."""
        return (self._place / "key").read_text()

    @property
    def env(self) -> dict[str, str]:
        """What a command needs to send live to this server."""
        return {"MIGMA_BASE_URL": self.url, "MIGMA_API_KEY": self.key, "MIGMA_PROJECT_ID": "p"}

    def end(self, how: signal.Signals = signal.SIGTERM) -> Completed:
        """End the process; return its code and what it said last."""
        self._command.signal(how)
        return self._command.wait(30)

    def mailed(self) -> list[str]:
        """Return to whom it delivered, once it has ended."""
        self.end()
        with mg.Sandbox(path=self._place) as account:
            return sorted(account.outbox["to"])


@pytest.fixture
def serve(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., Server]]:
    """Return a function that starts a sandbox with these options; all are ended with the test."""
    servers: list[Server] = []

    def start(*args: str) -> Server:
        servers.append(Server(args, tmp_path / f"account{len(servers)}", environment))
        return servers[-1]

    yield start
    for server in servers:
        server.end()
