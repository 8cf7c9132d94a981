"""The API key, held so that no repr, log, traceback or saved notebook can show it."""

import hashlib
from typing import Any, NoReturn

from migma_nb.api.errors import ConfigurationError

#: No real key is shorter; blanking out a made-up "k" would garble every answer.
SHORTEST_BLANKED = 6


class ApiKey:
    """An API key that shows itself only to the header of a request (S8).

    Keys are not judged by their prefix: the sources know several, and every key may send.

    Args:
        value: the key (str); spaces around it are dropped.

    Raises:
        ConfigurationError: the key is empty or holds what an HTTP header cannot.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value, value = str(value).strip(), ""
        if not self._value:
            raise ConfigurationError("The API key is empty.", hint="Copy it from Settings → API Integration.")
        if not self._value.isascii() or not self._value.isprintable() or " " in self._value:
            raise ConfigurationError(
                "The API key holds a space, a line break or a character that no key has.",
                hint="Copy it again from Settings → API Integration.",
            )

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle is a file that shows the key."""
        raise TypeError("an API key is not written to files")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def headers(self) -> dict[str, str]:
        """Return the header that proves who calls (S8)."""
        return {"Authorization": f"Bearer {self._value}"}

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell two keys apart and give neither away."""
        return hashlib.sha256(b"migma_nb key " + self._value.encode()).hexdigest()[:16]

    def blank_out(self, text: Any) -> Any:
        """Return text (str or bytes) with the key replaced, for a server that echoes it."""
        if len(self._value) < SHORTEST_BLANKED:
            return text
        if isinstance(text, bytes):
            return text.replace(self._value.encode(), b"[key]")
        return text.replace(self._value, "[key]")
