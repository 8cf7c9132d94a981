"""The variables of each row of a frame of targets: of its own dict, or of columns as in a list of people."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import column_at, column_names, near_matches
from migma_nb.planning.content import Content
from migma_nb.planning.dict_columns import Unfolded, label, unfolded
from migma_nb.planning.encoded import EncodedColumn
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.lint_notes import Variables
from migma_nb.planning.matching import Filling, default_text, match_columns
from migma_nb.planning.oddities import TextLook, code_lengths, is_code_column, number_look
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.placeholders import matching
from migma_nb.planning.target_columns import VARIABLES, TargetColumns
from migma_nb.planning.target_content import RowContents
from migma_nb.planning.values import ColumnRules
from migma_nb.planning.variables import encode_fillings, read_variables

#: A value in a dict goes out as it stands there, whatever other rows have.
_BY_ITSELF = ColumnRules()


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """Where the rows' variables come from.

    Args:
        table: the frame, or a column for each variable of the rows' dicts.
        fillings: the variables.
        columns: the table's columns, encoded, by variable.
        named: what a postal code's column would be called, by variable.
        dicts: the name of the column of dicts, None where there is none.
    """

    table: pd.DataFrame
    fillings: Sequence[Filling]
    columns: Mapping[str, EncodedColumn]
    named: Mapping[str, str]
    dicts: str | None

    def looks(self) -> dict[str, TextLook]:
        """Return how the columns look, of which only those rows count that say something."""
        looks = {}
        for name, encoded in self.columns.items():
            said = encoded.texts.take(np.flatnonzero(~encoded.texts.missing))
            codes = code_lengths(said) if is_code_column(self.named[name]) else None
            looks[name] = TextLook(number_look(encoded), codes)
        return looks


def read_row_variables(
    frame: pd.DataFrame,
    columns: TargetColumns,
    said: RowContents,
    options: PlanOptions,
    issues: IssueList,
    *,
    singles: Collection[int],
) -> Variables:
    """Return what fills the placeholders, row by row as it is sent.

    A single recipient must have what its message asks for; what a batch lacks, the contacts' own fields may
    fill.

    Args:
        frame: the frame of targets.
        columns: its columns.
        said: what each row says.
        options: the plan's arguments.
        issues: takes what is wrong or odd.
        singles: the rows for one person each.

    Raises:
        InputError: a placeholder could be filled by several columns, or an argument cannot be used.
    """
    together = said.together
    asked = _asked(said.contents)
    everywhere = set(together.placeholders)
    if VARIABLES in columns:
        source = _of_dicts(frame, columns, together, options, issues, singles=singles)
    else:
        source = _of_columns(frame, together, options, issues, many=len(singles) < len(frame))
    given = {filling.name for filling in source.fillings if filling.default is not None}

    def wanted(row: int, name: str) -> bool:
        # What a dict lacks is told below, by what its row asks for.
        needs = name in given if source.dicts else name in asked[row] or name not in everywhere
        return row in singles and needs

    texts = read_variables(
        source.table, source.fillings, source.columns, issues, wanted=wanted, looks=source.looks()
    )
    # A column of the same name is meant for the rows that ask for it; one that was named, for all.
    for_all = source.dicts is not None or options.variables is not None
    sent = _sent(texts, source.columns, singles, None if for_all else asked)
    variables = Variables(source.table, source.fillings, source.columns, sent)
    _note_gaps(asked, variables, said.contents, issues, singles=singles, dicts=source.dicts)
    return variables


def row_values(variables: Variables) -> list[dict[str, Any]]:
    """Return each row's variables as plain JSON values by name."""
    values: list[dict[str, Any]] = [{} for _ in range(len(variables.frame))]
    for name, texts in variables.texts.items():
        for row, text in enumerate(texts):
            if text is not None:
                values[row][name] = json.loads(text)
    return values


def _asked(contents: Sequence[Content]) -> list[tuple[str, ...]]:
    """Return the placeholders of each row."""
    known: dict[int, tuple[str, ...]] = {}
    for content in contents:
        if id(content.subject) not in known:
            known[id(content.subject)] = content.placeholders
    return [known[id(content.subject)] for content in contents]


def _of_columns(
    frame: pd.DataFrame, together: Content, options: PlanOptions, issues: IssueList, *, many: bool
) -> _Source:
    fillings = match_columns(frame, together, options, issues, contacts_may_fill=many)
    names = column_names(frame)
    named = {filling.name: names[filling.column] for filling in fillings if filling.column is not None}
    return _Source(frame, fillings, encode_fillings(frame, fillings), named, None)


