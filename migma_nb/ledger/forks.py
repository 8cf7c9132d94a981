"""After a fork: the child leaves its parent's connections alone, and makes its own."""

import os
import weakref
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

_engines: "weakref.WeakKeyDictionary[sa.Engine, dict[int, Any]]" = weakref.WeakKeyDictionary()
#: What a child inherited. SQLite must not be closed there, or it would tidy up what the parent still uses.
_left_alone: list[Any] = []


def note(engine: sa.Engine) -> None:
    """Keep account of an engine's open connections, so that a child can leave them alone."""
    is_open: dict[int, Any] = {}
    _engines[engine] = is_open

    @sa.event.listens_for(engine, "connect")
    def _opened(connection: Any, _: Any) -> None:
        is_open[id(connection)] = connection

    @sa.event.listens_for(engine, "close")
    def _closed(connection: Any, _: Any) -> None:
        is_open.pop(id(connection), None)

    @sa.event.listens_for(engine, "close_detached")
    def _closed_detached(connection: Any) -> None:
        is_open.pop(id(connection), None)


def _leave_alone() -> None:
    for engine, is_open in list(_engines.items()):
        for connection in is_open.values():
            _left_alone.append(connection)
            if engine.dialect.name == "postgresql":
                # Not one word to the server, which would end the parent's session; and no copy of the socket
                # stays, which would keep that session alive after its death.
                with suppress(Exception):
                    os.close(connection.fileno())
        is_open.clear()
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_alone)
