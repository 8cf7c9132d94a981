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

import pandas as pd

from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.content import Content
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.matching import Filling
from migma_nb.planning.readable import Place, Readable, readable
from migma_nb.planning.texts import odd_text
from migma_nb.planning.values import is_missing
from migma_nb.planning.variables import strings_in

#: An open placeholder, what a failed formula leaves, an object that was no text, letters that were lost.
TOKENS = (
    *("{{", "}}", "%7b%7b", "%7d%7d"),
    *("#ref!", "#n/a", "#value!", "#name?", "#div/0!", "#num!", "#null!"),
    *("[object object]", "\ufffd"),
)
_LONGEST = max(map(len, TOKENS))
# Ahead of itself, so that one that begins inside of another is found too.
_ANY = re.compile(f"(?=({'|'.join(map(re.escape, TOKENS))}))", re.IGNORECASE)
#: In texts for everybody; braces are told of by `note_stray_braces`.
_IN_LITERALS = re.compile(
    "|".join(re.escape(token) for token in TOKENS if token[0] not in "{}%"), re.IGNORECASE
)
#: Told by another check, or plain words of the author's own, such as "None".
_NOT_HERE = re.compile(r"\{\{|\}\}|\A\s*[\w<>/]+\s*\Z", re.ASCII).search
_STARTS = frozenset(token[0] for token in TOKENS)
_PREFIXES = frozenset(token[:end] for token in TOKENS for end in range(1, len(token)))
_END_MARKS = frozenset(",;:!?.")
_AROUND = 10
_FIX = "Look at plan.preview of this row; correct the cell, or the text around its placeholder."


@dataclass(frozen=True, slots=True)
class _Finding:
    """What must not be read: by which variable, in what, as it reads, and why if that is not plain to see."""

    name: str
    what: str
    reads: str
    why: str = ""


def lint_rendering(
    content: Content,
    frame: pd.DataFrame,
    fillings: Sequence[Filling],
    texts: Mapping[str, Sequence[str | None]],
    issues: IssueList,
) -> None:
    """Note what recipients would read and must not, as far as no check of single cells has told it.

    Args:
        content: the mailing.
        frame: the list of people.
        fillings: the variables of the mailing.
        texts: for each variable its rows' JSON texts.
        issues: takes what is found.
    """
    known = {filling.name: filling for filling in fillings}
    mail = [readable("subject", content.subject, known)]
    if content.template is not None:
        mail.append(readable("template", content.template, known))
    _note_literals(mail, issues)
    told = _Told(frame, known, issues)
    for filling in fillings:
        odd = _odd_values(filling, set(texts[filling.name]), mail)
        if odd:
            for row, text in enumerate(texts[filling.name]):
                if text in odd:
                    told.add(row, odd[text])
    for row in sorted(_rows_to_make(mail, texts)):
        for finding in _whole_row(mail, {name: _read(rows[row]) for name, rows in texts.items()}):
            told.add(row, finding)


def _note_literals(mail: Sequence[Readable], issues: IssueList) -> None:
    for text in mail:
        for literal in text.literals:
            found = _IN_LITERALS.search(literal)
            why = None if _NOT_HERE(literal) else odd_text(literal)
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


def _odd_values(filling: Filling, values: set[str | None], mail: Sequence[Readable]) -> dict[str, _Finding]:
    """Return the JSON texts of a variable that recipients must not read, each with the first reason."""
    uniques = values - {None}
    places = [(text, place) for text in mail for place in text.places if place.name == filling.name]
    found: dict[str, _Finding] = {}
    for unique in _suspects(filling, uniques, [place for _, place in places]):  # type: ignore[arg-type]  # None is out
        value = json.loads(unique)
        for reason in _reasons(filling.name, value, places):
            found[unique] = reason
            break
    return found


