"""Making and changing things that mail nobody: posted under a key, again only where nothing was taken."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from migma_nb.api.answers import parsed
from migma_nb.api.connection import Connection
from migma_nb.api.errors import AccountError, CallError, InputError, NotSentError, RefusedError, UnknownError
from migma_nb.api.meaning import Answer, Meaning, Past, Verdict, judge, repeat_after
from migma_nb.api.models import encode
from migma_nb.api.reads import LONGEST_WAIT_S, MOST_TRIES
from migma_nb.api.states import Reason

#: A key under which a refusal is stored is left for a further one so often at most.
_MOST_KEYS = 5


@dataclass(frozen=True, slots=True)
class Written:
    """What a post came to; `data` is what the API said of a thing it made or changed, {} for nothing."""

    meaning: Meaning
    data: Mapping[str, Any]

    @property
    def lost(self) -> bool:
        """Whether it may have been done, and no answer settles it."""
        return self.meaning.verdict in {Verdict.LOST, Verdict.UNKNOWN}

    def wanted(
        self, what: str, *, permission: str | None = None, hint: str | None = None
    ) -> Mapping[str, Any]:
        """Return the data of a post that must succeed.

        Args:
            what: what was to be done, in words, for the error: "make the campaign".
            permission: what the key needs for it, where that is known.
            hint: what to do where no answer came.

        Raises:
            InputError: the API knows something no longer that the call names.
            RefusedError, NotSentError, AccountError: it was not done.
            UnknownError: it may have been done.
        """
        meaning = self.meaning
        if meaning.verdict in {Verdict.ACCEPTED, Verdict.ALREADY_SENT}:
            return self.data
        if meaning.verdict is Verdict.REFUSED and meaning.reason is Reason.NOT_FOUND:
            raise InputError(f"Could not {what}: {meaning.detail.rstrip('.')}.", hint="Nothing was changed.")
        kind, next_step = _ERRORS.get(meaning.verdict, _LATER)
        if meaning.reason is Reason.NO_PERMISSION and permission is not None:
            next_step = f"Nothing was changed. The key needs the permission {permission} (S7, S8)."
        raise kind(
            f"Could not {what}: {meaning.detail.rstrip('.')}.",
            hint=hint if self.lost and hint else next_step,
            status=meaning.status,
            code=meaning.code,
            request_id=meaning.request_id,
        )


_LATER: tuple[type[CallError], str] = (NotSentError, "Nothing was changed; ask again later.")
_ERRORS: dict[Verdict, tuple[type[CallError], str]] = {
    Verdict.REFUSED: (RefusedError, "Nothing was changed; mend what it names and call again."),
    Verdict.HALT: (AccountError, "Nothing was changed; check the key, its permissions and the base URL."),
    Verdict.LOST: (UnknownError, "It may have been done: look before you call again."),
    Verdict.UNKNOWN: (UnknownError, "It may have been done: look before you call again."),
}


async def write(connection: Connection, path: str, body: Mapping[str, Any], *, key: str) -> Written:
    """Post something that mails nobody, again only where it was certainly not taken.

    Args:
        connection: to the API.
        path: below the base URL; its parts are quoted already.
        body: the JSON body.
        key: the idempotency key, at most 96 characters. A refusal that the server has stored under it says
            nothing of today, and proves that nothing was made: the next key is taken then.
    """
    tries, number = 0, 0
    while True:
        asked = f"{key}-{number}" if number else key
        answer = await connection.post(path, encode(body), idempotency_key=asked)
        meaning = judge(answer, uncertain=False, now=datetime.now(UTC))
        tries += 1
        replayed = isinstance(answer, Answer) and "idempotent-replayed" in answer.headers
        if replayed and meaning.verdict in {Verdict.OUTDATED, Verdict.REFUSED} and number < _MOST_KEYS:
            number += 1
            continue
        past = Past(tries=tries, uncertain=False, proven=False)
        wait_s = repeat_after(meaning, past, timeout=0.0, chance=random.random())  # noqa: S311 - a jitter
        if wait_s is None or wait_s > LONGEST_WAIT_S or tries >= MOST_TRIES:
            parts = (parsed(answer.body) if isinstance(answer, Answer) else None) or {}
            data = parts.get("data")
            return Written(meaning, data if isinstance(data, dict) else {})
        await asyncio.sleep(wait_s)
