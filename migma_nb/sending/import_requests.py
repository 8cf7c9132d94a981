"""One request of an import: on record before it leaves, repeated where that helps, its job followed."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from migma_nb.api.connection import Connection
from migma_nb.api.contacts import BULK, Bulk, ask_job, bulk_of, job_of, repeat_upsert_after
from migma_nb.api.meaning import Answer, Meaning, Verdict, judge
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason, State
from migma_nb.ledger import clock, imports
from migma_nb.ledger.imports import Begun, ChunkState, Whose
from migma_nb.ledger.scribe import Scribe
from migma_nb.planning.contacts import ContactList
from migma_nb.sending.agenda import Agenda
from migma_nb.sending.import_fates import Fate, fate_of_all, fates_of, is_taken
from migma_nb.sending.pace import SharedPace

#: The wait between two questions about a job grows from the first to the second (seconds).
FIRST_WAIT_S, LONGEST_WAIT_S = 0.3, 15.0
#: A job that does not get on for so long (seconds) is no longer waited for.
STANDSTILL_S = 600.0
#: What these answers say is true of every other request as well.
_OF_ALL = {Reason.NOT_FOUND, Reason.NO_CONNECTION, Reason.RATE_LIMITED, Reason.UNAVAILABLE}


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request's rows; `halt` is an answer that no other request would fare better with."""

    fates: dict[int, Fate]
    halt: Meaning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What every request of an import needs."""

    import_id: str
    contacts: ContactList
    project_id: str
    whose: Whose
    settings: Settings
    scribe: Scribe
    agenda: Agenda
    pace: SharedPace
    in_hand: Callable[[int], None]


class Request:
    """One request: its rows, its bytes, and what came back so far.

    Args:
        office: what every request needs.
        connection: to the API.
        rows: the rows that it carries.
    """

    def __init__(self, office: Office, connection: Connection, rows: Sequence[int]) -> None:
        self._office = office
        self._connection = connection
        self._rows = rows
        self._body = office.contacts.body(rows, office.project_id)
        self._begun = Begun(0, "")
        self._tries = self._lost = 0
        self._uncertain = False
        self._meaning: Meaning | None = None

    async def carry(self) -> Reply:
        """Send it and find out what became of its rows; the outcome is on record before it is told.

        Raises:
            LedgerError: the ledger could not be written. Nothing more was sent.
        """
        await self._begin()
        job = self._begun.job
        if job is None:
            answer = await self._post()
            if answer is None or self._meaning is None or not is_taken(self._meaning):
                return await self._end_unsettled()
            bulk = bulk_of(answer.body, len(self._rows))
            if bulk.job is None:
                return await self._settle(fates_of(self._office.contacts, self._rows, bulk))
            job = bulk.job
        await self._write(lambda conn, now: self._write_end(conn, ChunkState.JOB, now, job=job))
        found = await self._follow(job)
        if isinstance(found, Bulk):
            return await self._settle(fates_of(self._office.contacts, self._rows, found))
        gone = found.reason is Reason.NOT_FOUND
        return await self._settle(self._all(found), ChunkState.ANSWERED if gone else ChunkState.JOB)

    async def _begin(self) -> None:
        """Put the request on record; from here on it is open what the API holds of its people."""
        office = self._office

        def write(conn: sa.Connection) -> Begun:
            people = [office.contacts.person(row) for row in self._rows]
            imports.forget_people(conn, office.whose, people)
            return imports.begin_chunk(
                conn,
                office.whose,
                office.import_id,
                self._body,
                rows=len(self._rows),
                key_fingerprint=office.settings.key.fingerprint(),
                now=clock.now(conn),
            )

        self._begun = await office.scribe.write(write)

    async def _post(self) -> Answer | None:
        """Post until there is an answer to go by; None where there is none, or the import was stopped."""
        office = self._office
        while (going := await office.pace.turn()) is not None:
            answer = await self._connection.post(
                BULK, self._body, idempotency_key=self._begun.idempotency_key
            )
            meaning = judge(answer, uncertain=self._uncertain, now=datetime.now(UTC))
            self._meaning = meaning
            self._tries += 1
            doubt = meaning.verdict in {Verdict.LOST, Verdict.UNKNOWN}
            self._lost += doubt
            self._uncertain |= doubt
            hearing = office.pace.hear(going, answer, meaning)
            await office.scribe.write_stubbornly(hearing.write)
            if hearing.done(office.settings) is not None:
                self._meaning = meaning._replace(verdict=Verdict.HALT)
                return None
            wait = repeat_upsert_after(
                meaning,
                tries=self._tries,
                lost=self._lost,
                timeout=office.settings.timeout,
                chance=random.random(),  # noqa: S311 - a jitter, no secret
            )
            if wait is None:
                return answer if isinstance(answer, Answer) else None
            if meaning.verdict is Verdict.OUTDATED:
                # What is stored under this key is yesterday's trouble: the next one asks anew.
                await self._write(lambda conn, now: self._write_end(conn, ChunkState.ANSWERED, now))
                await self._begin()
            await office.agenda.rest(wait)
        if not self._uncertain:
            self._meaning = None
        return None

    async def _end_unsettled(self) -> Reply:
        """Write what became of a request that the API did not take, or not for certain."""
        meaning = self._meaning
        if meaning is None:
            stopped = Fate(State.NOT_SENT, Reason.STOPPED, "stopped before its turn")
            return await self._settle(self._all(stopped), ChunkState.LEFT)
        fate = fate_of_all(meaning)
        if self._uncertain and fate.state is State.NOT_SENT:
            fate = replace(fate, state=State.UNKNOWN)
        # What a server answers with 4xx it may keep under the key for a day; 429 it does not.
        kept = meaning.status is not None and 400 <= meaning.status < 500 and meaning.status != 429  # noqa: PLR2004
        reply = await self._settle(self._all(fate), ChunkState.ANSWERED if kept else ChunkState.LEFT)
        others_too = meaning.verdict is Verdict.HALT or meaning.reason in _OF_ALL
        return Reply(reply.fates, meaning if others_too else None)

    async def _follow(self, job: str) -> Bulk | Fate:
        """Ask for a job until it ends; what is known of its rows where nobody waits any more."""
        agenda, pace = self._office.agenda, self._office.pace
        moved, wait = time.monotonic(), FIRST_WAIT_S
        last: Bulk | None = None
        why = f"the API's job {job} is still at work"
        while not agenda.stopped and time.monotonic() - moved <= STANDSTILL_S:
            found = await ask_job(self._connection, job)
            pace.posted_beside(1)
            if found.missing:
                return Fate(State.UNKNOWN, Reason.NOT_FOUND, f"the API knows the job {job} no more")
            if found.trouble is None:
                bulk = job_of(found.data, len(self._rows))
                if bulk.ended:
                    return bulk
                if bulk != last:
                    last, moved, wait = bulk, time.monotonic(), FIRST_WAIT_S
                    self._office.in_hand(bulk.processed or 0)
                why = f"the API's job {job} is still {bulk.status or 'at work'}"
            else:
                why = f"the API's job {job} cannot be followed: {found.trouble.detail}"
                if found.trouble.verdict is Verdict.HALT:
                    break
            await agenda.rest(wait)
            wait = min(LONGEST_WAIT_S, wait * 1.3)
        return Fate(State.UNKNOWN, Reason.STILL_AT_WORK, why)

    def _all(self, fate: Fate) -> dict[int, Fate]:
        return dict.fromkeys(self._rows, fate)

    async def _settle(self, fates: dict[int, Fate], state: ChunkState = ChunkState.ANSWERED) -> Reply:
        """Write the outcome and who is in by it, in one transaction, and only then tell it."""
        office = self._office
        taken = [row for row in self._rows if fates[row].state is State.ACCEPTED]
        people = [(office.contacts.person(row), office.contacts.digest(row)) for row in taken]
        reasons = {fate.reason for fate in fates.values()}
        reason = reasons.pop() if len(reasons) == 1 else None

        def write(conn: sa.Connection, now: float) -> None:
            self._write_end(conn, state, now, reason=reason)
            imports.note_people(conn, office.whose, office.import_id, people, now)

        now = await self._write(write)
        known = {
            fate: replace(
                fate,
                http_status=self._meaning.status if self._meaning else None,
                request_id=self._meaning.request_id if self._meaning else None,
                idempotency_key=self._begun.idempotency_key,
                finished_at=now,
            )
            for fate in set(fates.values())
        }
        return Reply({row: known[fate] for row, fate in fates.items()})

    async def _write(self, work: Callable[[sa.Connection, float], None]) -> float:
        """Write something that happened, stubbornly; return when that was, by the ledger's clock."""

        def write(conn: sa.Connection) -> float:
            now = clock.now(conn)
            work(conn, now)
            return now

        return await self._office.scribe.write_stubbornly(write)

    def _write_end(
        self,
        conn: sa.Connection,
        state: ChunkState,
        now: float,
        *,
        reason: str | None = None,
        job: str | None = None,
    ) -> None:
        meaning = self._meaning
        imports.end_chunk(
            conn,
            self._begun.chunk_id,
            state,
            now=now,
            reason=reason or (meaning.reason if meaning else None),
            job=job,
            http_status=meaning.status if meaning else None,
            request_id=meaning.request_id if meaning else None,
        )
