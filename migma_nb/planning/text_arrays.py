"""Text as Arrow arrays: made without copying where pandas holds it so, and searched by byte.

A search by byte only finds the few texts that a rule has to look at; what a rule says is decided by the rule.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.arrow_memory import give_back

#: An array of text as this package makes it: `pyarrow.LargeStringArray`. (PyArrow says nothing of its types.)
TextArray = Any
Places = npt.NDArray[np.intp]
Codes = npt.NDArray[np.int32]

TEXT = pa.large_string()
_BEYOND_ASCII = 0x80
#: So many bytes are searched at a time: what a core's cache holds.
_BLOCK = 1 << 18
#: What a text that begins with a space of any kind begins with, in UTF-8.
_SPACE_BEGINS = bytes([*range(0x09, 0x0E), *range(0x1C, 0x21), 0xC2, 0xE1, 0xE2, 0xE3])
#: What a text that ends with a space of any kind ends with; the latter are last bytes of many letters too.
_SPACE_ENDS = bytes(
    [*range(0x09, 0x0E), *range(0x1C, 0x21), *range(0x80, 0x8B), 0x85, 0x9F, 0xA0, 0xA8, 0xA9, 0xAF]
)


def text_array(cells: "pd.Series[Any]", *, read: bool = True) -> TextArray | None:
    """Return a column as an array of text, null where a cell is NaN, None, NaT or pd.NA.

    Args:
        cells: the column, of any dtype.
        read: whether its texts will be read; it may be no UTF-8 where only bytes are looked for.

    Returns:
        One text per row; None where a cell is something else, or no UTF-8 can hold it.
    """
    if cells.dtype == object:
        if pd.api.types.infer_dtype(cells, skipna=True) not in {"string", "empty"}:
            return None
    elif not isinstance(cells.dtype, pd.StringDtype) and not _is_arrow_text(cells.dtype):
        return None
    try:
        texts = pa.array(cells.array, from_pandas=True)
        return arrow_text(texts) if read else _in_one(texts)
    except (pa.ArrowException, UnicodeError, TypeError):
        return None


def _is_arrow_text(dtype: Any) -> bool:
    if not isinstance(dtype, pd.ArrowDtype):
        return False
    kind = dtype.pyarrow_dtype
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def arrow_text(texts: Any) -> TextArray:
    """Return Arrow text, or nulls, of any kind as one array of large strings, valid UTF-8 throughout.

    Raises:
        ArrowException: it is no text, or no UTF-8.
    """
    texts = _in_one(texts)
    bounds, data = bounds_and_bytes(texts)
    # Plain ASCII is UTF-8, and that is told ten times as fast.
    ordered = bool((bounds[:-1] <= bounds[1:]).all())
    if not ordered or data[bounds[0] : bounds[-1]].max(initial=0) >= _BEYOND_ASCII:
        texts.validate(full=True)
    return texts


def _in_one(texts: Any) -> TextArray:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.chunk(0) if texts.num_chunks == 1 else texts.combine_chunks()
    if texts.type != TEXT:
        texts = texts.cast(TEXT)
    texts.validate()
    return texts


def array_of(texts: Iterable[str | None]) -> TextArray:
    """Return texts as an array; what UTF-8 cannot hold (half a surrogate pair) stands as its code."""
    listed = list(texts)
    try:
        return pa.array(listed, type=TEXT)
    except UnicodeEncodeError:
        return pa.array([None if text is None else holdable(text) for text in listed], type=TEXT)


def holdable(text: str) -> str:
    """Return a text with what UTF-8 cannot hold, half a surrogate pair, as its code."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def listed(texts: TextArray) -> list[str | None]:
    """Return an array as a list."""
    found: list[str | None] = texts.to_pylist()
    return found


def encoded(texts: TextArray) -> tuple[Codes, TextArray]:
    """Return each row's position among the different texts (-1 for null), and the different texts."""
    coded = texts.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    # Where no text comes twice, the column itself holds them, in the same order.
    whole = len(coded.dictionary) == len(texts)
    different = texts if whole else coded.dictionary
    del coded
    give_back(len(different))
    return codes, different


def numbered(kept: npt.NDArray[np.bool_]) -> Codes:
    """Return the new number of each of those kept, -1 for the others."""
    return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)


def places_with(texts: TextArray, wanted: bytes) -> Places:
    """Return which texts have at least one of these bytes of UTF-8 in them, in order."""
    offsets, data = bounds_and_bytes(texts)
    hits = _hits(offsets, data, wanted)
    found = (_once(np.searchsorted(offsets, at, side="right") - 1) for at in hits)
    return _once(np.concatenate([np.empty(0, dtype=np.intp), *found]))


def _once(ordered: Places) -> Places:
    """Return places that are in order, each once."""
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def one_in_each(texts: TextArray, byte: bytes) -> npt.NDArray[np.int64] | None:
    """Return where one byte of UTF-8 stands, if it stands once in each text; else None."""
    bounds, data = bounds_and_bytes(texts)
    at = np.concatenate([np.empty(0, dtype=np.int64), *_hits(bounds, data, byte)])
    if len(at) != len(texts) or not bool(((bounds[:-1] <= at) & (at < bounds[1:])).all()):
        return None
    return at


