"""A process that has everything imported and forks a child for each order: a kill costs no second of imports.

It reads orders, a line each, and says of each child when it begins and how it ended. It has no thread, so
that each child begins as a fresh interpreter would.
"""

import os
import select
import signal
import sys
import time
from pathlib import Path

_real_time = time.time
_clock: list[Path] = []


def _time() -> float:
    return _real_time() + (float(_clock[0].read_text()) if _clock else 0.0)


# Before anything else is imported: who binds the clock's function early gets this one.
time.time = _time

import anyio._backends._asyncio  # noqa: E402, F401
import httpcore._backends.auto  # noqa: E402, F401
import pandas as pd  # noqa: E402, F401

import migma_nb as mg  # noqa: E402, F401
from migma_nb.api import connection  # noqa: E402
from tests.crash import jobs  # noqa: E402
from tests.crash.orders import Order  # noqa: E402


def main() -> None:
    """Serve orders until nobody gives any; be the child in each fork."""
    connection._tls()
    children: dict[int, int] = {}
    rest = b""
    _say("ready")
    while True:
        found, _, _ = select.select([0, *children], [], [])
        for watched in set(found) - {0}:
            _bury(watched, children.pop(watched))
        if 0 not in found:
            continue
        heard = os.read(0, 1 << 16)
        if not heard:
            _end_all(children)
            return
        *lines, rest = (rest + heard).split(b"\n")
        for line in lines:
            pid = os.fork()
            if pid == 0:
                _be_a_child(Order.of(line), children)
                return
            children[os.pidfd_open(pid)] = pid
            _say(f"begun {pid}")


def _bury(watched: int, pid: int) -> None:
    os.close(watched)
    _, status = os.waitpid(pid, 0)
    _say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")


def _end_all(children: dict[int, int]) -> None:
    for pid in children.values():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _be_a_child(order: Order, siblings: dict[int, int]) -> None:
    for watched in siblings:
        os.close(watched)
    said = os.open(f"{order.out}.said", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order.clock is not None:
        _clock.append(Path(order.clock))
    jobs.do(order)


def _say(words: str) -> None:
    os.write(1, f"{words}\n".encode())


if __name__ == "__main__":
    sys.stdout.flush()
    main()
