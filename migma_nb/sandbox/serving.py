"""The HTTP server in its background thread: uvicorn on our socket, with an end that leaves nothing."""

import asyncio
import concurrent.futures
import contextlib
import socket
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from migma_nb.sandbox.delivery import Delivery
from migma_nb.sandbox.timetable import Timetable


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which also lets the application reach its transport, to misbehave on demand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)

    def abandon_unread_request(self) -> None:
        """Close a connection whose request has not come in whole; nothing else would end it."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's annotation leaves the None out
        if cycle is not None and cycle.more_body and not self.transport.is_closing():
            self.transport.abort()


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is up and stops when told, without waiting for its next tick."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self.up: concurrent.futures.Future[asyncio.AbstractEventLoop] = concurrent.futures.Future()
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set_result(asyncio.get_running_loop())

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, _Protocol):
                connection.abandon_unread_request()
        await super().shutdown(sockets)


class Service:
    """Serves an application from a thread of its own until ``stop``.

    Args:
        app: The application.
        listening: A bound socket; the service closes it.
        delivery: Runs on the same loop.
        timetable: Runs there too.
        closing: Set on the loop when the service stops.
    """

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        delivery: Delivery,
        timetable: Timetable,
        closing: asyncio.Event,
    ) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config, closing)
        self._socket = listening
        self._delivery = delivery
        self._timetable = timetable
        self._closing = closing
        # A daemon: the interpreter waits for other threads before it calls what ends this one.
        self._thread = threading.Thread(target=self._run, name="migma-sandbox", daemon=True)
        self._thread.start()
        self._loop = self._server.up.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if not self._server.up.done():
                self._server.up.set_exception(error)
            raise

    async def _main(self) -> None:
        tasks = [asyncio.create_task(self._delivery.run()), asyncio.create_task(self._timetable.run())]
        try:
            await self._server.serve([self._socket])
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def wake_delivery(self) -> None:
        """Have the queue looked at, from any thread."""
        self._loop.call_soon_threadsafe(self._delivery.wake)

    def stop(self) -> None:
        """Answer what is at work, close every connection, end the thread."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()

    def _end(self) -> None:
        self._server.should_exit = True
        self._closing.set()
