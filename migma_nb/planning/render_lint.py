"""What no recipient must ever read, found over all rows' subjects and templates without making each of them.

A finding touches a value, or it is in the text that is the same for all and is told once. Of a value each
different one is looked at once, with the literal text on both sides of each of its places. Only a value that
ends in the middle of what must not be read, right before another one, has its whole row made and searched.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from migma_nb.planning.coded_texts import CodedTexts, positions
from migma_nb.planning.columns import column_names
from migma_nb.planning.content import Content
from migma_nb.planning.encoded import EncodedColumn
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.matching import Filling
from migma_nb.planning.readable import Place, Readable, readable
from migma_nb.planning.sheet_marks import is_too_narrow
from migma_nb.planning.text_arrays import Places, taken
from migma_nb.planning.texts import odd_text
from migma_nb.planning.tokens import ANY, LONGEST, TOKENS, may_reach_on, open_end, suspects
from migma_nb.planning.variables import strings_in

#: In texts for everybody; braces are told of by `note_stray_braces`.
_IN_LITERALS = re.compile(
    "|".join(re.escape(token) for token in TOKENS if token[0] not in "{}%"), re.IGNORECASE
)
#: Told by another check, or plain words of the author's own, such as "None".
_NOT_HERE = re.compile(r"\{\{|\}\}|\A\s*[\w<>/]+\s*\Z", re.ASCII).search
_END_MARKS = frozenset(",;:!?.")
_AROUND = 10
_FIX = "Look at plan.preview of this row; correct the cell, or the text around its placeholder."


@dataclass(frozen=True, slots=True, eq=False)
class Variables:
    """What fills the placeholders of a mailing.

    Args:
        frame: the list of people.
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
class _Finding:
    """What must not be read: by which variable, in what, as it reads, and why if that is not plain to see."""

    name: str
    what: str
    reads: str
    why: str = ""

    @property
    def words(self) -> str:
        return f"makes the {self.what} read {self.reads!r}{self.why}."


def lint_rendering(content: Content, variables: Variables, issues: IssueList) -> None:
    """Note what recipients would read and must not, as far as no check of single cells has told it.

    Args:
        content: the mailing.
        variables: what fills its placeholders.
        issues: takes what is found.
    """
    known = {filling.name: filling for filling in variables.fillings}
    mail = [readable("subject", content.subject, known)]
    if content.template is not None:
        mail.append(readable("template", content.template, known))
    _note_literals(mail, issues)
    told = _Told(variables, known, issues)
    for filling in variables.fillings:
        told.add_all(filling.name, _odd_values(filling, variables, mail))
    rows = _rows_to_make(mail, variables.texts)
    values = {name: texts.take(rows)[:] for name, texts in variables.texts.items()}
    for at, row in enumerate(positions(rows)):
        for finding in _whole_row(mail, {name: _read(column[at]) for name, column in values.items()}):
            told.add(row, finding)


def _note_literals(mail: Sequence[Readable], issues: IssueList) -> None:
    for text in mail:
        for literal in text.literals:
            found = _IN_LITERALS.search(literal)
            why = None if _NOT_HERE(literal) or is_too_narrow(literal) else odd_text(literal)
            if not found and not why:
                continue
            shown = _around(literal, found.start(), found.end()) if found else literal
            issues.add(
                None,
                IssueCode.SUSPICIOUS_TEXT,
                f"The {text.what}'s own text " + (f"reads {shown!r}." if found else f"{why}."),
                f"Correct the {text.what}.",
                column=text.what,
                value=shown,
            )
            break


def _odd_values(filling: Filling, variables: Variables, mail: Sequence[Readable]) -> dict[int, _Finding]:
    """Return which different texts of a variable recipients must not read, each with the first reason."""
    places = [(text, place) for text in mail for place in text.places if place.name == filling.name]
    different = variables.texts[filling.name].different
    looked_at = suspects(filling, different, variables.words(filling.name), [place for _, place in places])
    found: dict[int, _Finding] = {}
    for at, unique in zip(positions(looked_at), taken(different, looked_at), strict=True):
        for reason in _reasons(filling.name, json.loads(unique), places):
            found[at] = reason
            break
    return found


