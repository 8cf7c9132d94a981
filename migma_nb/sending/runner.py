"""The runner: takes each row of a plan through claim, intent, POST and outcome, each on disk before the next.

Whether a person is mailed twice hangs on this file, on what an answer means, and on the claim.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from migma_nb.api.connection import Connection
from migma_nb.api.errors import LedgerError
from migma_nb.api.meaning import Meaning, Verdict, judge, repeat_after
from migma_nb.api.settings import Settings
from migma_nb.api.states import Reason, RunState, State
from migma_nb.ledger import clock, journal
from migma_nb.ledger.locks import LifeLock
from migma_nb.ledger.queries import Holder
from migma_nb.ledger.schema import Intent, Standing, Taken
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending import repeating
from migma_nb.sending.age import KeyAge
from migma_nb.sending.agenda import Agenda, Task
from migma_nb.sending.behind import Behind
from migma_nb.sending.budget import Budget
from migma_nb.sending.decision import decide, of_campaign
from migma_nb.sending.halting import Halt, halt_for, halt_for_budget, halt_for_ledger
from migma_nb.sending.intents import Departures, intent_of
from migma_nb.sending.outcomes import Settling
from migma_nb.sending.pace import Hearing, SharedPace
from migma_nb.sending.proof import Trust
from migma_nb.sending.repeating import Repeats
from migma_nb.sending.roll import WINDOW, Roll
from migma_nb.sending.sorting import Sorter
from migma_nb.sending.tally import RowChanged

_log = logging.getLogger(__name__)


class Runner:
    """One run of a plan against one server, journaled in one ledger.

    Args:
        run_id: the run's id, whose rows are on record.
        plan: what to send.
        settings: the client's settings.
        ledger: the open ledger.
        lock: the run's lock, which the caller holds.
        trust: whether the server honours idempotency keys, or how to find out.
        row_changed: called with (position, before, after, detail) at every change of a row.
        budget_spent: called when too many answers in a row were failures of one kind; to pause the run.
        only_refused: take up what was refused, and nothing else.
        window: how many rows are looked up in the ledger at a time, and wait for a worker at most.
    """

    def __init__(
        self,
        run_id: str,
        plan: Plan,
        settings: Settings,
        ledger: Ledger,
        *,
        lock: LifeLock,
        trust: Trust,
        row_changed: RowChanged,
        budget_spent: Callable[[Halt], None],
        only_refused: bool = False,
        window: int = WINDOW,
    ) -> None:
        self.run_id = run_id
        self.halt: Halt | None = None
        self._plan = plan
        self._settings = settings
        self._lock = lock
        self._departures = Departures(run_id, lock)
        self._trust = trust
        self._row_changed = row_changed
        self._budget_spent = budget_spent
        self._fingerprint = settings.key.fingerprint()
        self._agenda = Agenda()
        self._scribe = Scribe(ledger, writers=2 * settings.workers - 1)
        self._pace = SharedPace(settings, self._scribe, self._agenda, run_id)
        #: Runs blocking work of the ledger in the run's own thread, which lives as long as the interpreter.
        self.aside = trust.aside = self._scribe.aside
        self._budget = Budget()
        self._sorter = Sorter(run_id, plan, settings, self._fingerprint, only_refused=only_refused)
        ways = (ledger, self._scribe, self._agenda, self._sorter, row_changed)
        self._roll = Roll(run_id, plan, settings.scope, *ways, window)
        self._repeats = Repeats(plan, trust, self._sorter, self._roll, self._agenda)

    @property
    def held(self) -> list[Holder]:
        """Which other runs hold rows that this run waits for, as of its last look."""
        return self._roll.holders

    def stop(self) -> None:
        """Begin no further attempt; those in flight are finished and recorded. Call it in the loop."""
        self._agenda.stop()

    def pause(self) -> None:
        """Begin no further attempt until `resume`; those in flight are finished. Call it in the loop."""
        self._agenda.pause()

    def resume(self) -> None:
        """Go on after a pause, with a new error budget. Call it in the loop."""
        self._budget = Budget()
        self._agenda.resume()

    async def work(self, *, limit: int | None) -> None:
        """Take every ready row to its end, or to where the run was stopped or halted.

        Args:
            limit: begin with at most so many rows; None for all.
        """
        try:
            await self._begin(limit)
            await self._work_off()
            while self._roll.elsewhere and not self._agenda.stopped:
                await self._agenda.rest(repeating.LOOK_AGAIN_S)
                await self._roll.look_again()
                if len(self._agenda):
                    await self._establish()
                await self._work_off()
            await self._roll.close(self.halt)
        except LedgerError as error:
            self.halted(halt_for_ledger(error))

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until the run is stopped."""
        await self._agenda.rest(seconds)

    async def write(self, work: Callable[[sa.Connection], object]) -> None:
        """Write something else of this run, in its turn."""
        await self._scribe.write(work)

    async def finish(self, state: RunState, reason: Reason | None, detail: str | None) -> None:
        """Write the run's end."""
        await self._scribe.write(
            lambda conn: journal.finish(
                conn, self.run_id, state, reason=reason, detail=detail, now=clock.now(conn)
            )
        )

    async def close(self, *, for_good: bool) -> None:
        """Let go of the run's lock, and let the writing thread end."""
        await self._scribe.aside(lambda: self._lock.release(for_good=for_good))
        self._scribe.close()

    async def _begin(self, limit: int | None) -> None:
        anybody_left, newest, now = await self._roll.look()
        if anybody_left:
            await self._establish()
        self._sorter.prepare(proven=self._trust.proven, newest=newest, now=now, ledger=self._roll.ledger)
        self._roll.limit = limit
        await self._roll.call()

    async def _establish(self) -> None:
        halt = await self._trust.establish(lambda: self._agenda.stopped)
        if halt is not None:
            self.halted(halt)
        self._pace.posted_beside(self._trust.newly_posted())

    async def _work_off(self) -> None:
        workers = self._settings.workers
        workers = workers if self._agenda.more_to_come else min(workers, len(self._agenda))
        works = [self._roll.call_on(), *(self._rows_in_turn() for _ in range(workers))]
        done = await asyncio.gather(*map(self._working, works), return_exceptions=True)
        for error in done:
            if isinstance(error, BaseException):
                raise error

    async def _working(self, work: Coroutine[Any, Any, None]) -> None:
        with suppress(LedgerError):
            await self._or_stop(work)

    async def _rows_in_turn(self) -> None:
        async with Connection(self._settings) as connection, Behind() as behind:
            while (task := await self._agenda.next()) is not None:
                try:
                    await self._turn(connection, task, behind)
                finally:
                    self._agenda.done(task)

    async def _or_stop(self, work: Coroutine[Any, Any, None]) -> None:
        """Work; where that fails, the others finish what is in flight before the error goes on."""
        try:
            await work
        except LedgerError as error:
            self.halted(halt_for_ledger(error))
            raise
        except BaseException:
            self._agenda.stop()
            raise

    async def _turn(self, connection: Connection, task: Task, behind: Behind) -> None:
        """Make one attempt for a row, once its turn in the pace has come."""
        if not await self._repeats.allowed(task):
            return  # without a turn: doubts that come round again and again would starve all other rows
        going = await self._pace.turn()
        if going is None or self._agenda.held_up:
            self._agenda.add(task)
            return
        if not await self._repeats.allowed(task):
            self._pace.give_back(going)
            return
        body = self._plan.body(task.position)
        intent = intent_of(self._plan, self._settings, self.run_id, task.position, body)
        taken = await self._take(task, intent)
        if taken is None:
            self._pace.give_back(going)
            return
        try:
            await behind.done()
        except BaseException:
            self._agenda.add(task)  # nothing of it has left: its claim is given back at the end
            raise
        self._row_changed(task.position, State.WAITING, State.SENDING, "")
        began = time.monotonic()
        answer = await connection.post(self._plan.path, body, idempotency_key=taken.idempotency_key)
        self._trust.heard(answer)
        meaning = judge(answer, uncertain=taken.uncertain, now=datetime.now(UTC))
        meaning = of_campaign(meaning) if self._plan.request is not None else meaning
        _log.debug("%s: attempt %d, %s", taken.idempotency_key, taken.attempt_id, meaning.verdict)
        hearing = self._pace.hear(going, answer, meaning)
        settling = self._settle(task, taken, intent, meaning, began, hearing=hearing)
        accepted = meaning.verdict is Verdict.ACCEPTED
        if accepted and not hearing.matters and not self._trust.wants_a_key:
            # Nothing hangs on it but that it is written and shown: it shares a commit with the next intent.
            behind.leave(self._or_stop(settling))
            return
        await settling
        if accepted and self._trust.wants_a_key:
            await self._trust.learn_from(taken.idempotency_key)
            self._pace.posted_beside(self._trust.newly_posted())

    async def _take(self, task: Task, intent: Intent) -> Taken | None:
        """Claim the row and write its intent to disk, or place it by how the ledger has it now."""
        if task.taken is not None:
            task.taken = await self._scribe.write(
                lambda conn: self._departures.again(conn, intent, self._trust.ahead_s)
            )
        else:
            found = await self._scribe.write(
                lambda conn: self._departures.take(conn, intent, task.seen, self._trust.ahead_s)
            )
            if isinstance(found, Standing):
                await self._roll.place([self._sorter.sort(task.position, found)])
                return None
            task.taken = found
        age_s = task.taken.age_s
        task.age = KeyAge.of(age_s) if task.age is None else task.age.at_least(age_s)
        return task.taken

    async def _settle(
        self, task: Task, taken: Taken, intent: Intent, meaning: Meaning, began: float, *, hearing: Hearing
    ) -> None:
        """Decide what the answer leaves behind, write it, and only then show it."""
        task.tries += 1
        task.lost += meaning.verdict is Verdict.LOST
        past = self._repeats.past(task, uncertain=taken.uncertain)
        chance = random.random()  # noqa: S311 - jitter, no secret
        wait = repeat_after(meaning, past, timeout=self._settings.timeout, chance=chance)
        decision = decide(meaning, past, repeats=wait is not None)
        task.uncertain = decision.uncertain
        if decision.fresh:
            task.age = None
        latency_s = time.monotonic() - began
        settling = Settling(task.position, taken, intent, meaning, decision, hearing, latency_s)
        await self._scribe.write_stubbornly(settling.write)
        self._row_changed(task.position, State.SENDING, decision.state or State.WAITING, meaning.detail)
        if wait is not None:
            self._agenda.add(task, wait)
        self._heed(meaning, hearing.done(self._settings))

    def _heed(self, meaning: Meaning, used_up: Halt | None) -> None:
        """Let an answer halt or pause the whole run."""
        halt = halt_for(meaning, self._settings) if meaning.verdict is Verdict.HALT else used_up
        if halt is not None:
            self.halted(halt)
        elif self._budget.spent_by(meaning):
            self.pause()
            self._budget_spent(halt_for_budget(meaning, self._settings))

    def halted(self, halt: Halt) -> None:
        """Begin no further attempt, for this reason; the first reason stands."""
        self.halt = self.halt or halt
        self._agenda.stop()
