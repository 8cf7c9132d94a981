"""`run.to_csv`, `run.to_excel` and `run.to_parquet`: the account of a run as a file."""

import os
from pathlib import Path

import pandas as pd

from migma_nb.planning import writing
from migma_nb.sending import accounts


class Exported:
    """The files that a `Run` is written to; `Run` is the only one of its kind."""

    @property
    def frame(self) -> pd.DataFrame:
        """The account."""
        raise NotImplementedError

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as CSV; cells that a spreadsheet would run as formulas are neutralised."""
        return accounts.write_csv(self.frame, path)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as a workbook (XLSX); no cell is a formula, and times are UTC.

        Raises:
            InputError: it cannot be written, has more rows than a sheet holds, or openpyxl is not installed.
        """
        return writing.write_workbook(accounts.with_index(self.frame), path)

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as Parquet, every type as it is in `run.frame`.

        Raises:
            InputError: it cannot be written, or pyarrow is not installed.
        """
        return writing.write_parquet(self.frame, path)
