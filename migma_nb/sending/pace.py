"""The pace of one run, shared through the ledger with all who use its API key at the same server."""

import asyncio
import json
import math
import time
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from migma_nb.api.meaning import Answer, Meaning, NoAnswer, Verdict
from migma_nb.api.rate_headers import rate_word
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason
from migma_nb.ledger import clock
from migma_nb.ledger import pace as records
from migma_nb.ledger.scribe import Scribe
from migma_nb.sending import learning, pacing
from migma_nb.sending.agenda import Agenda
from migma_nb.sending.halting import Halt, halt_for_refusals
from migma_nb.sending.known_limit import Kind, Pace, goes_at, settled
from migma_nb.sending.pacing import Grant
from migma_nb.sending.slots import Slots, Turn

#: A slot that was asked for longer ago than this (seconds) is looked at again: a 429 may have voided it.
STALE_S = 1.0
_LIMITED = 429
_PARTS = tuple(field.name for field in fields(Pace))


class Going(NamedTuple):
    """A request that may leave: its slot, and when that was used, by the ledger's clock."""

    turn: Turn
    at: float


class SharedPace:
    """Hands out turns to a run's workers; leases of slots come from the ledger, a moment's worth at a time.

    A lease costs a write that shares its commit with those of other rows; what answers teach is written with
    the outcome of their row.

    Args:
        settings: the client's settings.
        scribe: the run's writer.
        agenda: says when no attempt may begin, and is waited with.
        run_id: of the run, so that others can tell how fast it may go.
    """

    def __init__(self, settings: Settings, scribe: Scribe, agenda: Agenda, run_id: str) -> None:
        self._settings = settings
        self._run_id = run_id
        self._server = settings.origin, settings.key.fingerprint()
        self._scribe = scribe
        self._agenda = agenda
        self._slots = Slots(settings.workers)
        self._asking = asyncio.Lock()
        self._not_before = 0.0
        self._news = asyncio.Event()
        self._noted: Counter[int] = Counter()
        self._offset = time.time() - time.monotonic()
        self._open = True

    async def turn(self) -> Going | None:
        """Wait until a request may leave; None where none may begin any more, or for now.

        Raises:
            LedgerError: the ledger gave no slots.
        """
        while not self._agenda.held_up:
            turn = self._slots.take(time.monotonic())
            if turn.slot is not None:
                if turn.ahead_s <= STALE_S or await self._stands(turn.slot):
                    return Going(turn, time.monotonic() + self._offset)
                continue
            wait = turn.wait or await self._ask()
            if wait > 0:
                await self._agenda.rest(wait, self._news)
        return None

    def give_back(self, going: Going) -> None:
        """Take back a turn whose request was not needed."""
        self._slots.give_back(going.turn, time.monotonic())

    def hear(self, going: Going, answer: Answer | NoAnswer, meaning: Meaning) -> "Hearing":
        """Return what an answer teaches, to be written with its row's outcome."""
        return Hearing(self, going, answer, meaning)

    async def _ask(self) -> float:
        """Lease slots; return how long to wait (seconds) where there are none yet."""
        async with self._asking:
            wait = self._not_before - time.monotonic()
            if len(self._slots) or wait > 0:
                return 0.0 if len(self._slots) else wait
            noted, self._noted = self._noted, Counter()
            try:
                given, now, offset, is_open = await self._scribe.write(lambda conn: self._lease(conn, noted))
            except BaseException:
                self._noted += noted
                raise
            self._offset, self._open = offset, is_open
            self._slots.add(given, now, offset)
            if not given.count:
                self._not_before = time.monotonic() + given.wait
            return given.wait

    def _lease(self, conn: sa.Connection, noted: Counter[int]) -> tuple[Grant, float, float, bool]:
        now = clock.now(conn)
        pace = self.known(conn, now)
        for second, count in sorted(noted.items()):
            pace = learning.passed(pace, second, count, 0.0, now)
        rate = self._settings.rate
        pace = goes_at(pace, self._run_id, 0.0 if rate is None else rate.per_minute)
        pace, given = pacing.grant(pace, rate, now, self._slots.most)
        self.keep(conn, pace, now)
        return given, now, now - time.monotonic(), self.is_open(pace)

    async def _stands(self, asked: float) -> bool:
        """Return whether no 429 came since a slot was asked for."""

        def look(conn: sa.Connection) -> Pace:
            return self.known(conn, clock.now(conn))

        pace = await self._scribe.write(look)
        return not (pace.refused and pace.refused_at > asked)

    def posted_beside(self, count: int) -> None:
        """Remember requests that went out beside the pace: the server's limit counts them too."""
        if count:
            self._noted[math.floor(time.monotonic() + self._offset)] += count

    def is_open(self, pace: Pace) -> bool:
        """Whether each answer is to be written at once."""
        return bool(pace.refused) or (self._settings.rate is None and pace.is_unsure)

    def known(self, conn: sa.Connection, now: float) -> Pace:
        """Return the pace as the ledger has it, and as it is now."""
        return learning.aged(settled(pace_of(records.read(conn, *self._server)), now), now)

    def keep(self, conn: sa.Connection, pace: Pace, now: float) -> None:
        """Write the pace."""
        parts = {name: getattr(pace, name) for name in _PARTS}
        records.write(conn, *self._server, json.dumps(parts, separators=(",", ":")), now)

    def learn(
        self, pace: Pace, going: Going, answer: Answer | NoAnswer, meaning: Meaning, now: float
    ) -> Pace:
        """Return the pace after an answer."""
        if meaning.verdict is Verdict.NOT_ACCEPTED:
            if meaning.reason is not Reason.NO_CONNECTION:
                pace = learning.refused(pace, self.heard(going, meaning), now)
        elif meaning.status != _LIMITED:
            pace = learning.passed(pace, going.at, 1, going.turn.slot or 0.0, now)
        if self._settings.rate is None and isinstance(answer, Answer):
            pace = learning.told(pace, rate_word(answer.headers, datetime.now(UTC)), now)
        return pace

    def heard(self, going: Going, meaning: Meaning) -> learning.Heard:
        """Return a refusal as far as the pace goes."""
        limited = meaning.status == _LIMITED
        return learning.Heard(going.turn.slot or 0.0, going.at, limited=limited, wait_s=meaning.wait_s)

    def note(self, going: Going) -> None:
        """Remember a request that got through, for the next lease."""
        self._noted[math.floor(going.at)] += 1

    def spread(self, pace: Pace, *, refused: bool) -> None:
        """Let the workers know what has just been learned."""
        self._open = self.is_open(pace)
        if refused:
            self._slots.void()
        self._not_before = 0.0
        self._news.set()
        self._news = asyncio.Event()

    def matters(self, answer: Answer | NoAnswer, meaning: Meaning) -> bool:
        """Whether an answer is to be written at once: it may change the pace for everybody."""
        if self._open or meaning.verdict is Verdict.NOT_ACCEPTED:
            return True
        return self._settings.rate is None and isinstance(answer, Answer) and _tells_more(answer)


