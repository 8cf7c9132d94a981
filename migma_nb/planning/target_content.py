"""What each row of a frame of targets says: its own subject, its own stored content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.content import Content, read_content
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.placeholders import SplitText, split_text
from migma_nb.planning.render_lint import odd_words
from migma_nb.planning.target_columns import (
    CONVERSATION,
    EMAIL_ID,
    SUBJECT,
    TargetColumns,
    note_odd_ids,
    read_texts,
)
from migma_nb.planning.texts import is_stand_in, odd_text

#: Stands in, while the arguments are checked, for what each row brings itself; it never goes on the wire.
_OF_EACH_ROW = "-"
#: What is odd about a subject: its code, what there is to say behind "its subject", and what to do.
_Odd = tuple[IssueCode, str, str]


@dataclass(frozen=True, slots=True)
class RowContents:
    """What the rows say.

    Args:
        shared: what is the same for all; its subject is empty where each row has its own.
        contents: each row's content, the shared parts included.
        own: each row's own wire fields.
    """

    shared: Content
    contents: Sequence[Content]
    own: list[dict[str, Any]]

    @property
    def together(self) -> Content:
        """A content with the placeholders of all rows."""
        parts = [
            part
            for subject in {id(one.subject): one.subject for one in self.contents}.values()
            for part in subject.parts
        ]
        return replace(self.shared, subject=SplitText(tuple(parts)))

    @property
    def subjects(self) -> list[tuple[SplitText, list[int]]]:
        """The subjects that ask for something, each with the rows whose own it is."""
        rows: dict[int, tuple[SplitText, list[int]]] = {}
        for row, content in enumerate(self.contents):
            if content is not self.shared and content.subject.names:
                rows.setdefault(id(content.subject), (content.subject, []))[1].append(row)
        return list(rows.values())


def read_row_contents(
    frame: pd.DataFrame, columns: TargetColumns, shared: Content, issues: IssueList
) -> RowContents:
    """Read what each row says.

    Args:
        frame: the frame of targets.
        columns: its columns.
        shared: what is the same for all, as `shared_content` returns it.
        issues: takes rows without content, with two, or with a subject that nobody should read.
    """
    own: list[dict[str, Any]] = [{} for _ in range(len(frame))]
    contents = [shared] * len(frame)
    if SUBJECT in columns:
        contents = [
            shared if subject is None else replace(shared, subject=subject)
            for subject in _subjects(frame, columns, issues)
        ]
        for row, content in enumerate(contents):
            if content is not shared:
                own[row]["subject"] = content.subject.wire
    if columns.has_content:
        for row, field, text in _stored(frame, columns, issues):
            own[row][field] = text
    return RowContents(shared, contents, own)


def shared_content(columns: TargetColumns, options: PlanOptions, *, transactional: bool) -> Content:
    """Read and check what the arguments say for all rows; its subject is empty where each row has its own.

    Args:
        columns: the columns of the frame of targets.
        options: the plan's arguments.
        transactional: as it goes on the wire, with every row.

    Raises:
        InputError: something that is the same for all is missing or cannot be read.
    """
    changes: dict[str, Any] = {}
    dropped = {"recipientType"}
    if SUBJECT in columns:
        changes["subject"] = _OF_EACH_ROW
        dropped.add("subject")
    if columns.has_content:
        changes["conversation_id"] = _OF_EACH_ROW
        dropped.add("conversationId")
    content = read_content(replace(options, **changes), None, transactional=transactional)
    constants = {name: value for name, value in content.constants.items() if name not in dropped}
    subject = split_text("") if SUBJECT in columns else content.subject
    return replace(content, subject=subject, constants=MappingProxyType(constants))


def _subjects(frame: pd.DataFrame, columns: TargetColumns, issues: IssueList) -> list[SplitText | None]:
    name = columns.name(SUBJECT)
    texts = read_texts(frame, columns, SUBJECT, issues)
    known: dict[str, tuple[SplitText, list[_Odd]]] = {}
    found: list[SplitText | None] = []
    for row, text in enumerate(texts.cells):
        if text is None:
            found.append(None)
            if row not in texts.bad:
                issues.add(
                    row,
                    IssueCode.MISSING_CONTENT,
                    f"Row {row} has no subject, which the API requires.",
                    f"Fill in {name}, or leave the row out.",
                    column=name,
                )
            continue
        if text not in known:
            split = split_text(text)
            known[text] = split, list(_odd(text, split))
        subject, odd = known[text]
        found.append(subject)
        for code, words, fix in odd:
            issues.add(row, code, f"Row {row}: its subject {words}", fix, column=name, value=text)
    return found


def _odd(text: str, subject: SplitText) -> Iterator[_Odd]:
    """Yield what is wrong with a row's own subject."""
    if UNSAFE_IN_HEADER.intersection(text):
        words = "has a line break or NUL in it; a mail header cannot hold that."
        yield IssueCode.UNSAFE_HEADER, words, "Write it on one line."
    why = odd_text(text) if is_stand_in(text) else odd_words(subject)
    if subject.stray_braces:
        words = "has double braces that are no placeholder; readers would see them."
        yield IssueCode.SUSPICIOUS_TEXT, words, "Close or remove them; a placeholder looks like {{name}}."
    elif why:
        yield IssueCode.SUSPICIOUS_TEXT, f"{why}.", "Correct the subject, or leave the row out."


def _stored(frame: pd.DataFrame, columns: TargetColumns, issues: IssueList) -> list[tuple[int, str, str]]:
    """Return row, field and ID of each row's stored content."""
    fields = [field for field in (CONVERSATION, EMAIL_ID) if field in columns]
    texts = {field: read_texts(frame, columns, field, issues) for field in fields}
    for field in fields:
        note_odd_ids(texts[field], columns.name(field), issues)
    names = " and ".join(columns.name(field) for field in fields)
    found = []
    for row in range(len(frame)):
        given = [(row, field, text) for field in fields if (text := texts[field].cells[row]) is not None]
        if len(given) == 1:
            found += given
        elif given:
            words = f"Row {row} has something in {names}: which one shall be sent?"
            fix = "Keep one of them; each names the content alone (S3)."
            issues.add(row, IssueCode.CONTRADICTORY_ROW, words, fix, column=names, value=given[0][2])
        elif not any(row in texts[field].bad for field in fields):
            words, fix = f"Row {row} has no content (S14).", f"Fill in {names.replace(' and ', ' or ')}."
            issues.add(row, IssueCode.MISSING_CONTENT, words, fix, column=names)
    return found
