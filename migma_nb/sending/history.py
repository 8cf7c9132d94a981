"""All runs of a ledger as a frame."""

import pandas as pd

from migma_nb.api.states import State
from migma_nb.ledger import journal, queries
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


def history(ledger: Ledger) -> pd.DataFrame:
    """Return all runs, newest first: runs × (what each is, and its counts by state)."""
    journal.settle_for_a_look(ledger)
    runs = ledger.reading(queries.all_runs)
    data = [
        {name: run["size" if name == "rows" else name] for name in _COLUMNS}
        | {str(state): run["counts"].get(state, 0) for state in State}
        for run in runs
    ]
    frame = pd.DataFrame(data, columns=[*_COLUMNS, *map(str, State)])
    for name in ("started_at", "finished_at"):
        frame[name] = utc_times(frame[name])
    return frame
