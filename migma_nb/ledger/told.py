"""Texts that a server told us, kept in any database: none can stop an outcome from being written."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


class Told(sa.TypeDecorator[str]):
    """A text of somebody else's; what no database takes (half a surrogate pair, NUL) becomes U+FFFD."""

    impl = sa.String
    cache_ok = True

    def bind_processor(self, dialect: Any) -> Callable[[str | None], str | None]:
        """Return what makes a text one that can be written; every row has eight of them."""
        del dialect
        return _writable


def _writable(text: str | None) -> str | None:
    if text is None or (text.isascii() and "\0" not in text):
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\ufffd")
