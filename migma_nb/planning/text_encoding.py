"""Which encoding a text file is in: by its marks, by what it can only be, or as given; else a question."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic

from migma_nb.api.errors import InputError
from migma_nb.planning.alphabets import Reading, are_words, eastern_readings, is_japanese, odd_words, readings
from migma_nb.planning.packed import Raw
from migma_nb.planning.sliced import (
    end_without,
    first_error,
    is_ascii,
    line_blocks,
    line_of,
    place_of,
    texts_of,
)
from migma_nb.planning.windows import Sliced, Window

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
#: Of so many different words, one language's letters are no chance any more (tests/reading/names.py).
_ENOUGH_WORDS = 6
#: More words than these say nothing new.
_MOST_WORDS = 5_000
#: Bytes in which UTF-16 without a mark shows itself.
_HEAD = 1_000
_SHOWN = 3
#: Of a word, in an error.
_LONGEST = 40
_MOST_LINES = 5_000
_ODD_LINE = re.compile(rb"[^\r\n\x80-\xff]*[\x80-\xff][^\r\n]*")


@dataclass(frozen=True, slots=True)
class DecodedText(Generic[Raw]):
    """A text file's content.

    Args:
        data: the text in UTF-8, without byte order mark (bytes, or a window on them).
        encoding: what it was in, for people (str).
        repairs: what was set right, a sentence each.
    """

    data: Raw
    encoding: str
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a file's bytes mean.

    Args:
        encoding: what they are in, for people (str).
        codec: the same as Python calls it, "" where they are UTF-8 as they stand.
        skipped: how many stand before the text (int).
        marked: whether a byte order mark is still there when they are read so (bool).
        repairs: what that leaves out, a sentence each.
    """

    encoding: str
    codec: str = ""
    skipped: int = 0
    marked: bool = False
    repairs: tuple[str, ...] = ()


def decode(raw: bytes, name: str, given: str | None = None) -> DecodedText[bytes]:
    """Return a file's text, once it is certain what its bytes mean.

    Args:
        raw: the file's bytes.
        name: the file, for errors.
        given: the encoding that the user named, None to find it out.

    Raises:
        InputError: it is not certain, the given one does not fit, or it is no plain text.
    """
    found = _as_given(raw, name, given) if given is not None else _found_out(raw, name)
    data = b"".join(_encoded(raw, found)) if found.codec else raw[found.skipped :]
    end, repairs = _checked_end(data, name, found)
    return DecodedText(data[:end], found.encoding, repairs)


def decode_window(raw: Window, name: str, given: str | None = None) -> DecodedText[Window]:
    """Return the same of a file of any length; what is not UTF-8 is put into a temporary file in it.

    Args:
        raw: the file.
        name: what it is called in errors.
        given: the encoding that the user named, None to find it out.

    Raises:
        InputError: as `decode` does, or a line goes on for too long.
    """
    found = _as_given(raw, name, given) if given is not None else _found_out(raw, name)
    data = raw.filled(_encoded(raw, found)) if found.codec else raw.within(found.skipped)
    end, repairs = _checked_end(data, name, found)
    return DecodedText(data.within(0, end), found.encoding, repairs)


def _encoded(raw: Sliced, found: _Found) -> Iterator[bytes]:
    """Yield a text in UTF-8, without the mark before it that a given encoding leaves there."""
    before = found.marked
    for text in texts_of(raw, found.codec, found.skipped):
        yield (text.removeprefix("\ufeff") if before else text).encode("utf-8", "surrogatepass")
        before = before and not text


def _checked_end(data: Sliced, name: str, found: _Found) -> tuple[int, tuple[str, ...]]:
    """Return where a text ends, and all repairs.

    Raises:
        InputError: it has a NUL in it.
    """
    at = place_of(data, b"\0")
    if at >= 0:
        raise InputError(
            f"{name} is no plain text: line {line_of(data, at)} has a NUL in it.",
            hint="Save it as 'CSV UTF-8'.",
        )
    end = end_without(data, b"\x1a")
    ended = ("The end mark of an old DOS file (Ctrl-Z) was left out.",) if end < len(data) else ()
    return end, (*found.repairs, *ended)


def _as_given(raw: Sliced, name: str, given: str) -> _Found:
    try:
        wrong = first_error(raw, given)
        head = next((text for text in texts_of(raw, given) if text), "") if wrong is None else ""
    except (LookupError, TypeError) as error:
        raise InputError(
            f"encoding={given!r} is no encoding that Python knows.",
            hint='Write for example encoding="cp1252", "utf-8" or "shift_jis".',
        ) from error
    if wrong is not None:
        raise InputError(
            f"{name} is not {given}: {_place(raw, wrong)}.", hint="Leave encoding= out, or name another one."
        )
    marked = head.startswith("\ufeff")
    return _Found(f"{given} as given", given, marked=marked, repairs=_MARK_REPAIR if marked else ())


_MARK_REPAIR = ("The byte order mark was taken off.",)


def _found_out(raw: Sliced, name: str) -> _Found:
    head = raw[:_HEAD]
    for mark, encoding, words in _MARKS:
        if head.startswith(mark):
            return _marked(raw, mark, encoding, words, name)
    if bare := _bare_utf_16(raw, head):
        return _Found("UTF-16 without a byte order mark", bare)
    if is_ascii(raw):
        at = place_of(raw, b"\x1b$")
        if at >= 0:
            raise InputError(
                f"{name} looks like Japanese in ISO-2022: {_place(raw, at)}.",
                hint='Pass encoding="iso2022_jp", or save it as CSV UTF-8.',
            )
        return _Found("ASCII")
    wrong = first_error(raw, "utf-8")
    return _Found("UTF-8") if wrong is None else _eight_bits(raw, name, wrong)


