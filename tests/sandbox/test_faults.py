"""Each fault at probability 1: what the client sees, what was accepted, what a repeat with its key gets."""

import email.utils
import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from migma_nb.sandbox import FAULTS, SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def raw(server: SandboxServer, body: dict[str, Any]) -> bytes:
    """Everything that comes back on a plain socket until the server closes it."""
    content = json.dumps(body).encode()
    head = f"POST /v1/sending HTTP/1.1\r\nHost: sandbox\r\nX-API-Key: {server.api_key}\r\n"
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        ("accept_then_drop", True),
        ("drop_before_accept", False),
        ("silence_before_accept", False),
        ("silence_after_accept", True),
        ("cut_json", True),
    ],
)
def test_a_lost_answer_is_an_error_of_the_transport(
    serve: Serve, post: Post, single: Body, fault: str, *, accepted: bool
) -> None:
    """No whole answer comes; a repeat with the key replays what was accepted, or is accepted now."""
    server = serve(faults={fault: 1.0})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadTimeout)):
        post(server, single(server), key="k", timeout=0.3)
    assert (1 if accepted else 0) == len(server.sends())
    server.faults = {}
    again = post(server, single(server), key="k")
    assert (200, accepted) == (again.status_code, "Idempotent-Replayed" in again.headers)
    assert 1 == len(server.sends())


@pytest.mark.parametrize("fault", ["accept_then_drop", "drop_before_accept"])
def test_a_drop_sends_no_byte(serve: Serve, single: Body, fault: str) -> None:
    """The connection is closed without an answer, and the log says so."""
    server = serve(faults={fault: 1.0})
    assert b"" == raw(server, single(server))
    assert [(None, fault)] == [(each["status"], each["fault"]) for each in server.requests()]


def test_a_cut_answer_promises_more_than_comes(serve: Serve, single: Body) -> None:
    """The head is a sound 200, the body shorter than its Content-Length."""
    server = serve(faults={"cut_json": 1.0})
    head, _, body = raw(server, single(server)).partition(b"\r\n\r\n")
    match = re.search(rb"(?i)content-length: (\d+)", head)
    promised = int(match[1]) if match else 0
    assert (True, True) == (head.startswith(b"HTTP/1.1 200"), 0 < len(body) < promised)


def test_a_garbled_answer_is_whole_but_no_json(serve: Serve, post: Post, single: Body) -> None:
    """It is a 200 that nobody can read; the send was accepted."""
    server = serve(faults={"garbled_json": 1.0})
    response = post(server, single(server), key="k")
    assert (200, 1) == (response.status_code, len(server.sends()))
    with pytest.raises(json.JSONDecodeError):
        response.json()
    server.faults = {}
    assert "Idempotent-Replayed" in post(server, single(server), key="k").headers


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("error_500_before_accept", (500, "INTERNAL_ERROR")),
        ("rate_limited_seconds", (429, "RATE_LIMIT_EXCEEDED")),
        ("rate_limited_date", (429, "RATE_LIMIT_EXCEEDED")),
        ("unavailable", (503, "SERVICE_UNAVAILABLE")),
        ("unavailable_bare", (503, "SERVICE_UNAVAILABLE")),
    ],
)
def test_an_error_before_acceptance_accepts_nothing(
    serve: Serve, post: Post, single: Body, fault: str, expected: tuple[int, str]
) -> None:
    """It comes in the API's envelope and is not stored under the key."""
    server = serve(faults={fault: 1.0})
    response = post(server, single(server), key="k")
    assert expected == (response.status_code, response.json()["code"])
    assert response.json()["success"] is False
    assert [] == server.sends()
    server.faults = {}
    again = post(server, single(server), key="k")
    assert (200, False) == (again.status_code, "Idempotent-Replayed" in again.headers)


def test_retry_after_comes_in_seconds_as_a_date_and_not_at_all(
    serve: Serve, post: Post, single: Body
) -> None:
    """A client must read both forms and live without."""
    server = serve()
    found: dict[str, str | None] = {}
    for fault in ("rate_limited_seconds", "rate_limited_date", "unavailable", "unavailable_bare"):
        server.faults = {fault: 1.0}
        found[fault] = post(server, single(server)).headers.get("Retry-After")
    date = email.utils.parsedate_to_datetime(found.pop("rate_limited_date") or "")
    assert -5 < date.timestamp() - time.time() <= 2.5
    assert {"rate_limited_seconds": "1", "unavailable": "1", "unavailable_bare": None} == found


