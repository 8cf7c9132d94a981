"""Which encoding a text file is in: by its marks, by what it can only be, or as given; else a question."""

import codecs
import re
from dataclasses import dataclass
from itertools import islice

from migma_nb.api.errors import InputError
from migma_nb.planning.alphabets import Reading, are_words, eastern_readings, is_japanese, odd_words, readings

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
class DecodedText:
    """A text file's content.

    Args:
        data: the text in UTF-8, without byte order mark (bytes).
        encoding: what it was in, for people (str).
        repairs: what was set right, a sentence each.
    """

    data: bytes
    encoding: str
    repairs: tuple[str, ...] = ()


def decode(raw: bytes, name: str, given: str | None = None) -> DecodedText:
    """Return a file's text, once it is certain what its bytes mean.

    Args:
        raw: the file's bytes.
        name: the file, for errors.
        given: the encoding that the user named, None to find it out.

    Raises:
        InputError: it is not certain, the given one does not fit, or it is no plain text.
    """
    found = _as_given(raw, name, given) if given is not None else _found_out(raw, name)
    _refuse_nul(found.data, name)
    data, repairs = found.data, list(found.repairs)
    if data.endswith(b"\x1a"):
        data = data.rstrip(b"\x1a")
        repairs.append("The end mark of an old DOS file (Ctrl-Z) was left out.")
    return DecodedText(data, found.encoding, tuple(repairs))


def _as_given(raw: bytes, name: str, given: str) -> DecodedText:
    try:
        text = raw.decode(given)
    except (LookupError, TypeError) as error:
        raise InputError(
            f"encoding={given!r} is no encoding that Python knows.",
            hint='Write for example encoding="cp1252", "utf-8" or "shift_jis".',
        ) from error
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        raise InputError(
            f"{name} is not {given}: {_place(raw, start)}.", hint="Leave encoding= out, or name another one."
        ) from error
    marked = text.startswith("\ufeff")
    data = text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    return DecodedText(data, f"{given} as given", _MARK_REPAIR if marked else ())


_MARK_REPAIR = ("The byte order mark was taken off.",)


def _found_out(raw: bytes, name: str) -> DecodedText:
    for mark, encoding, words in _MARKS:
        if raw.startswith(mark):
            return _marked(raw.removeprefix(mark), encoding, words, name)
    if bare := _bare_utf_16(raw):
        return DecodedText(raw.decode(bare).encode(), "UTF-16 without a byte order mark")
    if raw.isascii():
        if b"\x1b$" in raw:
            raise InputError(
                f"{name} looks like Japanese in ISO-2022: {_place(raw, raw.index(bytes((27, 36))))}.",
                hint='Pass encoding="iso2022_jp", or save it as CSV UTF-8.',
            )
        return DecodedText(raw, "ASCII")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _eight_bits(raw, name, error)
    return DecodedText(raw, "UTF-8")


def _marked(rest: bytes, encoding: str, words: str, name: str) -> DecodedText:
    try:
        text = rest.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} begins as {words} does, and is not: {_place(rest, error.start)}.",
            hint="It was probably put together from files of two encodings; export it again.",
        ) from error
    return DecodedText(text.encode(), f"{words} with a byte order mark", _MARK_REPAIR)


def _bare_utf_16(raw: bytes) -> str | None:
    """Return which UTF-16 a file without a mark is in: every other byte of its head is a NUL."""
    head = raw[:_HEAD]
    if len(raw) % 2 or len(head) < len("a,b\n"):
        return None
    for encoding, zeros, others in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if zeros.count(0) > 0.9 * len(zeros) and not others.count(0):
            try:
                raw.decode(encoding)
            except UnicodeDecodeError:
                return None
            return encoding
    return None


def _eight_bits(raw: bytes, name: str, error: UnicodeDecodeError) -> DecodedText:
    lines = b"\n".join(line[0] for line in islice(_ODD_LINE.finditer(raw), _MOST_LINES))
    eastern = eastern_readings(lines)
    if eastern == ["cp932"] and is_japanese(lines.decode("cp932")):
        try:
            return DecodedText(raw.decode("cp932").encode(), "Shift-JIS (found by its kana and kanji)")
        except UnicodeDecodeError:
            pass  # a line beyond those looked at is something else
    every = odd_words(raw)
    words = every[:_MOST_WORDS]
    possible = readings(words)
    western = next((one for one in possible if one.encoding == "cp1252"), None)
    if (
        western is not None
        and not eastern
        and _is_sure(western, possible)
        and are_words(every[_MOST_WORDS:], "cp1252")
    ):
        return DecodedText(raw.decode("cp1252").encode(), "Windows-1252 (found by its letters)")
    raise InputError(
        f"{name} is not UTF-8: {_place(raw, error.start)}.{_as_read(words, possible, eastern, lines)}",
        hint=f"Pass the one that reads right, such as {_passed(possible, eastern)}, or save it as CSV UTF-8.",
    ) from error


def _is_sure(western: Reading, possible: list[Reading]) -> bool:
    """Say whether every other reading takes more languages to explain, and enough words say so."""
    others = [one.languages for one in possible if one.words != western.words]
    gap = min(others, default=western.languages + 2) - western.languages
    return gap > 1 or (gap == 1 and len(western.words) >= _ENOUGH_WORDS)


def _as_read(words: list[bytes], possible: list[Reading], eastern: list[str], lines: bytes) -> str:
    """Return how one word reads in the encodings in which it makes sense, as a sentence."""
    shown: dict[str, str] = {}
    for one in possible:
        shown.setdefault(one.words[0], one.encoding)
    for encoding in eastern:
        read = re.search(r"[^\x00-\x7f]+", lines.decode(encoding))
        if read:
            shown.setdefault(read[0], encoding)
    if not shown:
        broken = words and b"\xc3" in words[0]
        return " It may be put together from files of two encodings." if broken else ""
    parts = [f"{word[:_LONGEST]!r} in {encoding}" for word, encoding in list(shown.items())[: _SHOWN + 1]]
    return f" It could be read as {', '.join(parts)}."


def _passed(possible: list[Reading], eastern: list[str]) -> str:
    encoding = possible[0].encoding if possible else next(iter(eastern), "cp1252")
    return f'encoding="{encoding}"'


def _refuse_nul(data: bytes, name: str) -> None:
    at = data.find(b"\0")
    if at >= 0:
        raise InputError(
            f"{name} is no plain text: line {_line(data, at)} has a NUL in it.",
            hint="Save it as 'CSV UTF-8'.",
        )


def _place(raw: bytes, start: int) -> str:
    byte = f"0x{raw[start]:02X}" if start < len(raw) else "its end in the middle of a character"
    return f"line {_line(raw, min(start, len(raw)))} has the byte {byte}"


def _line(raw: bytes, at: int) -> int:
    """Return the number of the line that a position is in, whatever ends its lines."""
    head = raw[:at]
    feeds = head.count(b"\n")
    return (feeds or head.count(b"\r")) + 1
