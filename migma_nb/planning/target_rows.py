"""Whom each row of a frame of targets is for: one person, or everybody in a tag, segment or audience."""

from dataclasses import dataclass

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.models import RecipientType
from migma_nb.planning.columns import column_at, near_matches
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.people import People, read_people
from migma_nb.planning.sources import Target
from migma_nb.planning.target_columns import EMAIL, ID, TYPE, TargetColumns, Texts, note_odd_ids, read_texts
from migma_nb.planning.targets import Audience, Segment, Tag

_KINDS: dict[RecipientType, type[Tag] | type[Segment] | type[Audience]] = {
    RecipientType.TAG: Tag,
    RecipientType.SEGMENT: Segment,
    RecipientType.AUDIENCE: Audience,
}
_WORDS = [kind.value for kind in RecipientType]


@dataclass(frozen=True, slots=True)
class TargetRows:
    """Whom the rows are for.

    Args:
        kinds: each row's recipient type, None where it names none that there is.
        batches: row to its target, for the rows whose target can be mailed.
        people: addresses as on the wire (for a batch its ID), and who each single recipient is.
        recipients: each row's recipient in the mailing, None where there is none.
    """

    kinds: list[RecipientType | None]
    batches: dict[int, Target]
    people: People
    recipients: list[str | None]

    @property
    def singles(self) -> frozenset[int]:
        """The rows for one person each."""
        return frozenset(row for row, kind in enumerate(self.kinds) if kind is RecipientType.EMAIL)


def read_target_rows(frame: pd.DataFrame, columns: TargetColumns, issues: IssueList) -> TargetRows:
    """Find out whom each row is for, and note what is wrong with it.

    Args:
        frame: the frame of targets.
        columns: its columns.
        issues: takes what is wrong.
    """
    kinds = read_kinds(frame, columns, issues)
    ids = read_texts(frame, columns, ID, issues)
    note_odd_ids(ids, columns.name(ID), issues)
    singles = {row for row, kind in enumerate(kinds) if kind is RecipientType.EMAIL}
    nothing = pd.Series([None] * len(frame), dtype=object)
    written = column_at(frame, columns.positions[EMAIL]) if EMAIL in columns else nothing
    read = read_people(written, columns.name(EMAIL), issues, only=singles)
    whom = list(read.addresses)
    addresses = read_texts(frame, columns, EMAIL, IssueList())
    note_odd_ids(addresses, columns.name(EMAIL), issues, _batches(kinds))
    batches: dict[int, Target] = {}
    for row, kind in enumerate(kinds):
        if kind is None:
            continue
        if kind is RecipientType.EMAIL:
            if ids.cells[row] is not None:
                _note_both(row, kind, columns, ids.cells[row], issues)
            continue
        if addresses.cells[row] is not None:
            _note_both(row, kind, columns, addresses.cells[row], issues)
        whom[row] = ids.cells[row] or ""
        target = _target(row, kind, ids, columns, issues)
        if target is not None:
            batches[row] = target
    recipients = [
        batches[row].recipient if row in batches else who for row, who in enumerate(read.identities)
    ]
    return TargetRows(kinds, batches, People(whom, read.identities), recipients)


def read_kinds(frame: pd.DataFrame, columns: TargetColumns, issues: IssueList) -> list[RecipientType | None]:
    """Return each row's recipient type, None where it names none that there is; arguments as above."""
    texts = read_texts(frame, columns, TYPE, issues)
    known = {kind.value: kind for kind in RecipientType}
    kinds: list[RecipientType | None] = []
    for row, text in enumerate(texts.cells):
        kind = known.get(text.casefold()) if text else None
        kinds.append(kind)
        if kind is not None or row in texts.bad:
            continue
        words = f"{text!r} is no recipient type" if text else "it has no recipient type"
        issues.add(
            row,
            IssueCode.UNKNOWN_RECIPIENT_TYPE,
            f"Row {row}: {words} (S9).",
            near_matches(text, _WORDS, "recipient type") if text else f"Write one of {', '.join(_WORDS)}.",
            column=columns.name(TYPE),
            value=text or "",
        )
    return kinds


def _batches(kinds: list[RecipientType | None]) -> frozenset[int]:
    return frozenset(row for row, kind in enumerate(kinds) if kind not in {None, RecipientType.EMAIL})


def _target(
    row: int, kind: RecipientType, ids: Texts, columns: TargetColumns, issues: IssueList
) -> Target | None:
    text = ids.cells[row]
    if text is None:
        if row not in ids.bad:
            issues.add(
                row,
                IssueCode.MISSING_RECIPIENT_ID,
                f"Row {row} is for a {kind.value} and does not say which (S12).",
                f"Write the {kind.value}'s ID into {columns.name(ID)}, or leave the row out.",
                column=columns.name(ID),
            )
        return None
    try:
        return _KINDS[kind](text)
    except InputError as error:
        message = f"Row {row}: {text!r} is no ID: it has a line break or a character that no ID has."
        issues.add(
            row,
            IssueCode.UNSERIALISABLE_VALUE,
            message,
            error.hint or "Copy the ID alone.",
            column=columns.name(ID),
            value=text,
        )
        return None


def _note_both(
    row: int, kind: RecipientType, columns: TargetColumns, value: str | None, issues: IssueList
) -> None:
    """Note a row that names one person and many: only its author knows which is meant."""
    single = kind is RecipientType.EMAIL
    extra, own = (ID, EMAIL) if single else (EMAIL, ID)
    whom = "one person (email)" if single else f"everybody in a {kind.value}"
    issues.add(
        row,
        IssueCode.CONTRADICTORY_ROW,
        f"Row {row} is for {whom}, yet has something in {columns.name(extra)} too: an address and a target's "
        "ID in one row contradict each other.",
        f"Empty {columns.name(extra)} or {columns.name(own)}, so that {columns.name(TYPE)} says which is "
        "meant; or make two rows of it.",
        column=columns.name(extra),
        value=value or "",
    )