class Hearing:
    """One answer's lesson: `write` it in the transaction of the row's outcome, then call `done`.

    `matters` says whether it is written at all, since it may change the pace for everybody.
    """

    def __init__(self, pace: SharedPace, going: Going, answer: Answer | NoAnswer, meaning: Meaning) -> None:
        self._pace = pace
        self._going = going
        self._answer = answer
        self._meaning = meaning
        self.matters = pace.matters(answer, meaning)
        self._after: Pace | None = None
        self._used_up = False

    def write(self, conn: sa.Connection) -> None:
        """Write what everybody must know at once."""
        if not self.matters:
            return
        now = clock.now(conn)
        after = self._pace.learn(self._pace.known(conn, now), self._going, self._answer, self._meaning, now)
        self._used_up = self._is_refusal and learning.used_up(
            after, self._pace.heard(self._going, self._meaning)
        )
        if self._used_up:
            after = learning.released(after, now)
        self._pace.keep(conn, after, now)
        self._after = after

    def done(self, settings: Settings) -> Halt | None:
        """Let the workers know, once it is on record; return a halt where waiting helps nobody."""
        if self._after is None:
            self._pace.note(self._going)
            return None
        self._pace.spread(self._after, refused=self._is_refusal)
        return halt_for_refusals(self._meaning, settings) if self._used_up else None

    @property
    def _is_refusal(self) -> bool:
        refusal = self._meaning.verdict is Verdict.NOT_ACCEPTED
        return refusal and self._meaning.reason is not Reason.NO_CONNECTION


def _tells_more(answer: Answer) -> bool:
    """Whether rate headers say that a window is nearly used up, which everybody should know."""
    word = rate_word(answer.headers, datetime.now(UTC))
    return word.remaining is not None and word.remaining <= 1


def pace_of(text: str | None) -> Pace:
    """Return the pace that a text stands for; one that cannot be read is begun anew."""
    try:
        parts: dict[str, Any] = json.loads(text or "{}")
        values = {name: _frozen(parts[name]) for name in _PARTS if name in parts}
        pace = Pace(**values)
        return Pace(**values | {"kind": Kind(pace.kind)})
    except (ValueError, TypeError, AttributeError):
        return Pace()


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
