"""The account of an import as a frame: one line per input row, same order, same index."""

import pandas as pd

from migma_nb.sending.accounts import utc_times
from migma_nb.sending.importing import LiveImport

#: The columns of an import's account, in their order.
IMPORT_COLUMNS = (
    "recipient",
    "state",
    "reason",
    "detail",
    "contact_id",
    "contact_status",
    "http_status",
    "finished_at",
    "request_id",
    "idempotency_key",
)


def frame_of(live: LiveImport) -> pd.DataFrame:
    """Return what became of every input row so far: rows × `IMPORT_COLUMNS`, under the input's index."""
    contacts, fates = live.contacts, list(live.fates)
    data: dict[str, pd.Series] = {
        name: _column([getattr(fate, name) for fate in fates]) for name in IMPORT_COLUMNS[1:]
    }
    data["recipient"] = _column([contacts.address(row) for row in range(contacts.size)])
    data["http_status"] = pd.Series([fate.http_status for fate in fates], dtype="Int64")
    data["finished_at"] = utc_times([fate.finished_at for fate in fates])
    frame = pd.DataFrame(data, columns=list(IMPORT_COLUMNS))
    frame.index = contacts.index
    return frame


def _column(values: list[str | None]) -> "pd.Series[str]":
    # An empty column is of objects; else it is left to pandas, whose text type keeps None missing.
    plain = [None if value is None else str(value) for value in values]
    return pd.Series(plain, dtype=None if any(value is not None for value in plain) else "object")