def _hits(
    bounds: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], wanted: bytes
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield where one of these bytes stands, block by block."""
    for start in range(int(bounds[0]), int(bounds[-1]), _BLOCK):
        block = data[start : min(start + _BLOCK, int(bounds[-1]))]
        yield np.flatnonzero(_any_of(block, wanted)) + start


def count_of(texts: TextArray, byte: bytes) -> int:
    """Return how often one byte of UTF-8 stands in all texts together."""
    offsets, data = bounds_and_bytes(texts)
    return int(np.count_nonzero(data[offsets[0] : offsets[-1]] == byte[0]))


def _any_of(data: npt.NDArray[np.uint8], wanted: bytes) -> npt.NDArray[np.bool_]:
    """Say of each byte whether it is wanted, by comparing with ranges: faster than to look each one up."""
    found = np.zeros(len(data), dtype=bool)
    sought = sorted(set(wanted))
    first = 0
    for at, byte in enumerate(sought):
        if at + 1 < len(sought) and sought[at + 1] == byte + 1:
            continue
        low, high = sought[first], byte
        found |= data == low if low == high else data - np.uint8(low) <= np.uint8(high - low)
        first = at + 1
    return found


def matching(texts: TextArray, pattern: str) -> npt.NDArray[np.bool_]:
    """Say of each text, none of which is null, whether a regular expression of RE2 finds something in it."""
    found: npt.NDArray[np.bool_] = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found.copy()  # Arrow's own cannot be written to


def maybe_padded(texts: TextArray) -> Places:
    """Return the texts that may begin or end with a space of any kind, among them all that do."""
    filled, first, last = _filled(texts)
    begins, ends = (_bytes_at(texts, places) for places in (first, last))
    return filled[_any_of(begins, _SPACE_BEGINS) | _any_of(ends, _SPACE_ENDS)]


def beginning_with(texts: TextArray, wanted: bytes) -> Places:
    """Return the texts whose first byte of UTF-8 is one of these."""
    filled, first, _ = _filled(texts)
    return filled[_any_of(_bytes_at(texts, first), wanted)]


def maybe_shortened(texts: TextArray) -> Places:
    """Return the texts that may end with an exponent, as 4.91E+11 does, among them all that do."""
    offsets, data = bounds_and_bytes(texts)
    long = np.flatnonzero(sizes_of(texts) >= len("1E+05"))
    last = offsets[long + 1] - 1
    found = [np.empty(0, dtype=np.intp)]
    for digits in (2, 3):
        signed = np.flatnonzero(_any_of(data[last - digits], b"+-"))
        found.append(long[signed[_any_of(data[last[signed] - digits - 1], b"eE")]])
    return np.concatenate(found)


def missing_in(texts: TextArray) -> npt.NDArray[np.bool_]:
    """Say of each text whether it counts as an empty cell: null, no letter, or spaces only."""
    missing: npt.NDArray[np.bool_] = sizes_of(texts) == 0
    if texts.null_count:
        missing |= texts.is_null().to_numpy(zero_copy_only=False)
    for at in beginning_with(texts, _SPACE_BEGINS).tolist():
        missing[at] = missing[at] or texts[at].as_py().isspace()
    return missing


def _filled(texts: TextArray) -> tuple[Places, Places, Places]:
    """Return the texts that are not empty, and where each one's first byte and its last stands."""
    bounds, _ = bounds_and_bytes(texts)
    filled = np.flatnonzero(bounds[1:] > bounds[:-1])
    if len(filled) == len(texts):
        return filled, bounds[:-1], bounds[1:] - 1
    return filled, bounds[filled], bounds[filled + 1] - 1


def _bytes_at(texts: TextArray, places: Places) -> npt.NDArray[np.uint8]:
    data: npt.NDArray[np.uint8] = bounds_and_bytes(texts)[1].take(places)
    return data


def sizes_of(texts: TextArray) -> npt.NDArray[np.int64]:
    """Return each text's length in bytes of UTF-8."""
    bounds, _ = bounds_and_bytes(texts)
    return bounds[1:] - bounds[:-1]


def taken(texts: TextArray, places: Places) -> list[str]:
    """Return the texts at these places, none of which is null."""
    found: list[str] = texts.take(pa.array(places)).to_pylist()
    return found


def replaced(texts: TextArray, places: Places, by: Sequence[str]) -> TextArray:
    """Return the texts with those at these places, in order, replaced."""
    if not len(places):
        return texts
    mask = np.zeros(len(texts), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array(by, type=TEXT))


def lowered(texts: TextArray) -> TextArray:
    """Return texts with A to Z as small letters."""
    if bounds_and_bytes(texts)[0][0]:
        # What was cast after it was cut out of a longer array does not begin at 0, and of that Arrow's lower
        # does not know (26.0): each text would become the next, and the last whatever is in memory.
        texts = texts.take(pa.array(np.arange(len(texts))))
    return pc.ascii_lower(texts)


def joined(*parts: TextArray | str) -> TextArray:
    """Return arrays and constant texts, joined row by row; null where one of them is."""
    pieces = [pa.scalar(part, TEXT) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*pieces, pa.scalar("", TEXT))


def bounds_and_bytes(texts: TextArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return where each text begins, with the end of the last, and all their bytes."""
    _, offsets, data = texts.buffers()
    if offsets is None or not len(texts):
        return np.zeros(len(texts) + 1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    bounds = np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return bounds, np.empty(0, np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8)
