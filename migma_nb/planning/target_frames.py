"""A frame of targets becomes a frozen plan: a row for each tag, segment, audience or single recipient."""

from collections import Counter
from types import MappingProxyType

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.models import RecipientType
from migma_nb.planning.content_checks import note_content
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueList
from migma_nb.planning.lists import identities
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.plan_ids import plan_id
from migma_nb.planning.questions import duplicates_question, transactional_of
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.settling import Rules, settle
from migma_nb.planning.target_checks import PlannedTargets, check_targets
from migma_nb.planning.target_columns import EMAIL, ID, TYPE, TargetColumns, read_target_columns
from migma_nb.planning.target_content import shared_content
from migma_nb.planning.target_rows import TargetRows, read_kinds

#: Where batches are among the rows, a key cannot tell two mails to one recipient apart.
_WORDS_FOR_TARGETS = {
    "fix_duplicate": "Only the first valid one is sent.",
    "fix_differs": 'Write duplicates="first" to send the first only, or another mailing for the other.',
    "same": "names the same recipient as",
}


def plan_target_frame(frame: pd.DataFrame, options: PlanOptions) -> Plan:
    """Plan a mailing to a frame of targets.

    Args:
        frame: rows with a column `recipientType`.
        options: the plan's arguments.

    Raises:
        InputError: an argument or the frame cannot be used; says what to do. Nothing was sent.
    """
    issues = IssueList()
    columns = read_target_columns(frame, options)
    kinds = read_kinds(frame, columns, IssueList())
    batches = any(kind not in {None, RecipientType.EMAIL} for kind in kinds)
    if batches:
        _refuse_for_batches(options)
    transactional = transactional_of(options, singles=kinds.count(RecipientType.EMAIL), rows=len(frame))
    content = shared_content(columns, options, transactional=transactional)
    note_content(content, issues)
    rules = _rules(columns, options, batches=batches)
    # Without its cells: those are copied only if somebody changes them, where pandas copies on write.
    planned = PlannedTargets(frame.copy(deep=False), columns, options, content, rules)
    checked = check_targets(planned, frame, issues)
    rows, bodies = checked.rows, checked.bodies
    settled = settle(rows.people, checked.persons, bodies, rules, issues)
    return Plan(
        id=plan_id(content.mailing, bodies, checked.persons, settled.ready),
        batches=MappingProxyType(rows.batches),
        size=len(frame),
        index=frame.index.copy(),
        address_column=columns.names.get(EMAIL),
        address_note=_note(rows, columns),
        columns=MappingProxyType({}),
        defaults=MappingProxyType({}),
        overlap=options.overlap,
        duplicates_question=duplicates_question(settled.differing, options, key_helps=not batches),
        per_row=MappingProxyType(dict(columns.names)),
        _content=content,
        _contents=checked.said.contents,
        _bodies=bodies,
        _recipients=checked.persons,
        _settled=settled,
        _issues=issues.frame(frame.index),
        reading=ReadReport.of(frame),
        planned_list=planned.knowing(checked),
    )


def _rules(columns: TargetColumns, options: PlanOptions, *, batches: bool) -> Rules:
    return Rules(
        excluded=frozenset() if options.exclude is None else identities(options.exclude, "exclude"),
        allowed=None if options.allow is None else identities(options.allow, "allow"),
        column=columns.name(ID if batches else EMAIL),
        **(_WORDS_FOR_TARGETS if batches else {}),
    )


def _refuse_for_batches(options: PlanOptions) -> None:
    """Refuse what would hold for the single recipients only, and silently not for everybody in a tag."""
    for name in ("exclude", "allow"):
        if getattr(options, name) is not None:
            raise InputError(
                f"{name} cannot hold for a frame with batches: who is in a tag only the server knows.",
                hint=f"Leave {name} out, or plan the single recipients as a mailing of their own.",
            )
    if options.key is not None:
        raise InputError(
            "key tells several mails to one person apart, and a batch has everybody in a tag or segment.",
            hint="Leave key out; a second mail to the same tag is a mailing of its own.",
        )


def _note(rows: TargetRows, columns: TargetColumns) -> str:
    counts = Counter("unknown" if kind is None else kind.value for kind in rows.kinds)
    kinds = ", ".join(f"{count:,} × {kind}" for kind, count in counts.items())
    return f"A frame of targets ({kinds}), by the column {columns.name(TYPE)}."
