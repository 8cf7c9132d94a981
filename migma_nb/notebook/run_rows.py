"""The rows of a run as a table in pages reads them: from the ledger, a page at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.states import Reason, State
from migma_nb.ledger import glances
from migma_nb.ledger.store import Ledger
from migma_nb.notebook.table_source import Cell
from migma_nb.sending import account_files, accounts

_COLUMNS = ("Row", "Recipient", "State", "Why", "Message id", "Finished (UTC)")


class RunRows:
    """What became of each row, by state; a source of a paged table.

    Args:
        ledger: the ledger that holds the run.
        run_id: the run.
        index: the input's index, for the file; None where only the ledger is known.
        counts: how many rows are in which state, where that was just counted.
    """

    def __init__(
        self,
        ledger: Ledger,
        run_id: str,
        index: pd.Index | None = None,
        counts: Mapping[State, int] | None = None,
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._index = index
        self._counts = counts

    @property
    def columns(self) -> Sequence[str]:
        """The columns' names, as shown."""
        return _COLUMNS

    def choices(self) -> Sequence[tuple[str, int]]:
        """Return the states that rows are in, with how many."""
        found, self._counts = self._counts, None
        if found is None:
            found = self._ledger.reading(lambda conn: glances.counts(conn, self._run_id))
        return [(str(state), count) for state, count in found.items()]

    def page(
        self, choice: str | None, search: str, start: int, size: int
    ) -> tuple[Sequence[Sequence[str]], int]:
        """Return one page's rows, and how many match in all."""
        state, words = _asked(choice, search)
        found, total = self._ledger.reading(
            lambda conn: glances.page(conn, self._run_id, state, words, start=start, size=size)
        )
        return [_cells(row) for row in found], total

    def export(self, choice: str | None, search: str) -> Path:
        """Write the rows of a choice and a search as CSV into the working folder, in full; return the file.

        Raises:
            InputError: it cannot be written.
        """
        state, words = _asked(choice, search)
        at = self._ledger.reading(lambda conn: glances.positions(conn, self._run_id, state, words))
        pieces = accounts.picked(self._ledger, self._run_id, account_files.spelled(self._index), at)
        name = "-".join(
            ["run", self._run_id, *([str(state)] if state else []), *(["found"] if words else [])]
        )
        return account_files.write_csv(pieces, f"{name}.csv").resolve()


def _asked(choice: str | None, search: str) -> tuple[State | None, str]:
    return None if choice is None else State(choice), search.strip()


def _cells(row: Sequence[Any]) -> list[str]:
    position, address, state, reason, detail, message_id, finished_at = row
    why = detail or reason or ""
    if detail and reason not in {None, Reason.OK}:
        why = f"{reason}: {detail}"
    when = "" if finished_at is None else f"{datetime.fromtimestamp(finished_at, UTC):%Y-%m-%d %H:%M:%S}"
    cells = (f"{position:,}", str(address), str(state), why, message_id or "", when)
    return [Cell(text, str(address)) for text in cells]
