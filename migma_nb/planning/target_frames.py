"""A frame of targets becomes a frozen plan: a row for each tag, segment, audience or single recipient."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.models import RecipientType
from migma_nb.planning.bodies import RowBodies
from migma_nb.planning.content import note_stray_braces
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueList
from migma_nb.planning.keys import with_keys
from migma_nb.planning.lists import identities
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.plan_ids import plan_id
from migma_nb.planning.questions import duplicates_question, transactional_of
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.settling import Rules, settle
from migma_nb.planning.target_columns import EMAIL, ID, TYPE, TargetColumns, read_target_columns
from migma_nb.planning.target_content import read_row_contents
from migma_nb.planning.target_rows import TargetRows, read_target_rows
from migma_nb.planning.target_variables import Values, read_row_variables

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
    rows = read_target_rows(frame, columns, issues)
    if set(rows.kinds) - {None, RecipientType.EMAIL}:
        _refuse_for_batches(options)
    transactional = transactional_of(options, singles=len(rows.singles), rows=len(frame))
    said = read_row_contents(frame, columns, options, issues, transactional=transactional)
    note_stray_braces(said.shared, issues)
    values = read_row_variables(frame, columns, said, options, issues, singles=rows.singles)
    bodies = RowBodies(said.shared.constants, _own(rows, said.own, values), rows.people.addresses)
    recipients = with_keys(rows.recipients, frame, options.key, issues)
    rules = Rules(
        excluded=frozenset() if options.exclude is None else identities(options.exclude, "exclude"),
        allowed=None if options.allow is None else identities(options.allow, "allow"),
        column=columns.name(ID if rows.batches else EMAIL),
        **(_WORDS_FOR_TARGETS if rows.batches else {}),
    )
    settled = settle(rows.people, recipients, bodies, rules, issues)
    return Plan(
        id=plan_id(said.shared.mailing, bodies, recipients, settled.ready),
        batches=MappingProxyType(rows.batches),
        size=len(frame),
        index=frame.index.copy(),
        address_column=columns.names.get(EMAIL),
        address_note=_note(rows, columns),
        columns=MappingProxyType({}),
        defaults=MappingProxyType({}),
        overlap=options.overlap,
        duplicates_question=duplicates_question(settled.differing, options, key_helps=not rows.batches),
        per_row=MappingProxyType(dict(columns.names)),
        _content=said.shared,
        _contents=said.contents,
        _bodies=bodies,
        _recipients=recipients,
        _settled=settled,
        _issues=issues.frame(frame.index),
        reading=ReadReport.of(frame),
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


def _own(rows: TargetRows, said: list[dict[str, Any]], values: Values) -> list[Mapping[str, Any]]:
    """Return each row's own wire fields; a row with errors has what there is of them."""
    own: list[Mapping[str, Any]] = []
    for kind, address, fields, variables in zip(rows.kinds, rows.people.addresses, said, values, strict=True):
        whom = EMAIL if kind is RecipientType.EMAIL else ID
        named = {} if kind is None else {TYPE: kind.value, whom: address}
        own.append({**named, **fields, **({"variables": variables} if variables else {})})
    return own


def _note(rows: TargetRows, columns: TargetColumns) -> str:
    counts = Counter("unknown" if kind is None else kind.value for kind in rows.kinds)
    kinds = ", ".join(f"{count:,} × {kind}" for kind, count in counts.items())
    return f"A frame of targets ({kinds}), by the column {columns.name(TYPE)}."
