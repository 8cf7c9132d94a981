"""Group commit: writes that are wanted at the same time share one transaction and one sync to disk."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.ledger.store import Ledger, LedgerGoneError

T = TypeVar("T")

#: So many writes at most share a transaction.
MOST_TOGETHER = 64
#: So long (seconds) a write waits for those of the run's other workers, to share their sync to disk.
GATHER_S = 0.004

#: An outcome that the ledger does not take at once is offered again after these waits (seconds).
OUTCOME_WAITS_S = (0.2, 1.0, 3.0)

_Work = Callable[[sa.Connection], Any]


class Scribe:
    """The one writer of a run: a thread, so that no sync to disk ever holds up the event loop.

    Args:
        ledger: where it writes.
        writers: so many writes wait for no others: all that the run's workers can want at the same time.
    """

    def __init__(self, ledger: Ledger, *, writers: int = 1) -> None:
        self._ledger = ledger
        self._writers = writers
        self._all_here = asyncio.Event()
        self._waiting: list[tuple[_Work, asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # No pool of the standard library: those take no more work once the interpreter is on its way out,
        # just when the last outcomes must be written.
        Thread(target=self._serve, name="migma_nb-ledger", daemon=True).start()

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run work in a write transaction, and return its result once that is on disk.

        Raises:
            LedgerError: the transaction failed; nothing of it is on record.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if len(self._waiting) >= self._writers:
            self._all_here.set()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._drain())
        # Whoever stops waiting takes nothing back: the work is done all the same.
        return await future

    async def write_stubbornly(self, work: Callable[[sa.Connection], T]) -> T:
        """Offer an outcome to the ledger again when it is not taken at once: it cannot be asked for twice."""
        for wait in OUTCOME_WAITS_S:
            try:
                return await self.write(work)
            except LedgerError:
                await asyncio.sleep(wait)
        return await self.write(work)

    async def aside(self, work: Callable[[], T]) -> T:
        """Run other blocking work of the ledger in the same thread, in its turn."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it is given to whoever asked for the work
                loop.call_soon_threadsafe(_give, future, None, error)
            else:
                loop.call_soon_threadsafe(_give, future, result, None)

        self._jobs.put(job)
        return await future

    def close(self) -> None:
        """Let the thread end once its work is done."""
        self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    async def _drain(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._writers:
                self._all_here.clear()
                latest = asyncio.get_running_loop().call_later(GATHER_S, self._all_here.set)
                await self._all_here.wait()
                latest.cancel()
            batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            results = await self.aside(lambda batch=batch: self._commit(batch))  # type: ignore[misc]
            for (_, future), (result, error) in zip(batch, results, strict=True):
                _give(future, result, error)

    def _commit(self, batch: list[tuple[_Work, asyncio.Future[Any]]]) -> list[tuple[Any, Exception | None]]:
        """Write a batch in one transaction; where that fails, each alone, so that one harms no other."""
        try:
            return self._together([work for work, _ in batch])
        except LedgerGoneError as error:
            # What was asked for may be on record all the same, so nobody may act on it a second time.
            return [(None, error)] * len(batch)
        except Exception as error:  # noqa: BLE001 - it is given to whoever asked for the write
            if len(batch) == 1:
                return [(None, _as_ledger_error(error))]
        return [self._commit([one])[0] for one in batch]

    def _together(self, works: list[_Work]) -> list[tuple[Any, Exception | None]]:
        with self._ledger.write() as conn:
            results = [(work(conn), None) for work in works]
        return list(results)


def _give(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _as_ledger_error(error: Exception) -> Exception:
    if isinstance(error, LedgerError):
        return error
    return LedgerError(f"The ledger could not be written: {type(error).__name__}: {error}.")
