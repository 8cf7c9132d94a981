"""A server in a process of its own, with little work for each answer, for what is measured beside it."""

import asyncio
import contextlib
import hashlib
import multiprocessing
import multiprocessing.connection
from collections.abc import Callable, Iterator
from typing import Protocol

_ANSWER = b'{"success":true,"data":{"id":"em_0123456789","status":"queued","provider":"migma"}}'
REFUSAL = b'{"success":false,"error":"recipientEmail is required","code":"VALIDATION_ERROR"}'
CONFLICT = b'{"success":false,"error":"another body","code":"IDEMPOTENCY_CONFLICT"}'


class Answers(Protocol):
    """What a server answers."""

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Return the whole answer to one request."""
        ...


@contextlib.contextmanager
def server(answers: Callable[[], Answers], delay_s: float = 0.0) -> Iterator[str]:
    """Serve in a process of its own, with little work for each answer; yield the address.

    Args:
        answers: makes what the server answers, in its process.
        delay_s: how long an answer takes.
    """
    processes = multiprocessing.get_context("spawn")
    line, theirs = processes.Pipe()
    process = processes.Process(target=serve, args=(answers, delay_s, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{line.recv()}"
    finally:
        process.kill()
        process.join()


def serve(
    answers: Callable[[], Answers], delay_s: float, line: "multiprocessing.connection.Connection[int, int]"
) -> None:
    """Answer whatever comes, until killed."""

    async def run() -> None:
        loop, made = asyncio.get_running_loop(), answers()
        listening = await loop.create_server(lambda: _Exchange(made, delay_s), "127.0.0.1", 0)
        line.send(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()

    asyncio.run(run())


class Keys:
    """Takes everything that names a recipient, and keeps each key's first body, as the API does."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Return the whole answer to one request."""
        key, digest = header_of(head, b"idempotency-key"), hashlib.sha256(body).digest()
        first = self._kept.setdefault(key, digest) if key else digest
        if first != digest:
            return whole(b"409 Conflict", CONFLICT)
        more = b"Idempotent-Replayed: true\r\n" if key in self._kept and first is not digest else b""
        if b"recipientEmail" in body:
            return whole(b"200 OK", _ANSWER, more)
        return whole(b"400 Bad Request", REFUSAL, more)


class _Exchange(asyncio.Protocol):
    """One connection: a request with Content-Length in, an answer out.

    Args:
        answers: what is answered, shared by all connections.
        delay_s: how long that takes.
    """

    def __init__(self, answers: Answers, delay_s: float) -> None:
        self._answers = answers
        self._delay_s = delay_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < int(header_of(head, b"content-length") or 0):
            return
        answer = self._answers.answer(head, body)
        self._received = b""
        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if isinstance(self._transport, asyncio.Transport):
            self._transport.write(answer)


def whole(status: bytes, body: bytes, more: bytes = b"") -> bytes:
    """Return an answer of HTTP, `more` being further header lines."""
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
    return head % (status, more, len(body)) + body


def header_of(head: bytes, wanted: bytes) -> bytes:
    """Return a header's value, empty where it is not there."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == wanted:
            return value.strip()
    return b""
