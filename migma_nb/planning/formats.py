"""How a value shall look: strftime patterns for dates, format specs for numbers, or a function."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.planning.options import Format
from migma_nb.planning.values import NotJsonError

_DATE_PATTERN = re.compile(r"%[-#_0^]?([A-Za-z])")
#: What a pattern may ask of a time of day.
_OF_TIMES = frozenset("HIMSfpzZXTRrkl")
_PLAIN_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*", re.ASCII)


def formatter(name: str, form: Format) -> Callable[[Any], Any]:
    """Return the function that gives a cell its look.

    Args:
        name: the variable, for the error.
        form: a strftime pattern such as `%d %B %Y`, a format spec such as `,.2f`, or a callable.

    Raises:
        InputError: it is none of these.
    """
    if callable(form):
        return _guarded(form)
    given: object = form
    if not isinstance(given, str) or not given:
        raise InputError(
            f"The format of {name} is {given!r}.",
            hint='Write a date pattern "%d %B %Y", a number format ",.2f", or pass a function.',
        )
    if _DATE_PATTERN.search(form):
        return lambda cell: _date_text(cell, form)
    try:
        format(Decimal(1), form)
        format(1.0, form)
    except ValueError as error:
        raise InputError(
            f"The format of {name}, {form!r}, is neither a date pattern nor a number format ({error}).",
            hint='Dates look like "%d %B %Y", numbers like ",.2f".',
        ) from error
    return lambda cell: _number_text(cell, form)


def _guarded(form: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(cell: Any) -> Any:
        try:
            return form(cell)
        except Exception as error:  # somebody else's function may fail in any way
            raise NotJsonError(f"its format function raised {type(error).__name__}: {error}") from error

    return call


def _date_text(cell: Any, pattern: str) -> str:
    if isinstance(cell, str):
        cell = _read_iso(cell, pattern)
    if isinstance(cell, np.datetime64):
        cell = pd.Timestamp(cell)
    if not isinstance(cell, (dt.date, dt.time)):
        raise NotJsonError(f"the format {pattern!r} is for dates, and it is {kind_of(cell)}")
    if isinstance(cell, dt.time) and not _OF_TIMES.issuperset(_DATE_PATTERN.findall(pattern)):
        raise NotJsonError(f"the format {pattern!r} is for dates, and it is a time of day, {cell}")
    try:
        return cell.strftime(pattern)
    except (ValueError, UnicodeError) as error:
        raise NotJsonError(f"the format {pattern!r} cannot write it ({error})") from error


def _read_iso(text: str, pattern: str) -> dt.datetime:
    # Only ISO dates: 03/04/2026 is two different days on two sides of an ocean.
    try:
        return dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise NotJsonError(
            f"the format {pattern!r} is for dates, and it is no date like 2026-12-31"
        ) from error


def _number_text(cell: Any, spec: str) -> str:
    if isinstance(cell, str) and _PLAIN_NUMBER.fullmatch(cell):
        cell = Decimal(cell.strip())
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, (int, float, Decimal, np.number)):
        raise NotJsonError(f"the format {spec!r} is for numbers, and it is no plain number")
    try:
        return format(cell, spec)
    except (ValueError, TypeError, OverflowError, InvalidOperation) as error:
        raise NotJsonError(f"the format {spec!r} cannot write it ({error})") from error