def _suspects(filling: Filling, uniques: set[str], places: Sequence[Place]) -> Iterator[str]:
    """Yield the JSON texts that could be found fault with; nearly always none, found out in one search."""
    open_places = [place for place in places if _open_end(place.before, 0)]
    if filling.form is not None or any(place.in_link for place in open_places):
        yield from uniques
        return
    joined = "\n".join(uniques)
    starts = [start if start.isascii() else json.dumps(start)[1:-1] for start in _STARTS]
    present = [start for start in starts if start in joined]
    continued = {rest for place in open_places for rest in _continuations(place.before)}
    default = filling.default
    for unique in uniques if present or continued or _has_end_mark(joined) else ():
        text = unique[1:2].lower() if unique[0] == '"' else unique[0]
        if any(start in unique for start in present) or text in continued or _has_end_mark(unique):
            yield unique
    yield from {'""'} & uniques
    if default is not None and default in uniques:
        yield default


def _has_end_mark(joined: str) -> bool:
    return ',"' in joined or ';"' in joined


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
    before, after = place.before[-_LONGEST:], place.after[:_LONGEST]
    window = f"{before}{shown}{after}"
    for match in _ANY.finditer(window):
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


def _open_end(text: str, longer_than: int) -> bool:
    """Say whether a text ends in the middle of a token, of which more than so many characters are there."""
    tail = text[-_LONGEST:].lower()
    return any(tail[-size:] in _PREFIXES for size in range(longer_than + 1, min(len(tail), _LONGEST) + 1))


def _continuations(before: str) -> set[str]:
    """Return the characters that would carry on a token in whose middle a text ends."""
    tail = before[-_LONGEST:].lower()
    ends = {tail[-size:] for size in range(1, len(tail) + 1)} & _PREFIXES
    return {token[len(end)] for end in ends for token in TOKENS if token.startswith(end)}


def _rows_to_make(mail: Sequence[Readable], texts: Mapping[str, Sequence[str | None]]) -> set[int]:
    """Return the rows where what must not be read may reach from one value into the next."""
    rows: set[int] = set()
    for text in mail:
        for place in text.places:
            if not place.followed or len(place.after) >= _LONGEST - 1:
                continue
            uniques = set(texts[place.name]) - {None}
            joined = "\n".join(uniques)  # type: ignore[arg-type]  # None is out
            starts = any(start in joined for start in _STARTS if start.isascii())
            if not starts and not _open_end(place.before, 0) and '""' not in uniques:
                continue
            ending = {unique for unique in uniques if unique is not None and _reaches_on(place, unique)}
            rows |= (
                {row for row, value in enumerate(texts[place.name]) if value in ending} if ending else set()
            )
    return rows


def _reaches_on(place: Place, unique: str) -> bool:
    value = _read(unique)
    if value is None:
        return False
    return _open_end(f"{place.before}{place.shown(value)}{place.after}", len(place.after))


def _whole_row(mail: Sequence[Readable], values: Mapping[str, str | None]) -> Iterator[_Finding]:
    if None in values.values():
        return
    for text in mail:
        segments = text.segments({name: value for name, value in values.items() if value is not None})
        whole = "".join(piece for piece, _ in segments)
        matches = [(match.start(1), match.end(1)) for match in _ANY.finditer(whole)]
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
        frame: the list of people.
        known: the variables by name.
        issues: takes what is found.
    """

    def __init__(self, frame: pd.DataFrame, known: Mapping[str, Filling], issues: IssueList) -> None:
        self._frame, self._known, self._issues = frame, known, issues
        self._names = column_names(frame)
        self._done: set[tuple[int | None, str]] = set()

    def add(self, row: int, finding: _Finding) -> None:
        """Note a finding: of its row where it is the row's own value, else once for all."""
        position = self._known[finding.name].column
        cell = None if position is None else column_at(self._frame, position).iloc[row]
        own = position is not None and (isinstance(cell, dict | list | tuple) or not is_missing(cell))
        if own and isinstance(cell, str) and odd_text(cell):
            return
        column = self._names[position] if own and position is not None else finding.name
        where = row if own else None
        if (where, column) in self._done:
            return
        self._done.add((where, column))
        words = f"Row {row}: {column}" if own else f"What stands in for {column}"
        message = f"{words} makes the {finding.what} read {finding.reads!r}{finding.why}."
        self._issues.add(where, IssueCode.SUSPICIOUS_TEXT, message, _FIX, column=column, value=finding.reads)
