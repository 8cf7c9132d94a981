"""A server, a client and a sound body for every test of the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """One plain HTTP client, so that its start-up is paid once."""
    with httpx.Client(trust_env=False, timeout=5.0) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Callable[..., SandboxServer]]:
    """Makes servers and closes them after the test."""
    servers: list[SandboxServer] = []

    def make(**options: Any) -> SandboxServer:
        servers.append(SandboxServer(**options))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def strict(serve: Callable[..., SandboxServer]) -> SandboxServer:
    """A strict server on which the sound body is accepted; batches take no time."""
    return serve(strict=True, domains=["acme.example"], batch_seconds=0)


@pytest.fixture
def single() -> Callable[..., dict[str, Any]]:
    """Makes a sound body for a single send to a server, with changes; None takes a field away."""

    def make(server: SandboxServer, **changes: Any) -> dict[str, Any]:
        body = {
            "recipientType": "email",
            "recipientEmail": "ann@customer.example",
            "from": "billing@acme.example",
            "fromName": "Acme Billing",
            "subject": "Hello {{name}}",
            "template": "<p>Hello {{name}}</p>",
            "variables": {"name": "Ann"},
            "projectId": server.project_id,
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    return make


@pytest.fixture
def batch(single: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Makes a sound body for a batch to a tag, with changes."""

    def make(server: SandboxServer, recipient_id: str, **changes: Any) -> dict[str, Any]:
        to = {"recipientType": "tag", "recipientId": recipient_id, "recipientEmail": None, "variables": None}
        return single(server, **(to | changes))

    return make


@pytest.fixture
def post_to(http: httpx.Client) -> Callable[..., httpx.Response]:
    """Posts a body, if there is one, to a path with the server's key, or another one."""

    def send(
        server: SandboxServer,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        api_key: str | None = None,
        timeout: float = 5.0,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {api_key or server.api_key}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return http.post(server.url + path, json=body, headers=headers, timeout=timeout)

    return send


@pytest.fixture
def post(post_to: Callable[..., httpx.Response]) -> Callable[..., httpx.Response]:
    """Posts a body to ``/v1/sending`` with the server's key, or another one."""

    def send(server: SandboxServer, body: Any, **options: Any) -> httpx.Response:
        return post_to(server, "/v1/sending", body, **options)

    return send


@pytest.fixture
def get(http: httpx.Client) -> Callable[..., httpx.Response]:
    """Gets a path with the server's key."""

    def fetch(server: SandboxServer, path: str) -> httpx.Response:
        return http.get(server.url + path, headers={"Authorization": f"Bearer {server.api_key}"})

    return fetch
