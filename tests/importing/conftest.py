"""What the tests of imports share: sandboxes, also as live servers, and servers that say anything."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer
from tests.importing.lists import TAG, data
from tests.servers.answering import AnsweringServer, Reply, Request


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """A sandbox that enforces everything."""
    with mg.Sandbox(strict=True, domains=["acme.example"]) as made:
        yield made


@pytest.fixture
def serve(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[SandboxServer, mg.Migma]]]:
    """Return a function that starts a sandbox's server and a client that takes it for a live one."""
    monkeypatch.setenv("MIGMA_LEDGER", place)
    with ExitStack() as stack:

        def make(**options: Any) -> tuple[SandboxServer, mg.Migma]:
            server = stack.enter_context(SandboxServer(strict=True, **options))
            client = mg.Migma(server.api_key, base_url=server.url, rate="500/second", timeout=5)
            return server, client

        yield make


Say = Callable[[dict[str, Any]], Reply | None]


@pytest.fixture
def saying(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[AnsweringServer, mg.Migma]]]:
    """Return a function that serves what is said to each bulk import, and a client of it."""
    monkeypatch.setenv("MIGMA_LEDGER", place)
    with ExitStack() as stack:

        def make(say: Say, timeout: float = 10.0) -> tuple[AnsweringServer, mg.Migma]:
            def answer(request: Request) -> Reply | None:
                if request.path.endswith("/contacts/bulk"):
                    return say(json.loads(request.body))
                if "/tags?" in request.path:
                    return data([{"id": "tag_1", "name": TAG}], count=1)
                return Reply(404, b'{"success": false, "error": "no such thing"}')

            server = stack.enter_context(AnsweringServer(answer))
            return server, mg.Migma("a-key", base_url=server.url, rate="500/second", timeout=timeout)

        yield make


@pytest.fixture
def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a lost answer be asked for again after the client's time-out, not after ten seconds."""
    monkeypatch.setattr("migma_nb.api.meaning.SHORTEST_LOST_WAIT_S", 0.01)


@pytest.fixture
def fives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a request carry five contacts at most."""
    monkeypatch.setattr("migma_nb.planning.contacts.CHUNK_ROWS", 5)
