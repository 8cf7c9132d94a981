"""What a reader would stumble over in a value: left-over nan, spreadsheet errors, braces, mojibake, HTML."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.sheet_marks import is_too_narrow, mark_of
from migma_nb.planning.text_arrays import (
    TEXT,
    Places,
    TextArray,
    beginning_with,
    maybe_padded,
    maybe_shortened,
    places_with,
    taken,
)

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
        "\\N",
    },
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]{2,}")
_HTML = re.compile(r"<[a-zA-Z/!][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{1,6}|#[xX][0-9a-fA-F]{1,6});")
#: What text that was read in the wrong encoding turns into when it is read back: letters, quotes, dashes.
_MEANT = re.compile(r"[\u00a0-\u00ff\u2010-\u20bf\ufeff]")
#: What the first letter of such text is, since no other stands for a byte that begins one in UTF-8.
_BEGINS_MOJIBAKE = ("\u00c2", "\u00f4")
#: A text without any of these bytes of UTF-8 is not odd, unless it is a left-over: braces, U+FFFD, and the
#: letters that mojibake begins with.
_ODD_BYTES = b"{}\xef\xc3"
#: What a text begins with that a spreadsheet has marked, or did not show.
_MARKS = b"#'="


def odd_texts(texts: TextArray) -> dict[int, str]:
    """Return what is suspicious about which of these texts, by their places; none of them is null."""
    left_over = pc.is_in(texts, value_set=pa.array(sorted(_EXACT), TEXT))
    places = (
        np.flatnonzero(left_over.to_numpy(zero_copy_only=False)),
        places_with(texts, _ODD_BYTES),
        maybe_padded(texts),
        beginning_with(texts, _MARKS),
        maybe_shortened(texts),
    )
    looked_at = np.unique(np.concatenate(places))
    told = zip(looked_at.tolist(), taken(texts, looked_at), strict=True)
    return {at: reason for at, text in told if (reason := odd_text(text))}


def texts_with_html(texts: TextArray) -> Places:
    """Return the places of texts with an HTML tag or entity in them; none of them is null."""
    looked_at = places_with(texts, b"<&")
    return looked_at[[has_html(text) for text in taken(texts, looked_at)]]


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
    return mark_of(text)


def is_stand_in(text: str) -> bool:
    """Say whether a text stands for nothing, or for a formula that failed: `nan`, `None`, `#REF!`."""
    return text.strip() in _EXACT or is_too_narrow(text)


def has_html(text: str) -> bool:
    """Say whether a text has an HTML tag or entity in it."""
    return ("<" in text or "&" in text) and bool(_HTML.search(text))


def _is_mojibake(run: str) -> bool:
    """Say whether a run of letters is UTF-8 that was read as cp1252 or Latin-1."""
    first, last = _BEGINS_MOJIBAKE
    if not first <= run[0] <= last:
        return False
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
