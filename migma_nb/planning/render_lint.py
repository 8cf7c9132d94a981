"""What no recipient must ever read, found over all rows' subjects and templates without making each of them.

A finding touches a value, or it is in the text that is the same for all and is told once. Of a value each
different one is looked at once, with the literal text on both sides of each of its places. Only a value that
ends in the middle of what must not be read, right before another one, has its whole row made and searched.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from migma_nb.planning.coded_texts import CodedTexts, positions
from migma_nb.planning.content import Content
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.lint_notes import Finding, Told, Variables
from migma_nb.planning.matching import Filling
from migma_nb.planning.placeholders import SplitText
from migma_nb.planning.readable import Place, Readable, readable
from migma_nb.planning.sheet_marks import is_too_narrow
from migma_nb.planning.text_arrays import Places, taken
from migma_nb.planning.texts import odd_text
from migma_nb.planning.tokens import ANY, LONGEST, TOKENS, may_reach_on, open_end, suspects
from migma_nb.planning.variables import strings_in

#: In texts for everybody; braces are told of by `note_content`.
_IN_LITERALS = re.compile(
    "|".join(re.escape(token) for token in TOKENS if token[0] not in "{}%"), re.IGNORECASE
)
#: Told by another check, or plain words of the author's own, such as "None".
_NOT_HERE = re.compile(r"\{\{|\}\}|\A\s*[\w<>/]+\s*\Z", re.ASCII).search
_END_MARKS = frozenset(",;:!?.")
_AROUND = 10


def lint_rendering(
    content: Content,
    variables: Variables,
    issues: IssueList,
    subjects: Iterable[tuple[SplitText, Sequence[int]]] = (),
) -> None:
    """Note what recipients would read and must not, as far as no check of single cells has told it.

    Args:
        content: the mailing.
        variables: what fills its placeholders.
        issues: takes what is found.
        subjects: the subjects that some rows have of their own, each with these rows, in order.
    """
    known = {filling.name: filling for filling in variables.fillings}
    mail = [readable("subject", content.subject, known)]
    if content.template is not None:
        mail.append(readable("template", content.template, known))
    _note_literals(mail, issues)
    told = Told(variables, known, issues)
    for filling in variables.fillings:
        told.add_all(filling.name, _odd_values(filling, variables, mail))
    rows = _rows_to_make(mail, variables.texts)
    read = {place.name for text in mail for place in text.places}
    values = {name: variables.texts[name].take(rows)[:] for name in read}
    for at, row in enumerate(positions(rows)):
        for finding in _whole_row(mail, {name: _read(column[at]) for name, column in values.items()}):
            told.add(row, finding)
    for subject, some in subjects:
        _lint_subject(readable("subject", subject, known), some, variables.texts, told)


def _lint_subject(
    subject: Readable, rows: Sequence[int], texts: Mapping[str, CodedTexts], told: Told
) -> None:
    """Note what a subject of some rows alone makes their readers read; each different value is read once."""
    names = sorted({place.name for place in subject.places})
    codes = {name: texts[name].codes[np.asarray(rows, dtype=np.intp)].tolist() for name in names}
    found: dict[tuple[str, int], Finding | None] = {}
    reaching = set[tuple[str, int]]()
    for name in names:
        places = [place for place in subject.places if place.name == name]
        for code in set(codes[name]) - {-1}:
            unique = texts[name].different[code].as_py()
            reasons = _reasons(name, json.loads(unique), [(subject, place) for place in places])
            found[name, code] = next(reasons, None)
            if any(_may_reach(place) and _reaches_on(place, unique) for place in places):
                reaching.add((name, code))
    for at, row in enumerate(rows):
        keys = [(name, codes[name][at]) for name in names]
        findings = [finding for key in keys if (finding := found.get(key))]
        if not reaching.isdisjoint(keys):
            findings += _whole_row([subject], {name: _read(texts[name][row]) for name in names})
        for finding in findings:
            told.add(row, finding)


def odd_words(text: SplitText) -> str | None:
    """Return what must not be read of a subject's own words, as the end of a sentence; None for nothing."""
    for literal in readable("subject", text, dict.fromkeys(text.names)).literals:
        if odd := _odd_literal(literal):
            return odd[1]
    return None


