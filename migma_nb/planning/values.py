"""A cell becomes a JSON value: the one place where missing, numbers, dates and oddities are settled.

| a cell holds | it goes out as |
|---|---|
| NaN, None, NaT, pd.NA, an empty text or one of spaces only | missing: a default, else an error |
| text | the same text |
| a float in a column whose numbers are all whole | an integer |
| an integer beyond 2**53 - 1 | a text of its digits, since JSON readers would round it |
| Decimal | a text of its digits, `19.90` with its zero |
| a date; a timestamp in a column where all are at midnight | `2026-12-31` |
| a timestamp, a time, a duration | ISO 8601 |
| a list, tuple, array or dict | a JSON array or object of the same rules; None inside is null |
| inf, NaN inside a list, bytes, sets, complex, half surrogate pairs, others | an issue of its row |
"""

import datetime as dt
import enum
import json
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.kinds import kind_of

#: The largest integer that every JSON reader keeps exact.
LARGEST_EXACT = 2**53 - 1
_DEEPEST = 32
_LONGEST_EXPONENT = 40
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class NotJsonError(ValueError):
    """A cell holds what JSON cannot carry; its text says what."""


@dataclass(frozen=True, slots=True)
class ColumnRules:
    """What a cell's neighbours decide about it.

    Args:
        whole: all numbers of the column are whole, so floats go out as integers.
        dates: all timestamps of the column are at midnight, so they go out as dates.
    """

    whole: bool = False
    dates: bool = False

    def merged(self, other: "ColumnRules") -> "ColumnRules":
        """Return what two pieces of a column say together."""
        return ColumnRules(self.whole and other.whole, self.dates and other.dates)


def is_missing(value: Any) -> bool:
    """Say whether a cell counts as empty: NaN, None, NaT, pd.NA, empty text or spaces only."""
    if isinstance(value, str):
        return not value or value.isspace()
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (np.datetime64, np.timedelta64)) and bool(np.isnat(value))


#: NumPy's type for columns of short floats, as pandas names those of its own and of Arrow's.
_SHORT_FLOATS = {
    "float16": "float16",
    "float32": "float32",
    "halffloat[pyarrow]": "float16",
    "float[pyarrow]": "float32",
}


def json_value(value: Any, rules: ColumnRules | None = None) -> Any:
    """Return a cell that is not missing as a plain JSON value: str, bool, int, float, list, dict.

    Args:
        value: the cell, of any type.
        rules: what the rest of its column decides.

    Raises:
        NotJsonError: JSON cannot carry it; the text says why.
    """
    return _plain(value, rules or ColumnRules(), 0)


def json_text(value: Any) -> str:
    """Return a plain JSON value as the text that goes on the wire, keys sorted.

    Raises:
        NotJsonError: it cannot be written, or not in UTF-8.
    """
    if type(value) is int:
        return str(value)
    try:
        text = _ENCODER.encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise NotJsonError(f"it cannot be written as JSON ({error})") from error
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise NotJsonError("it has half of a surrogate pair, which UTF-8 cannot hold") from error
    return text


def cells_of(series: "pd.Series[Any]") -> list[Any]:
    """Return a column's cells as Python values, short floats with the digits that they show."""
    short = _SHORT_FLOATS.get(series.dtype.name.lower())
    if short is None:
        return series.tolist()
    return [shown_float(number) for number in series.to_numpy(dtype=short, na_value=np.nan)]


def shown_float(number: "np.floating[Any]") -> float:
    """Return a short float with the digits that it shows: 19.99, not the 19.989999771118164 that it is."""
    return float(str(number))


def column_rules(cells: list[Any]) -> ColumnRules:
    """Look at a whole column: are all its numbers whole, and all its timestamps at midnight?"""
    whole = dates = True
    for cell in cells:
        if type(cell) is str:
            continue
        if isinstance(cell, (float, np.floating)):
            whole = whole and (not math.isfinite(cell) or float(cell).is_integer())
        elif isinstance(cell, (dt.datetime, np.datetime64)) and not is_missing(cell):
            dates = dates and _at_midnight(pd.Timestamp(cell))
        if not (whole or dates):
            break
    return ColumnRules(whole=whole, dates=dates)


