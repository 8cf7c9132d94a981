"""Which cell is running in the kernel, and for how long: what decides whether a button can be heard."""

import time
from typing import Any

from migma_nb.sending.kernel import shell_of


def current_cell() -> str | None:
    """Return the id of the request that is running a cell here, None where none is (a script, a callback)."""
    get_parent = getattr(getattr(shell_of(), "kernel", None), "get_parent", None)
    header = (get_parent() or {}).get("header", {}) if get_parent is not None else {}
    return str(header.get("msg_id")) if header.get("msg_type") == "execute_request" else None


class CellWatch:
    """Knows since when a cell has been running, from when it is made until `end`.

    Most kernels hear a button only once the cell that is running has ended.
    """

    def __init__(self) -> None:
        self._since = time.monotonic() if current_cell() is not None else None
        self._shell = shell_of()
        self._hooks = {"pre_run_cell": self._begun, "post_run_cell": self._done}
        if self._shell is not None:
            for name, hook in self._hooks.items():
                self._shell.events.register(name, hook)

    @property
    def running_s(self) -> float:
        """For how long a cell has been running (seconds); 0 where none is."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def end(self) -> None:
        """Listen no longer."""
        shell, self._shell = self._shell, None
        if shell is not None:
            for name, hook in self._hooks.items():
                shell.events.unregister(name, hook)

    def _begun(self, _: Any) -> None:
        self._since = time.monotonic()

    def _done(self, _: Any) -> None:
        self._since = None
