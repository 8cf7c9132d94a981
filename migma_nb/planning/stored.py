"""Content that Migma holds and that was read, so that its placeholders can be checked before a send."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from migma_nb.api.emails import ConversationContent, EmailContent
from migma_nb.api.errors import InputError
from migma_nb.planning.placeholders import split_text

_INNER_SPACE = re.compile(r"\{\{(?:\s[^{}]*|[^{}]*\s)\}\}")


@dataclass(frozen=True, slots=True)
class StoredEmail:
    """One email that Migma holds; `client.email(id)` and `mg.import_html` return it.

    Give it to a plan, `mg.plan(…, email_id=email)`: its placeholders are matched and checked like a
    template's, while only its ID goes on the wire.

    Args:
        id: the email's ID; None where the server names only its conversation.
        conversation_id: the conversation that it comes from.
        subject: its own subject; a plan that is given none takes it.
        html: its HTML; untrusted: show it only inside a sandboxed frame.
        status: as the API has it.
        slot: its place in a series, None for a single one.
        notes: what there is to know of it, in sentences, such as what an import changed.
    """

    id: str | None
    conversation_id: str | None
    subject: str
    html: str = field(repr=False)
    status: str | None = None
    slot: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the placeholders in its subject and HTML, each once."""
        return tuple(dict.fromkeys((*split_text(self.subject).names, *split_text(self.html).names)))

    @property
    def spaced(self) -> bool:
        """Whether a placeholder has inner spaces, as in `{{ name }}`."""
        return bool(_INNER_SPACE.search(self.html))

    def __repr__(self) -> str:
        names = _slots(self.placeholders) or "none"
        size = len(self.html.encode("utf-8", "replace")) / 1000
        lines = [f"StoredEmail({self.id!r}, {self.subject!r}, {size:,.1f} kB, placeholders: {names})"]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation with the emails that it made; `client.conversation(id)` returns it.

    Args:
        id: its ID.
        status: as the API has it: "completed", or what it is still doing.
        emails: the emails, in the API's order.
        error: why it failed, in the API's words.
    """

    id: str
    status: str
    emails: tuple[StoredEmail, ...]
    error: str | None = None

    @property
    def email(self) -> StoredEmail:
        """The one email of the conversation.

        Raises:
            InputError: it has several, or none (yet).
        """
        if len(self.emails) == 1:
            return self.emails[0]
        if not self.emails:
            why = f": {self.error}" if self.error else ""
            raise InputError(
                f"The conversation {self.id!r} has no email (status {self.status}{why}).",
                hint="Wait until it is completed, then read it again.",
            )
        listed = "; ".join(f"{one.id!r}: {one.subject!r}" for one in self.emails)
        raise InputError(
            f"The conversation {self.id!r} has {len(self.emails)} emails: {listed}. Which one is meant?",
            hint=f"Plan with one of them: email_id=client.email({self.emails[0].id!r}).",
        )

    @property
    def subject(self) -> str:
        """The subject of its one email; raises as `email`."""
        return self.email.subject

    @property
    def html(self) -> str:
        """The HTML of its one email; raises as `email`."""
        return self.email.html

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The placeholders of its one email; raises as `email`."""
        return self.email.placeholders


def email_of(content: EmailContent, *, wanted: str | None = None) -> StoredEmail:
    """Return what the API said of an email as what a plan takes.

    Args:
        content: the answer.
        wanted: the ID that was asked for, where the answer names none.
    """
    return StoredEmail(
        id=content.email_id or wanted,
        conversation_id=content.conversation_id,
        subject=content.subject or "",
        html=content.html or "",
        status=content.status,
        slot=content.slot,
        notes=tuple(f"Migma warns: {one}" for one in content.warnings or () if isinstance(one, str)),
    )


def conversation_of(content: ConversationContent, conversation_id: str) -> Conversation:
    """Return what the API said of a conversation as what a plan takes."""
    found = content.conversation_id or conversation_id
    emails = tuple(
        email_of(one.model_copy(update={"conversation_id": one.conversation_id or found}))
        for one in content.emails
    )
    return Conversation(found, content.status, emails, content.error)


def changed_by(given: Sequence[str], email: StoredEmail) -> StoredEmail:
    """Return an imported email with notes on the placeholders that its conversion lost or changed.

    Args:
        given: the placeholders of the HTML that was imported.
        email: what Migma made of it.
    """
    there = split_text(email.html).names
    lost = [name for name in given if name not in there]
    new = [name for name in there if name not in given]
    notes = [
        f"The conversion lost {_slots(lost)}: no value is shown there any more." if lost else "",
        f"The conversion brought {_slots(new)}, which your HTML does not have." if new else "",
    ]
    return replace(email, notes=(*email.notes, *(note for note in notes if note)))


def _slots(names: Sequence[str]) -> str:
    return ", ".join(f"{{{{{name}}}}}" for name in names)


def stored_content(conversation_id: object, email_id: object) -> tuple[StoredEmail | None, dict[str, Any]]:
    """Return the content that was read, if any, and the two IDs as they go on the wire.

    Args:
        conversation_id: a plan's argument: an ID, a `Conversation`, or None.
        email_id: a plan's argument: an ID, a `StoredEmail`, or None.

    Raises:
        InputError: the content is not there yet, is several emails, or has no ID.
    """
    seen: StoredEmail | None = None
    if isinstance(conversation_id, Conversation):
        seen, conversation_id = conversation_id.email, conversation_id.id
    elif isinstance(conversation_id, StoredEmail):
        raise InputError(
            f"conversation_id is the email {conversation_id.id!r}.", hint="Write email_id= in place of it."
        )
    if isinstance(email_id, Conversation):
        email_id = email_id.email
    if isinstance(email_id, StoredEmail):
        seen = email_id
        if email_id.id is None:
            raise InputError(
                "This server names no email of its own for that content.",
                hint=f"Write conversation_id=client.conversation({email_id.conversation_id!r}).",
            )
        email_id = email_id.id
    if seen is not None and not seen.html.strip():
        raise InputError(
            f"The email {seen.id!r} has no HTML (status {seen.status}).",
            hint="Wait until Migma has made it, then read it again.",
        )
    return seen, {"conversation_id": conversation_id, "email_id": email_id}
