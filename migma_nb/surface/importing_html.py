"""`mg.import_html`: raw HTML becomes an email that Migma holds, to plan with."""

import os
from pathlib import Path

from migma_nb.api import html_import, loop
from migma_nb.api.errors import InputError
from migma_nb.planning.content import template_text
from migma_nb.planning.placeholders import split_text
from migma_nb.planning.stored import Conversation, StoredEmail, changed_by, email_of
from migma_nb.surface.client import Migma
from migma_nb.surface.waiting import check_seconds


def import_html(
    template: str | os.PathLike[str],
    client: Migma,
    *,
    name: str | None = None,
    project_id: str | None = None,
    wait: float = 300.0,
) -> StoredEmail:
    """Make an email that Migma holds of raw HTML, for servers that take no raw template any more.

    Migma converts the HTML, so that it may come back changed: the placeholders are compared with what was
    given, and what was lost or changed stands in `email.notes` and in the plan's issues. Nobody is mailed.
    Calling it again for the same HTML, name and project returns the same email: it is looked for in the list
    of emails first, by a mark in its name, and the call bears an idempotency key made of the content.

    Args:
        template: HTML text or the path of a UTF-8 file, as for `mg.plan`.
        client: a `Migma`; its key needs `email:write` and `email:read`.
        name: what it is called at Migma; None takes the file's name, else "imported".
        project_id: None takes `MIGMA_PROJECT_ID`, else the account's only project.
        wait: how long to wait for the conversion (seconds).

    Returns:
        The email; plan with `mg.plan(…, email_id=email)`.

    Raises:
        InputError: the HTML cannot be read, or a project has to be named. Nothing was made.
        RefusedError, NotSentError: it was not made (AccountError: for want of a permission, for example).
        UnknownError: it may have been made; calling again looks for it first.
        CallError: Migma could not convert it, or has not yet.
    """
    if not isinstance(client, Migma):
        raise InputError("The client is no mg.Migma.", hint="Pass mg.Migma() or mg.Sandbox().client().")
    check_seconds("wait", wait)
    html = template_text(template)
    called = name if name is not None else _name_of(template, html)
    if not isinstance(called, str):
        raise InputError(f"name={name!r} is no text.", hint="Say what the email is called at Migma.")
    if not called.strip():
        raise InputError("name is empty.", hint="Leave it out, or say what the email is called at Migma.")
    work = html_import.import_html(
        client.settings, html, name=called.strip(), project_id=project_id, wait_s=float(wait)
    )
    made = loop.call(work)
    emails = tuple(
        email_of(one.model_copy(update={"conversation_id": one.conversation_id or made.conversation_id}))
        for one in made.emails
    )
    email = Conversation(made.conversation_id, "completed", emails).email
    return changed_by(split_text(html).names, email)


def _name_of(template: str | os.PathLike[str], html: str) -> str:
    is_file = isinstance(template, os.PathLike) or template != html
    return (Path(template).stem if is_file else "") or "imported"
