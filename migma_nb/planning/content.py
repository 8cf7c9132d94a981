"""What a mailing says and who says it: sender, subject, content and ids become the body's constant fields."""

import io
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.kinds import kind_of
from migma_nb.api.models import UNSAFE_IN_HEADER, ProviderType, checked_request
from migma_nb.planning.addresses import bare_address, check_address, split_sender
from migma_nb.planning.columns import near_matches
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.paths import expanded, look_at, reason_of, shown, where_paths_begin
from migma_nb.planning.placeholders import SplitText, split_text
from migma_nb.planning.sources import Target
from migma_nb.planning.stored import StoredEmail, stored_content
from migma_nb.planning.trial_names import tried_mailing

_LONGEST_PATH = 1024
_TEMPLATE_SUFFIXES = (".html", ".htm", ".xhtml", ".txt", ".mjml")
#: Stands in for the recipient while the constant fields are checked; it never goes on the wire.
_ANYBODY = "somebody@example.com"


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of a mailing that are the same for everybody.

    Args:
        mailing: the user's name for it (str).
        sender: `Name <address>` (str).
        subject: the subject, split at its placeholders.
        template: the HTML, split at its placeholders, or None where Migma holds the content unseen.
        constants: the wire fields that are the same in every request.
        stored: the email that Migma holds, where it was read; `template` is then its HTML.
    """

    mailing: str
    sender: str
    subject: SplitText
    template: SplitText | None
    constants: Mapping[str, Any]
    stored: StoredEmail | None = None

    @property
    def placeholders(self) -> tuple[str, ...]:
        """All placeholders of subject and template, each once."""
        of_template = self.template.names if self.template else ()
        return tuple(dict.fromkeys((*self.subject.names, *of_template)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it go to another process, which no read-only view of a mapping can."""
        fields = (self.mailing, self.sender, self.subject, self.template, dict(self.constants), self.stored)
        return Content, fields


def read_content(options: PlanOptions, target: Target | None, *, transactional: bool) -> Content:
    """Check everything that is not a recipient.

    Args:
        options: the plan's arguments.
        target: the batch target, or None for people.
        transactional: as it goes on the wire (S4 to S6).

    Raises:
        InputError: something is missing, contradicts something else, or cannot be read.
    """
    name, address = _sender(options.sender)
    stored, ids = stored_content(options.conversation_id, options.email_id)
    own = stored.subject if stored is not None and stored.subject.strip() else None
    words = options.subject if options.subject is not None else own
    subject = split_text(_line("subject", words, 'subject="…" is required by the API.'))
    template = _content_source(options)
    fields = {
        "recipient_type": target.recipient_type if target else "email",
        "from_": address,
        "from_name": name,
        "subject": subject.wire,
        "template": template.wire if template else None,
        "transactional": transactional,
        "project_id": _optional_line("project_id", options.project_id),
        "conversation_id": _optional_line("conversation_id", ids["conversation_id"]),
        "email_id": _optional_line("email_id", ids["email_id"]),
        "topic_id": _optional_line("topic_id", options.topic_id),
        "reply_to": _reply_to(options.reply_to),
        "provider_type": _provider(options.provider),
        "recipient_id": target.id if target else None,
        "recipient_email": None if target else _ANYBODY,
    }
    wire = checked_request({key: value for key, value in fields.items() if value is not None}).wire()
    constants = {key: value for key, value in wire.items() if key != "recipientEmail"}
    mailing = _line("mailing", options.mailing, "It is your own name for it, so that nobody gets it twice.")
    if tried_mailing(mailing) is not None:
        # Whoever was mailed in a test would stand as mailed, and its summary would tell of one address.
        raise InputError(f"mailing={mailing!r} is what plan.test calls a test.", hint="Give it another name.")
    return Content(
        unicodedata.normalize("NFC", mailing),
        f"{name} <{address}>",
        subject,
        template if stored is None else split_text(stored.html),
        MappingProxyType(constants),
        stored,
    )


def _sender(sender: object) -> tuple[str, str]:
    example = 'sender="Acme Billing <billing@acme.example>"'
    text = _line("sender", sender, f"Write {example}; the domain must be verified (S10).")
    name, address = split_sender(text)
    if not name:
        raise InputError(
            f"The sender {text!r} has no name, which the API requires (S11).", hint=f"Write {example}."
        )
    return name, _valid_address("sender", address)


def _valid_address(argument: str, address: str) -> str:
    verdict = check_address(address)
    if verdict.problem:
        raise InputError(
            f"The address {address!r} of {argument} is not valid. {verdict.problem}", hint="Correct it."
        )
    return verdict.wire


