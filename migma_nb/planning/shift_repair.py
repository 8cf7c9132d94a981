"""Names that slid against their addresses are set back, where the block and both its ends are certain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from migma_nb.planning.name_fit import NameFit, local_parts
from migma_nb.planning.value_shift import Shift, find_shifts
from migma_nb.planning.values import is_missing


def set_back(cells: Sequence[Any], identities: Sequence[str | None]) -> Mapping[int, Any]:
    """Return what is to stand in which row so that each block of names fits its addresses again.

    A block is set back only if it is certain where it ends. At the one end, the cells that it is moved onto
    are empty (a cell was deleted or inserted), or hold the names that belong to the other end (the block was
    turned round). At the other end, the row outside fits its own address, or the list ends there. The cells
    that are left there without a name become empty.

    Args:
        cells: a column of names.
        identities: who each row is, None where its address is not valid.

    Returns:
        Row to its name, None for none; nothing for blocks that are not certain.
    """
    fit = NameFit(cells, local_parts(identities))
    found: dict[int, Any] = {}
    for shift in find_shifts(cells, identities):
        moved = _moved(shift, cells, fit)
        if found.keys().isdisjoint(moved):
            found |= moved
    return {row: value for row, value in found.items() if value is not cells[row] and value != cells[row]}


def _moved(shift: Shift, cells: Sequence[Any], fit: NameFit) -> dict[int, Any]:
    offset, block = shift.offset, range(shift.first, shift.last + 1)
    aims = range(shift.first + offset, shift.last + offset + 1)
    if len(block) <= abs(offset) or _any_fits(fit, 0, block):
        return {}
    # Where the block goes beyond itself, and what it leaves behind: as many cells, at its two ends.
    onto = [row for row in aims if row not in block]
    left = [row for row in block if row not in aims]
    turn = -len(block) if offset > 0 else len(block)
    if all(_all_fit(fit, turn, [row]) and not _any_fits(fit, 0, [row]) for row in onto):
        behind = {row + turn: cells[row] for row in onto}
    elif all(is_missing(cells[row]) for row in onto) and _is_end(left, offset, fit):
        behind = dict.fromkeys(left)
    else:
        return {}
    return {row + offset: cells[row] if not is_missing(cells[row]) else None for row in block} | behind


def _is_end(left: Sequence[int], offset: int, fit: NameFit) -> bool:
    """Say whether a block certainly does not begin before what it leaves behind."""
    outside = min(left) - 1 if offset > 0 else max(left) + 1
    return not 0 <= outside < len(fit.named) or _all_fit(fit, 0, [outside])


def _all_fit(fit: NameFit, offset: int, rows: Iterable[int]) -> bool:
    return bool(fit.at(offset, np.array(list(rows), dtype=np.intp)).all())


def _any_fits(fit: NameFit, offset: int, rows: Iterable[int]) -> bool:
    return bool(fit.at(offset, np.array(list(rows), dtype=np.intp)).any())
