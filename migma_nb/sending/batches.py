"""A batch's own progress: asked for until it ends, stops moving, or nobody waits any more."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import ValidationError

from migma_nb.api.calls import get_batch, read_json
from migma_nb.api.connection import Connection
from migma_nb.api.models import BatchStatus

#: The wait between two questions grows from the first to the second (seconds).
FIRST_WAIT_S, LONGEST_WAIT_S = 0.3, 15.0
#: A batch whose counts stand still for so long (seconds) is no longer waited for.
STANDSTILL_S = 600.0


@dataclass(slots=True)
class Following:
    """What following a batch came to."""

    status: BatchStatus | None
    ended: bool
    detail: str


async def follow(
    connection: Connection,
    batch_id: str,
    *,
    heard: Callable[[BatchStatus], Awaitable[None]],
    rest: Callable[[float], Awaitable[None]],
    stopped: Callable[[], bool],
) -> Following:
    """Ask for a batch's status until it ends.

    Args:
        connection: to the API.
        batch_id: what the send returned.
        heard: told each new status.
        rest: waits so many seconds, or less when the run is stopped.
        stopped: whether nobody wants to know any more. The batch itself goes on at the server.
    """
    last: BatchStatus | None = None
    moved, wait = time.monotonic(), FIRST_WAIT_S
    while not stopped():
        status = await ask(connection, batch_id)
        if status is not None and status != last:
            last, moved, wait = status, time.monotonic(), FIRST_WAIT_S
            await heard(status)
            if status.ended:
                return Following(status, ended=True, detail=status.error or f"the batch is {status.status}")
        if time.monotonic() - moved > STANDSTILL_S:
            words = f"the batch's counts stood still for {STANDSTILL_S / 60:.0f} minutes; it may go on"
            return Following(last, ended=False, detail=words)
        await rest(wait)
        wait = min(LONGEST_WAIT_S, wait * 1.3)
    return Following(last, ended=False, detail="no longer followed; the batch goes on at the server")


async def ask(connection: Connection, batch_id: str) -> BatchStatus | None:
    """Return a batch's status, or None where no clear answer came (it is asked for again)."""
    data = read_json(await get_batch(connection, batch_id))
    try:
        return None if data is None else BatchStatus.model_validate(data)
    except ValidationError:
        return None
