"""Which readings of 8-bit text make sense: by case, script and the letters that languages have.

Detectors that weigh how often letters stand together are wrong on lists of names, which hold few words and
many languages: on the lists of `tests/reading/names.py` charset-normalizer 3.5 and chardet 7.7 took a wrong
encoding for about half. So no guess is made here. All readings are listed that could be what people wrote,
and `text_encoding` takes one only where no other comes near.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

_GERMAN = "äöüß"
_WEST = (
    _GERMAN,
    "àâæçèéêëîïôœùûüÿ",
    "áéíñóúü",
    "áâãàçéêíóôõúü",
    "àèéìíòóù",
    "åäöé",
    "æøåéäö",
    "áæðéíóöúýþ",
    "àçèéíïòóúü",
    "áéëíïóöúü",
)
_CENTRAL = (
    _GERMAN,
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýž",
    "áäčďéíĺľňóôŕšťúýž",
    "áéíóöőúüű",
    "ăâîşţșț",
    "čćđšž",
    "çë",
)
_BALTIC = (_GERMAN, "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "åäö")
_TURKISH = (_GERMAN, "çğıi̇öşüâîû", "àâçèéêëîïôùûü", "áéíñóúü")
_CYRILLIC = (
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдђежзијклљмнњопрстћуфхцчџш",
)
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",)
_HEBREW = ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",)
_ARABIC = ("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",)
_THAI = ("".join(map(chr, range(0x0E01, 0x0E5C))),)

#: The single-byte encodings that lists really come in, each with the alphabets of those who use it.
ENCODINGS: Mapping[str, tuple[str, ...]] = {
    "cp1252": _WEST,
    "iso8859-15": _WEST,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1257": _BALTIC,
    "iso8859-4": _BALTIC,
    "cp1254": _TURKISH,
    "mac_roman": _WEST,
    "mac_latin2": _CENTRAL,
    "mac_turkish": _TURKISH,
    "cp850": _WEST,
    "cp437": _WEST,
    "cp852": _CENTRAL,
    "cp775": _BALTIC,
    "cp857": _TURKISH,
    "cp1251": _CYRILLIC,
    "koi8_u": _CYRILLIC,
    "iso8859-5": _CYRILLIC,
    "cp866": _CYRILLIC,
    "mac_cyrillic": _CYRILLIC,
    "cp1253": _GREEK,
    "iso8859-7": _GREEK,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "cp874": _THAI,
}
#: East Asian encodings without the extensions in which nearly any two bytes are a character.
EASTERN = ("gb2312", "big5", "euc_kr", "euc_jp", "cp932")
#: Stands beside words in ordinary text, and never inside one; other symbols hardly stand in a list at all.
_SIGNS = frozenset("“”„«»–—…€£§°®©™¿¡ºª\u00a0")
_APOSTROPHES = frozenset("’‘´·")
#: What no word has in it: blanks, separators and other ASCII signs; apostrophes, hyphens and digits may be.
_ENDS_WORD = np.array(
    [chr(byte).isascii() and not (chr(byte).isalnum() or chr(byte) in "'-") for byte in range(256)]
)
#: A longer word is none, and is looked at in parts of so many bytes.
_LONGEST = 100
#: Bytes that are looked at in one go.
_PIECE = 1 << 24


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the words that are not ASCII.

    Args:
        encoding: how they are read (str).
        words: the words, in the order of the bytes.
        languages: how many alphabets it takes to have all of their letters (int).
    """

    encoding: str
    words: tuple[str, ...]
    languages: int


def odd_words(raw: bytes) -> list[bytes]:
    """Return the different words that are not ASCII, in the order in which they come."""
    found: dict[bytes, None] = {}
    start = 0
    while start < len(raw):
        end = min(start + _PIECE, len(raw))
        # A piece ends where a line does, so that no word is cut; a line longer than a piece is cut.
        end = end if end == len(raw) else raw.rfind(b"\n", start, end) + 1 or end
        piece = raw[start:end]
        text = np.frombuffer(piece, np.uint8)
        stops = np.concatenate(([-1], np.flatnonzero(_ENDS_WORD[text]), [len(piece)]))
        odd = np.unique(np.searchsorted(stops, np.flatnonzero(text > 127)))  # noqa: PLR2004 - the last of ASCII
        begins, ends = (stops[odd - 1] + 1).tolist(), stops[odd].tolist()
        found |= dict.fromkeys(
            piece[part : min(part + _LONGEST, to)]
            for at, to in zip(begins, ends, strict=True)
            for part in range(at, to, _LONGEST)
        )
        start = end
    return list(found)


def are_words(words: Iterable[bytes], encoding: str) -> bool:
    """Say whether each word reads as one in an encoding of `ENCODINGS`."""
    return _reading(tuple(words), encoding, ENCODINGS[encoding]) is not None


def readings(words: Iterable[bytes]) -> list[Reading]:
    """Return every way to read the words that people could have meant, the plainest first.

    Args:
        words: words with bytes beyond ASCII, each without blanks and separators.
    """
    known = tuple(words)
    found = [_reading(known, encoding, alphabets) for encoding, alphabets in ENCODINGS.items()]
    return sorted((one for one in found if one is not None), key=lambda one: one.languages)


def _reading(words: tuple[bytes, ...], encoding: str, alphabets: tuple[str, ...]) -> Reading | None:
    try:
        read = tuple(word.decode(encoding) for word in words)
    except UnicodeDecodeError:
        return None
    every = frozenset("".join(alphabets))
    latin = alphabets[0] is _GERMAN
    letters: set[str] = set()
    for word in read:
        if not _could_be_a_word(word, latin=latin):
            return None
        letters.update(letter for letter in word.lower() if not letter.isascii() and letter.isalpha())
    if not letters <= every:
        return None
    return Reading(encoding, read, _languages(letters, alphabets))


def _could_be_a_word(word: str, *, latin: bool) -> bool:
    for before, letter, after in zip(" " + word, word, word[1:] + " ", strict=False):
        if letter.isascii() or letter in _APOSTROPHES:
            if not latin and letter.isascii() and letter.isalpha():
                return False
            continue
        if letter in _SIGNS:
            # "£10" and "30 °C", but no "£ukasz"; and no sign at all between two letters.
            if after.isalpha() and (before.isalpha() or letter in "€£§°"):
                return False
        elif not (letter.isalpha() or unicodedata.category(letter) == "Mn") or (
            letter.isupper() and before.islower()
        ):
            return False
    return True


def _languages(letters: set[str], alphabets: tuple[str, ...]) -> int:
    sets = [letters.intersection(alphabet) for alphabet in alphabets]
    return next(
        count
        for count in range(len(sets) + 1)
        if any(letters == set().union(*some) for some in combinations(sets, count))
    )


def eastern_readings(text: bytes) -> list[str]:
    """Return the East Asian encodings in which lines make sense: no half a character, none inside a word.

    Args:
        text: the lines that are not ASCII.
    """
    found = []
    for encoding in EASTERN:
        try:
            read = text.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]|[\uff61-\uff9f\ue000-\uf8ff]", read):
            found.append(encoding)
    return found


def is_japanese(text: str) -> bool:
    """Say whether all that is not ASCII is kana, or kanji of the kind that names are written in."""
    odd = [letter for letter in text if not letter.isascii()]
    common = sum(letter.encode("cp932", "replace")[0] <= 0x97 for letter in odd)  # noqa: PLR2004 - level 1
    return len(odd) >= 3 and common >= 0.9 * len(odd)  # noqa: PLR2004 - of three signs one is the rarest
