"""Tables on disk that are written once and then read by row: for lists that are longer than memory."""

import mmap
import os
import threading
import weakref
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa

from migma_nb.planning.temporary_files import put_away, room, temporary_file
from migma_nb.planning.windows import Window

#: So many batches stay in memory once they were read.
_MOST_KEPT = 2


class Spool:
    """Batches of rows in a temporary file that has no name, so that it goes with the process.

    Only the user can read it, and it lies where `TMPDIR` says.

    Args:
        schema: the columns.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._file = temporary_file()
        weakref.finalize(self, put_away, self._file)
        self._lock, self._pid = threading.Lock(), os.getpid()
        self._kept: OrderedDict[int, pa.RecordBatch] = OrderedDict()
        self._starts = [0]
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, "w"), schema)
        self._reader: Any = None

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Write some rows behind the others, as one batch."""
        if isinstance(batch, pa.Table):
            whole = batch.combine_chunks().to_batches()
            batch = whole[0] if whole else pa.RecordBatch.from_pylist([], batch.schema)
        with room():
            self._writer.write_batch(batch)
        self._starts.append(self._starts[-1] + batch.num_rows)

    def done(self) -> "Spool":
        """Return the same, to be read from now on."""
        with room():
            self._writer.close()
            self._file.flush()
        # Not by the file's own place, which a forked process would share and move.
        self._reader = pa.ipc.open_file(Window.of(self._file).opened())
        return self

    def __len__(self) -> int:
        return self._starts[-1]

    def __repr__(self) -> str:
        return f"Spool({len(self):,} rows)"

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The first row of each batch and the one behind its last."""
        return list(pairwise(self._starts))

    def place(self, row: int) -> tuple[int, int]:
        """Return which batch holds a row, and where in it the row is."""
        if not 0 <= row < len(self):
            raise IndexError(f"row {row}: there are {len(self)}")
        at = bisect_right(self._starts, row) - 1
        return at, row - self._starts[at]

    def batch(self, at: int) -> pa.RecordBatch:
        """Return a batch; the last ones that were asked for are kept."""
        if self._pid != os.getpid():  # forked: whoever held the lock is not in this process
            self._lock, self._pid = threading.Lock(), os.getpid()
        with self._lock:
            if at in self._kept:
                self._kept.move_to_end(at)
                return self._kept[at]
            batch = self._reader.get_batch(at)
            self._kept[at] = batch
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return batch

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return map(self.batch, range(len(self._starts) - 1))

    def mapped(self) -> pa.Table:
        """Return all rows as a table whose cells stay on disk until they are looked at."""
        held: Any = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(held))).read_all()
