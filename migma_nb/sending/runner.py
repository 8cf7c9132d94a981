"""The runner: takes each row of a plan through claim, intent, POST and outcome, each on disk before the next.

Whether a person is mailed twice hangs on this file, on what an answer means, and on the claim.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from migma_nb.api.connection import Connection
from migma_nb.api.errors import LedgerError
from migma_nb.api.meaning import Meaning, Past, Verdict, judge, repeat_after
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason, RunState, State
from migma_nb.ledger import claims, journal
from migma_nb.ledger.schema import ClaimState, Intent, Settled, Standing, Taken
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending.agenda import Agenda, Task
from migma_nb.sending.budget import Budget
from migma_nb.sending.decision import decide, outcome_of
from migma_nb.sending.halting import Halt, halt_for, halt_for_budget, halt_for_ledger
from migma_nb.sending.pacing import Pacer
from migma_nb.sending.sorting import Sorter, Turn
from migma_nb.sending.tally import RowChanged

#: How often a row that another process holds is looked at again (seconds).
LOOK_AGAIN_S = 0.3
#: An outcome that the ledger does not take at once is offered again after these waits (seconds).
OUTCOME_WAITS_S = (0.2, 1.0, 3.0)
_NOTHING_TO_SEND = {ClaimState.ACCEPTED, ClaimState.ALREADY_SENT, ClaimState.HELD}


class Runner:
    """One run of a plan against one server, journaled in one ledger.

    Args:
        run_id: the run's id, whose lock the caller holds and whose rows are on record.
        plan: what to send.
        settings: the client's settings.
        ledger: the open ledger.
        row_changed: called with (position, before, after, detail) at every change of a row.
    """

    def __init__(
        self, run_id: str, plan: Plan, settings: Settings, ledger: Ledger, row_changed: RowChanged
    ) -> None:
        self.run_id = run_id
        self.halt: Halt | None = None
        self._plan = plan
        self._settings = settings
        self._ledger = ledger
        self._row_changed = row_changed
        self._fingerprint = settings.key.fingerprint()
        self._agenda = Agenda()
        self._scribe = Scribe(ledger)
        self._pacer = Pacer(settings.rate)
        self._budget = Budget()
        self._elsewhere: list[int] = []
        self._sorter = Sorter(run_id, plan, settings, self._fingerprint)

    def stop(self) -> None:
        """Begin no further attempt; those in flight are finished and recorded. Call it in the loop."""
        self._agenda.stop()

    async def work(self, prove: Callable[[], Awaitable[bool]], *, limit: int | None) -> None:
        """Take every ready row to its end, or to where the run was stopped or halted.

        Args:
            prove: finds out whether the server honours idempotency keys; asked only if a row may be sent.
            limit: begin with at most so many rows; None for all.
        """
        try:
            await self._sort_all(prove, limit)
            await self._work_off()
            while self._elsewhere and not self._agenda.stopped:
                await self._agenda.rest(LOOK_AGAIN_S)
                await self._look_again()
                await self._work_off()
            await self._give_back_the_rest()
        except LedgerError as error:
            self.halted(halt_for_ledger(error))

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until the run is stopped."""
        await self._agenda.rest(seconds)

    async def finish(self, state: RunState, reason: Reason | None, detail: str | None) -> None:
        """Write the run's end."""
        now = time.time()
        await self._scribe.write(
            lambda conn: journal.finish(conn, self.run_id, state, reason=reason, detail=detail, now=now)
        )

    def close(self) -> None:
        """Let the writing thread end."""
        self._scribe.close()

    async def _sort_all(self, prove: Callable[[], Awaitable[bool]], limit: int | None) -> None:
        found, newest = await self._scribe.aside(lambda: self._ledger.reading(self._look))
        seen = (found.get(self._plan.recipient(at)) for at in self._plan.ready)
        needed = any(one is None or one.state not in _NOTHING_TO_SEND for one in seen)
        proven = needed and await prove() and self._plan.target is None
        self._sorter.prepare(proven=proven, newest=newest)
        turns = [self._sorter.sort(at, found.get(self._plan.recipient(at))) for at in self._plan.ready]
        begun = 0
        for turn in turns:
            if turn.task is not None:
                begun += 1
                if limit is not None and begun > limit:
                    words = f"beyond limit={limit}; send again to go on"
                    turn.settled, turn.task = (
                        Settled(turn.position, State.NOT_SENT, Reason.LIMIT, words),
                        None,
                    )
        await self._place(turns)

    def _look(self, conn: sa.Connection) -> tuple[dict[str, Standing], float | None]:
        found = claims.standings(conn, self._settings.scope, self._plan.mailing)
        return found, journal.newest_entry(conn)

    async def _place(self, turns: list[Turn]) -> None:
        """Put each row where it belongs: on the agenda, among those held elsewhere, or at its end."""
        settled = [turn.settled for turn in turns if turn.settled is not None]
        if settled:
            await self._scribe.write(lambda conn: journal.settle_rows(conn, self.run_id, settled))
        for row in settled:
            self._row_changed(row.position, State.WAITING, row.state, row.detail or "")
        for turn in turns:
            if turn.task is not None:
                self._agenda.add(turn.task, turn.delay)
            elif turn.settled is None:
                self._elsewhere.append(turn.position)

    async def _look_again(self) -> None:
        """See what became of the rows that another process held; take up those of the dead."""
        positions, self._elsewhere = self._elsewhere, []
        await self._scribe.aside(lambda: journal.settle_the_dead(self._ledger, time.time(), but=self.run_id))
        found, _ = await self._scribe.aside(lambda: self._ledger.reading(self._look))
        await self._place([self._sorter.sort(at, found.get(self._plan.recipient(at))) for at in positions])

    async def _work_off(self) -> None:
        workers = min(self._settings.workers, len(self._agenda))
        done = await asyncio.gather(*(self._worker() for _ in range(workers)), return_exceptions=True)
        for error in done:
            if isinstance(error, BaseException):
                raise error

    async def _worker(self) -> None:
        try:
            async with Connection(self._settings) as connection:
                while (task := await self._agenda.next()) is not None:
                    try:
                        await self._turn(connection, task)
                    finally:
                        self._agenda.done()
        except LedgerError as error:
            self.halted(halt_for_ledger(error))
        except BaseException:
            # The others finish what is in flight before the error goes on.
            self._agenda.stop()
            raise

    async def _turn(self, connection: Connection, task: Task) -> None:
        """Make one attempt for a row, once its turn in the pace has come."""
        while (wait := self._pacer.reserve(time.monotonic())) > 0:
            await self._agenda.rest(wait)
            if self._agenda.stopped:
                break
        if self._agenda.stopped:
            self._agenda.add(task)
            return
        body = self._plan.body(task.position)
        intent = self._intent(task, body)
        taken = await self._take(task, intent)
        if taken is None:
            self._pacer.give_back()
            return
        self._row_changed(task.position, State.WAITING, State.SENDING, "")
        began = time.monotonic()
        task.first_at = began if task.first_at is None else task.first_at
        answer = await connection.post("/sending", body, idempotency_key=taken.idempotency_key)
        meaning = judge(answer, uncertain=taken.uncertain, now=datetime.now(UTC))
        await self._settle(task, taken, intent, meaning, began)

    def _intent(self, task: Task, body: bytes) -> Intent:
        return Intent(
            scope=self._settings.scope,
            mailing=self._plan.mailing,
            recipient=self._plan.recipient(task.position),
            run_id=self.run_id,
            plan_id=self._plan.id,
            payload_sha256=hashlib.sha256(body).hexdigest(),
            key_fingerprint=self._fingerprint,
            at=time.time(),
        )

    async def _take(self, task: Task, intent: Intent) -> Taken | None:
        """Claim the row and write its intent to disk, or place it by how the ledger has it now."""
        if task.taken is not None:
            task.taken = await self._scribe.write(lambda conn: claims.again(conn, intent))
            return task.taken
        found = await self._scribe.write(lambda conn: claims.take(conn, intent, task.seen))
        if isinstance(found, Standing):
            await self._place([self._sorter.sort(task.position, found)])
            return None
        task.taken = found
        return found

    async def _settle(self, task: Task, taken: Taken, intent: Intent, meaning: Meaning, began: float) -> None:
        """Decide what the answer leaves behind, write it, and only then show it."""
        task.tries += 1
        past = self._past(task, taken)
        chance = random.random()  # noqa: S311 - jitter, no secret
        wait = repeat_after(meaning, past, timeout=self._settings.timeout, chance=chance)
        decision = decide(meaning, past, repeats=wait is not None)
        outcome = outcome_of(meaning, decision, now=time.time(), latency_s=time.monotonic() - began)

        def write(conn: sa.Connection) -> None:
            claims.record(conn, taken, intent, outcome)
            if decision.state is not None:
                account = claims.account_of(conn, taken.claim_id)
                row = Settled(task.position, decision.state, decision.reason, meaning.detail, account)
                journal.settle_rows(conn, self.run_id, [row])

        await self._write_stubbornly(write)
        self._row_changed(task.position, State.SENDING, decision.state or State.WAITING, meaning.detail)
        if wait is not None:
            self._agenda.add(task, wait)
        self._heed(meaning)

    def _heed(self, meaning: Meaning) -> None:
        """Let an answer slow down or halt the whole run."""
        if meaning.verdict is Verdict.NOT_ACCEPTED and meaning.reason is not Reason.NO_CONNECTION:
            self._pacer.told_to_wait(time.monotonic(), meaning.wait_s)
        if meaning.verdict is Verdict.HALT:
            self.halted(halt_for(meaning, self._settings))
        elif self._budget.spent_by(meaning):
            self.halted(halt_for_budget(meaning, self._settings))

    def _past(self, task: Task, taken: Taken) -> Past:
        # The key's age is the larger of what two clocks say; a clock that jumped back must not make it young.
        by_wall = time.time() - taken.first_attempt_at
        by_monotonic = time.monotonic() - (task.first_at or 0.0)
        return Past(
            tries=task.tries,
            uncertain=taken.uncertain,
            proven=self._sorter.proven,
            age_s=max(by_wall, by_monotonic) if self._sorter.clock_is_sound else None,
        )

    async def _write_stubbornly(self, write: Callable[[sa.Connection], None]) -> None:
        """Offer an outcome to the ledger again when it is not taken at once: it cannot be asked for twice."""
        for wait in OUTCOME_WAITS_S:
            try:
                return await self._scribe.write(write)
            except LedgerError:
                await asyncio.sleep(wait)
        return await self._scribe.write(write)

    async def _give_back_the_rest(self) -> None:
        """Give back claims that wait for an attempt which will not come, and close all open rows."""
        left = self._agenda.remaining()
        reason = self.halt.reason if self.halt else Reason.STOPPED
        words = self.halt.detail if self.halt else "the run was stopped before its turn"

        def write(conn: sa.Connection) -> list[Settled]:
            closed = []
            for task in left:
                state, why = State.NOT_SENT, reason
                account: dict[str, Any] = {}
                if task.taken is not None:
                    unknown = claims.let_go(conn, task.taken.claim_id, self.run_id, reason)
                    account = claims.account_of(conn, task.taken.claim_id)
                    state = State.UNKNOWN if unknown else State.NOT_SENT
                    why = Reason(account["reason"]) if unknown else reason
                elif task.uncertain:
                    state, why = State.UNKNOWN, Reason.LOST_ANSWER
                    account = dict(task.seen.account) if task.seen else {}
                closed.append(Settled(task.position, state, why, words, account))
            held = "another run holds this person; its own account has the answer"
            closed += [Settled(at, State.UNKNOWN, Reason.ELSEWHERE, held) for at in self._elsewhere]
            journal.settle_rows(conn, self.run_id, closed)
            return closed

        for row in await self._scribe.write(write):
            self._row_changed(row.position, State.WAITING, row.state, row.detail or "")

    def halted(self, halt: Halt) -> None:
        """Begin no further attempt, for this reason; the first reason stands."""
        self.halt = self.halt or halt
        self._agenda.stop()
