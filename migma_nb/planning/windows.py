"""Bytes of a file that are not in memory: a part of it that is sliced like bytes, and temporary files."""

import io
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import IO, BinaryIO, Protocol, overload

from migma_nb.api.errors import InputError
from migma_nb.planning.temporary_files import put_away, room, temporary_file

#: Bytes that are copied in one go.
_COPIED = 1 << 20


class Sliced(Protocol):
    """Bytes, or what is read like them."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Return some of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """An open file or a part of it, sliced like bytes; only what is asked for is read. Threads may share it.

    Args:
        file: an open file that can be sought.
        start: the first byte (int).
        end: the byte behind the last one (int).
        stamp: what says whether the file was written to.
        files: all that are closed together with it.
    """

    file: BinaryIO
    start: int
    end: int
    stamp: tuple[int, int]
    files: list[BinaryIO]
    lock: threading.Lock

    @classmethod
    def of(cls, file: BinaryIO, beside: "Window | None" = None) -> "Window":
        """Return all of a file.

        Args:
            file: the file.
            beside: a window that it is closed with, as that is with it.
        """
        files = [] if beside is None else beside.files
        files.append(file)
        return cls(file, 0, file.seek(0, os.SEEK_END), _stamp(file), files, threading.Lock())

    def __len__(self) -> int:
        """Return how many bytes it has."""
        return self.end - self.start

    def __getitem__(self, part: slice) -> bytes:
        """Return some of its bytes; steps are not known."""
        start, stop, _ = part.indices(len(self))
        at, left, found = self.start + start, max(stop - start, 0), [b""]
        if not hasattr(os, "pread"):
            with self.lock:
                self.file.seek(at)
                return self.file.read(left)
        # A place in the file would be shared with every process that was forked, and moved by it.
        while left and (some := os.pread(self.file.fileno(), left, at)):
            found.append(some)
            at, left = at + len(some), left - len(some)
        return b"".join(found)

    def startswith(self, mark: bytes) -> bool:
        """Say whether it begins with these bytes."""
        return self[: len(mark)] == mark

    def within(self, start: int, end: int | None = None) -> "Window":
        """Return a part of it, on the same file."""
        begin, stop, _ = slice(start, end).indices(len(self))
        return replace(self, start=self.start + begin, end=self.start + max(begin, stop))

    def copied(self, source: IO[bytes], most: int) -> "Window":
        """Return what another file holds from here on, in a temporary file that is closed with this one.

        Args:
            source: the open file.
            most: after how many bytes to stop.
        """
        left = most
        made = Window.of(temporary_file(), self)
        while left > 0 and (part := source.read(min(_COPIED, left))):
            with room():
                left -= made.file.write(part)
        return made.written()

    def filled(self, parts: Iterable[bytes]) -> "Window":
        """Return a temporary file with these parts, that is closed with this one."""
        made = Window.of(temporary_file(), self)
        for part in parts:
            with room():
                made.file.write(part)
        return made.written()

    def written(self) -> "Window":
        """Return all that was written to its file by now."""
        with room():
            self.file.flush()
        return replace(self, start=0, end=self.file.seek(0, os.SEEK_END), stamp=_stamp(self.file))

    def opened(self) -> "Reader":
        """Return it as a file with a place of its own."""
        return Reader(self)

    def require_unchanged(self, name: str) -> None:
        """Refuse a file that was written to since it was opened.

        Raises:
            InputError: it was.
        """
        if _stamp(self.file) != self.stamp:
            raise InputError(
                f"{name} was changed while it was read.", hint="Read it again once it is complete."
            )

    def close(self) -> None:
        """Close the file, and all that are beside it."""
        for file in self.files:
            put_away(file)


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


def _stamp(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns
