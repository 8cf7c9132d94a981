"""The cell rule for whole arrays of plain cells: the same JSON texts, made at once.

Whatever is not plain (a quotation mark, a huge number, the year 20,000) is left to the rule itself.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.text_arrays import (
    TEXT,
    Places,
    TextArray,
    array_of,
    joined,
    places_with,
    replaced,
    taken,
)
from migma_nb.planning.values import LARGEST_EXACT, ColumnRules, json_text, json_value

#: What JSON writes otherwise than it stands (RFC 8259, section 7).
_ESCAPED = bytes([*range(0x20), *b'"\\'])
#: Between these neither Python nor Arrow writes an exponent (Arrow does from 1e10), and both write the fewest
#: digits that are this number and no other.
_SMALLEST, _LARGEST = 1e-3, 1e9
_FIRST, _LAST = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31T23:59:59", "s")


def quoted_texts(texts: TextArray) -> TextArray:
    """Return texts, none of which is null, as JSON."""
    odd = places_with(texts, _ESCAPED)
    return replaced(joined('"', texts, '"'), odd, [json_text(text) for text in taken(texts, odd)])


def number_texts(numbers: npt.NDArray[Any], rules: ColumnRules) -> TextArray:
    """Return integers, or finite floats, as JSON.

    Args:
        numbers: of NumPy's integers or of float64.
        rules: what the rest of the column decides.
    """
    if numbers.dtype.kind in "iu" or rules.whole:
        plain = (numbers <= LARGEST_EXACT) & (numbers >= -LARGEST_EXACT)
        texts = pc.cast(pa.array(np.where(plain, numbers, 0).astype(np.int64)), TEXT)
    else:
        size = np.abs(numbers)
        plain = (size >= _SMALLEST) & (size < _LARGEST)
        texts = pc.cast(pa.array(np.where(plain, numbers, 0.5)), TEXT)
        plain[places_with(texts, b"eE")] = False
        whole = np.flatnonzero(numbers == np.floor(numbers))
        texts = replaced(texts, whole, [f"{text}.0" for text in taken(texts, whole)])
    return _by_rule(texts, numbers, np.flatnonzero(~plain), rules)


def moment_texts(moments: npt.NDArray[np.datetime64], rules: ColumnRules) -> TextArray | None:
    """Return timestamps without a zone as JSON; None where one is of a year that dates do not know."""
    seconds = moments.astype("datetime64[s]")
    if len(moments) and not (seconds.min() >= _FIRST and seconds.max() <= _LAST):
        return None
    if rules.dates:
        return _quoted(np.datetime_as_string(moments, unit="D"))
    texts = np.datetime_as_string(seconds, unit="s").astype(object)
    finer = moments != seconds
    texts[finer] = np.datetime_as_string(moments[finer], unit="us")
    finest = moments != moments.astype("datetime64[us]")
    texts[finest] = np.datetime_as_string(moments[finest], unit="ns")
    return _quoted(texts)


def are_whole(numbers: npt.NDArray[np.float64]) -> bool:
    """Say whether all numbers are whole, those that are none aside."""
    finite = numbers[np.isfinite(numbers)]
    return bool(np.all(finite == np.floor(finite)))


def are_dates(moments: npt.NDArray[np.datetime64]) -> bool:
    """Say whether all timestamps are at midnight."""
    return bool(np.all(moments == moments.astype("datetime64[D]")))


def _quoted(texts: npt.NDArray[Any]) -> TextArray:
    return joined('"', array_of(texts.tolist()), '"')


def _by_rule(texts: TextArray, cells: npt.NDArray[Any], places: Places, rules: ColumnRules) -> TextArray:
    return replaced(texts, places, [json_text(json_value(cell, rules)) for cell in cells[places].tolist()])
