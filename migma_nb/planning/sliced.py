"""Bytes block by block: in memory or in a file, searched, counted and decoded without holding all."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import suppress

from migma_nb.api.errors import InputError
from migma_nb.planning.windows import Sliced

#: Bytes that are held in one go.
BLOCK = 1 << 22
#: A row, or a line, that is longer than so many bytes is none.
LONGEST_ROW = 1 << 24


def blocks_of(data: Sliced, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield bytes in order; those that are in memory as one block."""
    stop = len(data) if end is None else end
    if isinstance(data, bytes):
        if start < stop:
            yield data[start:stop]
        return
    for at in range(start, stop, BLOCK):
        yield data[at : min(at + BLOCK, stop)]


def line_blocks(data: Sliced, name: str) -> Iterator[bytes]:
    """Yield bytes in blocks that end where a line does.

    Args:
        data: the bytes.
        name: the file, for errors.

    Raises:
        InputError: a line has no end.
    """
    rest = b""
    for block in blocks_of(data):
        held = rest + block
        end = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1
        if end:
            yield held[:end]
        rest = held[end:]
        if len(rest) > LONGEST_ROW:
            raise too_long(name, "A line")
    if rest:
        yield rest


def too_long(name: str, what: str) -> InputError:
    """Return the error for a row without end.

    Args:
        name: the file.
        what: what begins, such as "The row that begins in line 7".
    """
    return InputError(
        f"{what} of {name} goes on for more than {LONGEST_ROW // 1_000_000:,} MB, as no person's row does.",
        hint="A quotation mark is probably not closed. Correct it, or pass "
        'quote="" if such marks are ordinary text.',
    )


def place_of(data: Sliced, mark: bytes) -> int:
    """Return where a mark stands for the first time, -1 for nowhere."""
    at, before = 0, b""
    for block in blocks_of(data):
        found = (before + block).find(mark)
        if found >= 0:
            return at - len(before) + found
        before = (before + block)[-(len(mark) - 1) :] if len(mark) > 1 else b""
        at += len(block)
    return -1


def line_of(data: Sliced, at: int) -> int:
    """Return the number of the line that a position is in, whatever ends its lines."""
    feeds = returns = 0
    for block in blocks_of(data, 0, at):
        feeds += block.count(b"\n")
        returns += block.count(b"\r")
    return (feeds or returns) + 1


def end_without(data: Sliced, mark: bytes) -> int:
    """Return how long bytes are without the same byte, once or more, at their end."""
    end = len(data)
    while end and (part := data[max(end - BLOCK, 0) : end]).endswith(mark):
        end += len(part.rstrip(mark)) - len(part)
    return end


def is_ascii(data: Sliced) -> bool:
    """Say whether all bytes are ASCII."""
    return all(block.isascii() for block in blocks_of(data))


def is_blank(data: Sliced) -> bool:
    """Say whether nothing but white space is there."""
    return all(block.isspace() for block in blocks_of(data))


def first_error(data: Sliced, codec: str, start: int = 0) -> int | None:
    """Return where bytes are not what an encoding says, None where all are.

    Args:
        data: the bytes.
        codec: the encoding, as Python calls it.
        start: the first byte that is looked at.

    Raises:
        LookupError: Python knows no such encoding of text.
        TypeError: that is no name.
    """
    try:
        for _ in texts_of(data, codec, start):
            pass
    except UnicodeDecodeError as error:
        return error.start
    except UnicodeError:
        return 0
    return None


def texts_of(data: Sliced, codec: str, start: int = 0) -> Iterator[str]:
    """Yield the text that bytes are, in parts; those that are in memory as one.

    Args:
        data: the bytes.
        codec: the encoding, as Python calls it.
        start: the first byte that belongs to it.

    Raises:
        UnicodeDecodeError: they are not; it says where, counted from the first byte of all.
        LookupError: Python knows no such encoding of text.
        TypeError: that is no name.
    """
    if isinstance(data, bytes):
        try:
            yield data[start:].decode(codec)
        except UnicodeDecodeError as error:
            error.start += len(data) - len(error.object)  # without what the codec took off before
            raise
        return
    decoder = codecs.getincrementaldecoder(_in_parts(data, codec, start))()
    for at in range(start, len(data), BLOCK):
        block = data[at : at + BLOCK]
        try:
            yield decoder.decode(block, at + BLOCK >= len(data))
        except UnicodeDecodeError as error:
            error.start += at + len(block) - len(error.object)
            raise


def _in_parts(data: Sliced, codec: str, start: int) -> str:
    """Return the codec under the name by which its decoder of parts does what that of a whole does."""
    head = data[start : start + 4]
    with suppress(UnicodeError):
        b"a".decode(codec)  # refuses what is no encoding of text
    name = codecs.lookup(codec).name
    marks = {
        "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
        "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    }
    if name in marks and not head.startswith(marks[name]):
        return f"{name}-{'le' if sys.byteorder == 'little' else 'be'}"
    return codec
