"""Raw HTML made into a stored email (`POST /v1/projects/emails/import-html`, migma-api.md section 4)."""

import asyncio
import hashlib
import time
from dataclasses import dataclass

from migma_nb.api import emails
from migma_nb.api.connection import Connection
from migma_nb.api.emails import ConversationContent, EmailContent
from migma_nb.api.errors import CallError, UnknownError
from migma_nb.api.models import encode
from migma_nb.api.projects import project_for
from migma_nb.api.reads import read, read_list
from migma_nb.api.resources import EmailInfo
from migma_nb.api.settings import Settings
from migma_nb.api.writes import write

_PATH = "/projects/emails"
_WRITE = "email:write"
#: The wait between two questions grows from the first to the second (seconds).
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of the HTML: a conversation and its emails, mostly one."""

    conversation_id: str
    emails: list[EmailContent]


async def import_html(
    settings: Settings, html: str, *, name: str, project_id: str | None, wait_s: float
) -> Imported:
    """Make a stored email of raw HTML, unless one was made of it before, and wait until it is there.

    The name that goes out bears a mark of the content, by which a later call finds it again in the project's
    list; besides, the call has an idempotency key made of the content.

    Args:
        settings: the client's settings; its key needs `email:write` and `email:read`.
        html: the HTML.
        name: what it is called at Migma.
        project_id: as for `project_for`.
        wait_s: how long to wait for the conversion (seconds).

    Raises:
        InputError: a project has to be named, or there is none of that ID.
        RefusedError, AccountError, NotSentError: it was not made.
        UnknownError: it may have been made; the same call looks for it first.
        CallError: Migma could not convert it, or has not yet.
    """
    async with Connection(settings) as connection:
        project = await project_for(connection, project_id)
        mark = hashlib.sha256(encode([project, name, html])).hexdigest()[:12]
        body = {"projectId": project, "html": html, "name": f"{name} [{mark}]"}
        there, failed = await _made_before(connection, project, mark)
        if there is not None:
            return await _followed(connection, there, mark, wait_s)
        # What failed under a key would be said again under it.
        key = f"mnb-import-{hashlib.sha256(encode(body)).hexdigest()}-{failed}"
        made = await write(connection, f"{_PATH}/import-html", body, key=key)
        if made.lost:
            there, _ = await _made_before(connection, project, mark)
        else:
            data = made.wanted("make an email of the HTML", permission=_WRITE)
            there = str(data.get("conversationId") or "") or None
        if there is None:
            again = (
                "Nobody was mailed. Call mg.import_html again: it looks for the email before it makes one."
            )
            made.wanted("make an email of the HTML", permission=_WRITE, hint=again)
            raise UnknownError("The server names no conversation for the HTML that it took.", hint=again)
        return await _followed(connection, there, mark, wait_s)


async def _made_before(connection: Connection, project: str, mark: str) -> tuple[str | None, int]:
    """Return the conversation that was made of the same HTML, if the list tells, and how many failed."""
    asked = {"projectId": project, "search": mark}
    found = await read_list(connection, _PATH, asked, name="emails")
    if found.missing:
        return None, 0  # an older server, without a list
    listed = [EmailInfo.of(one) for one in found.wanted("the emails", permission=emails.PERMISSION)]
    same = [one for one in listed if one.conversation_id and mark in (one.title or "")]
    there = [one.conversation_id for one in same if (one.status or "").lower() != "failed"]
    return (there[0] if there else None), len(same) - len(there)


async def _followed(connection: Connection, conversation_id: str, mark: str, wait_s: float) -> Imported:
    until, pause = time.monotonic() + wait_s, FIRST_WAIT_S
    while True:
        stands = emails.conversation_in(await emails.ask(connection, conversation_id), conversation_id)
        if stands.ended:
            made = await _contents(connection, stands)
            return Imported(conversation_id, [_without_mark(one, mark) for one in made])
        left = until - time.monotonic()
        if left <= 0:
            raise CallError(
                f"Migma is still at work on the conversation {conversation_id!r} ({stands.status}) "
                f"after {wait_s:g} seconds.",
                hint="Call mg.import_html again to go on waiting: it makes no second email of the same HTML.",
            )
        await asyncio.sleep(min(pause, left))
        pause = min(LONGEST_WAIT_S, pause * 1.5)


def _without_mark(email: EmailContent, mark: str) -> EmailContent:
    """Return an email whose subject is not the name that was made up here for the import."""
    return email.model_copy(update={"subject": None}) if mark in (email.subject or "") else email


async def _contents(connection: Connection, stands: ConversationContent) -> list[EmailContent]:
    """Return the emails of a conversation at its end, each with its HTML."""
    if stands.status.lower() == "failed" or not stands.emails:
        why = stands.error or "it names no reason"
        raise CallError(
            f"Migma could not make an email of the HTML (conversation {stands.conversation_id}): {why}.",
            hint="Mend the HTML and import it again.",
        )
    whole = []
    for one in stands.emails:
        email = one
        if not one.html and one.email_id is not None:
            email = EmailContent.of((await read(connection, f"/emails/{one.email_id}")).wanted("the email"))
        whole.append(email)
    return whole
