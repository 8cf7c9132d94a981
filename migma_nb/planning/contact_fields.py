"""Which column is which field of a Migma contact, and what a field may hold (migma-api.md, section 5)."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.columns import column_at, column_names, named_column, near_matches
from migma_nb.planning.encoded import EncodedColumn, encode_column
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.oddities import note_problems
from migma_nb.planning.placeholders import folded, matching, placeholder_name
from migma_nb.planning.values import is_missing, json_text

#: The API's fields of a contact beside its address, by their names on the wire.
FIELDS = ("firstName", "lastName", "phone", "country", "language", "status")
SUBSCRIBED = "subscribed"
#: The API's words for a contact's status; the older `active` is today's `subscribed`.
_COLUMNS_HINT = 'Write columns={"firstName": "the column", "country": None}.'
_STATUSES = {
    word: SUBSCRIBED if word == "active" else word
    for word in (SUBSCRIBED, "active", "unsubscribed", "non-subscribed", "bounced", "complained")
}
LONGEST_PHONE = 30
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class ContactColumns:
    """What of a list becomes what of a contact.

    Args:
        fields: field on the wire to the position of its column.
        custom: name of a custom field to the position of its column.
    """

    fields: Mapping[str, int]
    custom: Mapping[str, int]


class _WrongValueError(ValueError):
    """A cell that a field does not take; its text says why, `fix` what to do."""

    def __init__(self, words: str, fix: str) -> None:
        super().__init__(words)
        self.fix = fix


def map_contact_columns(
    frame: pd.DataFrame, address: int, columns: Mapping[str, Any] | None, custom: Any
) -> ContactColumns:
    """Match the columns of a list with the fields of a contact; what is left goes into custom fields.

    Args:
        frame: the list of people.
        address: the position of the address column.
        columns: field to column, or to None where no column is that field.
        custom: "rest", or the columns that become custom fields (a list, or name to column); None for none.

    Raises:
        InputError: two columns could be one field, or a named one is not there.
    """
    fields = _given_fields(frame, columns or {})
    chosen = {position for position in fields.values() if position is not None}
    names = column_names(frame)
    for field in FIELDS:
        if field not in fields:
            free = [at for at, name in enumerate(names) if folded(name) == folded(field)]
            fields[field] = _found(frame, field, [at for at in free if at != address and at not in chosen])
    found = {field: position for field, position in fields.items() if position is not None}
    taken = {address, *found.values()}
    return ContactColumns(found, _custom(frame, custom, taken))


def read_fields(
    frame: pd.DataFrame, columns: ContactColumns, issues: IssueList
) -> dict[str, Sequence[str | None]]:
    """Return each field's values as JSON texts, one per row, and note what the API would not take.

    Args:
        frame: the list of people.
        columns: which column is which field.
        issues: takes what is wrong.
    """
    names = column_names(frame)
    read: dict[str, Sequence[str | None]] = {}
    for field, position in columns.fields.items():
        encoded = encode_column(column_at(frame, position))
        note_problems(encoded, frame, position, issues)
        read[field] = _field_texts(encoded, field, names[position], issues)
    return read


def read_custom(
    frame: pd.DataFrame, columns: ContactColumns, issues: IssueList
) -> dict[str, Sequence[str | None]]:
    """Return each custom field's values as JSON texts, one per row; a missing cell has none.

    Args:
        frame: the list of people.
        columns: which column is which field.
        issues: takes what is wrong.
    """
    read: dict[str, Sequence[str | None]] = {}
    for name, position in columns.custom.items():
        encoded = encode_column(column_at(frame, position))
        note_problems(encoded, frame, position, issues)
        read[name] = encoded.texts
    return read


def _given_fields(frame: pd.DataFrame, columns: Mapping[str, Any]) -> dict[str, int | None]:
    if not isinstance(columns, Mapping):
        raise InputError(f"columns is {kind_of(columns)}, not a dict.", hint=_COLUMNS_HINT)
    fields: dict[str, int | None] = {}
    for given, label in columns.items():
        known = matching(str(given), FIELDS)
        if not known:
            if folded(given) == "email":
                raise InputError("The address has an argument of its own.", hint=f"Write address={label!r}.")
            raise InputError(
                f"columns names {given!r}, which is no field of a contact.",
                hint=f"{near_matches(str(given), FIELDS, 'field')} All others become custom fields.",
            )
        fields[known[0]] = None if label is None else named_column(frame, label, "columns")
    return fields


def _found(frame: pd.DataFrame, field: str, positions: list[int]) -> int | None:
    if field == "status":
        # A column of this name holds anything in a list of customers; only the API's own words are meant.
        for at in positions:
            _refuse_half_a_status(frame, at)
        positions = [at for at in positions if _holds_statuses(column_at(frame, at))]
    if len(positions) > 1:
        names = column_names(frame)
        quoted = " and ".join(repr(names[at]) for at in positions)
        raise InputError(
            f"{len(positions)} columns could be the contact's {field}: {quoted}.",
            hint=f'Say which: columns={{"{field}": {names[positions[0]]!r}}}.',
        )
    return positions[0] if positions else None


def _refuse_half_a_status(frame: pd.DataFrame, position: int) -> None:
    """Refuse a column where some cells say that a person wants no mail, and others nothing the API knows.

    Were it taken for a custom field, those who have unsubscribed would be imported as subscribed.
    """
    cells = [cell for cell in column_at(frame, position).tolist() if not is_missing(cell)]
    words = {_status_word(cell) if isinstance(cell, str) else None for cell in cells}
    unwanted = words & (_STATUSES.keys() - {SUBSCRIBED, "active"})
    if unwanted and not words <= _STATUSES.keys():
        name = column_names(frame)[position]
        odd = next(str(cell) for cell in cells if _status_word(str(cell)) not in _STATUSES)
        raise InputError(
            f"The column {name!r} says {min(map(str, unwanted))!r} of some and {odd!r} of others, and that "
            "is no status of a contact. Nothing was imported.",
            hint=f'Mend it and write columns={{"status": {name!r}}}; or columns={{"status": None}}.',
        )


def _holds_statuses(cells: "pd.Series[Any]") -> bool:
    filled = {cell for cell in cells.tolist() if isinstance(cell, str) and not is_missing(cell)}
    others = any(not is_missing(cell) and not isinstance(cell, str) for cell in cells.tolist())
    return bool(filled) and not others and all(_status_word(cell) in _STATUSES for cell in filled)


def _custom(frame: pd.DataFrame, custom: Any, taken: set[int]) -> dict[str, int]:
    names = column_names(frame)
    if custom is None:
        pairs: Iterable[tuple[str, int]] = ()
    elif isinstance(custom, str) and custom == "rest":
        pairs = ((name, at) for at, name in enumerate(names) if at not in taken and name.strip())
    elif isinstance(custom, Mapping):
        pairs = ((str(name), named_column(frame, label, "custom")) for name, label in custom.items())
    elif isinstance(custom, (list, tuple, set, pd.Index)):
        pairs = ((str(label), named_column(frame, label, "custom")) for label in custom)
    else:
        raise InputError(
            f"custom is {custom!r}.",
            hint='Write custom=["column", …], custom={"name": "column"}, custom=None, or leave it out.',
        )
    found: dict[str, int] = {}
    for given, position in pairs:
        # As placeholders are written on the wire: {{renews on}} goes out as {{renews_on}}.
        name = placeholder_name(given)
        if name in found:
            raise InputError(
                f"Two columns would both be the custom field {name!r}: {names[found[name]]!r} and "
                f"{names[position]!r}.",
                hint="Rename one of them, or choose with custom=[…].",
            )
        found[name] = position
    return found


def _field_texts(encoded: EncodedColumn, field: str, column: str, issues: IssueList) -> list[str | None]:
    known: dict[str, str | _WrongValueError] = {}
    texts: list[str | None] = [None] * len(encoded.texts)
    for row, text in enumerate(encoded.texts):
        if text is None:
            continue
        if text not in known:
            known[text] = _checked(field, text)
        found = known[text]
        if isinstance(found, str):
            texts[row] = found
            continue
        value = json.loads(text)
        unsafe = isinstance(value, str) and bool(UNSAFE_IN_HEADER.intersection(value.strip()))
        issues.add(
            row,
            IssueCode.UNSAFE_HEADER if unsafe else IssueCode.INVALID_FIELD,
            f"Row {row}: {column} cannot be the contact's {field}: {found}.",
            found.fix,
            column=column,
            value=value,
        )
    return texts


def _checked(field: str, text: str) -> str | _WrongValueError:
    try:
        return json_text(_RULES.get(field, str)(_line(field, text)))
    except _WrongValueError as wrong:
        return wrong


def _line(field: str, text: str) -> str:
    """Return a cell's JSON as the one line of text that each field of a contact is."""
    value = json.loads(text)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return text
    if not isinstance(value, str):
        raise _WrongValueError("it is no text", f'columns={{"{field}": None}} makes it a custom field.')
    line = value.strip()
    if UNSAFE_IN_HEADER.intersection(line):
        raise _WrongValueError("it has a line break or NUL in it", "Write it on one line.")
    return line


