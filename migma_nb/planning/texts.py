"""What a reader would stumble over in a value: left-over nan, spreadsheet errors, braces, mojibake, HTML."""

import re

_EXACT = frozenset(
    {
        "nan",
        "NaN",
        "None",
        "NaT",
        "<NA>",
        "null",
        "NULL",
        "undefined",
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#ERROR!",
        "[object Object]",
    },
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]{2,}")
_HTML = re.compile(r"<[a-zA-Z/!][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{1,6}|#[xX][0-9a-fA-F]{1,6});")
#: What text that was read in the wrong encoding turns into when it is read back: letters, quotes, dashes.
_MEANT = re.compile(r"[\u00a0-\u00ff\u2010-\u20bf\ufeff]")


def odd_text(text: str) -> str | None:
    """Return what is suspicious about a text that somebody will read, or None."""
    if is_stand_in(text):
        return "looks like a left-over of a missing or broken cell"
    if "{{" in text or "}}" in text:
        return "has double braces in it, as an unfilled placeholder has"
    if "\ufffd" in text:
        return "has a replacement character in it: letters were lost when the file was read"
    if not text.isascii() and any(_is_mojibake(run) for run in _NOT_ASCII.findall(text)):
        return "was read in the wrong encoding"
    return None


def is_stand_in(text: str) -> bool:
    """Say whether a text stands for nothing, or for a formula that failed: `nan`, `None`, `#REF!`."""
    return text.strip() in _EXACT


def has_html(text: str) -> bool:
    """Say whether a text has an HTML tag or entity in it."""
    return ("<" in text or "&" in text) and bool(_HTML.search(text))


def _is_mojibake(run: str) -> bool:
    """Say whether a run of letters is UTF-8 that was read as cp1252 or Latin-1."""
    try:
        meant = b"".join(_as_byte(char) for char in run).decode("utf-8")
    except UnicodeError:
        return False
    return bool(_MEANT.search(meant)) or len(meant) > 1


def _as_byte(char: str) -> bytes:
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        return char.encode("latin-1")
