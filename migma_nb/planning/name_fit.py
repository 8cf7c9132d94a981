"""Does a name show in an address: `Müller` in `j.mueller@…`; made to be asked a million times."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
#: From so many rows a part on, searching all of them at once is faster than one by one.
_ROWS_A_PART = 64
_SHORT_NUMBERS = 1 << 16
#: The letters of so many texts are looked at together: what a core's cache holds.
_AT_ONCE = 2_048
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
#: The usual combining marks; one among them is none.
_MARKS = re.compile("[\u0300-\u034e\u0350-\u036f]+")
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
    if plain.isalpha() and plain.isascii():
        return (plain,) if len(plain) >= _SHORTEST and plain not in _TITLES else ()
    found = (
        _written(plain)
        if plain.isascii()
        else _written(_unaccented(plain)) | _written(plain.translate(_GERMAN))
    )
    parts = [part for part in found if len(part) >= _SHORTEST and part not in _TITLES]
    return tuple(sorted(parts)) if len(parts) > 1 else tuple(parts)


def _written(spelling: str) -> set[str]:
    """Return the words of a name, and what they are together where no space is between them."""
    found = _LETTERS.findall(spelling)
    # O'Neill and Jean-Luc are written together too.
    return {*found, "".join(found)} if len(found) > 1 and " " not in spelling else set(found)


def _unaccented(text: str) -> str:
    letters = _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_BARE)))
    if letters.isascii():
        return letters
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
    def of(cls, identities: Iterable[str | None], parts: Parts | None = None) -> "Locals":
        """Part the addresses of all rows, or take the parts of the different ones."""
        people = CodedTexts.coded(identities)
        texts = (parts or Parts.of(people)).locals
        return cls(people.codes, texts, np.append(letter_sets(texts), np.uint64(0))[people.codes])


class NameFit:
    """Whether a row's name shows in the address of a row so many places on.

    Args:
        names: each row's name, None where the cell is no text.
        local: what stands before the `@` of each row's address.
    """

    def __init__(self, names: CodedTexts, local: Locals) -> None:
        parts = [name_parts(name) for name in names.different.to_pylist()]
        flat = [part for of_name in parts for part in of_name]
        number = {part: at for at, part in enumerate(dict.fromkeys(flat))}
        self._parts, self._numbers = list(number), np.array([number[part] for part in flat], dtype=np.int32)
        self._letters = letter_sets(array_of(self._parts))[self._numbers]
        # The last is for rows without a name.
        self._count = np.array([*map(len, parts), 0], dtype=np.intp)
        self._first = np.cumsum(self._count) - self._count
        self._names, self._local = names.codes, local
        # What all parts of a name have is in every address that it shows in. No address has all 64 bits:
        # they stand for no name.
        common = np.full(len(parts) + 1, _EVERY)
        some = np.flatnonzero(self._count)
        if len(some):
            common[some] = np.bitwise_and.reduceat(self._letters, self._first[some])
        self._asked = common[self._names]
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

    def at(self, offset: int, asked: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the rows whose name shows in the address `offset` rows below (negative: above), in order.

        Args:
            offset: how far on the other row is.
            asked: which rows are asked for; those whose other row is beyond the list are left out.
        """
        return self.fitting(self.maybe(offset, asked), offset)

    def maybe(self, offset: int, asked: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Return the rows that `at` may return, among them all that it does, by three letters in a row."""
        maybe = [np.empty(0, dtype=np.intp)]
        last = min(len(asked), len(asked) - offset)
        for start in range(max(0, -offset), last, CHUNK):
            end = min(start + CHUNK, last)
            lacking = ~self._local.letters[start + offset : end + offset]
            found = (self._asked[start:end] & lacking) == 0
            maybe.append(np.flatnonzero(found & asked[start:end]) + start)
        return np.concatenate(maybe)

    def fitting(self, rows: NDArray[np.intp], offset: int) -> NDArray[np.intp]:
        """Return those of some rows whose name shows in the address `offset` rows below."""
        return rows[self._fit(rows, rows + offset)]

    def shows(self, row: int, other: int) -> bool:
        """Say whether one row's name shows in the address of another, or of its own."""
        return bool(self._fit(np.array([row]), np.array([other]))[0])

    def _fit(self, rows: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say of each row's name whether one of its parts shows in the address of the row beside it."""
        fits = np.zeros(len(rows), dtype=bool)
        names, lacking = self._names[rows], ~self._local.letters[others]
        number, left = 0, np.flatnonzero(self._count[names])
        while len(left):
            part = self._first[names[left]] + number
            maybe = (self._letters[part] & lacking[left]) == 0
            tried = left[maybe]
            fits[tried] = self._show(part[maybe], others[tried])
            number += 1
            left = left[~fits[left] & (self._count[names[left]] > number)]
        return fits

    def _show(self, parts: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say of each part whether it stands in the address of the row beside it."""
        local, who, numbers = self._local.texts, self._local.who[rows], self._numbers[parts]
        shown = np.zeros(len(rows), dtype=bool)
        if len(self._parts) * _ROWS_A_PART < len(rows):
            # Numbers of 16 bits are sorted by radix, ten times as fast.
            numbers = numbers.astype(np.uint16) if len(self._parts) < _SHORT_NUMBERS else numbers
            order = np.argsort(numbers, kind="stable")
            edges = np.searchsorted(numbers[order], np.arange(len(self._parts) + 1))
            for part, (first, end) in zip(self._parts, pairwise(edges.tolist()), strict=True):
                if first == end:
                    continue
                some = order[first:end]
                found = pc.match_substring(local.take(pa.array(who[some])), part)
                shown[some] = found.to_numpy(zero_copy_only=False)
            return shown
        for start in range(0, len(rows), CHUNK):
            end = start + CHUNK
            pairs = zip(
                numbers[start:end].tolist(), taken(local, who[start:end].astype(np.intp)), strict=True
            )
            shown[start:end] = [self._parts[part] in text for part, text in pairs]
        return shown


def letter_sets(texts: TextArray) -> LetterSets:
    """Return for each text which three bytes in a row it has, each as one of 64 bits.

    What is within a text has no bit that the text has not, so that most of what is not needs no search.
    """
    bounds, data = bounds_and_bytes(texts)
    sets = np.zeros(len(texts), dtype=np.uint64)
    for start in range(0, len(texts), _AT_ONCE):
        edges = bounds[start : start + _AT_ONCE + 1]
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
