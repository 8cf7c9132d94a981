"""Does a name show in an address: `Müller` in `j.mueller@…`; made to be asked a million times."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def local_parts(identities: Sequence[str | None]) -> list[str]:
    """Return what stands before the `@` of each address, folded; "" where there is no valid address."""
    return [one.rpartition("@")[0] if one else "" for one in identities]


class NameFit:
    """Whether a row's name shows in the address of a row so many places on.

    Args:
        cells: the column's cells.
        local: what stands before the `@` of each row's address.
    """

    def __init__(self, cells: Sequence[Any], local: list[str]) -> None:
        texts = [cell if type(cell) is str else "" for cell in cells]
        known = {text: name_parts(text) for text in set(texts)}
        # A part that no address holds stands for rows without a name.
        first = {text: parts[0] if parts else "\0" for text, parts in known.items()}
        self._first = [first[text] for text in texts]
        several = {text: parts[1:] for text, parts in known.items() if len(parts) > 1}
        self._others = {row: several[text] for row, text in enumerate(texts) if text in several}
        self._local = local
        #: Which rows have a name at all.
        self.named: NDArray[np.bool_] = np.array([part != "\0" for part in self._first], dtype=bool)

    def at(self, offset: int, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which of some rows' names show in the address `offset` rows below (negative: above).

        Args:
            offset: how far on the other row is.
            rows: positions whose other row is within the list.
        """
        names, local, others = self._first, self._local, self._others
        fits = [names[row] in local[row + offset] for row in rows.tolist()]
        if others:
            for place, row in enumerate(rows.tolist()):
                if not fits[place] and row in others:
                    fits[place] = any(part in local[row + offset] for part in others[row])
        return np.array(fits, dtype=bool)
