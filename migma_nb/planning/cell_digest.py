"""A digest of a frame's cells, by which two computers tell that they computed the same frame."""

import json
from datetime import date, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from numbers import Number
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from pandas.api import types

#: What reads the same in every process; of anything else only its kind is taken into account.
_READABLE = (Number, Decimal, date, time, timedelta, np.generic, UUID, bytes)


def cell_digest(frame: pd.DataFrame) -> bytes:
    """Return 16 bytes that are the same for equal cells in equal places, in every process."""
    digest = blake2b(digest_size=16)
    for at in range(frame.shape[1]):
        digest.update(_hashes(frame.iloc[:, at]).tobytes())
    return digest.digest()


def _hashes(column: "pd.Series[Any]") -> Any:
    plain = types.is_numeric_dtype(column.dtype) or types.is_datetime64_any_dtype(column.dtype)
    if not plain:
        # Not as pandas would: it takes tuples by Python's own hash, which is another one in each process.
        texts = [cell if type(cell) is str else _text(cell) for cell in column.to_numpy(dtype=object)]
        column = pd.Series(np.array(texts, dtype=object), dtype=object)
    return pd.util.hash_pandas_object(column, index=False, categorize=False).to_numpy()


def _text(cell: Any) -> str:
    try:
        # Beside its kind, so that the text "1" is not the number.
        return f"{type(cell).__name__} {json.dumps(cell, default=_word, skipkeys=True)}"
    except (ValueError, RecursionError):
        return type(cell).__name__


def _word(value: Any) -> str:
    return repr(value) if isinstance(value, _READABLE) else type(value).__name__
