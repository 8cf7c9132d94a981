"""Which requests an import still has to make; one that is refused as a whole is parted to find the row. Pure.

The API's documents do not say whether one broken contact spoils its whole request.
"""

from collections import deque
from collections.abc import Mapping, Sequence

from migma_nb.api.states import Reason, State
from migma_nb.sending.import_fates import Fate

#: To find one row among 5,000 takes 13 refusals in a row; more of them say that no row is the cause.
MOST_IN_A_ROW = 14

_Rows = tuple[int, ...]


class Parts:
    """The requests of an import, in order; the halves of a refused one come next.

    Args:
        requests: the rows of each.
    """

    def __init__(self, requests: Sequence[_Rows]) -> None:
        self._queue: deque[tuple[_Rows, Fate | None]] = deque((rows, None) for rows in requests)
        self._refused_in_a_row = 0

    def next(self) -> _Rows | None:
        """Return the rows of the next request, None where there is none."""
        return self._queue.popleft()[0] if self._queue else None

    def heard(self, rows: _Rows, fates: Mapping[int, Fate]) -> dict[int, Fate]:
        """Take in what became of a request; return how its rows, and others by it, stand now."""
        refusal = _refusal_of_all(fates)
        if refusal is None:
            self._refused_in_a_row = 0
            return dict(fates)
        self._refused_in_a_row += 1
        if self._refused_in_a_row >= MOST_IN_A_ROW:
            return dict(fates) | self._give_up()
        if len(rows) == 1:
            return dict(fates)
        middle = len(rows) // 2
        self._queue.extendleft([(rows[middle:], refusal), (rows[:middle], refusal)])
        return dict.fromkeys(rows, Fate(State.WAITING))

    def _give_up(self) -> dict[int, Fate]:
        """Settle the halves that wait: what they are a part of was refused, so they are certainly not in."""
        parts = [(rows, refusal) for rows, refusal in self._queue if refusal is not None]
        self._queue = deque(part for part in self._queue if part[1] is None)
        return {row: refusal for rows, refusal in parts for row in rows}


def _refusal_of_all(fates: Mapping[int, Fate]) -> Fate | None:
    """Return what the whole of a request was refused with, None where a row may be in."""
    first = next(iter(fates.values()))
    alike = first.state is State.REFUSED and first.reason in {Reason.REFUSED, Reason.TOO_LARGE}
    return first if alike and all(fate == first for fate in fates.values()) else None
