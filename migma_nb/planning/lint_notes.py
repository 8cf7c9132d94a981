"""What the search of all mails has found is noted: each row and column once, nothing that was told before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from migma_nb.planning.coded_texts import CodedTexts, positions
from migma_nb.planning.columns import column_names
from migma_nb.planning.encoded import EncodedColumn
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.matching import Filling
from migma_nb.planning.text_arrays import Places, taken
from migma_nb.planning.texts import odd_text

_FIX = "Look at plan.preview of this row; correct the cell, or the text around its placeholder."


@dataclass(frozen=True, slots=True, eq=False)
class Variables:
    """What fills the placeholders of a mailing.

    Args:
        frame: the list; its columns are what the fillings name.
        fillings: the variables.
        columns: their columns, encoded, by name.
        texts: their rows' JSON texts, by name.
    """

    frame: pd.DataFrame
    fillings: Sequence[Filling]
    columns: Mapping[str, EncodedColumn]
    texts: Mapping[str, CodedTexts]

    def words(self, name: str) -> int:
        """Return how many of a variable's different texts are text cells as they stand; they come first."""
        return len(self.columns[name].uniques.cells) if name in self.columns else 0

    def own(self, name: str) -> int:
        """Return how many of a variable's different texts are rows' own; those behind them stand in."""
        return len(self.columns[name].texts.different) if name in self.columns else 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What must not be read: by which variable, in what, as it reads, and why if that is not plain to see."""

    name: str
    what: str
    reads: str
    why: str = ""

    @property
    def words(self) -> str:
        """What there is to say of it, behind whose doing it is (str)."""
        return f"makes the {self.what} read {self.reads!r}{self.why}."


class Told:
    """Notes findings, each row and column once, and none that the check of single cells has noted.

    Args:
        variables: what fills the placeholders.
        known: the variables by name.
        issues: takes what is found.
    """

    def __init__(self, variables: Variables, known: Mapping[str, Filling], issues: IssueList) -> None:
        self._variables, self._known, self._issues = variables, known, issues
        self._names = column_names(variables.frame)
        self._done: dict[str, npt.NDArray[np.bool_]] = {}
        self._done_for_all: set[str] = set()

    def add(self, row: int, finding: Finding) -> None:
        """Note a finding in one row."""
        code = int(self._variables.texts[finding.name].codes[row])
        self._note(finding.name, {code: finding}, np.array([row], dtype=np.intp))

    def add_all(self, name: str, found: Mapping[int, Finding]) -> None:
        """Note the findings of a variable in all rows that have one of these texts, by their places."""
        if found:
            rows = self._variables.texts[name].rows_of(np.fromiter(found, dtype=np.intp))
            self._note(name, found, rows)

    def _note(self, name: str, found: Mapping[int, Finding], rows: Places) -> None:
        """Note a finding of its row where it is the row's own value, else once for all."""
        codes = self._variables.texts[name].codes[rows].astype(np.intp)
        own = codes < self._variables.own(name)
        for code in np.unique(codes[~own])[:1].tolist():
            self._note_for_all(name, found[code])
        own &= ~np.isin(codes, self._told_before(name, np.unique(codes).tolist()))
        if own.any():
            self._note_rows(name, found, rows[own], codes[own])

    def _told_before(self, name: str, codes: Sequence[int]) -> list[int]:
        """Return which of these texts are cells that the check of single cells has noted."""
        cells, words = self._variables.columns.get(name), self._variables.words(name)
        some = [code for code in codes if code < words]
        if cells is None or not some:
            return []
        texts = taken(cells.uniques.cells, np.array(some, dtype=np.intp))
        return [code for code, text in zip(some, texts, strict=True) if odd_text(text)]

    def _note_rows(self, name: str, found: Mapping[int, Finding], rows: Places, codes: Places) -> None:
        position = self._known[name].column
        column = name if position is None else self._names[position]
        done = self._done.setdefault(column, np.zeros(len(self._variables.frame), dtype=bool))
        new = ~done[rows]
        rows, codes = rows[new], codes[new]
        done[rows] = True
        findings = [found[code] for code in positions(codes)]
        words = {code: found[code].words for code in set(positions(codes))}
        self._issues.extend(
            positions(rows),
            IssueCode.SUSPICIOUS_TEXT,
            [
                f"Row {self._issues.start + row}: {column} {words[code]}"
                for row, code in zip(positions(rows), positions(codes), strict=True)
            ],
            _FIX,
            column=column,
            values=[finding.reads for finding in findings],
        )

    def _note_for_all(self, name: str, finding: Finding) -> None:
        if name in self._done_for_all:
            return
        self._done_for_all.add(name)
        message = f"{self._known[name].given} {finding.words}"
        self._issues.add(None, IssueCode.SUSPICIOUS_TEXT, message, _FIX, column=name, value=finding.reads)
