"""What a run still has to do: rows in their order, and rows that wait for their next attempt."""

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass
from itertools import chain

from migma_nb.ledger.schema import Standing, Taken
from migma_nb.sending.age import KeyAge


@dataclass(slots=True, eq=False)
class Task:
    """One row on its way.

    `seen` is how the ledger had the person when the row was taken up; `taken` is the claim once it is
    ours; `tries` counts the attempts of this run, `lost` those whose answer was lost; `uncertain` says that
    an attempt under the present key may have been accepted; `age` is that key's age, None where no attempt
    was made yet.
    """

    position: int
    seen: Standing | None
    taken: Taken | None = None
    tries: int = 0
    lost: int = 0
    uncertain: bool = False
    age: KeyAge | None = None


class Agenda:
    """Hands tasks to workers; ends when nothing is left, or at once when stopped."""

    def __init__(self) -> None:
        #: Whether rows are still to be put here that nobody has looked at yet; see `expect`.
        self.more_to_come = False
        self._ready: deque[Task] = deque()
        self._later: list[tuple[float, int, Task]] = []
        self._in_hand: list[Task] = []
        self._paused = False
        self._stopped = asyncio.Event()
        self._changed = asyncio.Event()
        self._handed_out = asyncio.Event()

    def __len__(self) -> int:
        return len(self._ready) + len(self._later)

    @property
    def stopped(self) -> bool:
        """Whether no further attempt may begin."""
        return self._stopped.is_set()

    @property
    def held_up(self) -> bool:
        """Whether no attempt may begin now: stopped for good, or paused."""
        return self.stopped or self._paused

    @property
    def only_doubts_left(self) -> bool:
        """Whether nothing but rows with an open doubt is left, also in the hands of the workers."""
        if self.more_to_come:
            return False
        tasks = chain(self._ready, (task for _, _, task in self._later), self._in_hand)
        return all(task.uncertain for task in tasks)

    def add(self, task: Task, delay: float = 0.0) -> None:
        """Put a task on the agenda, to be done no sooner than in `delay` seconds."""
        if delay > 0:
            due = asyncio.get_running_loop().time() + delay
            heapq.heappush(self._later, (due, task.position, task))
        else:
            self._ready.append(task)
        self._changed.set()

    async def next(self) -> Task | None:
        """Return the next task when one is due, or None when there will be no more."""
        while not self.stopped:
            now = asyncio.get_running_loop().time()
            task = self._due(now)
            if task is not None:
                self._in_hand.append(task)
                self._handed_out.set()
                return task
            if not len(self) and not self._in_hand and not self.more_to_come:
                break
            self._changed.clear()
            due = self._later[0][0] - now if self._later and not self._paused else None
            await _until(self._changed, due)
        return None

    def done(self, task: Task) -> None:
        """Say that a task handed out has been dealt with, or was put back."""
        self._in_hand.remove(task)
        self._changed.set()

    def expect(self, more: bool) -> None:
        """Say whether more rows are to come, so that workers who find nothing to do wait for them."""
        self.more_to_come = more
        self._changed.set()

    async def run_low(self, mark: int) -> None:
        """Wait until fewer than so many tasks are due, or the run is stopped."""
        while len(self._ready) >= mark and not self.stopped:
            self._handed_out.clear()
            await self._handed_out.wait()

    def pause(self) -> None:
        """Let no further attempt begin until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        self._paused = False
        self._changed.set()

    def stop(self) -> None:
        """Let no further attempt begin."""
        self._stopped.set()
        self._changed.set()
        self._handed_out.set()

    async def rest(self, seconds: float, news: asyncio.Event | None = None) -> None:
        """Wait so long, or until the run is stopped, or until there is news."""
        if news is None:
            await _until(self._stopped, seconds)
            return
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._stopped, news)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    def remaining(self) -> list[Task]:
        """Take all tasks off the agenda that nobody will do any more."""
        found = [*self._ready, *(task for _, _, task in self._later)]
        self._ready.clear()
        self._later.clear()
        return found

    def _due(self, now: float) -> Task | None:
        if self._paused:
            return None
        if self._later and self._later[0][0] <= now:
            return heapq.heappop(self._later)[2]
        return self._ready.popleft() if self._ready else None


async def _until(event: asyncio.Event, seconds: float | None) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
