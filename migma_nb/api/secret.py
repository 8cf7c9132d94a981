"""The API key, held so that no repr, log, traceback or saved notebook can show it."""

import base64
import hashlib
import json
from collections.abc import Mapping
from itertools import chain
from typing import Any, NoReturn, Self
from urllib.parse import quote, quote_plus

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

    __slots__ = ("_fingerprint", "_forms", "_value")

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ConfigurationError(
                "The API key is no text.", hint="Copy it from Settings → API Integration."
            )
        self._value, value = value.strip(), ""
        if not self._value:
            raise ConfigurationError("The API key is empty.", hint="Copy it from Settings → API Integration.")
        if not self._value.isascii() or not self._value.isprintable() or " " in self._value:
            raise ConfigurationError(
                "The API key holds a space, a line break or a character that no key has.",
                hint="Copy it again from Settings → API Integration.",
            )
        self._forms = _forms_of(self._value)
        self._fingerprint = hashlib.sha256(b"migma_nb key " + self._value.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle is a file that shows the key."""
        raise TypeError("an API key is not written to files")

    def __copy__(self) -> Self:
        """Return the key itself: it never changes, and one place that holds it is enough."""
        return self

    def __deepcopy__(self, _: Any) -> Self:
        """Return the key itself, as for a shallow copy."""
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ApiKey) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def headers(self) -> dict[str, str]:
        """Return the header that proves who calls (S8)."""
        return {"Authorization": f"Bearer {self._value}"}

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell two keys apart and give neither away."""
        return self._fingerprint

    def blank_out(self, text: Any) -> Any:
        """Return text (str or bytes) with the key replaced, for a server that echoes it in any usual form."""
        for form, as_bytes in self._forms:
            if isinstance(text, bytes):
                text = text.replace(as_bytes, b"[key]")
            else:
                text = text.replace(form, "[key]")
        return text

    def blank_out_headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return the headers of an answer with the key replaced in names and values."""
        whole = "\n".join(chain.from_iterable(headers.items()))
        if self.blank_out(whole) == whole:
            return headers
        return {self.blank_out(name): self.blank_out(value) for name, value in headers.items()}

    def blank_out_body(self, body: bytes) -> bytes:
        """Return the body of an answer with the key replaced, also where JSON escapes hide some of it."""
        body = self.blank_out(body)
        if b"\\" not in body:
            return body
        try:
            return json.dumps(self._blanked(json.loads(body))).encode()
        except (ValueError, RecursionError):
            return body

    def _blanked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.blank_out(value)
        if isinstance(value, list):
            return [self._blanked(item) for item in value]
        if isinstance(value, dict):
            return {self.blank_out(name): self._blanked(item) for name, item in value.items()}
        return value


def _forms_of(value: str) -> tuple[tuple[str, bytes], ...]:
    """Return how a key may stand in an answer: as it is, escaped, or in base64; the longest first.

    Within base64 the key begins at one of three offsets; what is looked for is the part that no neighbour
    changes.
    """
    if len(value) < SHORTEST_BLANKED:
        return ()
    forms = {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}
    forms |= {form.replace("/", "\\/") for form in tuple(forms)}
    spelled = {"".join(f"\\u{ord(char):04x}" for char in value), value.encode().hex()}
    forms |= spelled | {form.upper().replace("U", "u") for form in spelled}
    for offset in range(3):
        padded = base64.b64encode(b"\0" * offset + value.encode()).decode()
        core = padded[-(-offset * 8 // 6) : (len(value) + offset) * 8 // 6]
        forms |= {core, core.replace("+", "-").replace("/", "_")}
    return tuple((form, form.encode()) for form in sorted(forms, key=len, reverse=True))
