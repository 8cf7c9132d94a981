"""What every test stands on: a clean environment, and no address but the loopback."""

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.servers.postgres import NEEDED, PostgresServer, programs
from tests.sweeping import files_with_a_sandbox_key


@pytest.fixture(autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home of its own and none of the machine's settings."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("MIGMA_", "XDG_", "JUPYTER_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    return home


@pytest.fixture(autouse=True)
def no_key_in_a_file(request: pytest.FixtureRequest, clean_environment: Path) -> Iterator[None]:
    """Search what each test has written for the key of a sandbox."""
    folders = [clean_environment]
    # The proofs fill their folders with whole environments.
    if "tmp_path" in request.fixturenames and request.node.get_closest_marker("proof") is None:
        folders.append(request.getfixturevalue("tmp_path"))
    yield
    assert [] == files_with_a_sandbox_key(*folders)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and not _is_loopback(str(address[0])):
            pytest.fail(f"a test tried to connect to {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be waited for longer than it must."""
    for module in ("migma_nb.api.meaning", "migma_nb.sending.sorting"):
        monkeypatch.setattr(f"{module}.SHORTEST_LOST_WAIT_S", 0.01)
    monkeypatch.setattr("migma_nb.api.meaning.MOST_TRIES", 2)
    monkeypatch.setattr("migma_nb.sending.proof.TRY_AGAIN_S", (0.0,))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start one PostgreSQL server for all tests of this process; in CI it must be there."""
    if programs() is None:
        if os.environ.get("CI"):
            pytest.fail(f"There is no PostgreSQL to test with: {NEEDED}.")
        pytest.skip(f"There is no PostgreSQL: {NEEDED}.")
    with PostgresServer() as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a place of a ledger on both kinds; PostgreSQL at once only where it matters most."""
    marked = {marker.args[0] for marker in metafunc.definition.iter_markers("parametrize")}
    if "place" in metafunc.fixturenames and "place" not in marked:
        later = () if metafunc.definition.get_closest_marker("both_at_once") else pytest.mark.proof
        metafunc.parametrize("place", ["sqlite", pytest.param("postgresql", marks=later)], indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a place for a ledger: a file, or a schema of a PostgreSQL database."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.sqlite3")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.schema() as url:
            yield url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
