"""Exclusion lists and allow-lists: addresses in any common form become a set of identities."""

import os
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.address_column import find_address_column, has_sign, looks_like_address
from migma_nb.planning.address_repairs import meant_address
from migma_nb.planning.addresses import bare_address, check_address, identity
from migma_nb.planning.columns import column_at
from migma_nb.planning.containers import refuse_list_itself
from migma_nb.planning.list_paths import read_by_path
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.sources import is_file_name
from migma_nb.planning.tables import frame_of, series_of
from migma_nb.planning.values import is_missing

#: An entry that means everybody of a domain, which no address does.
_DOMAIN = re.compile(r"\s*\*?@")
#: What stands between addresses, and around them.
_BETWEEN, _BESIDE = re.compile(r'[\s,;<>()\[\]"]+'), re.compile(r"[,;\r\n]+")


def identities(people: Any, argument: str) -> frozenset[str]:
    """Return who is on a list.

    Args:
        people: a Series, list, set or frame of addresses, a file with one address column, or one address.
        argument: the argument's name, for the error.

    Raises:
        InputError: it is none of these, or an entry is no address.
    """
    return frozenset(who for entry in _entries(people, argument) for who in _people_in(entry, argument))


def _people_in(entry: str, argument: str) -> set[str]:
    """Return who an entry names: nearly always one address.

    What is none counts as it stands, too: so a list of rows that were refused is a good one to exclude. To be
    left out takes less than to be let in: of an exclusion list each address in an entry counts, and what one
    certainly means; of an allow-list an entry of several whole addresses, one beside the other.
    """
    who = check_address(bare_address(entry)).identity
    if who is not None:
        return {who}
    found = {identity(entry)}
    if argument == "exclude":
        parts = [part for part in _BETWEEN.split(entry) if "@" in part]
        meant = filter(None, (meant_address(part) for part in [*parts, entry]))
        return found | {one for part in [*parts, *meant] if (one := check_address(part).identity)}
    several = [check_address(bare_address(part)).identity for part in _BESIDE.split(entry) if part.strip()]
    return found | {one for one in several if one} if all(several) else found


def _entries(people: Any, argument: str) -> list[str]:
    if isinstance(people, os.PathLike) or (isinstance(people, str) and is_file_name(people)):
        with read_by_path():
            people = read_recipients(people)
    if isinstance(people, str):
        refuse_list_itself(people)
        if not looks_like_address(people):
            raise _no_address(people, argument)
        people = [people]
    if not isinstance(people, pd.DataFrame | pd.Series | pd.Index):
        table, column = frame_of(people), series_of(people)
        people = people if table is None and column is None else table if column is None else column
    if isinstance(people, pd.DataFrame):
        people = _only_addresses(people)
    if isinstance(people, (pd.Series, pd.Index)):
        people = people.tolist()
    if not isinstance(people, Iterable) or isinstance(people, (bytes, dict)):
        raise InputError(
            f"{argument} cannot be {kind_of(people)}.",
            hint="Pass a column, a list or set of addresses, or a file with an address column.",
        )
    filled = [entry for entry in people if not is_missing(entry)]
    for position, entry in enumerate(filled):
        if not isinstance(entry, str) or "@" not in entry or _DOMAIN.match(entry):
            raise _no_address(entry, f"Entry {position} of {argument}")
    return filled


def _no_address(entry: object, what: str) -> InputError:
    return InputError(
        f"{what} is {entry!r}, which is no address.",
        hint="Whole addresses are compared, no domains or names: write such ones, as a list.",
    )


def _only_addresses(frame: pd.DataFrame) -> "pd.Series[Any]":
    if frame.shape[1] == 1 and not has_sign(str(frame.columns[0])):
        return column_at(frame, 0)
    return column_at(frame, find_address_column(frame).position)
