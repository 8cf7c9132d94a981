"""Which column holds the addresses: found by name and by content; two candidates are a question."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api import types

from migma_nb.api.errors import InputError
from migma_nb.planning.address_texts import have_plain_shape
from migma_nb.planning.columns import column_at, column_names, listed, named_column
from migma_nb.planning.text_arrays import (
    TextArray,
    count_of,
    missing_in,
    places_with,
    taken,
    text_array,
)
from migma_nb.planning.values import is_missing

_NAMES = frozenset(
    {
        "email",
        "emails",
        "emailaddress",
        "emailaddresses",
        "emailadresse",
        "emailadress",
        "emailadres",
        "emailid",
        "mail",
        "mailaddress",
        "mailadresse",
        "emailrecipient",
        "recipient",
        "recipientemail",
        "recipientaddress",
        "useremail",
        "contactemail",
        "customeremail",
        "primaryemail",
        "workemail",
        "correo",
        "correoelectronico",
        "courriel",
        "adresseemail",
        "adressemail",
        "adressecourriel",
        "adresseelectronique",
        "indirizzoemail",
        "enderecodeemail",
        "epost",
        "epostadress",
        "epostadresse",
        "emailcim",
    },
)
#: Addresses in these columns are the other side's, whatever a list holds.
_NEVER = frozenset({"from", "fromemail", "fromaddress", "sender", "senderemail", "senderaddress", "replyto"})
_LOOKS_LIKE_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|[^<>]*<\s*[^\s@<>]+@[^\s@<>]+\s*>")
#: What people write for the @, too.
_SIGNS = frozenset("@\uff20\ufe6b")
_SHARE = 0.8
#: So many rows show what a column holds whose name says it already.
_LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True)
class AddressColumn:
    """The column that was taken.

    Args:
        position: its position in the frame (int).
        name: its name (str).
        note: one sentence on which was taken and why (str).
    """

    position: int
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class Votes:
    """How much of a column, or of a piece of one, looks like addresses.

    Args:
        filled: cells that are not empty (int).
        alike: those of them that have the shape of an address (int).
    """

    filled: int
    alike: int

    @property
    def carried(self) -> bool:
        """Whether such a column holds addresses, slips apart."""
        return self.filled > 0 and self.alike >= _SHARE * self.filled

    def merged(self, other: "Votes") -> "Votes":
        """Return the votes of two pieces together."""
        return Votes(self.filled + other.filled, self.alike + other.alike)


def find_address_column(
    frame: pd.DataFrame, given: object = None, votes: Sequence[Votes] | None = None
) -> AddressColumn:
    """Find the address column of a list.

    Args:
        frame: the list of people, or a piece of it.
        given: the column that the user named, or None to look for it.
        votes: those of all columns, where the frame is a piece of the list.

    Raises:
        InputError: there is none, there are several candidates, or the list has no header line.
    """
    if given is not None:
        position = named_column(frame, given, "address")
        name = column_names(frame)[position]
        return AddressColumn(position, name, f'The addresses are in column "{name}", as given.')
    names = column_names(frame)
    _require_header(names)
    by_name = {position for position, name in enumerate(names) if is_address_name(name)}
    by_content = {
        position
        for position, name in enumerate(names)
        if _name_key(name) not in _NEVER
        and (
            _are_addresses(column_at(frame, position), named=position in by_name)
            if votes is None
            else votes[position].carried
        )
    }
    candidates = sorted(by_name | by_content)
    for position in sorted(by_content - by_name):
        _refuse_person(names[position])
    if len(candidates) == 1:
        position = candidates[0]
        reasons = [word for word, found in (("name", by_name), ("content", by_content)) if position in found]
        note = f'The addresses are in column "{names[position]}", found by its {" and ".join(reasons)}.'
        return AddressColumn(position, names[position], note)
    if not candidates and _votes(frame.index.to_series()).carried:
        raise InputError("The addresses are in the index.", hint="Pass the frame with .reset_index().")
    if not candidates:
        raise InputError(
            f"No column of the list holds email addresses. Its columns are: {listed(names)}.",
            hint='Name the column: address="…".',
        )
    quoted = [f'"{names[position]}"' for position in candidates]
    raise InputError(
        f"{len(candidates)} columns could hold the addresses: {', '.join(quoted)}.",
        hint=f"Say which: {' or '.join(f'address={name}' for name in quoted)}.",
    )


def looks_like_address(text: object) -> bool:
    """Say whether a text has the shape of an address; whether it is valid is another question."""
    return isinstance(text, str) and "@" in text and bool(_LOOKS_LIKE_ADDRESS.fullmatch(text.strip()))


def is_address_name(text: object) -> bool:
    """Say whether a text is what a column of addresses is called, such as "E-Mail" or "courriel"."""
    return isinstance(text, str) and _name_key(text) in _NAMES


def _require_header(names: list[str]) -> None:
    for name in names:
        if looks_like_address(name):
            raise InputError(
                f"The list seems to have no header line: a column is called {name!r}, which is an address.",
                hint="Put a first line with the columns' names above it, such as email.",
            )


def _refuse_person(name: str) -> None:
    """Refuse what names a column of addresses, and may be the first of them with a slip in it."""
    if has_sign(name):
        raise InputError(
            f"The list seems to have no header line: its addresses stand below {name!r}, maybe one more.",
            hint=f"Put a first line with the columns' names above it, such as email; if that is the column's "
            f"name, say so: address={name!r}.",
        )


def has_sign(text: object) -> bool:
    """Say whether a text has an `@` in it, also one of an Asian keyboard."""
    return isinstance(text, str) and not _SIGNS.isdisjoint(text)


def _name_key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in plain if char.isalnum())


def _are_addresses(cells: "pd.Series[Any]", *, named: bool) -> bool:
    """Say whether a column holds addresses, slips apart.

    Args:
        cells: the column.
        named: it is called what such a column is, so that a look at some of its rows is enough.
    """
    if named:
        cells = cells.iloc[:: max(1, len(cells) // _LOOKED_AT)]
    texts = text_array(cells, read=False)
    # Without an @ there is no address, however many cells are filled.
    return (texts is None or count_of(texts, b"@") > 0) and _votes(cells).carried


def votes_of(frame: pd.DataFrame) -> list[Votes]:
    """Return how much of each column of a list, or of a piece of one, looks like addresses."""
    return [_votes(column_at(frame, position)) for position in range(frame.shape[1])]


def _votes(series: "pd.Series[Any]") -> Votes:
    if types.is_numeric_dtype(series) or types.is_datetime64_any_dtype(series):
        return Votes(int(series.notna().sum()), 0)
    texts = text_array(series)
    if texts is not None:
        return Votes(len(texts) - int(missing_in(texts).sum()), _alike(texts))
    filled = [cell for cell in series.tolist() if not is_missing(cell)]
    return Votes(len(filled), sum(map(looks_like_address, filled)))


def _alike(texts: TextArray) -> int:
    """Return how many texts have the shape of an address; most show it plainly, or have no @ at all."""
    if not count_of(texts, b"@"):
        return 0
    plain = have_plain_shape(texts.fill_null(""))
    others = texts.filter(pa.array(~plain))
    return int(np.count_nonzero(plain)) + sum(
        map(looks_like_address, taken(others, places_with(others, b"@")))
    )
