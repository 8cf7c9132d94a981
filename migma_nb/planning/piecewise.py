"""A list that is gone through in pieces, a long file or a Dask DataFrame, becomes a plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import find_address_column
from migma_nb.planning.content import Content
from migma_nb.planning.content_checks import note_content
from migma_nb.planning.dask_lists import DaskList
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueList, issue_frame
from migma_nb.planning.list_checks import PlannedList, key_columns
from migma_nb.planning.list_looks import ListLook, look_at, merged
from migma_nb.planning.list_plans import content_of, how_made, rules_for
from migma_nb.planning.long_plans import LongPlan, settle_pieces
from migma_nb.planning.matching import Filling, match_columns
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.piece_checks import check_piece
from migma_nb.planning.pieces import Pieces
from migma_nb.planning.questions import duplicates_question
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.settling import Rules
from migma_nb.planning.target_columns import is_target_frame
from migma_nb.planning.target_frames import plan_target_frame

#: How many rows a Dask DataFrame has is known only when it is computed; one to one person is not meant.
_MANY = 2


def plan_file(pieces: Pieces, options: PlanOptions) -> Plan:
    """Plan a file that is gone through in pieces: the plan that the whole list would make.

    Args:
        pieces: the list.
        options: the plan's arguments.

    Raises:
        InputError: an argument or the list cannot be used. Nothing was sent.
    """
    first = next(iter(pieces))
    if is_target_frame(first):
        return replace(plan_target_frame(pd.concat(list(pieces)), options), reading=pieces.report)
    draft = _Draft.of(first, pieces.rows, options)
    looks: list[ListLook] = []
    real = frozenset[int]()
    for piece in pieces:
        looks.append(look_at(piece, draft.fillings, draft.keys, real))
        real |= looks[-1].real
    planned, rules, look = draft.settled(looks)
    starts = accumulate((one.rows for one in looks), initial=0)
    checked = (
        check_piece(planned, rules, look, piece, start) for piece, start in zip(pieces, starts, strict=False)
    )
    return draft.plan(
        planned, settle_pieces(planned, rules, checked, draft.issues), pieces.index, pieces.report
    )


def plan_dask(people: DaskList, options: PlanOptions) -> Plan:
    """Plan a Dask DataFrame, whose partitions are checked where they are.

    Args:
        people: the list.
        options: the plan's arguments.

    Raises:
        InputError: an argument or the list cannot be used. Nothing was sent.
    """
    if is_target_frame(people.first):
        raise InputError(
            "A Dask DataFrame of targets is not taken.", hint="Such lists are short: pass frame.compute()."
        )
    draft = _Draft.of(people.first, _MANY, options)
    looks, index = people.looks(draft.fillings, draft.keys)
    planned, rules, look = draft.settled(looks)
    if not look.rows:
        raise InputError("The list has no rows, so there is nobody to mail.", hint="Check how it was made.")
    checked = people.checked(planned, rules, look, looks)
    return draft.plan(planned, settle_pieces(planned, rules, checked, draft.issues), index, None)


@dataclass(frozen=True, slots=True)
class _Draft:
    """The plan of a list that is gone through in pieces, as far as its columns' names tell.

    Args:
        first: a piece of the list, or none of its rows.
        options: the arguments.
        content: what the mailing says.
        fillings: its variables.
        keys: the positions of the key columns.
        issues: what is odd so far.
    """

    first: pd.DataFrame
    options: PlanOptions
    content: Content
    fillings: tuple[Filling, ...]
    keys: list[int]
    issues: IssueList

    @classmethod
    def of(cls, first: pd.DataFrame, rows: int, options: PlanOptions) -> "_Draft":
        issues = IssueList()
        content = content_of(options, rows)
        fillings = match_columns(first, content, options, issues)
        note_content(content, issues)
        return cls(first, options, content, fillings, key_columns(first, options.key), issues)

    def settled(self, looks: Sequence[ListLook]) -> tuple[PlannedList, Rules, ListLook]:
        """Return how each piece is to be checked, given what all of them say."""
        look = merged(looks)
        column = find_address_column(self.first, self.options.address, look.votes)
        rules, none = rules_for(self.options, column), self.first.iloc[:0]
        key = self.options.key
        return PlannedList(none, column, self.fillings, key, self.content, rules), rules, look

    def plan(
        self, planned: PlannedList, found: LongPlan, index: "pd.Index[Any]", reading: ReadReport | None
    ) -> Plan:
        """Return the plan."""
        return Plan(
            id=found.id,
            size=len(index),
            index=index,
            duplicates_question=duplicates_question(found.settled.differing, self.options),
            _bodies=found.bodies,
            _recipients=found.recipients,
            _settled=found.settled,
            _issues=issue_frame(found.problems, index),
            reading=reading,
            **how_made(planned, self.options),
        )
