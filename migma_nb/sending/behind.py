"""What a worker has left behind: the outcome of its last row, written in one commit with its next intent."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Behind:
    """Work that goes on while its worker looks for the next row; one piece at a time, none is dropped."""

    def __init__(self) -> None:
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.done()

    def leave(self, work: Coroutine[Any, Any, None]) -> None:
        """Let this go on; what was left before must be done."""
        self._work = asyncio.create_task(work)

    async def done(self) -> None:
        """Wait for what was left, and raise what went wrong there."""
        work, self._work = self._work, None
        if work is not None:
            await work
