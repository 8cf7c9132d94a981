"""A load balancer before several servers, which leads each new connection to the next of them."""

import asyncio
import threading
from typing import Self

from tests.servers.scripted import ScriptedServer


class Balancer:
    """Serves as a context manager; a connection stays with its server as long as it is kept.

    Args:
        servers: who take the connections in turn.
    """

    def __init__(self, *servers: ScriptedServer) -> None:
        self._ports = [int(server.url.rpartition(":")[2]) for server in servers]
        self._met = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
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

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        for writer in self._open:
            writer.transport.abort()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._ports[self._met % len(self._ports)]
        self._met += 1
        onward, away = await asyncio.open_connection("127.0.0.1", port)
        self._open |= {writer, away}
        await asyncio.gather(_pass_on(reader, away), _pass_on(onward, writer))
        self._open -= {writer, away}


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
