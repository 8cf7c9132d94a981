"""The roll of a run: which rows it takes up, which are settled already, and what is left at its end."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from migma_nb.api.states import Reason, State
from migma_nb.ledger import claims, clock, journal, standings
from migma_nb.ledger.schema import Settled, Standing
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending.agenda import Agenda, Task
from migma_nb.sending.halting import Halt
from migma_nb.sending.sorting import Sorter, Turn
from migma_nb.sending.tally import RowChanged

_BEYOND_LIMIT = "beyond limit={limit}; send again to go on"
_HELD = "another run holds this person; its own account has the answer"


@dataclass(slots=True)
class Roll:
    """The rows of one run and where they belong; `elsewhere` are those that another live run holds."""

    run_id: str
    plan: Plan
    scope: str
    ledger: Ledger
    scribe: Scribe
    agenda: Agenda
    sorter: Sorter
    row_changed: RowChanged
    elsewhere: list[int] = field(default_factory=list)

    async def look(self) -> tuple[dict[str, Standing], float | None, float]:
        """Return how everybody stands, the time of the ledger's newest entry, and the ledger's present."""

        def query(conn: sa.Connection) -> tuple[dict[str, Standing], float | None, float]:
            found = standings.standings(conn, self.scope, self.plan.mailing)
            return found, journal.newest_entry(conn), clock.now(conn)

        return await self.scribe.aside(lambda: self.ledger.reading(query))

    async def call(self, found: dict[str, Standing], limit: int | None) -> None:
        """Put every ready row where it belongs; begin with at most `limit` rows, None for all."""
        turns = [self.sorter.sort(at, found.get(self.plan.recipient(at))) for at in self.plan.ready]
        begun = 0
        for turn in turns:
            if turn.task is not None:
                begun += 1
                if limit is not None and begun > limit:
                    words = _BEYOND_LIMIT.format(limit=limit)
                    turn.settled = Settled(turn.position, State.NOT_SENT, Reason.LIMIT, words)
                    turn.task = None
        await self.place(turns)

    async def place(self, turns: list[Turn]) -> None:
        """Put each row where it belongs: on the agenda, among those held elsewhere, or at its end."""
        settled = [turn.settled for turn in turns if turn.settled is not None]
        if settled:
            await self.scribe.write(lambda conn: journal.settle_rows(conn, self.run_id, settled))
        for row in settled:
            self.row_changed(row.position, State.WAITING, row.state, row.detail or "")
        for turn in turns:
            if turn.task is not None:
                self.agenda.add(turn.task, turn.delay)
            elif turn.settled is None:
                self.elsewhere.append(turn.position)

    async def look_again(self) -> None:
        """See what became of the rows that another process held; take up those of the dead."""
        positions, self.elsewhere = self.elsewhere, []
        await self.scribe.aside(lambda: journal.settle_the_dead(self.ledger, but=self.run_id))
        found, _, _ = await self.look()
        await self.place([self.sorter.sort(at, found.get(self.plan.recipient(at))) for at in positions])

    async def close(self, halt: Halt | None) -> None:
        """Give back claims that wait for an attempt which will not come, and close all open rows."""
        left = self.agenda.remaining()

        def write(conn: sa.Connection) -> list[Settled]:
            closed = [self._closed(conn, task, halt) for task in left]
            closed += [Settled(at, State.UNKNOWN, Reason.ELSEWHERE, _HELD) for at in self.elsewhere]
            journal.settle_rows(conn, self.run_id, closed)
            return closed

        for row in await self.scribe.write(write):
            self.row_changed(row.position, State.WAITING, row.state, row.detail or "")

    async def give_up(self, task: Task, why: Reason) -> None:
        """End a row whose doubt stays open: its key does not protect a repeat, for this reason."""

        def write(conn: sa.Connection) -> Settled:
            account, detail = self._let_go(conn, task, why)
            reason = Reason(account.get("reason") or why) if why is Reason.LOST_ANSWER else why
            row = Settled(task.position, State.UNKNOWN, reason, detail, account)
            journal.settle_rows(conn, self.run_id, [row])
            return row

        row = await self.scribe.write(write)
        self.row_changed(task.position, State.WAITING, State.UNKNOWN, row.detail or "")

    def _let_go(self, conn: sa.Connection, task: Task, why: Reason) -> tuple[dict[str, Any], str | None]:
        if task.taken is not None:
            claims.let_go(conn, task.taken.claim_id, self.run_id, why)
            account = standings.account_of(conn, task.taken.claim_id)
        else:
            account = dict(task.seen.account) if task.seen else {}
        return account, account.get("detail")

    def _closed(self, conn: sa.Connection, task: Task, halt: Halt | None) -> Settled:
        reason = halt.reason if halt else Reason.STOPPED
        words = halt.detail if halt else "the run was stopped before its turn"
        if task.taken is not None:
            unknown = claims.let_go(conn, task.taken.claim_id, self.run_id, reason)
            account = standings.account_of(conn, task.taken.claim_id)
            why = Reason(account["reason"]) if unknown else reason
            state = State.UNKNOWN if unknown else State.NOT_SENT
            return Settled(task.position, state, why, words, account)
        if task.uncertain:
            account = dict(task.seen.account) if task.seen else {}
            why = Reason(account.get("reason") or Reason.LOST_ANSWER)
            return Settled(task.position, State.UNKNOWN, why, words, account)
        return Settled(task.position, State.NOT_SENT, reason, words)
