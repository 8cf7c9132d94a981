"""Which column fills which placeholder, and what stands in where a cell is missing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.models import UNSAFE_IN_HEADER
from migma_nb.planning.columns import column_names, listed, named_column, near_matches
from migma_nb.planning.content import Content
from migma_nb.planning.formats import formatter
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.options import Format, PlanOptions
from migma_nb.planning.placeholders import folded, matching
from migma_nb.planning.values import NotJsonError, is_missing, json_text, json_value

_PLAIN_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Filling:
    """One variable of the request (S15) and where its value comes from.

    Args:
        name: its name on the wire (str).
        column: position of the column that fills it (int), or None where one value is for everybody.
        default: JSON text for missing cells, or for everybody; None where a missing cell is an error.
        form: how its values shall look, or None.
        in_subject: whether it fills a placeholder of the subject.
    """

    name: str
    column: int | None
    default: str | None
    form: Format | None
    in_subject: bool

    @property
    def given(self) -> str:
        """What its default is to the readers, as the beginning of a sentence (str)."""
        return (
            f"What fills {{{{{self.name}}}}} for all"
            if self.column is None
            else f"What stands in for {self.name}"
        )


def match_columns(
    frame: pd.DataFrame,
    content: Content,
    options: PlanOptions,
    issues: IssueList,
    *,
    contacts_may_fill: bool = False,
) -> tuple[Filling, ...]:
    """Match the placeholders of a mailing with the columns of a list.

    Args:
        frame: the list.
        content: the mailing.
        options: the plan's arguments.
        issues: takes what is odd.
        contacts_may_fill: what no column fills is left to the contacts' own fields, as in a batch.

    Raises:
        InputError: a placeholder has no column and no default, or several columns; or a named column,
            default or format cannot be used.
    """
    if options.variables is None:
        columns = _by_name(column_names(frame), content.placeholders)
    else:
        columns = _as_given(frame, content.placeholders, options.variables)
    open_names = [name for name in content.placeholders if name not in columns]
    names = [*columns, *open_names]
    defaults = _keyed("defaults", options.defaults or {}, names)
    for given in [key for key in options.defaults or {} if not _is_known(key, names)]:
        issues.add(
            None,
            IssueCode.UNUSED_DEFAULT,
            f"The default for {given!r} is used by no variable.",
            near_matches(str(given), names, "variable"),
            column=given,
            value=(options.defaults or {})[given],
        )
    unfilled = [name for name in open_names if name not in defaults]
    must_fill = options.variables is None and content.template is not None and not contacts_may_fill
    if unfilled and must_fill:
        raise _nobody_fills(unfilled, column_names(frame))
    _note_unfilled(unfilled, issues)
    filled = {name: columns.get(name) for name in names if name not in unfilled}
    return _fillings(filled, defaults, options.formats, content)


def match_constants(content: Content, variables: object, issues: IssueList) -> tuple[Filling, ...]:
    """Take the values that are the same for everybody in a tag, segment or audience.

    Raises:
        InputError: `variables` is no dict of names and plain values.
    """
    if variables is not None and not isinstance(variables, Mapping):
        raise InputError(
            "A tag, segment or audience has no columns, so variables is a dict of names and values.",
            hint='Write variables={"season": "spring"}; the contacts\' own fields are known to Migma only.',
        )
    given: Mapping[Any, Any] = variables or {}
    values = {(matching(str(key), content.placeholders) or [str(key)])[0]: key for key in given}
    _note_unfilled([name for name in content.placeholders if name not in values], issues)
    defaults = {name: given[key] for name, key in values.items()}
    return _fillings(dict.fromkeys(values), defaults, None, content)


def _by_name(names: Sequence[str], placeholders: Sequence[str]) -> dict[str, int]:
    by_fold: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        by_fold.setdefault(folded(name), []).append(position)
    found: dict[str, int] = {}
    for placeholder in placeholders:
        positions = by_fold.get(folded(placeholder), [])
        if len(positions) > 1:
            quoted = " and ".join(repr(names[position]) for position in positions)
            raise InputError(
                f"{{{{{placeholder}}}}} could be filled by {len(positions)} columns: {quoted}.",
                hint=f'Say which: variables={{"{placeholder}": {names[positions[0]]!r}}}, '
                "together with the other placeholders.",
            )
        if positions:
            found[placeholder] = positions[0]
    return found


def _as_given(frame: pd.DataFrame, placeholders: Sequence[str], variables: object) -> dict[str, int]:
    if isinstance(variables, str):
        variables = [variables]
    if isinstance(variables, Mapping):
        pairs = list(variables.items())
    elif isinstance(variables, (list, tuple, pd.Index)):
        pairs = [(label, label) for label in variables]
    else:
        raise InputError(
            f"variables is {kind_of(variables)}.",
            hint='Write a list of columns, or {"placeholder": "column"}.',
        )
    found: dict[str, int] = {}
    for key, label in pairs:
        position = named_column(frame, label, "variables")
        for name in matching(str(key), placeholders) or [str(key)]:
            if found.setdefault(name, position) != position:
                raise InputError(f"variables gives {{{{{name}}}}} two columns.", hint="Keep one of them.")
    return found


def _is_known(key: object, names: Sequence[str]) -> bool:
    return bool(matching(str(key), names))


def _keyed(argument: str, given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Key a mapping by the variables' names on the wire; an exact name wins over a folded one."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        for name in matching(str(key), names):
            if name in found and name in given:
                continue
            found[name] = given.get(name, value)
    if argument == "formats":
        for key in given:
            if not _is_known(key, names):
                raise InputError(
                    f"formats names {key!r}, which is no variable of this mailing.",
                    hint=near_matches(str(key), names, "variable"),
                )
    return found


def _nobody_fills(unfilled: Sequence[str], columns: Sequence[str]) -> InputError:
    asked = ", ".join(f"{{{{{name}}}}}" for name in unfilled)
    first = unfilled[0]
    close = near_matches(first, columns)
    guess = f"{close} " if close.startswith("Did") else ""
    plain = all(_PLAIN_NAME.fullmatch(name) for name in unfilled)
    logic = "" if plain else " Conditions and filters are not documented by the API."
    return InputError(
        f"The mailing asks for {asked}, which no column fills.{logic} The columns are: {listed(columns)}.",
        hint=f'{guess}Add the column, or write variables={{"{first}": "column", …}} '
        f'or defaults={{"{first}": "…"}}.',
    )


def _note_unfilled(names: Sequence[str], issues: IssueList) -> None:
    for name in names:
        issues.add(
            None,
            IssueCode.PLACEHOLDER_UNFILLED,
            f"Nothing here fills {{{{{name}}}}}; the contact's own fields at Migma may, or it stays empty.",
            f'Fill it with variables={{"{name}": …}}, or send yourself a test first.',
            column=name,
            value=f"{{{{{name}}}}}",
        )


def _fillings(
    columns: Mapping[str, int | None],
    defaults: Mapping[str, Any],
    formats: Mapping[str, Format] | None,
    content: Content,
) -> tuple[Filling, ...]:
    forms = _keyed("formats", formats or {}, list(columns))
    fillings = []
    for name in sorted(columns):
        form = forms.get(name)
        if form is not None:
            formatter(name, form)
        in_subject = name in content.subject.names
        default = default_text(name, defaults[name], form, in_subject) if name in defaults else None
        fillings.append(Filling(name, columns[name], default, form, in_subject))
    return tuple(fillings)


def default_text(name: str, value: Any, form: Format | None, in_subject: bool) -> str:
    """Return what stands in for a missing value, as JSON text.

    Raises:
        InputError: it cannot be sent.
    """
    if is_missing(value) and not isinstance(value, str):
        raise InputError(f"The value given for {name} is {value!r}.", hint="Give a text, number or date.")
    if in_subject and isinstance(value, str) and UNSAFE_IN_HEADER.intersection(value):
        raise InputError(
            f"The value given for {name} fills the subject and has a line break or NUL in it: {value!r}.",
            hint="Write it on one line.",
        )
    try:
        shown = formatter(name, form)(value) if form is not None and not isinstance(value, str) else value
        return json_text(json_value(shown))
    except NotJsonError as error:
        raise InputError(
            f"The value given for {name}, {value!r}, cannot be sent: {error}.", hint="Give a text or number."
        ) from error
