"""What the plans for lists of people share, whether the list is in memory, in a long file or on a cluster."""

from types import MappingProxyType
from typing import Any

from migma_nb.planning.address_column import AddressColumn
from migma_nb.planning.columns import column_names
from migma_nb.planning.content import Content, read_content
from migma_nb.planning.list_checks import PlannedList
from migma_nb.planning.lists import identities
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.questions import transactional_of
from migma_nb.planning.settling import Rules


def content_of(options: PlanOptions, rows: int) -> Content:
    """Return what a mailing to a list of so many rows says.

    Raises:
        InputError: as `read_content` and `transactional_of` do.
    """
    return read_content(options, None, transactional=transactional_of(options, singles=rows, rows=rows))


def rules_for(options: PlanOptions, column: AddressColumn) -> Rules:
    """Return who of a list may be mailed.

    Raises:
        InputError: the exclusion or the allow-list cannot be used.
    """
    return Rules(
        excluded=frozenset[str]() if options.exclude is None else identities(options.exclude, "exclude"),
        allowed=None if options.allow is None else identities(options.allow, "allow"),
        column=column.name,
    )


def how_made(planned: PlannedList, options: PlanOptions) -> dict[str, Any]:
    """Return what a plan for a list of people says of how it was made."""
    names = column_names(planned.frame)
    filled = [(one, one.column) for one in planned.fillings if one.column is not None]
    return {
        "batches": MappingProxyType({}),
        "address_column": planned.column.name,
        "address_note": planned.column.note,
        "columns": MappingProxyType({one.name: names[column] for one, column in filled}),
        "defaults": MappingProxyType({one.name: one.default for one, _ in filled if one.default is not None}),
        "overlap": options.overlap,
        "per_row": MappingProxyType({}),
        "_content": planned.content,
        "_contents": None,
    }
