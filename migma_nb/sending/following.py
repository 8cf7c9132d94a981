"""Batches of a run followed by whoever wants to know: after the run's end, from another process, or once."""

import asyncio
import threading
from contextlib import suppress
from functools import partial

import sqlalchemy as sa

from migma_nb.api import campaigns, loop
from migma_nb.api.connection import Connection
from migma_nb.api.errors import InputError
from migma_nb.api.models import BatchStatus, is_end
from migma_nb.api.settings import Settings
from migma_nb.ledger import batches, queries
from migma_nb.ledger.batches import Handle
from migma_nb.ledger.store import Ledger
from migma_nb.sending.batch_words import campaign_words
from migma_nb.sending.batches import ask, follow, words_for


def open_handles(ledger: Ledger, run_id: str) -> list[Handle]:
    """Return the batches of a run that the API took and that have not ended, as far as is on record."""
    found = ledger.reading(lambda conn: batches.handles(conn, run_id))
    return [handle for handle in found if not is_end(handle.status)]


async def look(ledger: Ledger, run_id: str, settings: Settings) -> list[BatchStatus]:
    """Ask once for each batch of a run that has not ended, and write what it says; no answer changes nothing.

    A campaign that no batch is known of is asked for by its own id.

    Args:
        ledger: the ledger.
        run_id: the run.
        settings: of the client to ask with.

    Raises:
        InputError: the run belongs to another server, or the account has a campaign of it no more.
        CallError: how a campaign stands could not be read.
    """
    check_server(ledger, run_id, settings)
    await _look_at_campaigns(ledger, run_id, settings)
    found: list[BatchStatus] = []
    async with Connection(settings) as connection:
        for handle in open_handles(ledger, run_id):
            status = await ask(connection, handle.batch_id)
            if status is not None:
                await _write(ledger, run_id, handle, status, words_for(status))
                found.append(status)
    return found


async def _look_at_campaigns(ledger: Ledger, run_id: str, settings: Settings) -> None:
    for handle in await asyncio.to_thread(ledger.reading, lambda conn: batches.campaigns(conn, run_id)):
        if (handle.status or "").lower() in campaigns.ENDED:
            continue
        info = await campaigns.fetch(settings, handle.batch_id)
        if info.status:
            write = partial(
                batches.write_campaign,
                run_id=run_id,
                handle=handle,
                status=info.status,
                words=campaign_words(info),
            )
            await asyncio.to_thread(ledger.writing, write)


def check_server(ledger: Ledger, run_id: str, settings: Settings) -> None:
    """Refuse to ask a server about a run that another one was sent to.

    Raises:
        InputError: says which.
    """
    run = ledger.reading(lambda conn: queries.run_of(conn, run_id))
    if run["scope"] != settings.scope:
        raise InputError(
            f"Run {run['run_id']} was sent to {run['server']}, not to {settings.origin}.",
            hint="Nothing was asked. Pass a client of that account: run.wait(client=client).",
        )


class Follower:
    """Follows the batches of a run in the background loop, until each has ended or is given up.

    `ended` is set at the end; `batches` has the newest status of each, by its row.

    Args:
        ledger: the ledger that holds the run.
        run_id: the run.
        settings: of the client to ask with.
    """

    def __init__(self, ledger: Ledger, run_id: str, settings: Settings) -> None:
        self.ended = threading.Event()
        self.batches: dict[int, BatchStatus] = {}
        self._ledger = ledger
        self._run_id = run_id
        self._settings = settings
        self._handles = open_handles(ledger, run_id)
        self._stopping = asyncio.Event()
        self.future = loop.submit(self._drive())

    def stop(self) -> None:
        """Ask no more. The batches go on at the server."""
        loop.background_loop().call_soon_threadsafe(self._stopping.set)

    async def _drive(self) -> None:
        try:
            async with Connection(self._settings) as connection:
                await follow(
                    connection,
                    self._handles,
                    heard=self._heard,
                    rest=self._rest,
                    stopped=self._stopping.is_set,
                )
        finally:
            self.ended.set()

    async def _heard(self, handle: Handle, status: BatchStatus | None, words: str) -> None:
        await _write(self._ledger, self._run_id, handle, status, words)
        if status is not None:
            self.batches = self.batches | {handle.position: status}

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


async def _write(ledger: Ledger, run_id: str, handle: Handle, status: BatchStatus | None, words: str) -> None:
    def write(conn: sa.Connection) -> None:
        batches.write_status(conn, run_id, handle, status, words)

    await asyncio.to_thread(ledger.writing, write)
