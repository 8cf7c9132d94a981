"""What only a whole list tells of its cells: looked for in each piece of it, and merged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pandas as pd

from migma_nb.planning.address_column import Votes, votes_of
from migma_nb.planning.address_texts import Parts, read_addresses
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.encoded import rules_of
from migma_nb.planning.matching import Filling
from migma_nb.planning.oddities import TextLook
from migma_nb.planning.people import is_rehearsal
from migma_nb.planning.values import ColumnRules
from migma_nb.planning.variables import encode_fillings

#: A list of real people shows it in its first addresses.
_FIRST = 100


@dataclass(frozen=True, slots=True)
class ListLook:
    """What a list, or a piece of one, says as a whole.

    Args:
        rows: how many rows it has.
        votes: how much of each column looks like addresses.
        real: the columns, by position, with addresses at domains that are not reserved for examples.
        rules: column to what it says of its cells, by position.
        texts: variable to how its column looks.
    """

    rows: int
    votes: Sequence[Votes]
    real: frozenset[int]
    rules: Mapping[int, ColumnRules]
    texts: Mapping[str, TextLook]

    def merged(self, other: "ListLook") -> "ListLook":
        """Return what two pieces say together."""
        return ListLook(
            self.rows + other.rows,
            [mine.merged(theirs) for mine, theirs in zip(self.votes, other.votes, strict=True)],
            self.real | other.real,
            {at: rules.merged(other.rules[at]) for at, rules in self.rules.items()},
            {name: look.merged(other.texts[name]) for name, look in self.texts.items()},
        )


def look_at(
    frame: pd.DataFrame, fillings: Sequence[Filling], keys: Collection[int], real: Collection[int] = ()
) -> ListLook:
    """Look at a piece of a list.

    Args:
        frame: the piece.
        fillings: the variables of the mailing.
        keys: the positions of the key columns.
        real: columns that need not be asked again whether they hold addresses of real domains.
    """
    votes, names = votes_of(frame), column_names(frame)
    columns = {filling.column for filling in fillings if filling.column is not None}
    encoded = encode_fillings(frame, fillings)
    return ListLook(
        len(frame),
        votes,
        frozenset(
            at
            for at, vote in enumerate(votes)
            if vote.alike and (at in real or _is_real(column_at(frame, at)))
        ),
        {at: rules_of(column_at(frame, at)) for at in sorted({*columns, *keys})},
        {
            filling.name: TextLook.of(encoded[filling.name], names[filling.column])
            for filling in fillings
            if filling.column is not None
        },
    )


def merged(looks: Sequence[ListLook]) -> ListLook:
    """Return what all pieces of a list say together; there is at least one."""
    return reduce(ListLook.merged, looks)


def _is_real(cells: "pd.Series[Any]") -> bool:
    parts = (cells.iloc[:_FIRST], cells.iloc[_FIRST:])
    return not all(
        is_rehearsal(Parts.of(read_addresses(part).identities).domains.different.to_pylist())
        for part in parts
    )
