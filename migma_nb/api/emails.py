"""Stored emails and the conversations that they come from, read for their content (section 4)."""

from typing import Any

from pydantic import AliasChoices, Field

from migma_nb.api.connection import Connection
from migma_nb.api.reads import Read, part_of_path, read
from migma_nb.api.resources import Id, Resource, Time
from migma_nb.api.settings import Settings

PERMISSION = "email:read"
#: A conversation at its end, either way; another word means that Migma is still at work.
ENDED = frozenset({"completed", "failed"})


class EmailContent(Resource):
    """A stored email with its HTML; `slot` counts within a series."""

    email_id: Id | None = Field(default=None, validation_alias=AliasChoices("emailId", "id", "_id"))
    conversation_id: Id | None = None
    status: str | None = None
    subject: str | None = None
    preheader: str | None = None
    html: str | None = None
    slot: int | None = None
    warnings: list[Any] | None = None
    updated_at: Time | None = None


class ConversationContent(Resource):
    """A conversation: how it stands, and the emails that it made."""

    conversation_id: Id | None = None
    status: str = "unknown"
    error: str | None = None
    result: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether Migma is at its end with it."""
        return self.status.lower() in ENDED

    @property
    def emails(self) -> list[EmailContent]:
        """The emails; an older answer has only the subject and HTML of one."""
        result = self.result or {}
        listed = result.get("emails")
        if isinstance(listed, list) and listed:
            return [EmailContent.of(one) for one in listed]
        return [EmailContent.of(result)] if isinstance(result.get("html"), str) else []


async def fetch_email(settings: Settings, email_id: str) -> EmailContent:
    """Return a stored email.

    Raises:
        InputError: the account has no such email.
        AccountError, CallError: it could not be read.
    """
    async with Connection(settings) as connection:
        found = await read(connection, f"/emails/{part_of_path(email_id)}")
    return EmailContent.of(found.wanted(f"the email {email_id!r}", permission=PERMISSION))


async def fetch_conversation(settings: Settings, conversation_id: str) -> ConversationContent:
    """Return a conversation with its emails.

    Raises:
        InputError: the account has no such conversation.
        AccountError, CallError: it could not be read.
    """
    async with Connection(settings) as connection:
        return conversation_in(await ask(connection, conversation_id), conversation_id)


async def ask(connection: Connection, conversation_id: str) -> Read:
    """Ask how a conversation stands."""
    return await read(connection, f"/projects/emails/{part_of_path(conversation_id)}/status")


def conversation_in(found: Read, conversation_id: str) -> ConversationContent:
    """Return what was read of a conversation; raises as `fetch_conversation`."""
    words = f"the conversation {conversation_id!r}"
    return ConversationContent.of(found.wanted(words, permission=PERMISSION))
