"""A server that does to each request what a test tells it, and keeps its own record of whom it mailed.

Unlike the sandbox it may be told to break every rule of the API. Use it as a context manager::

    with ScriptedServer(lambda call: Act.DROP_AFTER if call.number == 3 else Act.OK) as server:
        client = mg.Migma("key", base_url=server.url)
        ...
        server.accepted  # what was taken, in order
"""

import asyncio
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum, auto
from typing import Any, Self

WINDOW_S = 24 * 3600.0


class Act(StrEnum):
    """What befalls a request. `_BEFORE` means that nothing is taken, `_AFTER` that it is."""

    OK = auto()
    DROP_BEFORE = auto()
    DROP_AFTER = auto()
    RESET_AFTER = auto()
    SILENT_BEFORE = auto()
    SILENT_AFTER = auto()
    LATE = auto()  # nothing is said; taken once the client has gone
    TRICKLING = auto()  # its answer takes ten seconds, a byte a second, and then comes to its end
    CUT = auto()
    GARBLED = auto()
    GATEWAY_BEFORE = auto()
    GATEWAY_AFTER = auto()
    ERROR_BEFORE = auto()  # 500 in the API's envelope, not stored under the key
    ERROR_AFTER = auto()
    BUSY = auto()  # 503 with Retry-After
    LIMITED = auto()  # 429 with Retry-After
    COME_LATER = auto()  # 429 with a Retry-After of a minute
    LIMITED_BARE = auto()  # 429 that does not say until when
    AT_WORK = auto()  # 409 with another code than the conflict's
    REFUSE = auto()  # 400
    NO_SUCCESS = auto()  # 200 with success false
    CONTRADICTION = auto()  # 200 with success false, and yet it is taken
    BAD_KEY = auto()  # 401
    FORBIDDEN = auto()  # 403
    FORBIDDEN_STORED = auto()  # 403, and it stays under the key
    REDIRECT = auto()


