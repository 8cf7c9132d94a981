"""Where Arrow takes its memory from while a list is checked.

Its usual allocator, mimalloc, asks Linux for pages of 2 MB, of which a list of some 100,000 rows leaves much
untouched: planning such a list took 3.7 times the list's own memory, with jemalloc some two times, in the
same time (`benchmarks/planning.py`). Of a very long list little is left over, and large pages save a tenth of
the time.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_USUAL, _OTHER = "mimalloc", "jemalloc"
#: By this Arrow lets its users choose.
_CHOICE = "ARROW_DEFAULT_MEMORY_POOL"
#: From so many rows on a list is long, and very long.
LONG, _VERY_LONG = 20_000, 500_000


class _Borrowed:
    """Arrow's pool of memory is the whole process's: the first who asks changes it, the last puts it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before: pa.MemoryPool | None = None

    def take(self, pool: pa.MemoryPool) -> None:
        with self._lock:
            before = pa.default_memory_pool()
            if not self._users and _is_usual(before):
                self._before = before
                pa.set_memory_pool(pool)
            self._users += 1

    def give(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._put_back()

    def begin_anew(self) -> None:
        """In a process that was forked nobody asks any more, and the lock may be another one's."""
        self._lock, self._users = threading.Lock(), 0
        self._put_back()

    def _put_back(self) -> None:
        before, self._before = self._before, None
        # Whoever has chosen another one meanwhile keeps it.
        if before is not None and pa.default_memory_pool().backend_name == _OTHER:
            pa.set_memory_pool(before)


_borrowed = _Borrowed()
if hasattr(os, "register_at_fork"):  # not on Windows, which forks nothing
    os.register_at_fork(after_in_child=_borrowed.begin_anew)


@contextmanager
def thrifty(rows: int) -> Iterator[None]:
    """Let Arrow take little more memory than it needs while a list is checked.

    Whoever has chosen an allocator keeps it: by `ARROW_DEFAULT_MEMORY_POOL`, whichever it names, or by
    `pyarrow.set_memory_pool`, if it is another one than Arrow's usual, or one that counts or logs.

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
    if LONG <= rows < _VERY_LONG and pool.backend_name != _OTHER:
        pool.release_unused()


def _is_usual(pool: pa.MemoryPool) -> bool:
    """Say whether a pool is Arrow's usual one, and not one around it, which has the same name."""
    if pool.backend_name != _USUAL:
        return False
    usual = pa.mimalloc_memory_pool()
    counted = (pool.bytes_allocated(), pool.max_memory())
    return bool(counted == (usual.bytes_allocated(), usual.max_memory()))


def _jemalloc() -> pa.MemoryPool | None:
    if _CHOICE in os.environ:
        return None
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:  # Arrow is built with it for Linux, not for every system
        return None