def test_a_500_after_acceptance_is_not_stored_so_that_a_repeat_mails_twice(
    serve: Serve, post: Post, single: Body
) -> None:
    """This is the trap of the contract: the key does not protect a repeat after the API's own 5xx."""
    server = serve(faults={"error_500_after_accept": 1.0})
    response = post(server, single(server), key="k")
    assert (500, False) == (response.status_code, response.json()["success"])
    server.faults = {}
    again = post(server, single(server), key="k")
    assert (200, False) == (again.status_code, "Idempotent-Replayed" in again.headers)
    server.drain()
    assert ["ann@customer.example"] * 2 == [mail["to"] for mail in server.outbox()]


def test_a_500_after_acceptance_leaves_refusals_alone(serve: Serve, post: Post) -> None:
    """Where nothing is accepted there is nothing that could fail afterwards."""
    server = serve(faults={"error_500_after_accept": 1.0})
    assert 400 == post(server, {}).status_code
    assert [None] == [each["fault"] for each in server.requests()]


@pytest.mark.parametrize(("fault", "accepted"), [("html_error", False), ("html_error_after_accept", True)])
def test_a_gateways_page_is_no_envelope(
    serve: Serve, post: Post, single: Body, fault: str, *, accepted: bool
) -> None:
    """502 in HTML; whether the send was accepted behind it can't be seen, but the key knows."""
    server = serve(faults={fault: 1.0})
    response = post(server, single(server), key="k")
    assert (502, True) == (response.status_code, response.headers["Content-Type"].startswith("text/html"))
    assert accepted == bool(server.sends())
    server.faults = {}
    assert accepted == ("Idempotent-Replayed" in post(server, single(server), key="k").headers)


def test_every_fault_is_noted_by_name(serve: Serve, post: Post, single: Body) -> None:
    """The request log names the fault, and every documented fault can be switched on."""
    server = serve()
    for fault in FAULTS:
        server.set_faults({fault: 1.0})
        try:
            post(server, single(server), timeout=0.2)
        except httpx.TransportError:
            continue
    assert list(FAULTS) == [each["fault"] for each in server.requests()]


def test_faults_follow_from_seed_and_order_alone(serve: Serve, post: Post, single: Body) -> None:
    """Two servers of one seed put the same faults into the same requests; another seed does not."""
    faults = {"unavailable": 0.3, "html_error_after_accept": 0.3}

    def run(seed: int, faults: dict[str, float]) -> list[str | None]:
        server = serve(faults=faults, seed=seed)
        for _ in range(40):
            post(server, single(server))
        return [each["fault"] for each in server.requests()]

    first = run(7, faults)
    assert {None, *faults} == set(first)
    assert first == run(7, dict(reversed(faults.items())))
    assert first != run(8, faults)


def test_faults_leave_other_requests_alone(serve: Serve, http: httpx.Client) -> None:
    """Only POST /v1/sending misbehaves."""
    server = serve(faults={"accept_then_drop": 1.0})
    headers = {"X-API-Key": server.api_key}
    assert 404 == http.get(f"{server.url}/v1/sending/batches/none", headers=headers).status_code


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"meteor": 0.1}, "accept_then_drop"),
        ({"html_error": 1.1}, "from 0 to 1"),
        ({"html_error": -0.1}, "from 0 to 1"),
        ({"html_error": "0.1"}, "from 0 to 1"),
        ({"html_error": float("nan")}, "from 0 to 1"),
        ({"html_error": 0.6, "cut_json": 0.6}, "add up"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(serve: Serve, faults: dict[str, Any], words: str) -> None:
    """The error says what is known; a running server keeps the faults it has."""
    with pytest.raises(ValueError, match=words):
        serve(faults=faults)
    server = serve(faults={"unavailable": 0.5})
    with pytest.raises(ValueError, match=words):
        server.set_faults(faults)
    assert {"unavailable": 0.5} == server.faults
