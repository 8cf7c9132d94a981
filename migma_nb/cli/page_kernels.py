"""A page's kernels: each ends a while after its page was closed, but not before what it sends has ended."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Unicode

from migma_nb.surface.page_runs import PLACE, is_sending

#: How long a kernel outlives its page (seconds): a page that has lost its connection is back within a few.
GRACE_S = 10.0
#: And one whose page has not connected yet: a browser on a busy machine takes its time.
OPENING_S = 120.0
_TICK_S = 0.5


class PageKernels(AsyncMappingKernelManager):
    """The kernels of one page.

    jupyter_server's own culling goes by how long a kernel has been idle: it would end a form that somebody is
    still typing in, and one whose background thread sends is idle to it.
    """

    runs = Unicode(help="The folder that holds a folder for each kernel.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # traitlets has no types here
        # Kept, since a loop forgets tasks that nobody holds.
        self._watching: set[asyncio.Task[None]] = set()

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]  # its own is async too
        """Start a kernel with a folder of its own, and watch it until it has ended."""
        folder = Path(tempfile.mkdtemp(dir=self.runs))
        kwargs["env"] = {**(kwargs.get("env") or os.environ), PLACE: os.fspath(folder)}
        kernel_id = str(await super().start_kernel(**kwargs))
        watching = asyncio.create_task(self._watch(kernel_id, folder))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return kernel_id

    async def _watch(self, kernel_id: str, folder: Path) -> None:
        until = time.monotonic() + OPENING_S
        while kernel_id in self:
            if self._kernel_connections.get(kernel_id, 0) or is_sending(folder):
                until = time.monotonic() + GRACE_S
            elif time.monotonic() > until:
                await self.shutdown_kernel(kernel_id)  # type: ignore[no-untyped-call]  # as above
                return
            await asyncio.sleep(_TICK_S)
