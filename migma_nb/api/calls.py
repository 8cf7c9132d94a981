"""Direct calls: one send, one batch's status; what goes wrong is raised as the error tree has it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from migma_nb.api.answers import batch_status, parsed
from migma_nb.api.connection import Connection
from migma_nb.api.errors import (
    AccountError,
    CallError,
    InputError,
    NotSentError,
    RefusedError,
    UnknownError,
)
from migma_nb.api.hints import hint_for
from migma_nb.api.meaning import Answer, Meaning, NoAnswer, Verdict, judge
from migma_nb.api.models import BatchStatus, SendAnswer, SendRequest
from migma_nb.api.settings import Settings

_NOT_FOUND = 404

_ERRORS: dict[Verdict, tuple[type[CallError], str]] = {
    Verdict.REFUSED: (RefusedError, "Nothing was sent; mend the field that it names and call again."),
    Verdict.NOT_ACCEPTED: (NotSentError, "Nothing was sent; the call may be made again."),
    Verdict.OUTDATED: (NotSentError, "Nothing was sent; call again with another idempotency_key."),
    Verdict.HALT: (AccountError, "Nothing was sent; check the key, its permissions and the base URL."),
    Verdict.LOST: (UnknownError, "It may have been sent: look before you call again."),
    Verdict.UNKNOWN: (UnknownError, "It may have been sent: look before you call again."),
}


async def send_once(settings: Settings, request: SendRequest, *, idempotency_key: str | None) -> SendAnswer:
    """Post one send, once, and return what the API said of it.

    Raises:
        NotSentError: it certainly did not leave (AccountError: and no other would).
        RefusedError: the API said no.
        UnknownError: it may have left.
    """
    async with Connection(settings) as connection:
        answer = await connection.post("/sending", request.body(), idempotency_key=idempotency_key)
    meaning = judge(answer, uncertain=False, now=datetime.now(UTC))
    if meaning.verdict in _ERRORS:
        raise _error(meaning)
    return meaning.answer or SendAnswer()


async def fetch_batch(settings: Settings, batch_id: str) -> BatchStatus:
    """Return a batch's status.

    Raises:
        InputError: the account has no such batch.
        CallError: no clear answer came; nothing is changed by asking again.
    """
    async with Connection(settings) as connection:
        answer = await get_batch(connection, batch_id)
    data = read_json(answer)
    if data is not None:
        return batch_status(data)
    if isinstance(answer, Answer) and answer.status == _NOT_FOUND:
        raise InputError(f"No batch {batch_id!r} at {settings.origin}.")
    meaning = judge(answer, uncertain=False, now=datetime.now(UTC))
    error = AccountError if meaning.verdict is Verdict.HALT else CallError
    raise error(
        f"The status of batch {batch_id!r} could not be read: {meaning.detail.rstrip('.')}.",
        status=meaning.status,
        code=meaning.code,
        request_id=meaning.request_id,
    )


async def get_batch(connection: Connection, batch_id: str) -> Answer | NoAnswer:
    """Ask for a batch, by the shorter path too where the first is not found (migma-api.md, section 3)."""
    name = quote(batch_id, safe="")
    answer = await connection.get(f"/sending/batches/{name}")
    if isinstance(answer, Answer) and answer.status == _NOT_FOUND:
        return await connection.get(f"/sending/{name}")
    return answer


def read_json(answer: Answer | NoAnswer) -> dict[str, Any] | None:
    """Return `data` of a successful answer, or None where it is anything else."""
    if isinstance(answer, NoAnswer) or not answer.complete or answer.status // 100 != 2:  # noqa: PLR2004
        return None
    parts = parsed(answer.body)
    if parts is None or parts.get("success") is False:
        return None
    data = parts.get("data")
    return data if isinstance(data, dict) else None


def _error(meaning: Meaning) -> CallError:
    kind, hint = _ERRORS[meaning.verdict]
    return kind(
        f"{meaning.detail.rstrip('.')}.",
        hint=hint_for(meaning.detail) or hint,
        status=meaning.status,
        code=meaning.code,
        request_id=meaning.request_id,
    )
