"""A server, a client and a sound body for every test of the sandbox."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from starlette.routing import compile_path

from migma_nb.sandbox import SandboxServer
from migma_nb.sandbox.app import OPERATIONS


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


@pytest.fixture
def ask(http: httpx.Client) -> Callable[..., httpx.Response]:
    """Asks a server for anything below ``/v1``, in its own project, and checks the form of the answer.

    The project goes into the query of GET and DELETE and into the body of the others.
    """

    def make(
        server: SandboxServer,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        api_key: str | None = None,
        key: str | None = None,
        **query: Any,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {api_key or server.api_key}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        project = {"projectId": server.project_id}
        url = f"{server.url}/v1{path}"
        if method in {"GET", "DELETE"}:
            answer = http.request(method, url, params=project | query, headers=headers)
        else:
            answer = http.request(method, url, json=project | (body or {}), headers=headers, timeout=30)
        conforms(answer, method, path)
        return answer

    return make


def conforms(answer: httpx.Response, method: str, path: str) -> None:
    """An answer has the status, the data and the count that its operation declares."""
    found = [each for each in OPERATIONS if each.method == method and compile_path(each.path)[0].match(path)]
    if not found:
        return
    operation, body = found[0], answer.json()
    if answer.is_success:
        assert (operation.status, operation.counts) == (answer.status_code, "count" in body), answer.text
        TypeAdapter(operation.data).validate_python(body["data"])
    else:
        assert answer.status_code in {401, 403, 429, *operation.refusals}, answer.text


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds, ten seconds at most."""

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < end, "it never came to hold"
            time.sleep(0.02)

    return wait
