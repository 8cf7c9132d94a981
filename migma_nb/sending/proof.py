"""The proof that a server honours idempotency keys, made without mailing anybody."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from migma_nb.api.connection import Connection
from migma_nb.api.meaning import Answer, Meaning, NoAnswer, Verdict, judge
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason
from migma_nb.ledger import journal
from migma_nb.ledger.store import Ledger
from migma_nb.sending.halting import Halt, halt_for

#: Bodies that no server can send: they name no recipient, no sender and no content.
_BODY, _OTHER_BODY = b"{}", b'{"recipientType":"email"}'
_CONFLICT, _SERVER = 409, 500


#: The waits between tries that proved nothing either way (seconds).
TRY_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 0.0)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one try came to.

    `certain` says that another try would not tell more; `halt` is set where the server or the account is
    the problem, so that no row would fare better.
    """

    proven: bool
    certain: bool = False
    halt: Meaning | None = None


async def prove(connection: Connection) -> Proof:
    """Post a body that cannot be sent twice under one fresh key, then another such body under it.

    Proven is: the second answer is marked as a replay with the same status, and the third is 409
    `IDEMPOTENCY_CONFLICT` (migma-api.md, section 2). Anything else proves nothing and is not kept.
    """
    key = f"mnb-proof-{secrets.token_hex(16)}"
    answers: list[Answer] = []
    for body in (_BODY, _BODY, _OTHER_BODY):
        answer = await connection.post("/sending", body, idempotency_key=key)
        meaning = _meaning(answer)
        if meaning.verdict is Verdict.HALT:
            return Proof(proven=False, certain=True, halt=meaning)
        if (
            isinstance(answer, NoAnswer)
            or meaning.verdict is Verdict.NOT_ACCEPTED
            or answer.status >= _SERVER
        ):
            unreachable = meaning.reason is Reason.NO_CONNECTION
            return Proof(proven=False, halt=meaning if unreachable else None)
        answers.append(answer)
    return Proof(proven=_holds(*answers), certain=True)


def _holds(first: Answer, second: Answer, third: Answer) -> bool:
    replayed = second.headers.get("idempotent-replayed", "").strip().lower() == "true"
    refused = 400 <= first.status < 500  # noqa: PLR2004 - a 2xx to an empty body would prove a broken server
    conflict = third.status == _CONFLICT and _meaning(third).code == "IDEMPOTENCY_CONFLICT"
    return refused and replayed and second.status == first.status and conflict


def _meaning(answer: Answer | NoAnswer) -> Meaning:
    return judge(answer, uncertain=False, now=datetime.now(UTC))


async def establish(
    settings: Settings, ledger: Ledger, given_up: Callable[[], bool]
) -> tuple[bool, Halt | None]:
    """Return whether a server is proven to honour keys, and why the run must halt where it must.

    A positive proof of the last day is taken from the ledger; a new one is kept there. What proves nothing
    either way (no answer, a 5xx) is tried again a few times.
    """
    origin, fingerprint = settings.origin, settings.key.fingerprint()

    def known(conn: sa.Connection) -> bool:
        return journal.is_proven(conn, origin, fingerprint, time.time())

    def keep(conn: sa.Connection) -> None:
        journal.write_proof(conn, origin, fingerprint, time.time())

    if await asyncio.to_thread(ledger.reading, known):
        return True, None
    found = Proof(proven=False)
    async with Connection(settings) as connection:
        for wait in TRY_AGAIN_S:
            found = await prove(connection)
            if found.proven:
                await asyncio.to_thread(ledger.writing, keep)
                return True, None
            if found.certain or given_up():
                break
            await asyncio.sleep(wait)
    return False, halt_for(found.halt, settings) if found.halt else None