class Memory(StrEnum):
    """Which answers a server keeps under an idempotency key."""

    ALL = auto()  # 2xx and 4xx, as the API's documents have it
    ONLY_4XX = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `number` counts sends from 1."""

    number: int
    path: str
    key: str | None
    body: bytes

    @property
    def recipient(self) -> str:
        """The address, or a batch's `tag:ID`; "" where the body names nobody."""
        body: Any = json.loads(self.body or b"{}")
        if "recipientId" in body:
            return f"{body['recipientType']}:{body['recipientId']}"
        return str(body.get("recipientEmail", ""))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail that was taken; `answered` is the status that went out, None where none did."""

    recipient: str
    key: str | None
    act: Act


@dataclass(slots=True)
class _Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Stored:
    body: bytes
    answer: _Answer
    at: float


_BEFORE: dict[Act, _Answer | None] = {
    Act.DROP_BEFORE: None,
    Act.GATEWAY_BEFORE: _Answer(502, b"<html>bad gateway</html>"),
    Act.ERROR_BEFORE: _Answer(500, b'{"success":false,"error":"it broke"}'),
    Act.BUSY: _Answer(503, b'{"success":false,"error":"busy"}', {"Retry-After": "0"}),
    Act.LIMITED: _Answer(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "0"}),
    Act.COME_LATER: _Answer(429, b'{"success":false,"error":"slowly"}', {"Retry-After": "60"}),
    Act.LIMITED_BARE: _Answer(429, b'{"success":false,"error":"slowly"}'),
    Act.AT_WORK: _Answer(409, b'{"success":false,"error":"wait","code":"REQUEST_IN_PROGRESS"}'),
    Act.BAD_KEY: _Answer(401, b'{"success":false,"error":"bad key","code":"UNAUTHORIZED"}'),
    Act.FORBIDDEN: _Answer(403, b'{"success":false,"error":"not allowed","code":"FORBIDDEN"}'),
    Act.REDIRECT: _Answer(307, b"", {"Location": "http://127.0.0.1:9/v1/sending"}),
}
_AFTER: dict[Act, _Answer | None] = {
    Act.DROP_AFTER: None,
    Act.RESET_AFTER: None,
    Act.GATEWAY_AFTER: _Answer(504, b"<html>gateway time-out</html>"),
    Act.ERROR_AFTER: _Answer(500, b'{"success":false,"error":"it broke"}'),
    Act.GARBLED: _Answer(200, b"it is done"),
}
_REFUSED = b'{"success":false,"error":"that is no mail","code":"VALIDATION_ERROR"}'


class ScriptedServer:
    """Serves `POST /v1/sending` on the loopback, by a script.

    Args:
        script: what to do with each send; called in the server's thread, so it may also stop or pause a run.
        memory: which answers are kept under an idempotency key.
        idle_s: a connection that is silent for so long (seconds) is closed.
    """

    def __init__(
        self, script: Callable[[Call], Act], memory: Memory = Memory.ALL, *, idle_s: float | None = None
    ) -> None:
        self.script = script
        self.memory = memory
        #: How long each mail is worked on before anything becomes of it (seconds).
        self.delay_s = 0.0
        self.idle_s = idle_s
        #: Says what a GET is answered with: a status and a JSON value; None leaves it to the rest.
        self.reads: Callable[[str], tuple[int, Any] | None] = lambda _: None
        #: The paths that were asked for, in order.
        self.asked: list[str] = []
        self.questions = 0
        self.accepted: list[Accepted] = []
        self.calls: list[tuple[Call, Act]] = []
        self._stored: dict[str, _Stored] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._port}"

    def hang_up(self) -> None:
        """Close every connection that is open now."""

        def close() -> None:
            for writer in self._open:
                writer.transport.abort()

        self._loop.call_soon_threadsafe(close)

    @property
    def mailed(self) -> Counter[str]:
        """How many mails each person was sent."""
        return Counter(one.recipient for one in self.accepted)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self._port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        for writer in self._open:
            writer.transport.abort()
        self._server.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; return whether the connection stays open."""
        try:
            async with asyncio.timeout(self.idle_s):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except TimeoutError:
            return False
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = head[0].split()
        if method == "GET":
            self.asked.append(path)
            # What nothing was said of is not there; domains and the like are asked for before a send.
            status, said = self.reads(path) or (404, {"success": False, "error": "not here"})
            return await self._say(writer, _Answer(status, json.dumps(said).encode()))
        call = Call(len(self.calls) + 1, head[0].split()[1], headers.get("idempotency-key"), body)
        # A body that names nobody is a question about keys, not a send: the script is not asked.
        act = self.script(call) if call.recipient else Act.OK
        if call.recipient:
            self.calls.append((call, act))
            await asyncio.sleep(self.delay_s)
        else:
            self.questions += 1
        return await self._do(call, act, reader, writer)

    async def _do(
        self, call: Call, act: Act, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if act in _BEFORE:
            return await self._say(writer, _BEFORE[act])
        if act in {Act.SILENT_BEFORE, Act.LATE}:
            await reader.read()
            if act is Act.LATE:
                self._take(call, act)
            return False
        answer = self._take(call, act)
        if act is Act.SILENT_AFTER:
            await reader.read()
            return False
        if act is Act.RESET_AFTER:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        if act is Act.CUT:
            writer.write(_head(answer) + answer.body[:5])
            await writer.drain()
            return False
        if act is Act.TRICKLING:
            await self._trickle(writer, answer)
        return act is Act.TRICKLING or await self._say(writer, _AFTER.get(act, answer))

    async def _say(self, writer: asyncio.StreamWriter, answer: _Answer | None) -> bool:
        if answer is None:
            return False
        writer.write(_head(answer) + answer.body)
        await writer.drain()
        return True

    async def _trickle(self, writer: asyncio.StreamWriter, answer: _Answer) -> None:
        said = _head(answer) + answer.body
        for at in range(10):
            writer.write(said[at : at + 1])
            await writer.drain()
            await asyncio.sleep(1)
        writer.write(said[10:])
        await writer.drain()

    def _take(self, call: Call, act: Act) -> _Answer:
        """Work on a request as the API would: replay, conflict, refusal or acceptance."""
        key = call.key or ""
        stored = self._stored.get(key)
        if stored is not None and time.time() < stored.at + WINDOW_S:
            if stored.body != call.body:
                return _Answer(409, b'{"success":false,"error":"used","code":"IDEMPOTENCY_CONFLICT"}')
            replay = {**stored.answer.headers, "Idempotent-Replayed": "true"}
            return _Answer(stored.answer.status, stored.answer.body, replay)
        answer = self._worked(call, act)
        good = answer.status < 300
        kept = self.memory is Memory.ALL or (self.memory is Memory.ONLY_4XX and not good)
        if kept and act is not Act.ERROR_AFTER:
            self._stored[key] = _Stored(call.body, answer, time.time())
        return answer

    def _worked(self, call: Call, act: Act) -> _Answer:
        if act is Act.FORBIDDEN_STORED:
            return _Answer(403, b'{"success":false,"error":"not allowed","code":"FORBIDDEN"}')
        if act is Act.REFUSE or not call.recipient:
            return _Answer(400, _REFUSED)
        if act is Act.NO_SUCCESS:
            return _Answer(200, b'{"success":false,"error":"no","data":null}')
        self.accepted.append(Accepted(call.recipient, call.key, act))
        data = {"id": f"m{len(self.accepted)}", "status": "queued"}
        return _Answer(200, json.dumps({"success": act is not Act.CONTRADICTION, "data": data}).encode())


def _head(answer: _Answer) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status} X",
        "Content-Type: application/json",
        f"Date: {formatdate(usegmt=True)}",
    ]
    lines += [f"Content-Length: {len(answer.body)}", *(f"{k}: {v}" for k, v in answer.headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
