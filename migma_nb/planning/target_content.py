"""What each row of a frame of targets says: its own subject, its own stored content."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.content import Content, read_content
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.placeholders import SplitText, split_text
from migma_nb.planning.target_columns import CONVERSATION, EMAIL_ID, SUBJECT, TargetColumns, read_texts

#: Stands in, while the arguments are checked, for what each row brings itself; it never goes on the wire.
_OF_EACH_ROW = "-"


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


def read_row_contents(
    frame: pd.DataFrame,
    columns: TargetColumns,
    options: PlanOptions,
    issues: IssueList,
    *,
    transactional: bool,
) -> RowContents:
    """Read what each row says, and check what the arguments say for all.

    Args:
        frame: the frame of targets.
        columns: its columns.
        options: the plan's arguments.
        issues: takes rows without content, with two, or with a subject that no header can hold.
        transactional: as it goes on the wire, with every row.

    Raises:
        InputError: something that is the same for all is missing or cannot be read.
    """
    shared = _shared(columns, options, transactional=transactional)
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


def _shared(columns: TargetColumns, options: PlanOptions, *, transactional: bool) -> Content:
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
    known: dict[str, SplitText] = {}
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
        subject = known.setdefault(text, split_text(text))
        found.append(subject)
        if UNSAFE_IN_HEADER.intersection(text):
            words = f"Row {row}: its subject has a line break or NUL in it; a mail header cannot hold that."
            issues.add(row, IssueCode.UNSAFE_HEADER, words, "Write it on one line.", column=name, value=text)
        if subject.stray_braces:
            words = (
                f"Row {row}: its subject has double braces that are no placeholder; readers would see them."
            )
            fix = "Close or remove them; a placeholder looks like {{name}}."
            issues.add(row, IssueCode.SUSPICIOUS_TEXT, words, fix, column=name, value=text)
    return found


def _stored(frame: pd.DataFrame, columns: TargetColumns, issues: IssueList) -> list[tuple[int, str, str]]:
    """Return row, field and ID of each row's stored content."""
    fields = [field for field in (CONVERSATION, EMAIL_ID) if field in columns]
    texts = {field: read_texts(frame, columns, field, issues) for field in fields}
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
