"""Does a name show in an address: `Müller` in `j.mueller@…`; made to be asked a million times."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migma_nb.planning.address_texts import Parts
from migma_nb.planning.coded_texts import CHUNK, CodedTexts
from migma_nb.planning.text_arrays import Codes, TextArray, array_of, bounds_and_bytes, taken

LetterSets = NDArray[np.uint64]
#: Spreads three bytes over 64 bits (Knuth's multiplier).
_MIX = np.uint32(2_654_435_761)
_EVERY = np.uint64(2**64 - 1)
#: Shorter parts of names stand in any address by chance.
_SHORTEST = 3
#: Titles and small words, which are no names.
_TITLES = frozenset(
    (
        "mrs",
        "miss",
        "prof",
        "herr",
        "frau",
        "mme",
        "mlle",
        "ing",
        "mag",
        "van",
        "von",
        "der",
        "den",
        "del",
        "della",
        "las",
        "los",
        "jun",
        "sen",
        "jnr",
        "the",
        "and",
    )
)
_LETTERS = re.compile(r"[a-z]+")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"})
_BARE = str.maketrans({"ß": "ss", "ø": "o", "å": "a", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"})


def name_parts(value: Any) -> tuple[str, ...]:
    """Return how a name may stand in an address: its parts of three letters or more, without accents.

    Args:
        value: a cell; what is no text has no parts.
    """
    if not isinstance(value, str):
        return ()
    plain = value.casefold()
    spellings = {plain} if plain.isascii() else {_unaccented(plain), plain.translate(_GERMAN)}
    parts = {part for spelling in spellings for part in _LETTERS.findall(spelling)}
    # O'Neill and Jean-Luc are written together too.
    parts |= {"".join(_LETTERS.findall(spelling)) for spelling in spellings if " " not in spelling}
    return tuple(sorted(part for part in parts if len(part) >= _SHORTEST and part not in _TITLES))


def _unaccented(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.translate(_BARE))
    return "".join(char for char in letters if not unicodedata.combining(char))


@dataclass(frozen=True, slots=True, eq=False)
class Locals:
    """What stands before the `@` of each row's address.

    Args:
        who: each row's position among them, -1 where there is no valid address.
        texts: those of the different addresses.
        letters: what three letters in a row each row's has, as `letter_sets` tells it.
    """

    who: Codes
    texts: TextArray
    letters: LetterSets

    @classmethod
    def of(cls, identities: Iterable[str | None]) -> "Locals":
        """Part the addresses of all rows."""
        people = CodedTexts.coded(identities)
        texts = Parts.of(people).locals
        return cls(people.codes, texts, np.append(letter_sets(texts), np.uint64(0))[people.codes])


class NameFit:
    """Whether a row's name shows in the address of a row so many places on.

    Args:
        names: each row's name, None where the cell is no text.
        local: what stands before the `@` of each row's address.
    """

    def __init__(self, names: CodedTexts, local: Locals) -> None:
        parts = [name_parts(name) for name in names.different.to_pylist()]
        self._parts = [part for of_name in parts for part in of_name]
        self._letters = letter_sets(array_of(self._parts))
        # The last is for rows without a name.
        self._count = np.array([*map(len, parts), 0], dtype=np.intp)
        self._first = np.cumsum(self._count) - self._count
        self._names, self._local = names.codes, local
        # No address has all 64, which stand for no name.
        first = np.append(self._letters, _EVERY)[self._first[:-1]]
        self._asked = np.append(np.where(self._count[:-1] > 0, first, _EVERY), _EVERY)[self._names]
        #: Which rows have a name at all.
        self.named: NDArray[np.bool_] = self._count[self._names] > 0

    @classmethod
    def of(cls, cells: Iterable[Any], identities: Iterable[str | None]) -> "NameFit":
        """Take a column of names as it stands.

        Args:
            cells: its cells.
            identities: who each row is, None where its address is not valid.
        """
        names = CodedTexts.of(cell if type(cell) is str else None for cell in cells)
        return cls(names, Locals.of(identities))

    def at(self, offset: int, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which of some rows' names show in the address `offset` rows below (negative: above).

        Args:
            offset: how far on the other row is.
            rows: positions whose other row is within the list.
        """
        fits = np.zeros(len(rows), dtype=bool)
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            fits[start : start + CHUNK] = self._fit(some, some + offset)
        return fits

    def _fit(self, rows: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say of each row's name whether one of its parts shows in the address of the row beside it."""
        fits = np.zeros(len(rows), dtype=bool)
        names, lacking = self._names[rows], ~self._local.letters[others]
        tried = np.flatnonzero((self._asked[rows] & lacking) == 0)
        tried = tried[self._count[names[tried]] > 0]
        fits[tried] = self._show(self._first[names[tried]], others[tried])
        number, left = 1, np.flatnonzero((self._count[names] > 1) & ~fits)
        while len(left):
            part = self._first[names[left]] + number
            maybe = (self._letters[part] & lacking[left]) == 0
            tried = left[maybe]
            fits[tried] = self._show(part[maybe], others[tried])
            number += 1
            left = left[~fits[left] & (self._count[names[left]] > number)]
        return fits

    def _show(self, parts: NDArray[np.intp], rows: NDArray[np.intp]) -> list[bool]:
        local, every = taken(self._local.texts, self._local.who[rows].astype(np.intp)), self._parts
        return [every[part] in one for part, one in zip(parts.tolist(), local, strict=True)]


def letter_sets(texts: TextArray) -> LetterSets:
    """Return for each text which three bytes in a row it has, each as one of 64 bits.

    What is within a text has no bit that the text has not, so that most of what is not needs no search.
    """
    bounds, data = bounds_and_bytes(texts)
    sets = np.zeros(len(texts), dtype=np.uint64)
    for start in range(0, len(texts), CHUNK):
        edges = bounds[start : start + CHUNK + 1]
        block = data[edges[0] : edges[-1]].astype(np.uint32)
        edges = edges - edges[0]
        filled = np.flatnonzero(np.diff(edges))
        bits = np.zeros(len(block), dtype=np.uint64)
        three = (block[:-2] << np.uint32(10)) ^ (block[1:-1] << np.uint32(5)) ^ block[2:]
        bits[: len(three)] = np.uint64(1) << ((three * _MIX) >> np.uint32(26)).astype(np.uint64)
        # Those that begin with a text's last two bytes go on in the next one.
        ends = edges[filled + 1]
        bits[ends - 1] = 0
        bits[np.maximum(ends - 2, 0)] = 0
        if len(filled):
            sets[start + filled] = np.bitwise_or.reduceat(bits, edges[filled])
    return sets
