"""Where Arrow takes its memory from while a list is checked.

Its usual allocator, mimalloc, asks Linux for pages of 2 MB, of which a list of some 100,000 rows leaves much
untouched: planning such a list took 3.7 times the list's own memory, with jemalloc 2.2 times, in the same
time (`benchmarks/planning.py`). Of a very long list little is left over, and large pages save a tenth of the
time.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_USUAL = "mimalloc"
#: By this Arrow lets its users choose.
_CHOICE = "ARROW_DEFAULT_MEMORY_POOL"
#: From so many rows on a list is long, and very long.
LONG, _VERY_LONG = 20_000, 500_000


class _Borrowed:
    """Arrow's pool of memory is the whole process's: it is changed by the first who asks, and by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before: pa.MemoryPool | None = None

    def take(self, pool: pa.MemoryPool) -> None:
        with self._lock:
            before = pa.default_memory_pool()
            if not self._users and before.backend_name == _USUAL:
                self._before = before
                pa.set_memory_pool(pool)
            self._users += 1

    def give(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users and self._before is not None:
                pa.set_memory_pool(self._before)
                self._before = None


_borrowed = _Borrowed()


@contextmanager
def thrifty(rows: int) -> Iterator[None]:
    """Let Arrow take little more memory than it needs while a list is checked.

    Whoever has chosen an allocator (`ARROW_DEFAULT_MEMORY_POOL`, `pyarrow.set_memory_pool`) keeps it.

    Args:
        rows: how many the list has.
    """
    pool = _jemalloc() if rows < _VERY_LONG else None
    if pool is None:
        yield
        return
    _borrowed.take(pool)
    try:
        yield
    finally:
        _borrowed.give()


def give_back(rows: int) -> None:
    """Give back what memory Arrow's usual allocator keeps for later, where there is no other.

    Args:
        rows: how many texts were worked on. For a few it is not worth while, and beside very many what is
            kept is little, and sooner used again than asked for anew.
    """
    pool = pa.default_memory_pool()
    if LONG <= rows < _VERY_LONG and pool.backend_name == _USUAL:
        pool.release_unused()


def _jemalloc() -> pa.MemoryPool | None:
    if _CHOICE in os.environ:
        return None
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:  # Arrow is built with it for Linux, not for every system
        return None
