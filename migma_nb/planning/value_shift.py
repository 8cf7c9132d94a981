"""Names that slid against their addresses: a run of rows whose name fits a neighbour's address, not its own.

Each row is weighed as evidence for "the names of this block belong `k` rows away": by how much likelier it
is under a shift than by chance. Chance is measured in the list itself, as how often a name shows in the
address of a row far away. A block is told only where its weight is so high that lists without a shift reach
it less than once in `_LISTS_PER_FALSE_ALARM`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd  # noqa: TC002 - as everywhere in this package
from numpy.typing import NDArray

from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.name_fit import NameFit
from migma_nb.planning.placeholders import folded
from migma_nb.planning.values import is_missing

_OFFSETS = (1, -1, 2, -2, 3, -3)
#: Farther than any shift that is looked for, and no multiple of each other.
_FAR = (11, -17, 29, -41)
_LISTS_PER_FALSE_ALARM = 100
_SAMPLE = 10_000
_LEAST_HITS = 3
#: How often a name shows in its own address, at least where it does at all.
_SHOWN = 0.5
_LEAST_CHANCE, _MOST_CHANCE = 0.01, 0.25
#: More than sums of a million weights are off by.
_ROUNDING = 1e-3
_NAMES = frozenset(
    {
        "name",
        "names",
        "fullname",
        "firstname",
        "first",
        "forename",
        "givenname",
        "given",
        "lastname",
        "last",
        "surname",
        "familyname",
        "nickname",
        "vorname",
        "nachname",
        "familienname",
        "prenom",
        "nom",
        "nombre",
        "nombres",
        "apellido",
        "apellidos",
        "cognome",
        "voornaam",
        "achternaam",
        "fornavn",
        "etternavn",
        "efternavn",
        "fornamn",
        "efternamn",
        "imie",
        "nazwisko",
        "contactname",
        "customername",
        "recipientname",
        "person",
        "greeting",
        "salutation",
        "anrede",
        "displayname",
        "fname",
        "lname",
    }
)


@dataclass(frozen=True, slots=True)
class Shift:
    """A block of rows whose names belong elsewhere.

    Args:
        first: the block's first row.
        last: its last row.
        offset: the name of row `i` belongs to row `i + offset`.
    """

    first: int
    last: int
    offset: int


def is_name_column(column: str, placeholder: str) -> bool:
    """Say whether a column holds people's names, by what it or its placeholder is called."""
    return not _NAMES.isdisjoint({folded(column).replace("-", ""), folded(placeholder).replace("-", "")})


def note_value_shift(
    cells: "pd.Series[Any]",
    fit: NameFit,
    column: str,
    issues: IssueList,
    rows: Sequence[int] | None = None,
) -> None:
    """Note every row of a block of names that slid against their addresses.

    Args:
        cells: a column of names.
        fit: its names against the addresses.
        column: the column's name.
        issues: takes the rows.
        rows: where each of the cells stands, in order, where they are not all of the list's.
    """
    rows = range(len(cells)) if rows is None else rows
    start = issues.start
    for shift in find_shifts(fit):
        block = cells.iloc[shift.first : shift.last + 1].tolist()
        told = {at: cell for at, cell in enumerate(block, shift.first) if not is_missing(cell)}
        words = f"as in rows {start + rows[shift.first]} to {start + rows[shift.last]} altogether."
        pairs = [(rows[at], rows[at + shift.offset]) for at in told]
        issues.extend(
            [row for row, _ in pairs],
            IssueCode.VALUE_SHIFT,
            [
                f"Row {start + row}: {column} fits the address {_away(row, aim)} (row {start + aim}), {words}"
                for row, aim in pairs
            ],
            "Set the column against the addresses again; it was probably sorted or moved by itself.",
            column=column,
            values=told.values(),
        )


def _away(row: int, other: int) -> str:
    rows = abs(other - row)
    return f"{'1 row' if rows == 1 else f'{rows} rows'} {'below' if other > row else 'above'}"


