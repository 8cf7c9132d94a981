"""`Migma`: a client of the API, for plans and for direct calls."""

import secrets
from typing import Any, Self

from migma_nb.api import calls, loop
from migma_nb.api.errors import InputError
from migma_nb.api.models import BatchStatus, SendAnswer, checked_request
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import Settings, make_settings
from migma_nb.surface.keys import find_key

#: The API's own limit (migma-api.md, section 2).
_LONGEST_KEY = 100


class Migma:
    """A client of the Migma email API.

    Making one opens nothing and calls nobody. Every worker of a send gets a connection of its own.

    Args:
        api_key: the key (str); None takes `MIGMA_API_KEY`, the OS keyring where it is installed, or asks
            in a notebook without showing it.
        base_url: the server's address, with or without `/v1`; None takes `MIGMA_BASE_URL`, else Migma's own.
        account: a name for the account; stands in place of the server as what a mailing's people are
            remembered under. The key never is.
        rate: "N/second", "N/minute", "N/day", or "auto", which learns the limit.
        timeout: seconds for each step of a request, as in httpx.
        workers: how many requests may be in flight (1 to 64).

    Raises:
        ConfigurationError: no key was found, or an argument is wrong. Nothing was sent.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        account: str | None = None,
        rate: str = "auto",
        timeout: float = 30.0,
        workers: int = 8,
    ) -> None:
        try:
            key = ApiKey(api_key) if api_key is not None else find_key()
        finally:
            # From here on no local variable of any frame holds the key as text, also where it is no key.
            api_key = None
        self._settings = make_settings(
            key, base_url=base_url, account=account, rate=rate, timeout=timeout, workers=workers
        )

    @classmethod
    def _of(cls, settings: Settings) -> Self:
        client = cls.__new__(cls)
        client._settings = settings  # noqa: SLF001 - its own class
        return client

    @property
    def settings(self) -> Settings:
        """The client's settings; the key in it shows itself to nobody."""
        return self._settings

    @property
    def is_sandbox(self) -> bool:
        """Whether a sandbox made this client, so that no real person can be mailed."""
        return self._settings.sandbox

    def send(self, *, idempotency_key: str | None = None, **fields: Any) -> SendAnswer:
        """Make one call to `POST /v1/sending`, to one recipient, an audience, a segment or a tag.

        The call is made once and never repeated. It is no part of any mailing: nothing remembers it, and
        calling again mails again. Plans (`mg.plan`) are for lists and for whatever must not happen twice.

        Args:
            idempotency_key: at most 100 characters (migma-api.md, section 2); None makes a fresh one.
            fields: the fields of the API in snake_case (`recipient_type`, `from_`, …) or as on the wire.

        Returns:
            What the API said: queued, not delivered (S2). Unknown fields are kept.

        Raises:
            InputError: a field is missing or wrong; names it and the rule (S1 to S21). Nothing was sent.
            NotSentError, RefusedError: it certainly was not sent.
            UnknownError: it may have been sent; look before you call again.
        """
        request = checked_request(fields)
        key = f"mnb-direct-{secrets.token_hex(16)}" if idempotency_key is None else idempotency_key
        if not (key.strip() and len(key) <= _LONGEST_KEY) or not (key.isascii() and key.isprintable()):
            raise InputError(
                f"idempotency_key must be 1 to {_LONGEST_KEY} plain ASCII characters without line breaks.",
                hint="Nothing was sent; leave it out to get a fresh one.",
            )
        return loop.call(calls.send_once(self._settings, request, idempotency_key=key))

    def batch(self, batch_id: str) -> BatchStatus:
        """Return how far a batch is (`GET /v1/sending/batches/{id}`).

        Args:
            batch_id: what the send to an audience, segment or tag returned.

        Raises:
            InputError: the account has no such batch.
            CallError: no clear answer came.
        """
        return loop.call(calls.fetch_batch(self._settings, batch_id))

    def __repr__(self) -> str:
        if "_settings" not in vars(self):
            # Shown by tools that print a traceback's locals while the client is being made.
            return "Migma(not made)"
        kind = "sandbox" if self.is_sandbox else "LIVE"
        return f"Migma({self._settings.origin}, {kind}, key hidden)"
