"""Which columns of a list are compared with its addresses: those of names that the mail reads."""

from collections.abc import Sequence

from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.issues import IssueList
from migma_nb.planning.lint_notes import Variables
from migma_nb.planning.name_fit import Locals, NameFit
from migma_nb.planning.people import People
from migma_nb.planning.value_shift import is_name_column, note_value_shift


def note_shifts(
    variables: Variables,
    people: People,
    issues: IssueList,
    *,
    address: int | None = None,
    rows: Sequence[int] | None = None,
) -> None:
    """Note names that slid against their addresses.

    Args:
        variables: what fills the placeholders; columns of names among them are looked at.
        people: whose address each row has.
        issues: takes the rows.
        address: the position of the address column, which is no column of names whatever it is called.
        rows: the rows to compare, in order; None for all.
    """
    names = column_names(variables.frame)
    asked = {
        filling.column: variables.columns[filling.name].words
        for filling in variables.fillings
        if filling.column is not None
        and filling.column != address
        and is_name_column(names[filling.column], filling.name)
    }
    if not asked or (rows is not None and not rows):
        return
    if rows is None:
        local = Locals.of(people.identities, people.parts)
    else:
        local = Locals.of([people.identities[row] for row in rows])
    for position in sorted(asked):
        words, cells = asked[position], column_at(variables.frame, position)
        if rows is not None:
            words, cells = words.take(rows), cells.iloc[list(rows)]
        note_value_shift(cells, NameFit(words, local), names[position], issues, rows)
