"""Values as Python writes them, so that a person can read the lines and copy them."""

import math
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any


class NotWrittenError(ValueError):
    """A value has no expression that could stand in a line of code."""


def expression(value: Any) -> str:
    """Return the expression for a plain value: text, number, list, dict, path.

    Raises:
        NotWrittenError: it is something else, such as a frame or a function.
    """
    if value is None or type(value) in {bool, int}:
        return repr(value)
    if type(value) is str:
        return _text(value)
    if type(value) is float and math.isfinite(value):
        return repr(value)
    if isinstance(value, PathLike):
        return f"Path({_text(str(fspath(value)))})"
    if type(value) in {list, tuple}:
        items = ", ".join(map(expression, value))
        return f"[{items}]" if type(value) is list else f"({items}{',' * (len(value) == 1)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{expression(key)}: {expression(one)}" for key, one in value.items()) + "}"
    raise NotWrittenError(type(value).__name__)


def _text(text: str) -> str:
    plain = "\\" not in text and '"""' not in text and not text.endswith('"')
    if plain and "\n" in text and all(char.isprintable() or char == "\n" for char in text):
        return f'"""{text}"""'
    if plain and '"' not in text and text.isprintable():
        return f'"{text}"'
    return repr(text)
