"""Cells in whose line breaks other rows seem to have gone: a mark was opened, and closed too late."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import looks_like_address


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A cell with a line in it that is made like a row, with an address in it.

    Args:
        column: the cell's column, by position (int).
        line: where its row begins (int).
        text: the line inside it (str).
    """

    column: int
    line: int
    text: str

    def refused(self, name: str, quote: str) -> InputError:
        """Return the error for it.

        Args:
            name: the file.
            quote: the mark around cells.
        """
        return InputError(
            f"{name} cannot be read as a table: the row that begins in line {self.line:,}"
            f" has a cell with a line in it that looks like another person's row: {self.text[:60]!r}.",
            hint="A quotation mark is probably not closed. Correct it, or pass "
            f"quote={quote!r} if the cell is meant so.",
        )


def find_swallowed(frame: pd.DataFrame, lines: Sequence[int], delimiter: str) -> Swallowed | None:
    """Return the first such cell of the first column that has one.

    Args:
        frame: the cells, with columns by position.
        lines: the line in which each row begins.
        delimiter: what separates cells.
    """
    width = len(frame.columns)
    for at in range(width):
        column = frame.iloc[:, at]
        broken = column.str.contains("[\r\n]", regex=True, na=False).to_numpy(bool)
        for position in np.flatnonzero(broken).tolist():
            inside = re.split(r"[\r\n]+", str(column.iloc[position]))[1:]
            odd = next((line for line in inside if _like_a_row(line, delimiter, width)), None)
            if odd is not None:
                return Swallowed(at, int(lines[position]), odd)
    return None


def _like_a_row(line: str, delimiter: str, width: int) -> bool:
    cells = line.split(delimiter)
    return (width == 1 or len(cells) > 1) and any(looks_like_address(cell.strip('"')) for cell in cells)
