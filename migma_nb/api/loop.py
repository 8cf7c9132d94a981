"""The one event loop, in one background thread, that everything asynchronous runs in."""

import asyncio
import contextvars
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_state: dict[str, Any] = {"loop": None, "pid": None}


def background_loop() -> asyncio.AbstractEventLoop:
    """Return the loop, starting its thread at the first call and again after a fork."""
    with _lock:
        if _state["loop"] is None or _state["pid"] != os.getpid():
            loop = asyncio.new_event_loop()
            # The context makes output of this thread appear under the cell that started it.
            run = contextvars.copy_context().run
            thread = threading.Thread(target=run, args=(_serve, loop), name="migma_nb", daemon=True)
            _state.update(loop=loop, pid=os.getpid())
            thread.start()
        found: asyncio.AbstractEventLoop = _state["loop"]
        return found


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Start work in the background loop and return its future at once."""
    return asyncio.run_coroutine_threadsafe(work, background_loop())


def call(work: Coroutine[Any, Any, T]) -> T:
    """Run work in the background loop, and wait for it: in scripts, cells and callbacks alike."""
    return submit(work).result()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
