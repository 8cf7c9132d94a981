"""What was chosen in the form, without any widget: whom to mail, and the arguments of `mg.plan`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Any, Self

import pandas as pd

from migma_nb.notebook.form_expressions import expression
from migma_nb.notebook.lines import counted, one_line
from migma_nb.planning.content import template_of
from migma_nb.planning.placeholders import matching
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.sources import Target, is_file_name, is_one_address, people_frame
from migma_nb.planning.target_columns import is_target_frame
from migma_nb.planning.targets import Audience, Segment, Tag

#: A list in hand has this name in the lines, whatever it is called in the notebook.
IN_HAND = "people"


@dataclass(frozen=True, slots=True, eq=False)
class Recipients:
    """Whom a mailing is for, and how Python says that.

    Args:
        value: as `mg.plan` takes it.
        label: a few words for the screen (str).
        code: the expression that stands for it (str).
        before: the lines that have to stand before it.
        file: the file that it was read from, None for none.
        repairs: the lines that repair it, behind those that make what its plan needs.
    """

    value: Any = field(repr=False)
    label: str
    code: str
    before: tuple[str, ...] = ()
    file: "ListFile | None" = None
    repairs: tuple[str, ...] = ()

    @property
    def frame(self) -> pd.DataFrame | None:
        """The list of people; None for a target and for one address."""
        return self.value if isinstance(self.value, pd.DataFrame) else None

    @property
    def target(self) -> Target | None:
        """The tag, segment or audience, None for people."""
        return self.value if isinstance(self.value, Tag | Segment | Audience) else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that may fill a placeholder."""
        return () if self.frame is None else tuple(map(str, self.frame.columns))

    @property
    def by_column(self) -> bool:
        """Whether its rows are people, of whom one column holds the addresses."""
        return self.frame is not None and not is_target_frame(self.frame)


@dataclass(frozen=True, slots=True, eq=False)
class ListFile:
    """A file with a list of people, which can be read again in another way.

    Args:
        name: what it is called in the lines (str): an upload's bare name, or a path.
        content: its bytes where it came through the browser, None for a path.
        how: the arguments of `read_recipients` that it is read with.
    """

    name: str
    content: bytes | None = field(default=None, repr=False)
    how: Mapping[str, Any] = field(default_factory=dict)

    def read(self) -> Recipients:
        """Return its list.

        Raises:
            InputError: it cannot be read as one.
        """
        if self.content is None:
            frame = read_recipients(Path(self.name), **self.how)
        else:
            frame = read_recipients(self.content, name=self.name, **self.how)
        how = "".join(f", {name}={expression(value)}" for name, value in self.how.items())
        line = f"{IN_HAND} = mg.read_recipients({expression(self.name)}{how})"
        label = f"{PurePosixPath(self.name).name}, {counted(len(frame), 'row', 'rows')}"
        return Recipients(frame, label, IN_HAND, (line,), self)


def recipients_of(people: Any) -> Recipients:
    """Return whom somebody has in hand: a frame, a list, one address, a file, or a target.

    Raises:
        InputError: it is none of these, or it cannot be read.
    """
    if isinstance(people, ListFile):
        return people.read()
    if isinstance(people, Tag | Segment | Audience):
        return target_recipients(people)
    if isinstance(people, os.PathLike) or (isinstance(people, str) and is_file_name(people)):
        return ListFile(os.fspath(people)).read()
    if is_one_address(people):
        note = f"# {IN_HAND}: the address that you passed to mg.form"
        return Recipients(people.strip(), "the address in hand", IN_HAND, (note,))
    # What the form shows is what it sends, whatever a cell does to the frame meanwhile.
    frame = people_frame(people).copy()
    rows = counted(len(frame), "row", "rows")
    report = ReadReport.of(people)
    if report is not None:
        note = f"# {IN_HAND}: {one_line(report.source, 60)}, which you passed to mg.form as it was read"
        return Recipients(frame, f"{report.source}, {rows}", IN_HAND, (note,))
    kind = "DataFrame" if isinstance(people, pd.DataFrame) else "list"
    note = f"# {IN_HAND}: the {kind} of {rows} that you passed to mg.form"
    return Recipients(frame, f"{kind} in hand, {rows}", IN_HAND, (note,))


def target_recipients(target: Target) -> Recipients:
    """Return the recipients that a tag, segment or audience is."""
    code = f"mg.{type(target).__name__}({expression(target.id)})"
    people = "" if target.count is None else f", {counted(target.count, 'person', 'people')}"
    return Recipients(target, f"{target}{people}", code)


