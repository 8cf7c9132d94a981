"""Names that slid against their addresses are set back, where the block and both its ends are certain."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migma_nb.planning.name_fit import NameFit
from migma_nb.planning.value_shift import Shift, find_shifts
from migma_nb.planning.values import is_missing

_MOST_ON = 4


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
        Row to the name that belongs there, None for none; nothing for blocks that are not certain.
    """
    fit = NameFit.of(cells, identities)
    found: dict[int, Any] = {}
    for shift in find_shifts(fit):
        sources = _sources(shift, cells, fit)
        if found.keys().isdisjoint(sources):
            found |= {row: None if source is None else cells[source] for row, source in sources.items()}
    return found


def _sources(shift: Shift, cells: Sequence[Any], fit: NameFit) -> dict[int, int | None]:
    """Return which row's cell is to stand in which row; None for an empty one, nothing for what may stay.

    Rows at a block's ends can fit both ways by chance, as two of one name do: all ends that they allow are
    tried, and only where one alone works out is it certain.
    """
    found: list[dict[int, int | None]] = []
    for first in _on(shift.first, -1, shift.offset, fit):
        for last in _on(shift.last, 1, shift.offset, fit):
            sources = _if_certain(Shift(first, last, shift.offset), cells, fit)
            changed = {row: source for row, source in sources.items() if not _same(cells, row, source)}
            if changed and changed not in found:
                found.append(changed)
    return found[0] if len(found) == 1 else {}


def _on(row: int, step: int, offset: int, fit: NameFit) -> Iterator[int]:
    """Yield a row, and the few next to it whose names too fit the addresses so far away."""
    yield row
    for other in range(row + step, row + (_MOST_ON + 1) * step, step):
        if not (0 <= other < len(fit.named) and 0 <= other + offset < len(fit.named)):
            return
        if not _fits(fit, offset, other):
            return
        yield other


def _if_certain(shift: Shift, cells: Sequence[Any], fit: NameFit) -> dict[int, int | None]:
    offset, block = shift.offset, range(shift.first, shift.last + 1)
    aims = range(shift.first + offset, shift.last + offset + 1)
    if len(block) <= abs(offset):
        return {}
    # Where the block goes beyond itself, and what it leaves behind: as many cells, at its two ends.
    onto = [row for row in aims if row not in block]
    left = [row for row in block if row not in aims]
    turn = -len(block) if offset > 0 else len(block)
    sources: dict[int, int | None] = {row + offset: row for row in block}
    if all(_fits(fit, turn, row) for row in onto):
        sources |= {row + turn: row for row in onto}
    elif all(is_missing(cells[row]) for row in onto) and _is_end(left, offset, fit):
        sources |= dict.fromkeys(left)
    else:
        return {}
    return sources if all(_no_worse(fit, row, source) for row, source in sources.items()) else {}


def _no_worse(fit: NameFit, row: int, source: int | None) -> bool:
    """Say whether an address keeps a name that fits it, if it has one."""
    return not _fits(fit, 0, row) or (source is not None and _fits(fit, row - source, source))


def _same(cells: Sequence[Any], row: int, source: int | None) -> bool:
    cell, other = cells[row], None if source is None else cells[source]
    return (is_missing(cell) and (other is None or is_missing(other))) or (
        type(cell) is str and cell == other
    )


def _is_end(left: Sequence[int], offset: int, fit: NameFit) -> bool:
    """Say whether a block certainly does not begin before what it leaves behind."""
    outside = min(left) - 1 if offset > 0 else max(left) + 1
    return not 0 <= outside < len(fit.named) or _fits(fit, 0, outside)


def _fits(fit: NameFit, offset: int, row: int) -> bool:
    return fit.shows(row, row + offset)
