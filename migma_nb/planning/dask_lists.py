"""A Dask DataFrame is checked on the workers that hold it; what its rows send comes back from there.

Dask decides where and when: on its cluster where there is one, else in threads of this process.
"""

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import accumulate, islice
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.cell_digest import cell_digest
from migma_nb.planning.list_checks import PlannedList
from migma_nb.planning.list_looks import ListLook, look_at
from migma_nb.planning.matching import Filling
from migma_nb.planning.piece_checks import CheckedPiece, check_piece
from migma_nb.planning.pieces import PIECE_ROWS
from migma_nb.planning.settling import Rules

#: So many partitions are checked for each thread of the cluster before they are brought here.
_WAVE = 2


def is_dask(table: Any) -> bool:
    """Say whether something is a Dask DataFrame; Dask is not imported for that."""
    return type(table).__module__.partition(".")[0] == "dask" and hasattr(table, "to_delayed")


class DaskList:
    """A Dask DataFrame to be planned.

    Args:
        frame: the DataFrame; it is gone through twice, and has to hold the same rows each time.
    """

    def __init__(self, frame: Any) -> None:
        first = getattr(frame, "_meta", None)  # Dask's own word for the frame without rows
        if not isinstance(first, pd.DataFrame):
            raise InputError(
                "Of Dask only a DataFrame is a list of people.",
                hint="Pass series.to_frame(), or bag.to_dataframe().",
            )
        self.first = first
        self._parts = frame.to_delayed()
        self._labels: list[pd.Index[Any]] = []
        self._cells: list[bytes] = []

    def looks(
        self, fillings: Sequence[Filling], keys: Sequence[int]
    ) -> "tuple[list[ListLook], pd.Index[Any]]":
        """Return what each partition says as a whole, and the labels of all rows.

        Raises:
            InputError: the partitions' columns are not alike.
        """
        dask = _dask()

        look = dask.delayed(_look, pure=False)
        found = dask.compute(*(look(part, fillings, keys) for part in self._parts))
        self._require_alike([(dtypes, one) for one, _, dtypes, _ in found])
        self._labels = [index for _, index, _, _ in found]
        self._cells = [cells for _, _, _, cells in found]
        return [one for one, *_ in found], self._labels[0].append(self._labels[1:])

    def _require_alike(self, found: "Sequence[tuple[pd.Series[Any], ListLook]]") -> None:
        """Refuse partitions whose values would be taken for another column's, or read in another way."""
        for dtypes, _ in found:
            if not dtypes.index.equals(self.first.columns):
                raise InputError(
                    "A partition of the Dask DataFrame has other columns than the frame says.",
                    hint="Make all partitions alike: part[list(frame.columns)].",
                )
        for at in sorted(found[0][1].rules):
            kinds = {str(dtypes.iloc[at]) for dtypes, one in found if one.rows}
            if len(kinds) > 1:
                name = self.first.columns[at]
                raise InputError(
                    f"The column {name!r} is of several types in the Dask DataFrame's partitions: "
                    f"{', '.join(sorted(kinds))}. The same number would not read the same in each.",
                    hint=f'Give it one: frame.astype({{{name!r}: "float64"}}), or "string".',
                )

    def checked(
        self, planned: PlannedList, rules: Rules, whole: ListLook, looks: Sequence[ListLook]
    ) -> Iterator[CheckedPiece]:
        """Yield the checked pieces, in order; a few partitions are in memory here at a time.

        Raises:
            InputError: a partition has other rows, or other values in them, than before.
        """
        dask = _dask()

        check = dask.delayed(_check, pure=False)
        with_all = dask.delayed((planned, rules, whole))
        starts = accumulate((one.rows for one in looks), initial=0)
        parts = zip(self._parts, looks, starts, strict=False)
        done = 0
        while wave := list(islice(parts, _WAVE * _threads())):
            tasks = [check(part, with_all, start) for part, _, start in wave]
            for pieces, index, cells in dask.compute(*tasks):
                same = index.equals(self._labels[done]) and cells == self._cells[done]
                done += 1
                if not same:
                    raise InputError(
                        "A partition of the Dask DataFrame has other rows each time it is computed, or other "
                        "values in them.",
                        hint="Pass frame.persist(), or write it to Parquet and plan that.",
                    )
                yield from pieces


def _look(
    part: pd.DataFrame, fillings: Sequence[Filling], keys: Sequence[int]
) -> "tuple[ListLook, pd.Index[Any], pd.Series[Any], bytes]":
    return look_at(part, fillings, keys), part.index, part.dtypes, cell_digest(part)


def _check(
    part: pd.DataFrame, with_all: tuple[PlannedList, Rules, ListLook], start: int
) -> "tuple[list[CheckedPiece], pd.Index[Any], bytes]":
    planned, rules, whole = with_all
    pieces = [
        check_piece(planned, rules, whole, part.iloc[at : at + PIECE_ROWS], start + at)
        for at in range(0, len(part), PIECE_ROWS)
    ]
    return pieces, part.index, cell_digest(part)


def _dask() -> Any:
    """Return Dask, which only those have who pass such a list; it says little of its types."""
    return import_module("dask")


def _threads() -> int:
    """Return how many partitions are checked at the same time."""
    try:
        cluster: Any = import_module("distributed").get_client()
    except (ImportError, ValueError):  # there is no cluster
        return os.cpu_count() or 1
    return max(1, sum(map(int, cluster.nthreads().values())))