def _reply_to(reply_to: object) -> str | None:
    text = _optional_line("reply_to", reply_to)
    if text is None:
        return None
    bare = bare_address(text)
    if bare != text:
        raise InputError(
            f"reply_to is {text!r}; the API takes the address alone.", hint=f'Write reply_to="{bare}".'
        )
    return _valid_address("reply_to", text)


def _provider(provider: object) -> str | None:
    known = [kind.value for kind in ProviderType]
    if provider is None or provider in known:
        return None if provider is None else str(provider)
    raise InputError(
        f"provider is {provider!r}, which the API does not know (S16).",
        hint=near_matches(str(provider), known, "provider"),
    )


def _content_source(options: PlanOptions) -> SplitText | None:
    sources = ("template", "conversation_id", "email_id")
    given = [name for name in sources if getattr(options, name) is not None]
    if not given:
        raise InputError(
            "The mailing has no content (S14).",
            hint="Give template= (HTML or a file) with project_id=, or conversation_id=, or email_id=.",
        )
    if len(given) > 1:
        raise InputError(
            f"The content is given {len(given)} times: {' and '.join(given)}. Which one shall be sent?",
            hint="Keep one of them; conversation_id and email_id stand in place of a template (S3).",
        )
    if options.template is None:
        return None
    if options.project_id is None:
        raise InputError(
            "A template needs the project it belongs to (S17).",
            hint='Add project_id="…", from the Migma dashboard.',
        )
    return split_text(template_text(options.template))


def template_text(template: object) -> str:
    """Return a template's text, from HTML or the path of a file.

    Raises:
        InputError: it is neither, or the file cannot be read, or it is empty.
    """
    if isinstance(template, os.PathLike):
        return _not_empty(_read_template(Path(template)), f"The template {template}")
    if not isinstance(template, str):
        raise InputError(f"template is {kind_of(template)}.", hint="Pass HTML text or a file.")
    if _may_be_path(template):
        path = Path(template.strip())
        found = look_at(path)
        # What may not be looked at is a file all the same, and its name is not to be mailed.
        is_path = found.is_file or found.is_folder or (found.error is not None and not found.is_no_name)
        if is_path or path.suffix.lower() in _TEMPLATE_SUFFIXES:
            return _not_empty(_read_template(path), f"The template {path}")
    _encodable("template", template)
    return _not_empty(template, "The template")


def _may_be_path(text: str) -> bool:
    one_line = not UNSAFE_IN_HEADER.intersection(text.strip())
    return one_line and "<" not in text and "{{" not in text and 0 < len(text.strip()) < _LONGEST_PATH


def template_of(content: bytes, name: str) -> str:
    """Return a template's text from the bytes of a file.

    Args:
        content: the bytes, in UTF-8.
        name: what the file is called in an error.

    Raises:
        InputError: it is not UTF-8, or it is empty.
    """
    return _not_empty(_decoded(content, name), f"The template {name}")


def _decoded(content: bytes, name: object) -> str:
    try:
        # As a file that is opened as text, so that its line ends are the same either way.
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
    except UnicodeDecodeError as error:
        raise InputError(
            f"The template {name} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02X}.",
            hint="Save it as UTF-8.",
        ) from error


def _read_template(path: Path) -> str:
    path = expanded(path)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(
            f"The template {shown(path)} cannot be read: {reason_of(error)}.",
            hint=f"Check the path; {where_paths_begin()}.",
        ) from error
    return _decoded(content, path)


def _not_empty(text: str, what: str) -> str:
    if not text.strip():
        raise InputError(f"{what} is empty.", hint="Give the mail's HTML.")
    return text


def _optional_line(name: str, value: object) -> str | None:
    return None if value is None else _line(name, value, f"Leave {name} out, or give its text.")


def _line(name: str, value: object, hint: str) -> str:
    if value is None:
        raise InputError(f"{name} is missing.", hint=hint)
    if not isinstance(value, str):
        raise InputError(f"{name} is {kind_of(value)}, not a text.", hint=hint)
    text = value.strip()
    if not text:
        raise InputError(f"{name} is empty.", hint=hint)
    if UNSAFE_IN_HEADER.intersection(value):
        raise InputError(
            f"{name} has a line break or NUL in it: {value!r}; a mail header cannot hold that.",
            hint="Write it on one line.",
        )
    _encodable(name, text)
    return text


def _encodable(name: str, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name} has half of a surrogate pair at character {error.start}, which UTF-8 cannot hold.",
            hint="Copy the text again from its source.",
        ) from error
