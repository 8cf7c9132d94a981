"""Lists of the API as frames: one line each, snake_case columns, types that hold missing values."""

import re
import types
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Union, get_args, get_origin

import pandas as pd
from pandas.api.extensions import ExtensionDtype

from migma_nb.api.resources import Resource

_DTYPES: dict[type, ExtensionDtype] = {
    int: pd.Int64Dtype(),
    float: pd.Float64Dtype(),
    bool: pd.BooleanDtype(),
    str: pd.StringDtype(),
}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def frame_of(items: Sequence[Resource], kind: type[Resource], *, derived: Sequence[str] = ()) -> pd.DataFrame:
    """Return a frame of things that the API holds.

    Args:
        items: the things, in the API's order.
        kind: their model; its fields are the columns, also where there is no item.
        derived: properties of the model that are columns too, after its fields.

    Returns:
        Items × (the model's fields, then `derived`, then what else the API told). Counts are `Int64`, times
        UTC timestamps, texts `string`; lists and objects stay as they are. Custom fields stand at the end,
        each in a column `custom_` and its name.
    """
    columns: dict[str, pd.Series] = {}
    for name, field in kind.model_fields.items():
        if name != "custom_fields":
            columns[name.rstrip("_")] = _typed([getattr(one, name) for one in items], field.annotation)
    for name in derived:
        columns[name] = _typed([getattr(one, name) for one in items], bool)
    for name in _keys(one.more for one in items):
        columns[_free(snake(name), columns)] = _guessed([one.more.get(name) for one in items])
    if "custom_fields" in kind.model_fields:
        given = [getattr(one, "custom_fields", None) or {} for one in items]
        for name in _keys(given):
            columns[_free(f"custom_{name}", columns)] = _guessed([fields.get(name) for fields in given])
    return pd.DataFrame(columns, index=pd.RangeIndex(len(items)))


def snake(name: str) -> str:
    """Return a name of the API as Python writes it: `subscriberCount` is `subscriber_count` (str)."""
    return _HUMP.sub("_", name).lower().lstrip("_") or name


def _keys(mappings: Any) -> list[str]:
    """Return the keys of all mappings, each once, in order of appearance."""
    return list(dict.fromkeys(str(key) for mapping in mappings for key in mapping))


def _free(name: str, taken: dict[str, pd.Series]) -> str:
    while name in taken:
        name += "_"
    return name


def _typed(values: list[Any], annotation: Any) -> pd.Series:
    column: pd.Series = pd.Series(values, dtype=object)
    kinds = _plain(annotation)
    if datetime in kinds:
        return pd.to_datetime(column, utc=True).dt.as_unit("us")
    dtype = next((_DTYPES[one] for one in kinds if one in _DTYPES), None)
    return column if dtype is None else column.astype(dtype)


def _plain(annotation: Any) -> list[type]:
    """Return the types that an annotation comes to, without None and without what pydantic adds."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [one for part in get_args(annotation) for one in _plain(part)]
    return [annotation] if isinstance(annotation, type) else []


def _guessed(values: list[Any]) -> pd.Series:
    """Return values that no document describes, in the nullable type that fits them all, if there is one."""
    column = pd.Series(values, dtype=object)
    kinds = {type(value) for value in values if value is not None}
    if kinds == {str}:
        return column.astype("string")
    if kinds == {bool}:
        return column.astype("boolean")
    if kinds == {int}:
        # A number beyond 64 bits stays what it is.
        return (
            column.astype("Int64") if all(abs(one) < 2**63 for one in values if one is not None) else column
        )
    return column.astype("Float64") if kinds and kinds <= {int, float} else column