def _at_midnight(moment: pd.Timestamp) -> bool:
    return moment.time() == dt.time(0) and moment.nanosecond == 0


def _plain(value: Any, rules: ColumnRules, depth: int) -> Any:
    usual = _BY_TYPE.get(type(value))
    if usual:
        return usual(value, rules)
    if isinstance(value, enum.Enum) and not isinstance(value, (str, int)):
        raise NotJsonError(f"{kind_of(value)} is no JSON value")
    for kinds, convert in _SCALARS:
        if isinstance(value, kinds):
            return convert(value, rules)
    if depth >= _DEEPEST:
        raise NotJsonError(f"it is nested more than {_DEEPEST} levels deep")
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_inside(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return _object(value, depth)
    raise NotJsonError(f"{kind_of(value)} is no JSON value")


def _inside(value: Any, depth: int) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return _plain(value, ColumnRules(), depth)


def _object(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    if not all(isinstance(key, str) for key in value):
        raise NotJsonError("a dict with keys that are not text is no JSON value")
    return {str(key): _inside(item, depth + 1) for key, item in value.items()}


def _integer(value: Any, _rules: ColumnRules) -> int | str:
    number = int(value)
    if abs(number) <= LARGEST_EXACT:
        return number
    try:
        return str(number)
    except ValueError as error:
        raise NotJsonError("the number has too many digits") from error


def _float(value: Any, rules: ColumnRules) -> int | float:
    number = shown_float(value) if isinstance(value, np.floating) else float(value)
    if not math.isfinite(number):
        raise NotJsonError(f"{number} is no JSON number")
    if rules.whole and number.is_integer() and abs(number) <= LARGEST_EXACT:
        return int(number)
    return number


def _decimal(value: Decimal, _rules: ColumnRules) -> str:
    if not value.is_finite():
        raise NotJsonError(f"{value} is no JSON number")
    exponent = value.as_tuple().exponent
    return f"{value:f}" if isinstance(exponent, int) and abs(exponent) <= _LONGEST_EXPONENT else str(value)


def _moment(value: Any, rules: ColumnRules) -> str:
    if is_missing(value):
        raise NotJsonError("a date is missing inside it")
    try:
        if isinstance(value, np.datetime64):
            value = pd.Timestamp(value)
        return str(value.date().isoformat() if rules.dates else value.isoformat())
    except (ValueError, OverflowError) as error:
        raise NotJsonError(f"the date cannot be written ({error})") from error


def _duration(value: Any, _rules: ColumnRules) -> str:
    try:
        return str(pd.Timedelta(value).isoformat())
    except (ValueError, OverflowError) as error:
        raise NotJsonError(f"the duration cannot be written ({error})") from error


#: Order matters: bool is an int, datetime is a date, and pandas' types derive from Python's.
_SCALARS: list[tuple[tuple[type, ...], Callable[[Any, ColumnRules], Any]]] = [
    ((str,), lambda value, _rules: str.__str__(value)),
    ((bool, np.bool_), lambda value, _rules: bool(value)),
    ((np.timedelta64,), _duration),
    ((int, np.integer), _integer),
    ((float, np.floating), _float),
    ((Decimal,), _decimal),
    ((dt.datetime, np.datetime64), _moment),
    ((dt.date, dt.time), lambda value, _rules: value.isoformat()),
    ((dt.timedelta,), _duration),
    ((pd.Period, uuid.UUID), lambda value, _rules: str(value)),
]

#: The same for the types of nearly all cells, found in one step.
_BY_TYPE: dict[type, Callable[[Any, ColumnRules], Any]] = {
    str: lambda value, _rules: value,
    bool: lambda value, _rules: value,
    int: _integer,
    float: _float,
    pd.Timestamp: _moment,
}
