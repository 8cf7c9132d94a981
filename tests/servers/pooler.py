"""What a connection pooler shows of itself: between client and server, with process numbers of its own."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Self


class Pooler:
    """Passes everything on, but for the number of the server's process that a session begins with.

    Args:
        port: the server's port on the loopback.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [client, server]
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    @staticmethod
    def _up(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    @staticmethod
    def _down(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as stream:
            kind = stream.read(1)
            if kind == b"N":  # no encryption here; the client goes on in the clear
                client.sendall(kind)
                kind = stream.read(1)
            while kind:
                size = stream.read(4)
                body = stream.read(struct.unpack("!I", size)[0] - 4)
                if kind == b"K":
                    body = struct.pack("!I", 7) + body[4:]
                client.sendall(kind + size + body)
                kind = stream.read(1)
