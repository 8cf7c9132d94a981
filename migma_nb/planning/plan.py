"""A list of people or a target becomes a frozen plan."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.planning.address_column import find_address_column
from migma_nb.planning.arrow_memory import thrifty
from migma_nb.planning.bodies import build_bodies
from migma_nb.planning.content import read_content
from migma_nb.planning.content_checks import note_content
from migma_nb.planning.dask_lists import DaskList, is_dask
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueList
from migma_nb.planning.lint_notes import Variables
from migma_nb.planning.list_checks import PlannedList, check_list
from migma_nb.planning.list_plans import content_of, how_made, rules_for
from migma_nb.planning.matching import match_columns, match_constants
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.piecewise import plan_dask, plan_file
from migma_nb.planning.plan_ids import plan_id
from migma_nb.planning.questions import duplicates_question
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.render_lint import lint_rendering
from migma_nb.planning.settling import Settled, settle
from migma_nb.planning.sources import Target, is_one_address, long_list, people_frame
from migma_nb.planning.target_columns import is_target_frame
from migma_nb.planning.target_frames import plan_target_frame
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.planning.variables import read_variables

__all__ = ["Plan", "make_plan"]


def make_plan(recipients: Any, **arguments: Any) -> Plan:
    """Plan a mailing: decide and check everything, send nothing.

    Args:
        recipients: a DataFrame (also one of Dask), a Polars or PyArrow table, a file, a list of dicts, one
            address, or a target.
        arguments: the fields of `PlanOptions`; `mg.plan` says what each means.

    Raises:
        InputError: an argument or the list cannot be used; says what to do. Nothing was sent.
    """
    options = PlanOptions(**arguments)
    if isinstance(recipients, Tag | Segment | Audience):
        return _plan_target(recipients, options)
    if is_dask(recipients):
        return plan_dask(DaskList(recipients), options)
    pieces = long_list(recipients)
    if pieces is not None:
        with pieces:
            return plan_file(pieces, options)
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
    note_content(content, issues)
    nobody = pd.DataFrame(index=pd.RangeIndex(1))
    texts = read_variables(nobody, fillings, {}, issues)
    lint_rendering(content, Variables(nobody, fillings, {}, texts), issues)
    bodies = build_bodies(content.constants, None, texts)
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
    content = content_of(options, len(frame))
    column = find_address_column(frame, options.address)
    if one_address and isinstance(options.variables, Mapping):
        fillings = match_constants(content, options.variables, issues)
    else:
        fillings = match_columns(frame, content, options, issues)
    note_content(content, issues)
    rules = rules_for(options, column)
    # Without its cells: those are copied only if somebody changes them, where pandas copies on write.
    planned = PlannedList(frame.copy(deep=False), column, fillings, options.key, content, rules)
    with thrifty(len(frame)):
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
            **how_made(planned, options),
        )
