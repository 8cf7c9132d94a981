"""All checks of a list of people, in their order: when it is planned, and again while it is repaired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from migma_nb.planning.address_column import AddressColumn
from migma_nb.planning.columns import column_at, named_column
from migma_nb.planning.content import Content
from migma_nb.planning.issues import IssueList
from migma_nb.planning.keys import with_keys
from migma_nb.planning.lint_notes import Variables
from migma_nb.planning.list_looks import ListLook
from migma_nb.planning.matching import Filling
from migma_nb.planning.people import People, read_people
from migma_nb.planning.render_lint import lint_rendering
from migma_nb.planning.settling import Rules
from migma_nb.planning.shift_checks import note_shifts
from migma_nb.planning.variables import encode_fillings, read_variables


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PlannedList:
    """What a list of people was planned with.

    Args:
        frame: the list; it shares its cells with the user's own as long as neither changes.
        column: the address column.
        fillings: the variables of the mailing.
        key: what tells several mails to one person apart, as given.
        content: what the mailing says.
        rules: who may be mailed.
    """

    frame: pd.DataFrame
    column: AddressColumn
    fillings: tuple[Filling, ...]
    key: object
    content: Content
    rules: Rules

    @property
    def key_columns(self) -> list[int]:
        """The positions of the key columns."""
        return key_columns(self.frame, self.key)


def key_columns(frame: pd.DataFrame, key: object) -> list[int]:
    """Return the positions of the columns that tell several mails to one person apart."""
    labels = [] if key is None else key if isinstance(key, list) else [key]
    return [named_column(frame, label, "key") for label in labels]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks made of a list.

    Args:
        people: addresses and identities.
        persons: each row's person in this mailing, key columns joined in.
        texts: the variables by name, a JSON text for each row.
    """

    people: People
    persons: Sequence[str | None]
    texts: Mapping[str, Sequence[str | None]]


def check_list(
    planned: PlannedList, frame: pd.DataFrame, issues: IssueList, look: ListLook | None = None
) -> Checked:
    """Run all checks that look at a list's cells.

    Args:
        planned: how the list was planned.
        frame: the list itself, or a repaired copy of it.
        issues: takes what is wrong.
        look: how the whole list looks, where the frame is a piece of it.
    """
    column = planned.column
    rules, looks = (None, None) if look is None else (look.rules, look.texts)
    rehearsal = None if look is None else column.position not in look.real
    people = read_people(column_at(frame, column.position), column.name, issues, rehearsal=rehearsal)
    persons = with_keys(people.identities, frame, planned.key, issues, rules)
    columns = encode_fillings(frame, planned.fillings, rules)
    texts = read_variables(frame, planned.fillings, columns, issues, looks=looks)
    variables = Variables(frame, planned.fillings, columns, texts)
    lint_rendering(planned.content, variables, issues)
    note_shifts(variables, people, issues, address=column.position)
    return Checked(people, persons, texts)
