"""Which line of a list has the columns' names: found where that is certain, else a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import has_sign, is_address_name, looks_like_address

#: A header stands among the first so many rows that are not blank.
HEAD_ROWS = 30
_BRACKETS = {"(": ")", "[": "]", "<": ">", "{": "}"}
#: What stands in the second of two header lines below an address column.
_KINDS = frozenset({"text", "string", "varchar", "str", "required", "mandatory", "optional", "pflichtfeld"})
#: Marks without width that some programs leave at the start of a name; str.strip() keeps them.
_UNSEEN = "\ufeff\u200b\u200e\u2060"

#: Sentences about columns without a name of their own, after which only their number is said.
_MOST_SAID = 6

Row = tuple[int, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Header:
    """Where a list's columns get their names.

    Args:
        position: which of the head's rows has them, -1 for none (int).
        line: its number in the file, from 1; 0 for none (int).
        repairs: what that leaves out, a sentence each.
    """

    position: int
    line: int
    repairs: tuple[str, ...] = ()


def find_header(head: Sequence[Row], given: int | None, name: str, what: str = "line") -> Header:
    """Find the line with the names.

    Args:
        head: the first rows that are not blank, each with its number in the file.
        given: the number that the user named, 0 for "there is none", None to find it.
        name: the file, for errors.
        what: "line", or "row" in a sheet.

    Raises:
        InputError: there seem to be two, or none, or the one named is not there.
    """
    if given is not None:
        return _as_given(head, given, name, what)
    line, first = head[0]
    if any(looks_like_address(cell) for cell in first):
        return _without(head, name, what)
    named = next((at for at, cell in enumerate(first) if is_address_name(cell)), None)
    if named is not None:
        _refuse_second(head, named, name, what)
        return Header(0, line)
    _refuse_person(head, name, what)
    for position, (number, row) in enumerate(head[1:], start=1):
        if _names_columns(row, head[position + 1 :]):
            raise InputError(
                f"{name} begins with {_shown(first)} in {what} {line}; the columns' names seem to be in "
                f"{what} {number}: {_shown(row)}.",
                hint=f"Pass header={number} to take those and leave out what is above, or header={line}.",
            )
    return Header(0, line)


def _as_given(head: Sequence[Row], given: Any, name: str, what: str) -> Header:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise InputError(
            f"header={given!r} is no number of a {what}.", hint=f"Count the {what}s from 1; 0 means none."
        )
    if given == 0:
        return Header(-1, 0, (f"It has no header {what}, as given: columns are called by their position.",))
    for position, (number, _) in enumerate(head):
        if number == given:
            above = tuple(
                f"Left out above the header, {what} {at}: {_shown(row)}." for at, row in head[:position]
            )
            return Header(position, given, above)
    raise InputError(
        f"{what.capitalize()} {given} of {name} has no columns' names: it is blank, or no row begins there.",
        hint=f"The first {what}s that are not blank are {', '.join(str(number) for number, _ in head[:5])}.",
    )


def _without(head: Sequence[Row], name: str, what: str) -> Header:
    line, first = head[0]
    if max(len(row) for _, row in head) == 1:
        return Header(
            -1, 0, ('It is a bare list of addresses without a header: the column is called "email".',)
        )
    found = next(cell for cell in first if looks_like_address(cell))
    raise InputError(
        f"{name} seems to have no header: {what} {line} has the address {found!r}.",
        hint=f"Put a first {what} with the columns' names above it, or pass header=0 to call them column 1, "
        "column 2 and so on.",
    )


def _refuse_person(head: Sequence[Row], name: str, what: str) -> None:
    """Refuse a first row that may be a person whose address has a slip in it, above other addresses."""
    line, first = head[0]
    for at, cell in enumerate(first):
        below = (row[at] for _, row in head[1:] if at < len(row))
        if has_sign(cell) and any(map(looks_like_address, below)):
            raise InputError(
                f"{name} seems to have no header: {what} {line} has {cell!r} above addresses, which may be "
                "one with a slip in it.",
                hint=f"Put a first {what} with the columns' names above it, or pass header=0 to call them "
                f"{'email' if len(first) == 1 else 'column 1, column 2 and so on'}; header={line} says that "
                "these are the names.",
            )


def _refuse_second(head: Sequence[Row], named: int, name: str, what: str) -> None:
    if len(head) < 2:  # noqa: PLR2004 - the header and one row
        return
    line, row = head[1]
    cell = str(row[named]).strip() if named < len(row) and row[named] is not None else ""
    bracketed = len(cell) > 1 and _BRACKETS.get(cell[0]) == cell[-1] and "@" not in cell
    if is_address_name(cell) or bracketed or cell.casefold() in _KINDS:
        raise InputError(
            f"{name} seems to have two header {what}s: {what} {line} has {_shown(row)}.",
            hint=f"Pass header={head[0][0]} if {what} {line} is a person, header={line} to take the names "
            f"from there, or take that {what} out.",
        )


def _names_columns(row: Sequence[Any], below: Sequence[Row]) -> bool:
    """Say whether a row names an address column, and a row below it has an address in it."""
    if any("@" in str(cell) for cell in row if cell is not None):
        return False
    for at, cell in enumerate(row):
        if is_address_name(cell):
            return any(at < len(following) and looks_like_address(following[at]) for _, following in below)
    return False


def _shown(row: Sequence[Any]) -> str:
    cells = [str(cell).strip() for cell in row if cell is not None and str(cell).strip()]
    text = " | ".join(cells)
    return f"“{text[:60]}{'…' if len(text) > 60 else ''}”"  # noqa: PLR2004 - as much as a person reads


def column_names_of(header: Sequence[Any], what: str = "column") -> tuple[list[str], list[str]]:
    """Name every column once, as pandas does: a second `email` is `email.1`, a nameless fourth `Unnamed: 3`.

    Args:
        header: the cells of the header line, None or blank for nothing.
        what: what a column is called in the sentences.

    Returns:
        The names, and a sentence for everything that was changed.
    """
    names: list[str] = []
    repairs: list[str] = []
    taken: set[str] = set()
    next_free: dict[str, int] = {}
    trimmed = 0
    for position, cell in enumerate(header):
        text = "" if cell is None else str(cell)
        plain = text.strip().strip(_UNSEEN).strip()
        trimmed += plain != text and bool(plain)
        name = plain or f"Unnamed: {position}"
        number = next_free.get(name, 0)
        unique = f"{name}.{number}" if number else name
        while unique in taken:
            number += 1
            unique = f"{name}.{number}"
        next_free[name] = number + 1
        if not plain:
            repairs.append(f'The {what} {position + 1} has no name and is called "{unique}".')
        elif number:
            repairs.append(f'The {what} {position + 1} is a second "{name}" and is called "{unique}".')
        names.append(unique)
        taken.add(unique)
    if len(repairs) > _MOST_SAID:
        rest = len(repairs) - _MOST_SAID + 1
        repairs[_MOST_SAID - 1 :] = [
            f"So were {rest:,} more {what}s, without a name or with one that another has."
        ]
    if trimmed:
        repairs.insert(
            0, f"Blanks around {trimmed:,} {what} name{'s were' if trimmed > 1 else ' was'} taken off."
        )
    return names, repairs


def numbered(width: int) -> list[str]:
    """Return names for columns that have none: `email` for a single one, else `column 1` and so on."""
    return ["email"] if width == 1 else [f"column {number}" for number in range(1, width + 1)]
