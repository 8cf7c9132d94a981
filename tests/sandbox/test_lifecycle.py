"""Start and end: a port of its own, nothing left behind, no key in anything printed."""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def test_closing_ends_thread_and_socket_and_may_be_repeated(post: Post, single: Body) -> None:
    """After the with block nobody listens; warnings are errors here, so nothing was left open."""
    before = threading.active_count()
    with SandboxServer() as server:
        post(server, single(server))
        server.drain()
        assert before + 1 == threading.active_count()
    server.close()
    gc.collect()
    assert before == threading.active_count()
    with pytest.raises(httpx.ConnectError):
        post(server, single(server))
    assert 1 == len(server.outbox())


def test_closing_does_not_wait_for_silent_or_unfinished_requests(
    serve: Serve, post: Post, single: Body
) -> None:
    """A silent request, one at work and one that never comes in whole all end with the server."""
    silent, slow = serve(faults={"silence_after_accept": 1.0}), serve(latency=60)
    address = urlsplit(slow.url)
    with ThreadPoolExecutor(2) as pool, socket.create_connection((address.hostname, address.port)) as half:
        half.sendall(b"POST /v1/sending HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 100\r\n\r\n{")
        waiting = [pool.submit(post, server, single(server), timeout=30) for server in (silent, slow)]
        while not silent.requests():
            pass
        for server in (silent, slow):
            server.close()
        for each in waiting:
            assert isinstance(each.exception(), httpx.TransportError)
        assert b"" == half.recv(1)
    assert [1, 0] == [len(server.sends()) for server in (silent, slow)]


def test_the_interpreters_exit_closes_it_without_a_word() -> None:
    """A script that forgets to close prints no warning and does not hang."""
    script = "from migma_nb.sandbox import SandboxServer; print(SandboxServer(batch_seconds=9).url)"
    done = subprocess.run(
        [sys.executable, "-W", "default", "-W", "error::ResourceWarning", "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert (True, "") == (done.stdout.startswith("http://127.0.0.1:"), done.stderr)


def test_neither_reprs_nor_logs_nor_records_show_the_key(
    serve: Serve,
    post: Post,
    single: Body,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The repr shows the address only; nothing is printed while it serves."""
    caplog.set_level("DEBUG")
    server = serve(faults={"accept_then_drop": 0.5})
    for number in range(10):
        try:
            post(server, single(server), key=str(number))
        except httpx.RemoteProtocolError:
            continue
    post(server, {})
    server.drain()
    shown = [
        repr(server),
        repr(vars(server)),
        repr(vars(server)["_account"].keys.get),
        str(server.requests()),
    ]
    shown += [
        str(server.outbox()),
        repr(list(vars(server)["_account"].keys)),
        caplog.text,
        *capfd.readouterr(),
    ]
    assert f"<SandboxServer {server.url}>" == repr(server)
    assert not any(server.api_key in each for each in shown)
    assert ("", "") == tuple(capfd.readouterr())


def test_many_servers_stand_side_by_side(serve: Serve, post: Post, single: Body) -> None:
    """Each has a port, a key and an account of its own."""
    servers = [serve() for _ in range(3)]
    assert (3, 3) == (len({server.url for server in servers}), len({server.api_key for server in servers}))
    post(servers[1], single(servers[1]))
    assert [0, 1, 0] == [len(server.sends()) for server in servers]


def test_a_taken_port_is_an_error(serve: Serve) -> None:
    """Nothing is half started."""
    before = threading.active_count()
    port = urlsplit(serve().url).port
    with pytest.raises(OSError, match="in use"):
        SandboxServer(port=port or 0)
    assert before + 1 == threading.active_count()


def test_many_clients_at_once_are_all_served(serve: Serve, single: Body) -> None:
    """Sixteen connections with 25 sends each: every send is accepted and delivered once."""
    server = serve()

    def send(worker: int) -> list[int]:
        headers = {"Authorization": f"Bearer {server.api_key}"}
        with httpx.Client(trust_env=False, verify=False, headers=headers, timeout=30) as client:
            bodies = [single(server, recipientEmail=f"p{worker}.{number}@c.example") for number in range(25)]
            return [client.post(f"{server.url}/v1/sending", json=body).status_code for body in bodies]

    with ThreadPoolExecutor(16) as pool:
        statuses = [status for each in pool.map(send, range(16)) for status in each]
    server.drain()
    assert ([200] * 400, 400) == (statuses, len({mail["to"] for mail in server.outbox()}))


def test_options_that_make_no_sense_are_refused(serve: Serve) -> None:
    """The error names what is allowed."""
    with pytest.raises(ValueError, match="'b' or 'c'"):
        serve(generation="d")
    with pytest.raises(ValueError, match="a list of domains"):
        serve(domains="acme.example")
    server = serve()
    with pytest.raises(ValueError, match="sendgrid"):
        server.connect_provider("pigeon")
    with pytest.raises(ValueError, match="opt_in"):
        server.add_topic("Tips", default_subscription="maybe")
    with pytest.raises(ValueError, match="ahead"):
        server.advance(-1)


def test_closing_ends_however_close_something_is(serve: Callable[..., SandboxServer]) -> None:
    """What comes up in the very moment of closing does not keep the server; each order is tried."""
    timetable = serve()._account.timetable

    async def cancelled_after(steps: int) -> bool:
        timetable._changed = asyncio.Event()
        task = asyncio.create_task(timetable.run())
        await asyncio.sleep(0.01)
        timetable._changed.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        ended = task.done()
        task.cancel()
        return ended

    assert [True] * 6 == [asyncio.run(cancelled_after(steps)) for steps in range(6)]
