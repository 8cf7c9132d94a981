"""The roll of a run: which rows it takes up, which are settled already, and what is left at its end.

Rows are called in their order, a window at a time as the agenda runs low, so that a run of millions holds no
more of them in memory than one of thousands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import sqlalchemy as sa

from migma_nb.api.states import Reason, State
from migma_nb.ledger import claims, clock, journal, standings
from migma_nb.ledger.queries import Holder, anybody_left, holders_of
from migma_nb.ledger.schema import Settled, Standing, Taken
from migma_nb.ledger.scribe import Scribe
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending.agenda import Agenda, Task
from migma_nb.sending.halting import Halt
from migma_nb.sending.sorting import Sorter, Turn, closed, unbegun
from migma_nb.sending.tally import RowChanged

T = TypeVar("T")

#: So many rows are looked up in the ledger at a time.
WINDOW = 5_000

_BEYOND_LIMIT = "beyond limit={limit}; send again to go on"


@dataclass(slots=True)
class Roll:
    """The rows of one run and where they belong.

    `window` is how many are looked up at a time, `limit` with how many to begin at most (None: all).
    `elsewhere` are those that another live run holds, `holders` says which runs those are.
    """

    run_id: str
    plan: Plan
    scope: str
    ledger: Ledger
    scribe: Scribe
    agenda: Agenda
    sorter: Sorter
    row_changed: RowChanged
    window: int
    limit: int | None = None
    elsewhere: list[int] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    _called: int = 0
    #: One byte a row, and only where there is a limit: which rows were begun with, and how many those are.
    _begun: bytearray = field(default_factory=bytearray)
    _begun_with: int = 0

    async def look(self) -> tuple[bool, float | None, float]:
        """Return whether anybody may be left to mail, the time of the ledger's newest entry, and its now."""

        def query(conn: sa.Connection) -> tuple[bool, float | None, float]:
            left = anybody_left(conn, self.run_id, self.scope, self.plan.mailing)
            return left, journal.newest_entry(conn), clock.now(conn)

        return await self._read(query)

    async def call(self) -> None:
        """Put the next ready rows, as many as a window holds, where they belong."""
        positions = self._uncalled()
        found = await self._read(lambda conn: self._found(conn, positions))
        await self.place([self._sort(at, found) for at in positions])
        # Not before they are placed: until then workers who find nothing to do must wait for them.
        self._called += len(positions)
        self.agenda.expect(self._called < len(self.plan.ready))

    async def call_on(self) -> None:
        """Call window after window as the agenda runs low, until all are called or the run is stopped."""
        while self.agenda.more_to_come:
            await self.agenda.run_low((self.window + 1) // 2)
            if self.agenda.stopped:
                return
            await self.call()

    async def place(self, turns: list[Turn]) -> None:
        """Put each row where it belongs: on the agenda, among those held elsewhere, or at its end."""
        for turn in turns:
            self._keep_to_limit(turn)
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
        positions = self.elsewhere
        await self.scribe.aside(lambda: journal.settle_the_dead(self.ledger, but=self.run_id))
        found, holders = await self._read(lambda conn: self._held(conn, positions))
        self.elsewhere, self.holders = [], holders
        await self.place([self._sort(at, found) for at in positions])

    async def close(self, halt: Halt | None) -> None:
        """Give back claims that wait for an attempt which will not come, and close all open rows."""
        left = self.agenda.remaining()
        untaken = [task.position for task in left if task.taken is None] + self.elsewhere

        def end(conn: sa.Connection) -> list[Settled]:
            ended = [self._let_go(conn, task, taken, halt) for task in left if (taken := task.taken)]
            # Others may have dealt with the rest since this run last looked.
            found = self._found(conn, untaken)
            ended += [closed(self._sort(at, found), *_end_of(halt)) for at in untaken]
            return ended

        await self._end(end)
        while positions := self._uncalled():
            await self._end(partial(self._end_of_uncalled, positions, halt))
            self._called += len(positions)

    async def _end(self, end: Callable[[sa.Connection], list[Settled]]) -> None:
        def write(conn: sa.Connection) -> list[Settled]:
            closed = end(conn)
            journal.settle_rows(conn, self.run_id, closed)
            return closed

        for row in await self.scribe.write(write):
            self.row_changed(row.position, State.WAITING, row.state, row.detail or "")

    def _end_of_uncalled(
        self, positions: Sequence[int], halt: Halt | None, conn: sa.Connection
    ) -> list[Settled]:
        found = self._found(conn, positions)
        turns = [self._sort(at, found) for at in positions]
        for turn in turns:
            self._keep_to_limit(turn)
        return [closed(turn, *_end_of(halt)) for turn in turns]

    async def give_up(self, task: Task, why: Reason) -> None:
        """End a row whose doubt stays open: its key does not protect a repeat, for this reason."""

        def write(conn: sa.Connection) -> Settled | None:
            if task.taken is not None:
                claims.let_go(conn, task.taken.claim_id, self.run_id, why)
                account = standings.account_of(conn, task.taken.claim_id)
            elif self._found(conn, [task.position]).get(self.plan.recipient(task.position)) != task.seen:
                return None
            else:
                account = dict(task.seen.account) if task.seen else {}
            reason = Reason(account.get("reason") or why) if why is Reason.LOST_ANSWER else why
            row = Settled(task.position, State.UNKNOWN, reason, account.get("detail"), account)
            journal.settle_rows(conn, self.run_id, [row])
            return row

        row = await self.scribe.write(write)
        if row is None:
            # Another run has dealt with it since this one looked: it stands as it stands there.
            found = await self._read(lambda conn: self._found(conn, [task.position]))
            await self.place([self._sort(task.position, found)])
            return
        self.row_changed(task.position, State.WAITING, State.UNKNOWN, row.detail or "")

    async def _read(self, query: Callable[[sa.Connection], T]) -> T:
        return await self.scribe.aside(lambda: self.ledger.reading(query))

    def _sort(self, position: int, found: dict[str, Standing]) -> Turn:
        return self.sorter.sort(position, found.get(self.plan.recipient(position)))

    def _uncalled(self) -> Sequence[int]:
        """Return the next ready rows that nobody has looked at yet, as many as a window holds."""
        return self.plan.ready[self._called : self._called + self.window]

    def _found(self, conn: sa.Connection, positions: Sequence[int]) -> dict[str, Standing]:
        whom = [self.plan.recipient(at) for at in positions]
        return standings.standings(conn, self.scope, self.plan.mailing, whom)

    def _held(self, conn: sa.Connection, positions: list[int]) -> tuple[dict[str, Standing], list[Holder]]:
        return self._found(conn, positions), holders_of(conn, self.run_id)

    def _keep_to_limit(self, turn: Turn) -> None:
        if self.limit is None or turn.task is None:
            return
        self._begun = self._begun or bytearray(self.plan.size)
        if self._begun[turn.position]:
            return
        if self._begun_with >= self.limit:
            turn.settled = unbegun(turn, turn.task, Reason.LIMIT, _BEYOND_LIMIT.format(limit=self.limit))
            turn.task = None
        else:
            self._begun[turn.position] = True
            self._begun_with += 1

    def _let_go(self, conn: sa.Connection, task: Task, taken: Taken, halt: Halt | None) -> Settled:
        reason, words = _end_of(halt)
        unknown = claims.let_go(conn, taken.claim_id, self.run_id, reason)
        account = standings.account_of(conn, taken.claim_id)
        if unknown:
            return Settled(task.position, State.UNKNOWN, Reason(account["reason"]), words, account)
        return Settled(task.position, State.NOT_SENT, reason, words, account)


def _end_of(halt: Halt | None) -> tuple[Reason, str]:
    return (halt.reason, halt.detail) if halt else (Reason.STOPPED, "the run was stopped before its turn")
