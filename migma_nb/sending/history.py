"""All runs of a ledger as a frame, and all imports as one of their own: who is imported is not mailed."""

import pandas as pd

from migma_nb.api.states import State
from migma_nb.ledger import journal, queries
from migma_nb.ledger.imports import ChunkState, all_imports
from migma_nb.ledger.store import Ledger
from migma_nb.sending.accounts import utc_times

_COLUMNS = (
    "run_id",
    "mailing",
    "started_at",
    "finished_at",
    "state",
    "reason",
    "server",
    "sandbox",
    "plan_id",
    "rows",
)
_OF_IMPORTS = (
    "import_id",
    "tag",
    "started_at",
    "finished_at",
    "scope",
    "project_id",
    "people",
    "requests",
)


def history(ledger: Ledger) -> pd.DataFrame:
    """Return all runs, newest first: runs × (what each is, and its counts by state)."""
    journal.settle_for_a_look(ledger)
    runs = ledger.reading(queries.all_runs)
    data = [
        {name: run["size" if name == "rows" else name] for name in _COLUMNS}
        | {str(state): run["counts"].get(state, 0) for state in State}
        for run in runs
    ]
    return _timed(pd.DataFrame(data, columns=[*_COLUMNS, *map(str, State)]))


def imports(ledger: Ledger) -> pd.DataFrame:
    """Return all imports, newest first: imports × (what each is, and its requests by how they stand)."""
    columns = [*_OF_IMPORTS, *map(str, ChunkState)]
    return _timed(pd.DataFrame(ledger.reading(all_imports), columns=columns))


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    for name in ("started_at", "finished_at"):
        frame[name] = utc_times(frame[name])
    return frame