def find_shifts(fit: NameFit) -> list[Shift]:
    """Return the blocks whose names fit the addresses a few rows away, none overlapping, in their order.

    Args:
        fit: a column of names against the addresses.
    """
    rows = len(fit.named)
    own = np.zeros(rows, dtype=bool)
    own[fit.at(0, fit.named)] = True
    if (fit.named & ~own).sum() < _LEAST_HITS:
        return []
    chance = _chance(fit)
    weigh = _Scale(fit.named, own, chance, math.log(rows * len(_OFFSETS) * _LISTS_PER_FALSE_ALARM))
    found: list[tuple[float, Shift]] = []
    for offset in _OFFSETS:
        maybe = _evidence(fit, own, offset)
        # More hits weigh more: where even those that may be some are too light, none has to be looked at.
        if weigh.may_be_told(maybe):
            found += weigh.blocks(fit.fitting(maybe, offset), offset)
    chosen: list[Shift] = []
    for _, shift in sorted(found, key=lambda pair: -pair[0]):
        if all(shift.last < other.first or shift.first > other.last for other in chosen):
            chosen.append(shift)
    return sorted(chosen, key=lambda shift: shift.first)


def _chance(fit: NameFit) -> float:
    """Return how often a name shows in an address that is not its own, on the safe side."""
    every = np.flatnonzero(fit.named)
    some = np.zeros(len(fit.named), dtype=bool)
    some[every[:: max(1, len(every) // _SAMPLE)]] = True
    hits = tried = 0
    for offset in _FAR:
        hits += len(fit.at(offset, some))
        tried += int(np.count_nonzero(some[max(0, -offset) : max(0, len(some) - offset)]))
    upper = (hits + 2 * math.sqrt(hits)) / max(1, tried)
    return min(_MOST_CHANCE, max(_LEAST_CHANCE, upper))


def _evidence(fit: NameFit, own: NDArray[np.bool_], offset: int) -> NDArray[np.intp]:
    """Return the rows whose name may fit only the address `offset` rows off, without a name that fits it."""
    asked = fit.named & ~own
    # Where that address has its own name beside it, two people are called alike and nothing slid.
    if offset > 0:
        asked[:-offset] &= ~own[offset:]
    else:
        asked[-offset:] &= ~own[:offset]
    return fit.maybe(offset, asked)


class _Scale:
    """Weighs blocks of rows: how much likelier they are if their names slid than if nothing did.

    Args:
        named: which rows have a name.
        own: which rows' names show in their own address.
        chance: how often a name shows in an address that is not its own.
        least: what a block must weigh to be told.
    """

    def __init__(self, named: NDArray[np.bool_], own: NDArray[np.bool_], chance: float, least: float) -> None:
        self._gain = math.log(_SHOWN / chance)
        self._least = least
        # A name that shows nowhere speaks a little against a shift, one in its own address as much as a hit
        # speaks for it.
        self._nowhere = -math.log((1 - _SHOWN) / (1 - chance))
        # How many rows of either kind stand up to each: counts, so that what a block weighs does not hang, by
        # rounding, on what stands before it.
        self._own, self._lost = np.cumsum(own), np.cumsum(named & ~own)

    def may_be_told(self, hits: NDArray[np.intp]) -> bool:
        """Say whether a block may weigh enough, if these rows, or fewer of them, speak for a shift."""
        if len(hits) < _LEAST_HITS:
            return False
        # No block weighs more than the highest rise of what was gained over what was spent.
        gained = self._gain * np.arange(1, len(hits)) - np.cumsum(self._spent(hits))
        rises = gained - np.minimum(0.0, np.minimum.accumulate(gained))
        return bool(rises.max() + self._gain >= self._least - _ROUNDING)

    def _spent(self, hits: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return what the rows between each of these and the one before spend: one number fewer."""
        lost = np.diff(self._lost[hits]) - 1  # each of them has a name, which shows not in its own address
        spent: NDArray[np.float64] = self._gain * np.diff(self._own[hits]) + self._nowhere * lost
        return spent

    def blocks(self, hits: NDArray[np.intp], offset: int) -> Iterator[tuple[float, Shift]]:
        """Yield the heaviest blocks and their weights, where they weigh enough.

        Args:
            hits: the rows that speak for a shift.
            offset: the shift.
        """
        if not self.may_be_told(hits):
            return
        rows = hits.tolist()
        begin = end = 0
        weight = best = self._gain
        for at, spent in enumerate(self._spent(hits).tolist(), 1):
            weight -= spent
            if weight <= 0 or best - weight >= self._least:
                yield from self._told(best, rows, (begin, end), offset)
                begin = end = at
                weight = best = self._gain
                continue
            weight += self._gain
            if weight > best:
                best, end = weight, at
        yield from self._told(best, rows, (begin, end), offset)

    def _told(
        self, weight: float, rows: list[int], block: tuple[int, int], offset: int
    ) -> Iterator[tuple[float, Shift]]:
        begin, end = block
        if weight >= self._least and end - begin + 1 >= _LEAST_HITS:
            yield weight, Shift(rows[begin], rows[end], offset)
