"""`mg.plan`: whom to mail and with what becomes a plan; its arguments are listed here, once."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from migma_nb.planning.options import Format
from migma_nb.planning.plan import make_plan
from migma_nb.planning.stored import Conversation, StoredEmail
from migma_nb.sending.headcount import told_of
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.plan import SendPlan


def plan(
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
    client: Migma | None = None,
) -> SendPlan:
    """Plan a mailing: decide and check everything, send nothing.

    Args:
        recipients: a DataFrame (also one of Dask), a Polars or PyArrow table, a file (as `mg.read_recipients`
            reads it; a long one is gone through in pieces), a list of dicts, one address, a target
            (`mg.Tag(id)`, `mg.Segment(id)`, `mg.Audience(id)`), or a frame of targets: one with a column
            `recipientType`, whose rows name a tag, a segment, an audience or an address (`recipientId`,
            `recipientEmail`), and where they have such columns their own `subject`, `conversationId`,
            `emailId` and `variables`.
        mailing: your own name for it; nobody gets the same mailing twice.
        sender: `Name <address>` on a verified domain (S10, S11).
        subject: may hold placeholders such as `{{first_name}}`; a stored email that was read brings its own.
        template: HTML text or the path of a UTF-8 file (S14); needs `project_id` (S17).
        conversation_id: content that Migma generated, in place of a template (S3, S18): its ID, or what
            `client.conversation(ID)` read, so that its placeholders are checked like a template's.
        email_id: a stored Migma email, in place of a template: its ID, or what `client.email(ID)` read.
        project_id: the Migma project.
        transactional: True bypasses unsubscribes and omits List-Unsubscribe (S4, S20); must be given for
            more than one person, is True for one person and False for targets by default (S19).
        address: the column with the addresses; looked for when not given.
        key: a column or columns that tell several mails to one person apart, such as an invoice number.
        variables: columns, or placeholder to column; by default by name. For one address or a target:
            placeholder to value.
        defaults: by variable, what stands in for a missing cell of a single recipient.
        formats: by variable, a date pattern, a number format, or a function.
        reply_to: the address for answers.
        provider: `ses`, `resend`, `sendgrid`, `mailgun` or `migma` (S16).
        topic_id: the topic that this mail belongs to.
        exclude: addresses that are not mailed: a column, list, set, frame or file. Each address in an entry
            counts, and what an entry certainly means; a whole domain is refused.
        allow: the only addresses that are mailed, in the same forms.
        duplicates: "first" if only the first of a person's differing rows shall be sent.
        overlap: "allowed" if this mailing may also reach people through a tag, segment or audience.
        client: asks Migma who the targets are and how many people they hold, so that `plan.people` is known;
            a target that knows it already is not asked for. Nothing else is asked, and nothing is sent.

    Raises:
        InputError: an argument or the list cannot be used, or Migma knows no such target; says what to do.
            Nothing was sent.
    """
    arguments = {name: value for name, value in locals().items() if name not in {"recipients", "client"}}
    settings = None if client is None else settings_of(client)
    made = make_plan(recipients, **arguments)
    return SendPlan(made if settings is None else told_of(made, settings))
