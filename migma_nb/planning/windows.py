"""Bytes of a file that are not in memory: a part of it that is sliced like bytes, and temporary files."""

import io
import os
import tempfile
import threading
from typing import BinaryIO, Protocol, overload

from migma_nb.api.errors import InputError

#: Bytes that are copied in one go.
_COPIED = 1 << 20


class Sliced(Protocol):
    """Bytes, or what is read like them."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Return some of them."""


class Window:
    """A part of an open file, sliced like bytes; only what is asked for is read. Threads may share it.

    Args:
        file: an open file that can be sought.
        start: its first byte (int).
        end: the byte behind its last one (int).
    """

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file, self._start, self._end = file, start, end
        self._lock = threading.Lock()
        self._stamp = _stamp(file)

    @classmethod
    def of(cls, file: BinaryIO) -> "Window":
        """Return all of a file."""
        return cls(file, 0, file.seek(0, os.SEEK_END))

    def __len__(self) -> int:
        """Return how many bytes it has."""
        return self._end - self._start

    def __getitem__(self, part: slice) -> bytes:
        """Return some of its bytes; steps are not known."""
        start, stop, _ = part.indices(len(self))
        with self._lock:
            self._file.seek(self._start + start)
            return self._file.read(max(stop - start, 0))

    def startswith(self, mark: bytes) -> bool:
        """Say whether it begins with these bytes."""
        return self[: len(mark)] == mark

    def within(self, start: int, end: int | None = None) -> "Window":
        """Return a part of it, on the same file."""
        begin, stop, _ = slice(start, end).indices(len(self))
        part = Window(self._file, self._start + begin, self._start + max(begin, stop))
        part._lock, part._stamp = self._lock, self._stamp
        return part

    def opened(self) -> "Reader":
        """Return it as a file with a place of its own."""
        return Reader(self)

    def require_unchanged(self, name: str) -> None:
        """Refuse a file that was written to since it was opened.

        Raises:
            InputError: it was.
        """
        if _stamp(self._file) != self._stamp:
            raise InputError(
                f"{name} was changed while it was read.", hint="Read it again once it is complete."
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Reader(io.RawIOBase):
    """A window as a file that is open for reading."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self._window = window
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be sought."""
        return True

    @overload  # type: ignore[override] # typeshed's buffers are of many kinds
    def readinto(self, buffer: bytearray) -> int: ...
    @overload
    def readinto(self, buffer: memoryview) -> int: ...
    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill a buffer with what comes next."""
        found = self._window[self._at : self._at + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._window)}[whence]
        if base + offset < 0:
            raise ValueError(f"a file has no place {base + offset}")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at


def temporary_file() -> BinaryIO:
    """Return a file for this user alone that goes with its handle, also where the process is killed."""
    return tempfile.TemporaryFile(prefix="migma_nb-")


def copied(source: BinaryIO, most: int) -> Window:
    """Return what a file holds from here on, in a temporary file.

    Args:
        source: the open file.
        most: after how many bytes to stop.
    """
    file = temporary_file()
    try:
        while (left := most - file.tell()) > 0 and (part := source.read(min(_COPIED, left))):
            file.write(part)
        file.flush()
        return Window.of(file)
    except BaseException:
        file.close()
        raise


def _stamp(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns
