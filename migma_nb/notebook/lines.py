"""Untrusted text made fit to show: control characters made visible, bidi tricks undone, cut to a width."""

import re
import unicodedata
from html import escape

#: Characters that turn the reading order of what follows; shown by their code, never obeyed.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Emoji and several scripts need these between two characters.
_JOINERS = frozenset("\u200c\u200d")
_LOOSE_JOINERS = re.compile("[\u200c\u200d]+(?=\\s|$)|(?:(?<=\\s)|^)[\u200c\u200d]+")
_COMBINING_GRAPHEME_JOINER = "\u034f"
#: No script stacks more marks on one letter; more of them paint over the lines around.
_MOST_MARKS = 4
_WIDE = frozenset("WF")


def one_line(text: object, most: int = 80) -> str:
    """Return text on one line, at most so many terminal columns wide, with "…" where it was cut.

    Args:
        text: anything; its `str` is shown.
        most: columns (int); a wide character takes two.
    """
    whole = str(text).strip()
    line = " ".join(visible(whole[: most * 8]).split())
    if len(whole) <= most * 8 and width_of(line) <= most:
        return line
    return _start(line, most - 1).rstrip() + "…"


def safe(text: object, most: int = 80) -> str:
    """Return untrusted text for HTML: on one line, cut to columns, escaped, its direction kept to itself."""
    line = escape(one_line(text, most))
    return line if line.isascii() else f"<bdi>{line}</bdi>"


def many_lines(text: str, most: int) -> str:
    """Return at most so many characters of a text, its line breaks kept, what hides in it made visible.

    Args:
        text: what is to be shown.
        most: characters (int); what is left out is counted in a last line.
    """
    lines = [" ".join(visible(line).split()) for line in text[:most].splitlines()]
    rest = len(text) - most
    shown = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return f"{shown}\n… and {rest:,} more characters" if rest > 0 else shown


def share(part: int, whole: int, of: str) -> str:
    """Return a part of a whole as "37 % of delivered"; what is not all or nothing is never rounded to it.

    Args:
        part: a number.
        whole: the number that it is a part of.
        of: what the whole is called; "" where there is no share to tell.
    """
    if not whole or not of:
        return ""
    percent = 100 * part / whole
    rounded = "100" if part >= whole else "<1" if 0 < percent < 1 else f"{min(round(percent), 99)}"
    return f"{rounded} % of {of}"


def width_of(text: str) -> int:
    """Return how many terminal columns a text takes (int)."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def padded(text: str, width: int) -> str:
    """Return a text filled up with spaces to a width in terminal columns."""
    return text + " " * (width - width_of(text))


def quoted(text: object, most: int = 60) -> str:
    """Return untrusted text on one line in quotation marks."""
    return f"“{one_line(text, most)}”"


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun, such as "1 row" or "2,000 rows"."""
    return f"{count:,} {one if count == 1 else many}"


def visible(text: str) -> str:
    """Return text without control characters and bidi tricks: shown as codes, or dropped if harmless."""
    if text.isascii() and text.isprintable():
        return text
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(_shown(char))
    return _LOOSE_JOINERS.sub("", "".join(kept))


def _shown(char: str) -> str:
    if char == _COMBINING_GRAPHEME_JOINER:
        return ""
    if char.isprintable() or char in _JOINERS:
        return char
    if char.isspace():
        return " "
    if unicodedata.category(char) == "Cf" and char not in _TURNING:
        return ""
    return ascii(char)[1:-1]


def _start(line: str, most: int) -> str:
    used = 0
    for position, char in enumerate(line):
        used += _columns(char)
        if used > most:
            return line[:position]
    return line


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1
