"""What is to happen later by the sandbox's clock: imports that end, campaigns that are due, mails opened."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migma_nb.sandbox.account import Account

#: What happens at its moment (seconds since the epoch); runs inside ``account.change()``.
Act = Callable[[float], None]
_LONGEST_NAP_S = 60.0


class Timetable:
    """Acts in order of their moments. ``run`` belongs to the server's event loop, the rest to any thread.

    It is not kept: whoever puts something here finds it again in the account's records at the next start.

    Args:
        account: Tells the time; its lock guards the timetable.
    """

    def __init__(self, account: "Account") -> None:
        self._account = account
        self._acts: list[tuple[float, int, Act]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def put(self, at: float, act: Act) -> None:
        """Have something happen at a moment, or at the next look if that has passed."""
        with self._account.lock:
            heapq.heappush(self._acts, (at, next(self._order), act))
            is_next = self._acts[0][0] == at
        if is_next and self._loop:
            self._loop.call_soon_threadsafe(self._changed.set)

    def run_due(self) -> None:
        """Let happen what is due, in order, in one commit."""
        with self._account.change():
            while self._acts and self._acts[0][0] <= self._account.clock.now():
                at, _, act = heapq.heappop(self._acts)
                act(at)

    async def run(self) -> None:
        """Let happen what is due until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            self.run_due()
            with self._account.lock:
                nap_s = self._acts[0][0] - self._account.clock.now() if self._acts else _LONGEST_NAP_S
            # Not by wait_for, which on Python 3.11 loses a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(max(nap_s, 0.001), _LONGEST_NAP_S)):
                    await self._changed.wait()
