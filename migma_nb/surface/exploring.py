"""What an account holds, for a person: frames of lists, single things, and targets by name."""

import pandas as pd

from migma_nb.api import catalogue, loop
from migma_nb.api import emails as emails_api
from migma_nb.api.errors import InputError
from migma_nb.api.resources import Contact, DomainInfo, ProjectInfo
from migma_nb.api.settings import Settings
from migma_nb.planning.stored import Conversation, StoredEmail, conversation_of, email_of
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.surface.frames import frame_of


def projects(settings: Settings) -> pd.DataFrame:
    """Return the account's projects."""
    return frame_of(loop.call(catalogue.projects(settings)), ProjectInfo)


def tags(settings: Settings, search: str | None, project_id: str | None) -> pd.DataFrame:
    """Return a project's tags."""
    return _listed(settings, catalogue.TAGS, project_id, search=search)


def segments(settings: Settings, project_id: str | None) -> pd.DataFrame:
    """Return a project's segments."""
    return _listed(settings, catalogue.SEGMENTS, project_id)


def topics(settings: Settings, include_inactive: bool | None, project_id: str | None) -> pd.DataFrame:
    """Return a project's topics."""
    return _listed(settings, catalogue.TOPICS, project_id, includeInactive=include_inactive)


def emails(
    settings: Settings, status: str | None, search: str | None, project_id: str | None
) -> pd.DataFrame:
    """Return a project's generated emails."""
    return _listed(settings, catalogue.EMAILS, project_id, status=status, search=search)


def campaigns(settings: Settings, status: str | None, project_id: str | None) -> pd.DataFrame:
    """Return a project's campaigns."""
    return _listed(settings, catalogue.CAMPAIGNS, project_id, status=status)


def domains(settings: Settings) -> pd.DataFrame:
    """Return the account's sending domains."""
    found = loop.call(catalogue.everything(settings, catalogue.DOMAINS))
    return frame_of(found, DomainInfo, derived=["verified"])


def contacts(
    settings: Settings,
    *,
    tag: str | Tag | None,
    status: str | None,
    search: str | None,
    limit: object,
    project_id: str | None,
) -> pd.DataFrame:
    """Return a project's contacts.

    Raises:
        InputError: `tag` is a segment, or `limit` no whole number from 1.
    """
    if isinstance(tag, Segment | Audience):
        raise InputError(
            f"tag={tag.recipient!r} is a segment; the API lists no segment's contacts.",
            hint='Name a tag: client.contacts(tag="VIP").',
        )
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InputError(f"limit={limit!r} is not a whole number of contacts from 1.")
    wanted = tag.id if isinstance(tag, Tag) else tag
    found = catalogue.contacts(
        settings, tag=wanted, status=status, search=search, project_id=project_id, most=limit
    )
    return frame_of(loop.call(found), Contact)


def contact(settings: Settings, who: object, project_id: str | None) -> Contact:
    """Return one contact.

    Raises:
        InputError: `who` is no text, or nobody has it.
    """
    if not isinstance(who, str) or not who.strip():
        raise InputError(f"A contact is wanted by its address or ID, not by {who!r}.")
    return loop.call(catalogue.contact(settings, who, project_id=project_id))


def email(settings: Settings, email_id: object) -> StoredEmail:
    """Return one stored email.

    Raises:
        InputError: there is none, or `email_id` is no ID.
    """
    wanted = _id(email_id, "email")
    return email_of(loop.call(emails_api.fetch_email(settings, wanted)), wanted=wanted)


def conversation(settings: Settings, conversation_id: object) -> Conversation:
    """Return one conversation.

    Raises:
        InputError: there is none, or `conversation_id` is no ID.
    """
    wanted = _id(conversation_id, "conversation")
    return conversation_of(loop.call(emails_api.fetch_conversation(settings, wanted)), wanted)


def _id(given: object, what: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise InputError(
            f"The ID of the {what} is {given!r}, not a text.", hint="client.emails() lists them."
        )
    return given.strip()


def tag(settings: Settings, name: str, project_id: str | None) -> Tag:
    """Return a tag by its name or ID."""
    found = loop.call(catalogue.by_name(settings, catalogue.TAGS, name, "tag", project_id=project_id))
    return Tag(str(found.id), name=found.name, count=found.subscriber_count)


def segment(settings: Settings, name: str, project_id: str | None) -> Segment:
    """Return a segment by its name or ID."""
    found = loop.call(catalogue.by_name(settings, catalogue.SEGMENTS, name, "segment", project_id=project_id))
    return Segment(str(found.id), name=found.name, count=found.count)


def _listed(
    settings: Settings, shelf: catalogue.Shelf[catalogue.Kind], project_id: str | None, **query: object
) -> pd.DataFrame:
    found = loop.call(catalogue.everything(settings, shelf, query, project_id=project_id))
    return frame_of(found, shelf.kind)
