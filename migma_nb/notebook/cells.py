"""Which cell is running in the kernel, and for how long: what decides whether a button can be heard."""

import time
from typing import Any

from migma_nb.sending.kernel import shell_of


def current_cell() -> str | None:
    """Return the id of the request that brought us here, None where it was no cell (a script, a callback).

    A thread that a cell began belongs to that cell, also once the cell has ended.
    """
    get_parent = getattr(getattr(shell_of(), "kernel", None), "get_parent", None)
    header = (get_parent() or {}).get("header", {}) if get_parent is not None else {}
    return str(header.get("msg_id")) if header.get("msg_type") == "execute_request" else None


class CellWatch:
    """Knows for how long a cell has been running, whichever thread asks, by looking each time.

    Most kernels hear a button only once the cell that is running has ended.
    """

    def __init__(self) -> None:
        self._cell: Any = None
        self._since = 0.0

    def running_s(self) -> float:
        """Return since how long (seconds) the cell that runs has been seen running; 0 where none runs."""
        cell = _running()
        if cell is not self._cell:
            self._cell, self._since = cell, time.monotonic()
        return 0.0 if cell is None else time.monotonic() - self._since


def _running() -> object:
    """Return what tells the cell that is running from any other, None where none is.

    The kernel's parent message does not say it: a thread has the message of the cell that began it for ever.
    IPython's display hook has a result to fill in exactly while a cell's code runs.
    """
    result = getattr(getattr(shell_of(), "displayhook", None), "exec_result", None)
    return getattr(result, "info", None)