def _reasons(name: str, value: Any, places: Sequence[tuple[Readable, Place]]) -> Iterator[_Finding]:
    for words in strings_in(value):
        why = odd_text(words)
        if why:
            yield _Finding(name, "mail", words, f", which {why}")
    if isinstance(value, dict | list):
        # How Migma shows these is not documented, so that nothing is known of what stands beside them.
        return
    shown_value = value if isinstance(value, str) else json.dumps(value)
    for text, place in places:
        yield from _at_place(text, place, place.shown(shown_value))


def _at_place(text: Readable, place: Place, shown: str) -> Iterator[_Finding]:
    before, after = place.before[-LONGEST:], place.after[:LONGEST]
    window = f"{before}{shown}{after}"
    for match in ANY.finditer(window):
        start, end = match.start(1), match.end(1)
        if start < len(before) + len(shown) and end > len(before):
            yield _Finding(place.name, text.what, _around(window, start, end))
    opens = before[-1:].isspace() or before.endswith(">") or (not before and place.first)
    if not shown.strip() and opens and after[:1] in _END_MARKS and after:
        at = len(before)
        yield _Finding(place.name, text.what, _around(window, at, at + len(shown)), ", with nothing there")
    if shown[-1:] in {",", ";"} and after[:1] == shown[-1:] and not place.in_link:
        reads = _around(window, len(before) + len(shown) - 1, len(before) + len(shown) + 1)
        yield _Finding(place.name, text.what, reads, ", with the mark twice")


def _rows_to_make(mail: Sequence[Readable], texts: Mapping[str, CodedTexts]) -> Places:
    """Return the rows where what must not be read may reach from one value into the next, in order."""
    rows = [np.empty(0, dtype=np.intp)]
    for text in mail:
        for place in text.places:
            if not place.followed or len(place.after) >= LONGEST - 1:
                continue
            column = texts[place.name]
            maybe = may_reach_on(place, column.different)
            reach = [_reaches_on(place, unique) for unique in taken(column.different, maybe)]
            rows.append(column.rows_of(maybe[np.array(reach, dtype=bool)]))
    return np.unique(np.concatenate(rows))


def _reaches_on(place: Place, unique: str) -> bool:
    value = _read(unique)
    if value is None:
        return False
    return open_end(f"{place.before}{place.shown(value)}{place.after}", len(place.after))


def _whole_row(mail: Sequence[Readable], values: Mapping[str, str | None]) -> Iterator[_Finding]:
    if None in values.values():
        return
    for text in mail:
        segments = text.segments({name: value for name, value in values.items() if value is not None})
        whole = "".join(piece for piece, _ in segments)
        matches = [(match.start(1), match.end(1)) for match in ANY.finditer(whole)]
        at = 0
        for piece, name in segments:
            for start, end in matches:
                if name is not None and start < at + len(piece) and end > at:
                    reads = _around(whole, start, end)
                    yield _Finding(name, text.what, reads)
                    return
            at += len(piece)


def _read(text: str | None) -> str | None:
    """Return a JSON text as it is read; lists and objects, of which that is not known, as nothing special."""
    if text is None:
        return None
    value = json.loads(text)
    if isinstance(value, dict | list):
        return " "
    return value if isinstance(value, str) else json.dumps(value)


def _around(text: str, start: int, end: int) -> str:
    return text[max(0, start - _AROUND) : end + _AROUND]


class _Told:
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

    def add(self, row: int, finding: _Finding) -> None:
        """Note a finding in one row."""
        code = int(self._variables.texts[finding.name].codes[row])
        self._note(finding.name, {code: finding}, np.array([row], dtype=np.intp))

    def add_all(self, name: str, found: Mapping[int, _Finding]) -> None:
        """Note the findings of a variable in all rows that have one of these texts, by their places."""
        if found:
            rows = self._variables.texts[name].rows_of(np.fromiter(found, dtype=np.intp))
            self._note(name, found, rows)

    def _note(self, name: str, found: Mapping[int, _Finding], rows: Places) -> None:
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

    def _note_rows(self, name: str, found: Mapping[int, _Finding], rows: Places, codes: Places) -> None:
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

    def _note_for_all(self, name: str, finding: _Finding) -> None:
        if name in self._done_for_all:
            return
        self._done_for_all.add(name)
        message = f"What stands in for {name} {finding.words}"
        self._issues.add(None, IssueCode.SUSPICIOUS_TEXT, message, _FIX, column=name, value=finding.reads)