def _of_dicts(
    frame: pd.DataFrame,
    columns: TargetColumns,
    together: Content,
    options: PlanOptions,
    issues: IssueList,
    *,
    singles: Collection[int],
) -> _Source:
    if options.formats:
        raise InputError(
            "formats is for columns; here each row has a dict of variables.", hint="Write the texts into it."
        )
    column = columns.name(VARIABLES)
    cells = column_at(frame, columns.positions[VARIABLES])
    held = unfolded(cells, column, together.placeholders, issues)
    fillings = _fillings(held, together, options, issues, singles)
    rules = dict.fromkeys(range(len(held.names)), _BY_ITSELF)
    encoded = encode_fillings(held.table, fillings, rules)
    return _Source(held.table, fillings, encoded, {name: name for name in held.names}, column)


def _fillings(
    held: Unfolded, together: Content, options: PlanOptions, issues: IssueList, singles: Collection[int]
) -> list[Filling]:
    """Return the variables of dicts; the defaults stand in where a single recipient has no value."""
    rows = sorted(singles)
    of_singles = [
        name for at, name in enumerate(held.names) if held.table.iloc[rows, at].map(_is_there).any()
    ]
    known = list(dict.fromkeys([*together.placeholders, *of_singles]))
    defaults: dict[str, str] = {}
    in_subject = frozenset(together.subject.names)
    for given, value in (options.defaults or {}).items():
        names = matching(str(given), known)
        if not names:
            words, fix = f"The default for {given!r} is used by no variable.", near_matches(str(given), known)
            issues.add(None, IssueCode.UNUSED_DEFAULT, words, fix, column=given, value=value)
        for name in names:
            defaults.setdefault(name, default_text(name, value, None, name in in_subject))
    at = {name: position for position, name in enumerate(held.names)}
    # For everybody in a batch no default stands in.
    every = dict.fromkeys([*held.names, *(defaults if rows else ())])
    return [Filling(name, at.get(name), defaults.get(name), None, name in in_subject) for name in every]


def _is_there(value: Any) -> bool:
    return value is not None


def _sent(
    texts: Mapping[str, CodedTexts],
    columns: Mapping[str, EncodedColumn],
    singles: Collection[int],
    asked: Sequence[tuple[str, ...]] | None,
) -> dict[str, CodedTexts]:
    """Return the texts that go out: a default would hide what everybody in a batch has for themselves.

    Args:
        texts: the variables by name, with defaults.
        columns: what the rows say themselves.
        singles: the rows for one person each.
        asked: what each row asks for, None where all that it says goes out.
    """
    sent: dict[str, CodedTexts] = {}
    for name, column in texts.items():
        kept = np.zeros(len(column), dtype=bool)
        kept[list(singles)] = True
        if name in columns:
            kept |= ~columns[name].texts.missing
        if asked is not None:
            kept &= np.fromiter((name in names for names in asked), dtype=bool, count=len(column))
        sent[name] = CodedTexts(np.where(kept, column.codes, np.int32(-1)), column.different)
    return sent


def _note_gaps(
    asked: Sequence[tuple[str, ...]],
    variables: Variables,
    contents: Sequence[Content],
    issues: IssueList,
    *,
    singles: Collection[int],
    dicts: str | None,
) -> None:
    """Note what rows ask for and do not have, as far as no empty cell of a column has told it."""
    there = {name: (~texts.missing).tolist() for name, texts in variables.texts.items()}
    by_column = frozenset(there) if dicts is None else frozenset[str]()
    for row, names in enumerate(asked):
        for name in names:
            if (name in there and there[name][row]) or (row in singles and name in by_column):
                continue  # filled, or its empty cell is an error already
            column = name if dicts is None else label(dicts, name)
            if row in singles and contents[row].template is not None:
                if name not in variables.columns or row not in variables.columns[name].problems:
                    _note_missing(row, name, column, issues)
            elif dicts is not None or name in by_column:
                _note_open(row, name, column, issues)


def _note_missing(row: int, name: str, column: str, issues: IssueList) -> None:
    words = f"Row {row}: nothing fills {{{{{name}}}}}."
    fix = f'Add the value, or write defaults={{"{name}": "…"}}.'
    issues.add(row, IssueCode.MISSING_VARIABLE, words, fix, column=column)


def _note_open(row: int, name: str, column: str, issues: IssueList) -> None:
    words = f"Row {row}: nothing here fills {{{{{name}}}}}; the contact's own fields at Migma may."
    fix = "Add the value, or send yourself a test first."
    issues.add(row, IssueCode.PLACEHOLDER_UNFILLED, words, fix, column=column, value=f"{{{{{name}}}}}")
