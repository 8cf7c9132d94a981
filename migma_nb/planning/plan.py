"""A list of people or a target becomes a frozen plan."""

from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.planning.address_column import AddressColumn, find_address_column
from migma_nb.planning.bodies import build_bodies
from migma_nb.planning.columns import column_names
from migma_nb.planning.content import Content, note_stray_braces, read_content
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueList, issue_frame
from migma_nb.planning.list_checks import PlannedList, check_list, key_columns
from migma_nb.planning.list_looks import look_at, merged
from migma_nb.planning.lists import identities
from migma_nb.planning.long_plans import settle_pieces
from migma_nb.planning.matching import match_columns, match_constants
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.piece_checks import check_piece
from migma_nb.planning.pieces import Pieces
from migma_nb.planning.plan_ids import plan_id
from migma_nb.planning.questions import duplicates_question, transactional_of
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.settling import Rules, Settled, settle
from migma_nb.planning.sources import Target, is_one_address, long_list, people_frame
from migma_nb.planning.target_columns import is_target_frame
from migma_nb.planning.target_frames import plan_target_frame
from migma_nb.planning.targets import Audience, Segment, Tag

__all__ = ["Plan", "make_plan"]


def make_plan(recipients: Any, **arguments: Any) -> Plan:
    """Plan a mailing: decide and check everything, send nothing.

    Args:
        recipients: a DataFrame, a Polars or PyArrow table, a file, a list of dicts, one address, or a target.
        arguments: the fields of `PlanOptions`; `mg.plan` says what each means.

    Raises:
        InputError: an argument or the list cannot be used; says what to do. Nothing was sent.
    """
    options = PlanOptions(**arguments)
    if isinstance(recipients, Tag | Segment | Audience):
        return _plan_target(recipients, options)
    pieces = long_list(recipients)
    if pieces is not None:
        with pieces:
            return _plan_long(pieces, options)
    frame = people_frame(recipients)
    if is_target_frame(frame):
        return plan_target_frame(frame, options)
    return _plan_people(frame, options, one_address=is_one_address(recipients))


def _plan_target(target: Target, options: PlanOptions) -> Plan:
    options.refuse_for_target()
    issues = IssueList()
    # Marketing by default (S5), and said on the wire, so that it does not hang on a default elsewhere.
    content = read_content(options, target, transactional=bool(options.transactional))
    fillings = match_constants(content, options.variables, issues)
    note_stray_braces(content, issues)
    bodies = build_bodies(content.constants, None, {filling.name: [filling.default] for filling in fillings})
    return Plan(
        id=plan_id(content.mailing, bodies, [target.recipient], range(1)),
        batches=MappingProxyType({0: target}),
        size=1,
        index=pd.RangeIndex(1),
        address_column=None,
        address_note=f"Who is in {target} only Migma knows.",
        columns=MappingProxyType({}),
        defaults=MappingProxyType({}),
        overlap=options.overlap,
        duplicates_question="",
        per_row=MappingProxyType({}),
        _content=content,
        _contents=None,
        _bodies=bodies,
        _recipients=(target.recipient,),
        _settled=Settled.all_ready(1),
        _issues=issues.frame([0]),
    )


def _plan_people(frame: pd.DataFrame, options: PlanOptions, *, one_address: bool) -> Plan:
    issues = IssueList()
    content = _content(options, len(frame))
    column = find_address_column(frame, options.address)
    if one_address and isinstance(options.variables, Mapping):
        fillings = match_constants(content, options.variables, issues)
    else:
        fillings = match_columns(frame, content, options, issues)
    note_stray_braces(content, issues)
    rules = _rules(options, column)
    # Without its cells: those are copied only if somebody changes them, where pandas copies on write.
    planned = PlannedList(frame.copy(deep=False), column, fillings, options.key, content, rules.excluded)
    checked = check_list(planned, frame, issues)
    people, persons = checked.people, checked.persons
    bodies = build_bodies(content.constants, people.addresses, checked.texts)
    settled = settle(people, persons, bodies, rules, issues)
    return Plan(
        id=plan_id(content.mailing, bodies, persons, settled.ready),
        size=len(frame),
        index=frame.index.copy(),
        duplicates_question=duplicates_question(settled.differing, options),
        _bodies=bodies,
        _recipients=persons,
        _settled=settled,
        _issues=issues.frame(frame.index),
        reading=ReadReport.of(frame),
        planned_list=planned,
        **_how(planned, options),
    )


def _plan_long(pieces: Pieces, options: PlanOptions) -> Plan:
    """Plan a list that is gone through in pieces; what it says is what `_plan_people` says of the whole."""
    issues = IssueList()
    content = _content(options, pieces.rows)
    first = next(iter(pieces))
    if is_target_frame(first):
        return plan_target_frame(pd.concat(list(pieces)), options)
    fillings = match_columns(first, content, options, issues)
    note_stray_braces(content, issues)
    keys = key_columns(first, options.key)
    real = frozenset[int]()
    looks = []
    for piece in pieces:
        looks.append(look_at(piece, fillings, keys, real))
        real |= looks[-1].real
    look = merged(looks)
    column = find_address_column(first, options.address, look.votes)
    rules = _rules(options, column)
    planned = PlannedList(first.iloc[:0], column, fillings, options.key, content, rules.excluded)
    starts = accumulate((one.rows for one in looks), initial=0)
    checked = (
        check_piece(planned, rules, look, piece, start) for piece, start in zip(pieces, starts, strict=False)
    )
    long = settle_pieces(planned, rules, checked, issues)
    return Plan(
        id=long.id,
        size=pieces.rows,
        index=pieces.index,
        duplicates_question=duplicates_question(long.settled.differing, options),
        _bodies=long.bodies,
        _recipients=long.recipients,
        _settled=long.settled,
        _issues=issue_frame(long.problems, pieces.index),
        reading=pieces.report,
        **_how(planned, options),
    )


def _content(options: PlanOptions, rows: int) -> Content:
    return read_content(options, None, transactional=transactional_of(options, singles=rows, rows=rows))


def _rules(options: PlanOptions, column: AddressColumn) -> Rules:
    return Rules(
        excluded=frozenset[str]() if options.exclude is None else identities(options.exclude, "exclude"),
        allowed=None if options.allow is None else identities(options.allow, "allow"),
        column=column.name,
    )


def _how(planned: PlannedList, options: PlanOptions) -> dict[str, Any]:
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