def uploaded_list(name: str, content: bytes, **how: Any) -> Recipients:
    """Return the list that a file holds which came through the browser.

    Args:
        name: the file's name (str); a folder before it is dropped.
        content: its bytes.
        how: arguments of `read_recipients`, for what it cannot find out.

    Raises:
        InputError: it cannot be read as a list.
    """
    return ListFile(own_name(name), content, how).read()


def uploaded_template(name: str, content: bytes) -> tuple[str, str]:
    """Return the text of a template that came through the browser, and the expression for it.

    Args:
        name: the file's name (str).
        content: its bytes.

    Raises:
        InputError: it is empty, or not UTF-8.
    """
    own = own_name(name)
    return template_of(content, own), f"Path({expression(own)})"


def own_name(name: str) -> str:
    """Return a file's name without the folders of whatever system it comes from."""
    return PureWindowsPath(PurePosixPath(name).name).name or "upload"


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A mailing as far as it was chosen; it never changes.

    Args:
        recipients: whom it is for, None where that is open.
        arguments: arguments of `mg.plan`, only those that were given. Of `variables` these are the columns
            that somebody chose, None for none; what was guessed is not in it.
        written: the expression of an argument that is more than its value, such as a file's name.
        left: the columns of a list that is not chosen any more, as long as what was said about them holds.
    """

    recipients: Recipients | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] | None = None

    def to(self, recipients: Recipients | None) -> Self:
        """Return the same mailing to others; what was said about the columns of the list goes."""
        old = self.left if self.recipients is None else self.recipients.columns
        kept = self
        if old is not None and (recipients is None or old != recipients.columns):
            for name in ("address", "key", "variables", "duplicates"):
                kept = kept.given(name, None)
        if recipients is not None and recipients.target is not None:
            for name in ("address", "key", "defaults", "formats", "exclude", "allow", "duplicates"):
                kept = kept.given(name, None)
        return replace(kept, recipients=recipients, left=None)

    def unlisted(self) -> Self:
        """Return the same mailing to nobody yet; a next list with the same columns finds them as chosen."""
        left = self.left if self.recipients is None else self.recipients.columns
        return replace(self, recipients=None, left=left)

    def given(self, name: str, value: Any, written: str | None = None) -> Self:
        """Return the draft with an argument; None and what is empty take it out.

        Args:
            name: an argument of `mg.plan`.
            value: its value.
            written: the expression that stands for it, where that is not the value's own.
        """
        arguments = {key: kept for key, kept in self.arguments.items() if key != name}
        expressions = {key: kept for key, kept in self.written.items() if key != name}
        if value is not None and not (isinstance(value, str) and not value.strip()):
            arguments[name] = value
            if written is not None:
                expressions[name] = written
        return replace(self, arguments=MappingProxyType(arguments), written=MappingProxyType(expressions))

    def planned(self, placeholders: tuple[str, ...]) -> dict[str, Any]:
        """Return the arguments as `mg.plan` takes them: where a column was chosen, the guessed ones too.

        Args:
            placeholders: those of subject and content.
        """
        found = dict(self.arguments)
        chosen = found.get("variables")
        if chosen is None or self.recipients is None or not self.recipients.by_column:
            return found
        whole = {name: self.column_of(name) for name in placeholders} | {
            key: label for key, label in chosen.items() if not matching(str(key), placeholders)
        }
        found["variables"] = {name: label for name, label in whole.items() if label is not None}
        return found

    def column_of(self, placeholder: str) -> Any:
        """Return the column that fills a placeholder, as chosen or else by its name; None for none."""
        chosen = self.arguments.get("variables") or {}
        for key in matching(placeholder, chosen):
            return chosen[key]
        found = matching(placeholder, self.recipients.columns) if self.recipients is not None else []
        return found[0] if len(found) == 1 else None

    def default_of(self, placeholder: str) -> Any:
        """Return what stands in for a missing value of a placeholder, None for nothing."""
        given = self.arguments.get("defaults") or {}
        return next((given[key] for key in matching(placeholder, given)), None)


def draft_of(people: Any, arguments: Mapping[str, Any]) -> Draft:
    """Return the draft that `mg.form` begins with.

    Args:
        people: whom to mail, None where that is open.
        arguments: arguments of `mg.plan`.

    Raises:
        InputError: the people cannot be used.
    """
    draft = Draft().to(None if people is None else recipients_of(people))
    for name, value in arguments.items():
        if name == "variables" and isinstance(value, list | tuple | pd.Index):
            draft = draft.given(name, {str(label): label for label in value})
        elif name == "variables" and isinstance(value, str):
            draft = draft.given(name, {value: value})
        else:
            draft = draft.given(name, value)
    return draft
