"""A list of people or a target becomes a frozen plan."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.address_column import find_address_column
from migma_nb.planning.bodies import build_bodies, plan_id
from migma_nb.planning.columns import column_at, column_names
from migma_nb.planning.content import Content, read_content
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.keys import with_keys
from migma_nb.planning.lists import identities
from migma_nb.planning.matching import match_columns, match_constants
from migma_nb.planning.options import Format, PlanOptions
from migma_nb.planning.people import read_people
from migma_nb.planning.settling import Rules, Settled, settle
from migma_nb.planning.sources import Target, is_one_address, people_frame
from migma_nb.planning.stored import Conversation, StoredEmail
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.planning.variables import read_variables

__all__ = ["Plan", "make_plan"]


def make_plan(
    recipients: Any,
    *,
    mailing: str,
    sender: str | None = None,
    subject: str | None = None,
    template: str | os.PathLike[str] | None = None,
    conversation_id: str | Conversation | None = None,
    email_id: str | StoredEmail | Conversation | None = None,
    project_id: str | None = None,
    transactional: bool | None = None,
    address: object = None,
    key: object = None,
    variables: Sequence[Any] | Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    formats: Mapping[str, Format] | None = None,
    reply_to: str | None = None,
    provider: str | None = None,
    topic_id: str | None = None,
    exclude: Any = None,
    allow: Any = None,
    duplicates: str | None = None,
    overlap: str | None = None,
) -> Plan:
    """Plan a mailing: decide and check everything, send nothing.

    Args:
        recipients: a DataFrame, a file (CSV, TSV, XLSX, Parquet), a list of dicts, one address, or a target.
        mailing: your own name for it; nobody gets the same mailing twice.
        sender: `Name <address>` on a verified domain (S10, S11).
        subject: may hold placeholders such as `{{first_name}}`; a stored email that was read brings its own.
        template: HTML text or the path of a UTF-8 file (S14); needs `project_id` (S17).
        conversation_id: content that Migma generated, in place of a template (S3, S18): its ID, or what
            `client.conversation(ID)` read, so that its placeholders are checked like a template's.
        email_id: a stored Migma email, in place of a template: its ID, or what `client.email(ID)` read.
        project_id: the Migma project.
        transactional: True bypasses unsubscribes and omits List-Unsubscribe (S4, S20); must be given for
            more than one person, is True for one person and False for a target by default (S19).
        address: the column with the addresses; looked for when not given.
        key: a column or columns that tell several mails to one person apart, such as an invoice number.
        variables: columns, or placeholder to column; by default by name. For one address or a target:
            placeholder to value.
        defaults: by variable, what stands in for a missing cell.
        formats: by variable, a date pattern, a number format, or a function.
        reply_to: the address for answers.
        provider: `ses`, `resend`, `sendgrid`, `mailgun` or `migma` (S16).
        topic_id: the topic that this mail belongs to.
        exclude: addresses that are not mailed: a column, list, set, frame or file.
        allow: the only addresses that are mailed, in the same forms.
        duplicates: "first" if only the first of a person's differing rows shall be sent.
        overlap: "allowed" if this mailing may also reach people through a tag, segment or audience.

    Raises:
        InputError: an argument or the list cannot be used; says what to do. Nothing was sent.
    """
    given = {name: value for name, value in locals().items() if name != "recipients"}
    options = PlanOptions(**given)
    if isinstance(recipients, Tag | Segment | Audience):
        return _plan_target(recipients, options)
    return _plan_people(recipients, options)


def _plan_target(target: Target, options: PlanOptions) -> Plan:
    options.refuse_for_target()
    issues = IssueList()
    # Marketing by default (S5), and said on the wire, so that it does not hang on a default elsewhere.
    content = read_content(options, target, transactional=bool(options.transactional))
    fillings = match_constants(content, options.variables, issues)
    _note_stray_braces(content, issues)
    bodies = build_bodies(content.constants, None, {filling.name: [filling.default] for filling in fillings})
    return Plan(
        id=plan_id(content.mailing, bodies, [(0, target.recipient)]),
        target=target,
        size=1,
        people=1,
        index=pd.RangeIndex(1),
        address_column=None,
        address_note=f"Who is in {target} only Migma knows.",
        columns=MappingProxyType({}),
        defaults=MappingProxyType({}),
        overlap=options.overlap,
        duplicates_question="",
        _content=content,
        _bodies=bodies,
        _recipients=(target.recipient,),
        _settled=Settled(range(1), {}, 0),
        _issues=issues.frame([0]),
    )


def _plan_people(recipients: Any, options: PlanOptions) -> Plan:
    frame = people_frame(recipients)
    issues = IssueList()
    content = read_content(options, None, transactional=_transactional(options, len(frame)))
    column = find_address_column(frame, options.address)
    if is_one_address(recipients) and isinstance(options.variables, Mapping):
        fillings = match_constants(content, options.variables, issues)
    else:
        fillings = match_columns(frame, content, options, issues)
    _note_stray_braces(content, issues)
    people = read_people(column_at(frame, column.position).tolist(), column.name, issues)
    persons = with_keys(people.identities, frame, options.key, issues)
    bodies = build_bodies(content.constants, people.addresses, read_variables(frame, fillings, issues))
    rules = Rules(
        excluded=frozenset() if options.exclude is None else identities(options.exclude, "exclude"),
        allowed=None if options.allow is None else identities(options.allow, "allow"),
        column=column.name,
    )
    settled = settle(people, persons, bodies, rules, issues)
    names = column_names(frame)
    return Plan(
        id=plan_id(content.mailing, bodies, ((row, persons[row] or "") for row in settled.ready)),
        target=None,
        size=len(frame),
        people=len(settled.ready),
        index=frame.index.copy(),
        address_column=column.name,
        address_note=column.note,
        columns=MappingProxyType(
            {filling.name: names[filling.column] for filling in fillings if filling.column is not None}
        ),
        defaults=MappingProxyType(
            {
                filling.name: filling.default
                for filling in fillings
                if filling.column is not None and filling.default is not None
            }
        ),
        overlap=options.overlap,
        duplicates_question=_question(settled.differing, options),
        _content=content,
        _bodies=bodies,
        _recipients=persons,
        _settled=settled,
        _issues=issues.frame(frame.index.tolist()),
    )


def _transactional(options: PlanOptions, rows: int) -> bool:
    if options.transactional is not None:
        return options.transactional
    if rows > 1:
        raise InputError(
            "Say whether this mailing is transactional. Single sends are transactional by default (S4), "
            "which bypasses unsubscribes and leaves out the List-Unsubscribe header (S20).",
            hint="Write transactional=False for marketing and news, transactional=True for receipts, notices "
            "and the like.",
        )
    return True


def _question(differing: int, options: PlanOptions) -> str:
    if not differing or options.duplicates == "first":
        return ""
    rows = "1 row goes" if differing == 1 else f"{differing:,} rows go"
    return (
        f"{rows} to somebody who is in the list already, but with other content (see duplicate_differs in "
        'plan.issues). Write duplicates="first" to send only the first row of each person, or key="column" '
        "to send each."
    )


def _note_stray_braces(content: Content, issues: IssueList) -> None:
    for name, text in (("subject", content.subject), ("template", content.template)):
        if text is not None and text.stray_braces:
            issues.add(
                None,
                IssueCode.SUSPICIOUS_TEXT,
                f"The {name} has double braces that are no placeholder, and readers would see them.",
                "Close or remove them; a placeholder looks like {{name}}.",
                column=name,
            )
    for note in content.stored.notes if content.stored is not None else ():
        issues.add(None, IssueCode.SUSPICIOUS_TEXT, note, "Look at the preview.", column="template")
    if content.stored is not None and content.stored.spaced:
        issues.add(
            None,
            IssueCode.SUSPICIOUS_TEXT,
            "A placeholder of the stored email has spaces inside its braces, and whether Migma fills it then "
            "is not documented.",
            "Take the spaces out at Migma, or send yourself a test first.",
            column="template",
        )
