"""The variables of each row of a frame of targets: of its own dict, or of columns as in a list of people."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.columns import column_at, near_matches
from migma_nb.planning.content import Content
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.matching import Filling, default_text, match_columns
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.placeholders import matching
from migma_nb.planning.target_columns import VARIABLES, TargetColumns
from migma_nb.planning.target_content import RowContents
from migma_nb.planning.texts import has_html, odd_text
from migma_nb.planning.values import NotJsonError, is_missing, json_text, json_value
from migma_nb.planning.variables import encode_fillings, read_variables, strings_in

Values = list[dict[str, Any]]


def read_row_variables(
    frame: pd.DataFrame,
    columns: TargetColumns,
    said: RowContents,
    options: PlanOptions,
    issues: IssueList,
    *,
    singles: Collection[int],
) -> Values:
    """Return each row's variables as plain JSON values by name.

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
    if VARIABLES in columns:
        values = _of_cells(frame, columns, together, options, issues)
        _fill([values[row] for row in sorted(singles)], together, options, issues)
        by_column: frozenset[str] = frozenset()
        by_nothing = by_column
    else:
        values, by_column = _of_columns(frame, said, options, issues, singles)
        by_nothing = frozenset(together.placeholders) - by_column
    for row, content in enumerate(said.contents):
        single = row in singles
        for name in content.placeholders:
            if name in values[row] or (single and name in by_column):
                continue  # filled, or its empty cell is an error already
            if single and content.template is not None:
                _note_missing(row, name, issues)
            elif name not in by_nothing:
                _note_open(row, name, issues)
    return values


def _of_columns(
    frame: pd.DataFrame,
    said: RowContents,
    options: PlanOptions,
    issues: IssueList,
    singles: Collection[int],
) -> tuple[Values, frozenset[str]]:
    """Return the values, and the variables that have a column or a default."""
    many, together = len(singles) < len(frame), said.together
    fillings = match_columns(frame, together, options, issues, contacts_may_fill=many)
    asked = [frozenset(content.placeholders) for content in said.contents]
    everywhere = set(together.placeholders)

    def wanted(row: int, name: str) -> bool:
        return row in singles and (name in asked[row] or name not in everywhere)

    columns = encode_fillings(frame, fillings)
    texts = read_variables(frame, fillings, columns, issues, wanted=wanted)
    values: Values = [{} for _ in range(len(frame))]
    for filling in fillings:
        name, gaps = filling.name, _gaps(frame, filling)
        for row, text in enumerate(texts[name]):
            # A column of the same name is meant for the rows that ask for it; one that was named, for all.
            meant = options.variables is not None or name in asked[row]
            # A default would stand in for what everybody's own contact fields say.
            own = row in singles or row not in gaps
            if text is not None and meant and own:
                values[row][name] = json.loads(text)
    return values, frozenset(texts)


def _gaps(frame: pd.DataFrame, filling: Filling) -> frozenset[int]:
    """Return the rows that say nothing themselves, so that a default would stand in."""
    if filling.column is None:
        return frozenset(range(len(frame)))
    cells = column_at(frame, filling.column).tolist()
    return frozenset(row for row, cell in enumerate(cells) if is_missing(cell))


def _of_cells(
    frame: pd.DataFrame, columns: TargetColumns, together: Content, options: PlanOptions, issues: IssueList
) -> Values:
    if options.formats:
        raise InputError(
            "formats is for columns; here each row has a dict of variables.", hint="Write the texts into it."
        )
    series = column_at(frame, columns.positions[VARIABLES])
    name = columns.name(VARIABLES)
    values: Values = []
    for row, cell in enumerate(series.tolist()):
        try:
            found = _object(cell)
        except NotJsonError as error:
            found = {}
            issues.add(
                row,
                IssueCode.UNSERIALISABLE_VALUE,
                f"Row {row}: {name} cannot be sent: {error}.",
                'Write a dict, or JSON text such as {"first_name": "Ann"}.',
                column=name,
                value=cell,
            )
        named = {(matching(key, together.placeholders) or [key])[0]: value for key, value in found.items()}
        values.append(named)
        _note_odd_values(row, named, together, name, issues)
    return values


def _object(cell: Any) -> dict[str, Any]:
    """Return a cell's variables as plain JSON values; those without value are left out."""
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise NotJsonError(f"it is no JSON ({error})") from None
    elif not isinstance(cell, Mapping | list | tuple) and is_missing(cell):
        return {}
    if not isinstance(cell, Mapping):
        raise NotJsonError(f"it is {kind_of(cell)}, not an object of names and values")
    found = {
        str(key): json_value(value)
        for key, value in cell.items()
        if isinstance(value, Mapping | list | tuple) or not is_missing(value)
    }
    json_text(found)
    return found


def _fill(values: Values, together: Content, options: PlanOptions, issues: IssueList) -> None:
    """Let the defaults stand in where a single recipient has no value for what the message asks for."""
    known = list(dict.fromkeys([*together.placeholders, *(name for row in values for name in row)]))
    for given, value in (options.defaults or {}).items():
        names = matching(str(given), known)
        if not names:
            words, fix = f"The default for {given!r} is used by no variable.", near_matches(str(given), known)
            issues.add(None, IssueCode.UNUSED_DEFAULT, words, fix, column=given, value=value)
        for name in names:
            text = default_text(name, value, None, name in together.subject.names)
            for row in values:
                row.setdefault(name, json.loads(text))


def _note_odd_values(
    row: int, values: Mapping[str, Any], together: Content, column: str, issues: IssueList
) -> None:
    for name, value in values.items():
        texts = list(strings_in(value))
        unsafe = any(UNSAFE_IN_HEADER.intersection(text) for text in texts)
        if unsafe and name in together.subject.names:
            words = f"Row {row}: {name} fills the subject and has a line break or NUL in it."
            issues.add(
                row, IssueCode.UNSAFE_HEADER, words, "Write it on one line.", column=column, value=value
            )
        for text in texts:
            if reason := odd_text(text):
                words = f"Row {row}: {name} {reason}."
                issues.add(row, IssueCode.SUSPICIOUS_TEXT, words, "Correct it.", column=column, value=text)
            if has_html(text):
                words = f"Row {row}: {name} has HTML in it; whether Migma escapes it is not documented."
                issues.add(
                    row, IssueCode.HTML_IN_VALUE, words, "Write it as plain text.", column=column, value=text
                )


def _note_missing(row: int, name: str, issues: IssueList) -> None:
    words = f"Row {row}: nothing fills {{{{{name}}}}}."
    fix = f'Add the value, or write defaults={{"{name}": "…"}}.'
    issues.add(row, IssueCode.MISSING_VARIABLE, words, fix, column=name)


def _note_open(row: int, name: str, issues: IssueList) -> None:
    words = f"Row {row}: nothing here fills {{{{{name}}}}}; the contact's own fields at Migma may."
    fix = "Add the value, or send yourself a test first."
    issues.add(row, IssueCode.PLACEHOLDER_UNFILLED, words, fix, column=name, value=f"{{{{{name}}}}}")
