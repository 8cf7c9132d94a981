"""A server that answers each request as a test says, keeps what came to it, and may speak TLS.

Use it as a context manager::

    with AnsweringServer(lambda request: Reply(200, b"{}")) as server:
        client = mg.Migma("key", base_url=server.url)
        ...
        server.requests  # what came, in order; `server.connections` counts what connected
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `cut` promises more bytes than come."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


class AnsweringServer:
    """Serves anything on the loopback.

    Args:
        answer: what to say to a request; None closes the connection without a word.
        host: the address to listen on.
        tls: a server's context, or None for plain HTTP.
    """

    def __init__(
        self,
        answer: Callable[[Request], Reply | None],
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._http = _Server((host, 0), _handler(self, answer), bind_and_activate=True)
        self._http.owner, self._http.tls = self, tls
        self.url = f"http{'s' if tls else ''}://{host}:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: AnsweringServer
    tls: ssl.SSLContext | None

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.owner.connections += 1
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        # In the connection's own thread, so that a client that refuses our certificate stops nobody else.
        with contextlib.suppress(OSError), self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients of these tests go away on purpose."""


def _handler(
    owner: AnsweringServer, answer: Callable[[Request], Reply | None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            owner.requests.append(request)
            reply = answer(request)
            if reply is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            names = {name.lower() for name in reply.headers}
            # Else the base class puts a `Date` of its own before all headers.
            (self.send_response_only if "date" in names else self.send_response)(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "content-length" not in names:
                self.send_header("Content-Length", str(len(reply.body) + 100 * reply.cut))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = self.close_connection or reply.cut

        do_GET = do_POST = do_PUT = do_DELETE = do_CONNECT = _serve  # noqa: N815 - the base class's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