def _marked(raw: Sliced, mark: bytes, encoding: str, words: str, name: str) -> _Found:
    wrong = first_error(raw, encoding, len(mark))
    if wrong is not None:
        raise InputError(
            f"{name} begins as {words} does, and is not: {_place(raw, wrong)}.",
            hint="It was probably put together from files of two encodings; export it again.",
        )
    codec = "" if encoding == "utf-8" else encoding
    return _Found(f"{words} with a byte order mark", codec, len(mark), repairs=_MARK_REPAIR)


def _bare_utf_16(raw: Sliced, head: bytes) -> str:
    """Return which UTF-16 a file without a mark is in: every other byte of its head is a NUL."""
    if len(raw) % 2 or len(head) < len("a,b\n"):
        return ""
    for encoding, zeros, others in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if zeros.count(0) > 0.9 * len(zeros) and not others.count(0):
            return encoding if first_error(raw, encoding) is None else ""
    return ""


def _eight_bits(raw: Sliced, name: str, wrong: int) -> _Found:
    odd = (line[0] for block in line_blocks(raw, name) for line in _ODD_LINE.finditer(block))
    lines = b"\n".join(islice(odd, _MOST_LINES))
    _refuse_mixture(raw, name, wrong, lines.split(b"\n"))
    eastern = eastern_readings(lines)
    # A line beyond those looked at may be something else.
    if eastern == ["cp932"] and is_japanese(lines.decode("cp932")) and first_error(raw, "cp932") is None:
        return _Found("Shift-JIS (found by its kana and kanji)", "cp932")
    every = (word for block in line_blocks(raw, name) for word in odd_words(block))
    words: dict[bytes, None] = {}
    for word in every:
        words[word] = None
        if len(words) == _MOST_WORDS:
            break
    known = list(words)
    possible = readings(known)
    western = next((one for one in possible if one.encoding == "cp1252"), None)
    if (
        western is not None
        and not eastern
        and _is_sure(western, possible)
        and _are_words(raw, name, len(known))
    ):
        return _Found("Windows-1252 (found by its letters)", "cp1252")
    raise InputError(
        f"{name} is not UTF-8: {_place(raw, wrong)}.{_as_read(possible, eastern, lines)}",
        hint=_which(possible, eastern),
    )


def _refuse_mixture(raw: Sliced, name: str, wrong: int, lines: list[bytes]) -> None:
    """Refuse a text of which half the lines or more are UTF-8: any other encoding would spoil those.

    Args:
        raw: the file's bytes.
        name: the file, for errors.
        wrong: where it is not UTF-8.
        lines: the lines, or some of them, that are not ASCII.

    Raises:
        InputError: it is such a text; says how the line reads that is not.
    """
    good = sum(first_error(line, "utf-8") is None for line in lines)
    if 2 * good < len(lines):
        return
    before, after = raw[max(wrong - _LONGEST, 0) : wrong], raw[wrong : wrong + _LONGEST]
    word = next((one for one in odd_words(before + after) if after[:1] in one), b"")
    read = next((f"{one.words[0]!r} in {one.encoding}" for one in readings([word])), "")
    line = f"line {line_of(raw, wrong):,}" + (f" ({read})" if read else "")
    looked = "looked at " if len(lines) == _MOST_LINES else ""
    raise InputError(
        f"{name} is put together from texts of two encodings: {_place(raw, wrong)}, and {good:,} of the "
        f"{len(lines):,} lines {looked}that are not ASCII are UTF-8.",
        hint=f"No encoding reads all of it. Correct {line} and those like it, or export the list again as "
        "CSV UTF-8.",
    )


def _are_words(raw: Sliced, name: str, looked_at: int) -> bool:
    """Say whether also the words that are not among the first ones read as such."""
    if looked_at < _MOST_WORDS:
        return True
    return all(are_words(odd_words(block), "cp1252") for block in line_blocks(raw, name))


def _is_sure(western: Reading, possible: list[Reading]) -> bool:
    """Say whether every other reading takes more languages to explain, and enough words say so."""
    others = [one.languages for one in possible if one.words != western.words]
    gap = min(others, default=western.languages + 2) - western.languages
    return gap > 1 or (gap == 1 and len(western.words) >= _ENOUGH_WORDS)


def _as_read(possible: list[Reading], eastern: list[str], lines: bytes) -> str:
    """Return how one word reads in the encodings in which it makes sense, as a sentence."""
    shown: dict[str, str] = {}
    for one in possible:
        shown.setdefault(one.words[0], one.encoding)
    for encoding in eastern:
        read = re.search(r"[^\x00-\x7f]+", lines.decode(encoding))
        if read:
            shown.setdefault(read[0], encoding)
    if not shown:
        return " No encoding that lists come in makes words of all of it."
    parts = [f"{word[:_LONGEST]!r} in {encoding}" for word, encoding in list(shown.items())[: _SHOWN + 1]]
    return f" It could be read as {', '.join(parts)}."


def _which(possible: list[Reading], eastern: list[str]) -> str:
    encoding = possible[0].encoding if possible else next(iter(eastern), "")
    if not encoding:
        return "Save it as CSV UTF-8 in the program that it comes from, or pass its encoding= if you know it."
    return f'Pass the one that reads right, such as encoding="{encoding}", or save it as CSV UTF-8.'


def _place(raw: Sliced, start: int) -> str:
    byte = raw[start : start + 1]
    what = f"0x{byte[0]:02X}" if byte else "its end in the middle of a character"
    return f"line {line_of(raw, min(start, len(raw)))} has the byte {what}"
