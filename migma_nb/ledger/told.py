"""Texts that a server told us, kept in any database: none can stop an outcome from being written."""

from typing import Any

import sqlalchemy as sa


class Told(sa.TypeDecorator[str]):
    """A text of somebody else's; what no database takes (half a surrogate pair, NUL) becomes U+FFFD."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Return the text as it can be written."""
        del dialect
        if value is None:
            return None
        whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole.replace("\x00", "\ufffd")