def _phone(value: str) -> str:
    if len(value) > LONGEST_PHONE:
        raise _WrongValueError(
            f"it has {len(value)} characters, and the API takes {LONGEST_PHONE}", "Write the number alone."
        )
    return value


def _country(value: str) -> str:
    code = value.upper()
    if not _COUNTRY.fullmatch(code):
        raise _WrongValueError(
            "it is no code of two letters (ISO 3166-1), as DE is",
            'Write the code, or columns={"country": None} to keep the column as a custom field.',
        )
    return code


def _language(value: str) -> str:
    code = value.replace("_", "-")
    if not _LANGUAGE.fullmatch(code):
        raise _WrongValueError(
            "it is no language code, as de or pt-BR is",
            'Write the code, or columns={"language": None} to keep the column as a custom field.',
        )
    return code


def _status(value: str) -> str:
    word = _status_word(value)
    if word not in _STATUSES:
        raise _WrongValueError(
            "the API knows no such status", f"Write one of {', '.join(dict.fromkeys(_STATUSES.values()))}."
        )
    return _STATUSES[word]


def _status_word(text: str) -> str:
    word = text.strip().casefold().replace("_", "-").replace(" ", "-")
    return "non-subscribed" if word == "nonsubscribed" else word


_RULES: Mapping[str, Callable[[str], str]] = {
    "phone": _phone,
    "country": _country,
    "language": _language,
    "status": _status,
}
