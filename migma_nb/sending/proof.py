"""The proof that a server honours idempotency keys, made without mailing anybody.

Two halves. A body that cannot be sent is posted twice under a fresh key, and another such body under the
same: the server replays refusals, and sees that the bodies differ. Then such a body is posted under the key
of a mail that was accepted: only a server that stored that acceptance calls it a conflict. Without the second
half a server that stores nothing but refusals would pass, and mail people twice.

Each question goes over a connection of its own, as the repeat of a lost answer will: behind a load balancer a
connection that is kept leads to one server, and the others may have never heard of its keys.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import sqlalchemy as sa

from migma_nb.api.connection import Connection
from migma_nb.api.errors import LedgerError
from migma_nb.api.meaning import Answer, Meaning, NoAnswer, Verdict, judge, seconds_ahead
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason
from migma_nb.ledger import clock, journal
from migma_nb.ledger.store import Ledger
from migma_nb.sending.halting import Halt, halt_for

T = TypeVar("T")

#: Bodies that no server can send: they name no recipient, no sender and no content.
_BODY, _OTHER_BODY = b"{}", b'{"recipientType":"email"}'
_CONFLICT, _SERVER = 409, 500
#: The waits between tries that proved nothing either way (seconds).
TRY_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 0.0)
#: So many accepted mails' keys are tried at most, where answers to that get lost.
MOST_KEYS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What one try came to: None where it told nothing; `halt` where no row would fare better."""

    holds: bool | None
    halt: Meaning | None = None


class Aside(Protocol):
    """Runs blocking work elsewhere: `Scribe.aside`, which works also while the interpreter ends."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what the work returns."""


