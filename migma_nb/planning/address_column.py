"""Which column holds the addresses: found by name and by content; two candidates are a question."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from migma_nb.api.errors import InputError
from migma_nb.planning.address_texts import have_plain_shape
from migma_nb.planning.columns import column_at, column_names, listed, named_column
from migma_nb.planning.text_arrays import TextArray, count_of, missing_in, text_array
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
_SHARE = 0.8


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


def find_address_column(frame: pd.DataFrame, given: object = None) -> AddressColumn:
    """Find the address column of a list.

    Args:
        frame: the list of people.
        given: the column that the user named, or None to look for it.

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
        if _name_key(name) not in _NEVER and _holds_addresses(column_at(frame, position))
    }
    candidates = sorted(by_name | by_content)
    if len(candidates) == 1:
        position = candidates[0]
        reasons = [word for word, found in (("name", by_name), ("content", by_content)) if position in found]
        note = f'The addresses are in column "{names[position]}", found by its {" and ".join(reasons)}.'
        return AddressColumn(position, names[position], note)
    if not candidates and _holds_addresses(frame.index.to_series()):
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


def _name_key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in plain if char.isalnum())


def _holds_addresses(series: "pd.Series[Any]") -> bool:
    if types.is_numeric_dtype(series) or types.is_datetime64_any_dtype(series):
        return False
    texts = text_array(series)
    if texts is not None:
        return _are_addresses(texts)
    filled = [cell for cell in series.tolist() if not is_missing(cell)]
    alike = sum(1 for cell in filled if looks_like_address(cell))
    return bool(filled) and alike >= _SHARE * len(filled)


def _are_addresses(texts: TextArray) -> bool:
    """Say the same of texts; most columns show it by the number of their @, or of plain addresses."""
    filled = len(texts) - int(missing_in(texts).sum())
    needed = _SHARE * filled
    if not filled or count_of(texts, b"@") < needed:
        return False
    if np.count_nonzero(have_plain_shape(texts.fill_null(""))) >= needed:
        return True
    return sum(map(looks_like_address, texts.to_pylist())) >= needed
