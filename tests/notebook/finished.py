"""The facts of a finished run, made up for cards and charts."""

from typing import Any

from migma_nb.api.states import RunState
from migma_nb.sending.summary import RunFacts


def finished(**changes: Any) -> RunFacts:
    """Return the facts of a finished live run; `counts`, and what else a test is about, are given."""
    fields: dict[str, Any] = {
        "run_id": "run_1",
        "mailing": "2026-11 renewal notice",
        "server": "https://api.example",
        "sandbox": False,
        "state": RunState.FINISHED,
        "detail": "",
        "ledger": "/home/ann/ledger.sqlite3",
        "batches": 0,
    }
    return RunFacts(**fields | changes)