async def _in_a_pool(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


class Trust:
    """What is known of how a server treats keys, for one run.

    Args:
        settings: the client's settings.
        ledger: where positive proofs are kept for a day, per origin and API key.
        allowed: whether anything may be posted for it; without a confirmed send nothing is.
    """

    def __init__(self, settings: Settings, ledger: Ledger, *, allowed: bool) -> None:
        #: How far this machine's clock was seen to be ahead of the server's (seconds).
        self.ahead_s = 0.0
        #: Runs blocking work of the ledger; the runner puts its own thread here, which lives to the last.
        self.aside: Aside = _in_a_pool
        self.proven: bool | None = None if allowed else False
        self._posted = 0
        self._settings = settings
        self._ledger = ledger
        self._keys_left = MOST_KEYS
        self._asking = False
        self._established = False

    @property
    def wants_a_key(self) -> bool:
        """Whether the key of an accepted mail would help."""
        return self.proven is None and self._keys_left > 0 and not self._asking

    def newly_posted(self) -> int:
        """Return how many requests were posted for the proof since this was last asked."""
        count, self._posted = self._posted, 0
        return count

    def heard(self, answer: Answer | NoAnswer) -> None:
        """Note the clocks: a key whose first use is on record hours ahead would look young for too long."""
        if isinstance(answer, Answer):
            self.ahead_s = max(self.ahead_s, seconds_ahead(answer.headers, time.time()))

    async def establish(self, given_up: Callable[[], bool]) -> Halt | None:
        """Find out what can be found out before anything is sent; return why the run must halt, if it must.

        A positive proof of the last day is taken from the ledger. What proves nothing either way (no answer,
        a 5xx) is tried again a few times. Only the first call does anything.
        """
        if self.proven is False or self._established:
            return None
        self._established = True
        known, key = await self.aside(lambda: self._ledger.reading(self._known))
        if known:
            self.proven = True
            return None
        found = Found(None)
        for wait in TRY_AGAIN_S:
            self._posted += 3
            found = await replays_refusals(self._settings, self.heard)
            if found.holds is not None or given_up():
                break
            await asyncio.sleep(wait)
        if found.holds is not True:
            self.proven = False
        elif key is not None:
            await self.learn_from(key)
        return halt_for(found.halt, self._settings) if found.halt else None

    async def learn_from(self, accepted_key: str) -> None:
        """Try the second half on the key of an accepted mail, and keep the proof where it holds."""
        self._asking = True
        self._keys_left -= 1
        self._posted += 1
        found = await remembers(self._settings, accepted_key)
        self._asking = False
        if found.holds is not None:
            self.proven = found.holds
        elif self._keys_left == 0:
            self.proven = False
        if self.proven:
            await self.aside(self._keep)

    async def learn_from_others(self) -> None:
        """See whether another run has made the proof meanwhile, or had a mail accepted whose key helps."""
        if not self.wants_a_key:
            return
        known, key = await self.aside(lambda: self._ledger.reading(self._known))
        if known:
            self.proven = True
        elif key is not None:
            await self.learn_from(key)

    def _known(self, conn: sa.Connection) -> tuple[bool, str | None]:
        origin, fingerprint, now = self._settings.origin, self._settings.key.fingerprint(), clock.now(conn)
        if journal.is_proven(conn, origin, fingerprint, now):
            return True, None
        return False, journal.accepted_key(conn, origin, fingerprint, now)

    def _keep(self) -> None:
        def write(conn: sa.Connection) -> None:
            journal.write_proof(
                conn, self._settings.origin, self._settings.key.fingerprint(), clock.now(conn)
            )

        try:
            self._ledger.writing(write)
        except LedgerError:
            # The proof holds for this run; if the ledger is gone, the next intent says so.
            return


async def replays_refusals(settings: Settings, heard: Callable[[Answer | NoAnswer], None]) -> Found:
    """Post an unsendable body twice under one fresh key, then another such body under it.

    It holds where the second answer is marked as a replay with the same status, and the third is 409
    `IDEMPOTENCY_CONFLICT` (migma-api.md, section 2).
    """
    key = f"mnb-proof-{secrets.token_hex(16)}"
    answers: list[Answer] = []
    for body in (_BODY, _BODY, _OTHER_BODY):
        answer = await _asked(settings, body, key)
        heard(answer)
        meaning = _meaning(answer)
        if meaning.verdict is Verdict.HALT:
            return Found(holds=False, halt=meaning)
        if isinstance(answer, NoAnswer) or _tells_nothing(answer, meaning):
            unreachable = meaning.reason is Reason.NO_CONNECTION
            return Found(holds=None, halt=meaning if unreachable else None)
        answers.append(answer)
    return Found(holds=_same_refusal(*answers[:2]) and _is_conflict(answers[2]))


async def remembers(settings: Settings, accepted_key: str) -> Found:
    """Post an unsendable body under the key of an accepted mail: a conflict, where that answer was stored."""
    answer = await _asked(settings, _BODY, accepted_key)
    if isinstance(answer, NoAnswer) or _tells_nothing(answer, _meaning(answer)):
        return Found(holds=None)
    return Found(holds=_is_conflict(answer))


async def _asked(settings: Settings, body: bytes, key: str) -> Answer | NoAnswer:
    async with Connection(settings) as connection:
        return await connection.post("/sending", body, idempotency_key=key)


def _tells_nothing(answer: Answer, meaning: Meaning) -> bool:
    return meaning.verdict in {Verdict.NOT_ACCEPTED, Verdict.HALT} or answer.status >= _SERVER


def _same_refusal(first: Answer, second: Answer) -> bool:
    replayed = second.headers.get("idempotent-replayed", "").strip().lower() == "true"
    refused = 400 <= first.status < _SERVER  # noqa: PLR2004 - a 2xx to an empty body would prove a broken server
    return refused and replayed and second.status == first.status


def _is_conflict(answer: Answer) -> bool:
    return answer.status == _CONFLICT and _meaning(answer).code == "IDEMPOTENCY_CONFLICT"


def _meaning(answer: Answer | NoAnswer) -> Meaning:
    return judge(answer, uncertain=False, now=datetime.now(UTC))
