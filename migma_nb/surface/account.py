"""`run.frame`, `run.part`, `run.to_csv` and their kind: what became of every row, in memory or as a file."""

import os
from collections.abc import Iterator
from numbers import Integral
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.states import State
from migma_nb.ledger.store import Ledger
from migma_nb.sending import account_files, accounts, facts


class Accounted:
    """The account of a `Run`; `Run` is the only one of its kind."""

    _ledger: Ledger
    _run_id: str
    _index: pd.Index | None

    @property
    def frame(self) -> pd.DataFrame:
        """One line per input row, in its order and under its index, also while the run goes on.

        Of a run of millions `part` gives some rows, and `to_csv` or `to_parquet` all of them as a file,
        without holding them in memory.

        Returns:
            Rows × (`recipient`, `state`, `reason`, `detail`, `message_id`, `provider`, `api_status`,
            `http_status`, `attempts`, `first_attempt_at`, `finished_at`, `latency_s`, `request_id`,
            `idempotency_key`, `payload_sha256`); where a row is a batch also `batch_total`, `batch_queued`,
            `batch_sent`, `batch_failed`; once it was refreshed also `delivery`, `opened_at`, `clicked_at`,
            `bounced_at`, `complained_at`, `checked_at`. Times are UTC, `latency_s` is in seconds.
        """
        return accounts.account(self._ledger, self._run_id, self._index)

    def part(self, start: int, stop: int) -> pd.DataFrame:
        """Return some lines of `frame`, read alone: those from one position to before another.

        Args:
            start: the first row, from 0 (int).
            stop: the row behind the last (int); beyond the end of the run it is the end.

        Returns:
            As `frame`, under the input's labels; where the run was opened without its plan, under the
            rows' positions.

        Raises:
            InputError: one of them is no position, or they are the wrong way round.
        """
        asked: dict[str, object] = {"start": start, "stop": stop}
        for name, value in asked.items():
            if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
                raise InputError(f"{name}={value!r} is no row's position, which is a whole number from 0.")
        if stop < start:
            raise InputError(f"run.part({start}, {stop}) begins behind its end.", hint="Swap the two.")
        return accounts.account(self._ledger, self._run_id, self._index, int(start), int(stop))

    @property
    def reasons(self) -> dict[tuple[State, str | None], int]:
        """How many input rows are in which state for which reason, in the order of the first of each."""
        return facts.reasons_of(self._ledger, self._run_id)

    @property
    def deliveries(self) -> dict[str, int] | None:
        """How many input rows have which word of Migma's log, most first; None before the first `refresh`."""
        return facts.words_of(self._ledger, self._run_id)

    def join(self, people: Any) -> pd.DataFrame:
        """Return the input's columns with the account beside them, by position.

        Args:
            people: the frame that was planned, of pandas, Polars or PyArrow; its index stays. A column of
                the account whose name it has too is prefixed with `mail_`.

        Raises:
            InputError: the frame has another number of rows than the run.
        """
        return accounts.join(people, self.frame)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as CSV; cells that a spreadsheet would run as formulas are neutralised.

        However long the run, it is written piece by piece.
        """
        return account_files.write_csv(self._pieces(account_files.spelled(self._index)), path)

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as Parquet, piece by piece as `to_csv`."""
        return account_files.write_parquet(self._pieces(self._index), self._index, path)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as one sheet of Excel (`pip install 'migma-nb[excel]'`); times are UTC.

        Raises:
            InputError: the run has more rows than a sheet holds (1,048,575 and the names).
        """
        rows = facts.size_of(self._ledger, self._run_id)
        return account_files.write_excel(self._pieces(self._index), rows, path)

    def _pieces(self, index: pd.Index | None) -> Iterator[pd.DataFrame]:
        return accounts.pieces(self._ledger, self._run_id, index)

    def _all_labels(self) -> pd.Index:
        """Return the labels of all rows: the input's, or where only the ledger is known the positions."""
        if self._index is not None:
            return self._index
        return pd.RangeIndex(facts.size_of(self._ledger, self._run_id))
