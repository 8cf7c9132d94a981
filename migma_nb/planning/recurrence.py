"""Whether the cells of a long column recur: if nearly none does, there is no use in numbering them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.arrow_memory import LONG
from migma_nb.planning.text_arrays import Places, TextArray

#: So many rows show what a long column is like.
_SAMPLE = 4_000
#: Of the sample so many are different only where most of the column are.
_DIFFERENT = 0.995


def mostly_different(texts: TextArray) -> bool:
    """Say whether nearly no text of a long column comes twice, so that to number them would be of no use."""
    if len(texts) < LONG:
        return False
    some = texts.take(pa.array(_sample(len(texts))))
    return bool(pc.count_distinct(some).as_py() >= _DIFFERENT * (len(some) - some.null_count))


def mostly_different_numbers(numbers: npt.NDArray[Any]) -> bool:
    """Say the same of numbers."""
    if len(numbers) < LONG:
        return False
    some = numbers[_sample(len(numbers))]
    return len(np.unique(some)) >= _DIFFERENT * len(some)


def _sample(rows: int) -> Places:
    """Return some rows in order, no two of them the same: by chance, since cells may recur in a rhythm."""
    step = rows // _SAMPLE
    begins = np.arange(0, rows - step + 1, step)
    return begins + np.random.default_rng(0).integers(0, step, len(begins))