def _odd_literal(literal: str) -> tuple[str, str] | None:
    """Return what must not be read of a text that is the same for all, and how it reads, in words."""
    found = _IN_LITERALS.search(literal)
    if found:
        shown = _around(literal, found.start(), found.end())
        return shown, f"reads {shown!r}"
    why = None if _NOT_HERE(literal) or is_too_narrow(literal) else odd_text(literal)
    return None if why is None else (literal, why)


def _note_literals(mail: Sequence[Readable], issues: IssueList) -> None:
    for text in mail:
        for odd in filter(None, map(_odd_literal, text.literals)):
            issues.add(
                None,
                IssueCode.SUSPICIOUS_TEXT,
                f"The {text.what}'s own text {odd[1]}.",
                f"Correct the {text.what}.",
                column=text.what,
                value=odd[0],
            )
            break


def _odd_values(filling: Filling, variables: Variables, mail: Sequence[Readable]) -> dict[int, Finding]:
    """Return which different texts of a variable recipients must not read, each with the first reason."""
    places = [(text, place) for text in mail for place in text.places if place.name == filling.name]
    different = variables.texts[filling.name].different
    looked_at = suspects(filling, different, variables.words(filling.name), [place for _, place in places])
    found: dict[int, Finding] = {}
    for at, unique in zip(positions(looked_at), taken(different, looked_at), strict=True):
        for reason in _reasons(filling.name, json.loads(unique), places):
            found[at] = reason
            break
    return found


def _reasons(name: str, value: Any, places: Sequence[tuple[Readable, Place]]) -> Iterator[Finding]:
    for words in strings_in(value):
        why = odd_text(words)
        if why:
            yield Finding(name, "mail", words, f", which {why}")
    if isinstance(value, dict | list):
        # How Migma shows these is not documented, so that nothing is known of what stands beside them.
        return
    shown_value = value if isinstance(value, str) else json.dumps(value)
    for text, place in places:
        yield from _at_place(text, place, place.shown(shown_value))


def _at_place(text: Readable, place: Place, shown: str) -> Iterator[Finding]:
    before, after = place.before[-LONGEST:], place.after[:LONGEST]
    window = f"{before}{shown}{after}"
    for match in ANY.finditer(window):
        start, end = match.start(1), match.end(1)
        if start < len(before) + len(shown) and end > len(before):
            yield Finding(place.name, text.what, _around(window, start, end))
    opens = before[-1:].isspace() or before.endswith(">") or (not before and place.first)
    if not shown.strip() and opens and after[:1] in _END_MARKS and after:
        at = len(before)
        yield Finding(place.name, text.what, _around(window, at, at + len(shown)), ", with nothing there")
    if shown[-1:] in {",", ";"} and after[:1] == shown[-1:] and not place.in_link:
        reads = _around(window, len(before) + len(shown) - 1, len(before) + len(shown) + 1)
        yield Finding(place.name, text.what, reads, ", with the mark twice")


def _rows_to_make(mail: Sequence[Readable], texts: Mapping[str, CodedTexts]) -> Places:
    """Return the rows where what must not be read may reach from one value into the next, in order."""
    rows = [np.empty(0, dtype=np.intp)]
    for text in mail:
        for place in text.places:
            if not _may_reach(place):
                continue
            column = texts[place.name]
            maybe = may_reach_on(place, column.different)
            reach = [_reaches_on(place, unique) for unique in taken(column.different, maybe)]
            rows.append(column.rows_of(maybe[np.array(reach, dtype=bool)]))
    return np.unique(np.concatenate(rows))


def _may_reach(place: Place) -> bool:
    """Say whether what begins in a value here may end in the next one."""
    return place.followed and len(place.after) < LONGEST - 1


def _reaches_on(place: Place, unique: str) -> bool:
    value = _read(unique)
    if value is None:
        return False
    return open_end(f"{place.before}{place.shown(value)}{place.after}", len(place.after))


def _whole_row(mail: Sequence[Readable], values: Mapping[str, str | None]) -> Iterator[Finding]:
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
                    yield Finding(name, text.what, reads)
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
