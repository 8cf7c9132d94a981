"""A ledger that is only looked at: one that may not be written is read as it lies, and nothing is settled."""

from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from migma_nb.api.errors import LedgerError
from migma_nb.ledger.inode import may_be_written
from migma_nb.ledger.migrations import version_of
from migma_nb.ledger.places import Setting, place_of
from migma_nb.ledger.schema import SCHEMA_VERSION
from migma_nb.ledger.store import Ledger, open_ledger
from migma_nb.planning.paths import look_at


def open_to_read(setting: Setting = None) -> Ledger:
    """Open a ledger to look at it: as `open_ledger` does where it may be written, else as it lies.

    Args:
        setting: as in `place_of`.

    Raises:
        LedgerError: it cannot be read.
    """
    place, setting = place_of(setting), None
    path = place.path
    if path is None or not look_at(path).is_file or (may_be_written(path) and may_be_written(path.parent)):
        return open_ledger(place)
    ledger = Ledger(place, _engine(path, {}), writable=False)
    try:
        found = ledger.reading(version_of)
    except LedgerError:
        if _has_a_log(path):
            raise
        # SQLite wants to put its log beside the file, and may not. Without one there is nothing to miss.
        ledger = Ledger(place, _engine(path, {"immutable": "1"}), writable=False)
        found = ledger.reading(version_of)
    if found != SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger {path} was made by another version of migma_nb, and may not be written here.",
            hint="Copy it to where you may write, and open the copy with ledger=.",
        )
    return ledger


def _has_a_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _engine(path: Path, more: dict[str, str]) -> sa.Engine:
    query = {"mode": "ro", "uri": "true"} | more
    return sa.create_engine(
        sa.URL.create("sqlite", database=f"file:{quote(str(path))}", query=query),
        connect_args={"check_same_thread": False},
        isolation_level="AUTOCOMMIT",
    )
