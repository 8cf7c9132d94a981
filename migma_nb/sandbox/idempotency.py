"""Idempotency keys as migma-api.md section 2 has them: per API key, 24 hours, at most 100 characters.

Equal means equal byte by byte: the stricter reading of "same body". ``exchange`` decides what is stored:
what the work answers (2xx, 400, 404) is; what is refused before it (401, 403, 409, 429) and any 5xx is not.
"""

import hashlib

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.records import StoredAnswer

MAX_LENGTH = 100
WINDOW_S = 24 * 3600.0


class IdempotencyKeys:
    """The keys in use and, through the account, those answered. The account's lock guards it.

    Args:
        account: Keeps the answers and tells the time.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._at_work: dict[str, str] = {}

    def begin(self, scope: str, key: str, digest: str) -> Answer | None:
        """Reserve a key for the request that bears it.

        Args:
            scope: The fingerprint of the API key.
            key: The header's value.
            digest: See ``digest_of``.

        Returns:
            The stored answer to replay, or None if the request is to be worked on; then ``end`` must follow.

        Raises:
            Refusal: 400 if the key is too long; 409 if it came with another body, or is still at work.
        """
        if len(key) > MAX_LENGTH:
            message = f"Idempotency-Key has {len(key)} characters; at most {MAX_LENGTH} are allowed."
            raise Refusal(400, "VALIDATION_ERROR", message)
        slot = f"{scope}:{key}"
        stored = self._account.answers.get(slot)
        if stored and self._account.clock.now() >= stored.stored_at + WINDOW_S:
            stored = None
        known = self._at_work.get(slot) or (stored.digest if stored else None)
        if known not in (None, digest):
            message = "This Idempotency-Key was already used with a different request body."
            raise Refusal(409, "IDEMPOTENCY_CONFLICT", message)
        if slot in self._at_work:
            message = "A request with this Idempotency-Key is still in progress."
            raise Refusal(409, "REQUEST_IN_PROGRESS", message)
        if stored:
            return Answer(stored.status, stored.body.encode(), {"Idempotent-Replayed": "true"})
        self._at_work[slot] = digest
        return None

    def end(self, scope: str, key: str, digest: str, answer: Answer | None) -> None:
        """Give the key back, and keep the answer under it unless there is none to keep."""
        slot = f"{scope}:{key}"
        self._at_work.pop(slot, None)
        if answer:
            stored = StoredAnswer(digest, answer.status, answer.body.decode(), self._account.clock.now())
            self._account.answers.put(slot, stored)


def digest_of(method: str, route: str, body: bytes) -> str:
    """What two requests must share to be the same: method, route and the exact bytes."""
    return hashlib.sha256(f"{method} {route}\n".encode() + body).hexdigest()
