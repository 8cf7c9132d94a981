"""Rows that are not sent: state, reason and words of each, a small number a row until they are asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import numpy as np
import numpy.typing as npt

from migma_nb.api.states import Reason, State
from migma_nb.planning.text_arrays import Places

Preset = tuple[State, Reason, str]
Kinds = npt.NDArray[np.uint8]

READY, INVALID, DUPLICATE, EXCLUDED, NOT_ALLOWED, TOLD = range(6)
_STATES = {
    INVALID: (State.INVALID, Reason.HAS_ERRORS),
    DUPLICATE: (State.DUPLICATE, Reason.SAME_RECIPIENT),
    EXCLUDED: (State.EXCLUDED, Reason.EXCLUDE_LIST),
    NOT_ALLOWED: (State.EXCLUDED, Reason.NOT_ALLOWED),
}
_AT_ONCE = 16_384


class Rows(Sequence[int]):
    """Positions of rows, in order; reads like a tuple of integers.

    Args:
        places: the positions.
    """

    def __init__(self, places: Places) -> None:
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> "Rows": ...
    def __getitem__(self, at: int | slice) -> "int | Rows":
        return Rows(self._places[at]) if isinstance(at, slice) else int(self._places[at])

    def __iter__(self) -> Iterator[int]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._places[start : start + _AT_ONCE].tolist()

    def __contains__(self, row: object) -> bool:
        if not isinstance(row, int | np.integer):
            return False
        at = int(np.searchsorted(self._places, row))
        return at < len(self) and self._places[at] == row

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[np.intp]:
        return np.array(self._places, dtype=dtype) if copy else np.asarray(self._places, dtype=dtype)

    def __repr__(self) -> str:
        return f"Rows({len(self):,})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PresetRows(Mapping[int, Preset]):
    """Row to its state, reason and words, for the rows that stand back.

    Args:
        kinds: what each row is, `READY` for the others.
        errors: row to its first error.
        doubles: the rows that another one stands for, in order.
        firsts: the rows that stand for these.
        addresses: each row's address as it goes on the wire.
        identities: who each row is.
        told: what was found out later, and counts instead.
    """

    kinds: Kinds
    errors: Mapping[int, str] = field(default_factory=dict)
    doubles: Places = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    firsts: Places = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    addresses: Sequence[str | None] = ()
    identities: Sequence[str | None] = ()
    told: Mapping[int, Preset] = field(default_factory=dict)

    @classmethod
    def none(cls, size: int) -> "PresetRows":
        """Return so many rows of which none stands back."""
        return cls(np.zeros(size, dtype=np.uint8))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.kinds))

    def __iter__(self) -> Iterator[int]:
        yield from np.flatnonzero(self.kinds).tolist()

    def __getitem__(self, row: int) -> Preset:
        kind = int(self.kinds[row]) if 0 <= row < len(self.kinds) else READY
        if kind == READY:
            raise KeyError(row)
        if kind == TOLD:
            return self.told[row]
        return (*_STATES[kind], self._words(kind, row))

    def _words(self, kind: int, row: int) -> str:
        if kind == INVALID:
            return self.errors[row]
        if kind == DUPLICATE:
            first = int(self.firsts[np.searchsorted(self.doubles, row)])
            return f"same recipient as row {first} ({self.addresses[first]})"
        listing = "on the exclusion list" if kind == EXCLUDED else "not on the allow-list"
        return f"{self.identities[row]} is {listing}"

    def states(self) -> Counter[State]:
        """Return how many rows stand back in which state."""
        counts = np.bincount(self.kinds, minlength=TOLD + 1).tolist()
        states: Counter[State] = Counter(state for state, _, _ in self.told.values())
        for kind, (state, _) in _STATES.items():
            states[state] += counts[kind]
        return states

    def ready(self) -> Sequence[int]:
        """Return the rows that do not stand back, in order."""
        return Rows(np.flatnonzero(self.kinds == READY)) if self.kinds.any() else range(len(self.kinds))

    def overlaid(self, others: Mapping[int, Preset]) -> "PresetRows":
        """Return the same with these rows standing back for what is said here."""
        kinds = self.kinds.copy()
        kinds[list(others)] = TOLD
        return replace(self, kinds=kinds, told={**self.told, **others})
