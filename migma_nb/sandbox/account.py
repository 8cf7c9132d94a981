"""The account that the sandbox serves: keys, people, sends and logs behind one lock, and their file."""

import contextlib
import hashlib
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migma_nb.sandbox.audience import Audience, Resource
from migma_nb.sandbox.clock import Clock
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.quota import Quota
from migma_nb.sandbox.records import (
    ApiKey,
    ImportJob,
    LogLine,
    Message,
    Progress,
    Received,
    Send,
    StoredAnswer,
    Suppression,
    as_json,
    progress_as_json,
    progress_of,
)
from migma_nb.sandbox.store import Journal, Table
from migma_nb.sandbox.timetable import Timetable

if TYPE_CHECKING:
    from migma_nb.sandbox.engagement import Engagement


class Account:
    """Everything the server knows.

    Whoever reads it holds ``lock``; whoever changes it goes through ``change()``, which commits at its end.

    Args:
        path: The file that keeps the account, or None for memory only.
    """

    def __init__(self, path: Path | None) -> None:
        self._journal = journal = Journal(path) if path else None
        self.lock = threading.RLock()
        self.queue_empty = threading.Condition(self.lock)
        self.settings: Table[Any] = Table("setting", journal, lambda value: value, lambda value: value)
        self.clock = Clock(self.settings.get("clock_ahead") or 0.0)
        self.audience = Audience(journal, self.clock)
        self.keys: Table[ApiKey] = Table("key", journal, as_json, lambda body: ApiKey(**body))
        self.projects: Table[Resource] = Table("project", journal, dict, dict)
        self.domains: Table[Resource] = Table("domain", journal, dict, dict)
        self.providers: Table[Resource] = Table("provider", journal, dict, dict)
        self.emails: Table[Resource] = Table("email", journal, dict, dict)
        self.campaigns: Table[Resource] = Table("campaign", journal, dict, dict)
        self.conversations: Table[Resource] = Table("conversation", journal, dict, dict)
        self.texts: Table[str] = Table("text", journal, str, str)
        self.sends: Table[Send] = Table("send", journal, as_json, lambda body: Send(**body))
        self.members: Table[list[str]] = Table("members", journal, list, list)
        self.progress: Table[Progress] = Table("progress", journal, progress_as_json, progress_of)
        self.messages: Table[Message] = Table("message", journal, as_json, lambda body: Message(**body))
        self.suppressed: Table[Suppression] = Table(
            "suppression", journal, as_json, lambda body: Suppression(**body)
        )
        self.log: Table[LogLine] = Table("log", journal, as_json, lambda body: LogLine(**body))
        self.imports: Table[ImportJob] = Table("import", journal, as_json, lambda body: ImportJob(**body))
        self.import_rows: Table[list[Resource]] = Table("import_rows", journal, list, list)
        self.requests: Table[Received] = Table("request", journal, as_json, lambda body: Received(**body))
        self.answers: Table[StoredAnswer] = Table(
            "answer", journal, as_json, lambda body: StoredAnswer(**body)
        )
        self.tracked = {line.tracking_id: line for line in self.log}
        self._lines: dict[str, list[LogLine]] = {}
        self._mails_to: Counter[str] = Counter()
        for line in self.log:
            self._index_line(line)
        self.timetable = Timetable(self)
        self.engagement: Engagement | None = None
        self.quota = Quota(self.clock, self.messages, self.progress)
        self.unfinished = sum(not progress.finished for progress in self.progress)
        self._by_secret = {key.secret: key for key in self.keys}
        self.first_key = next(iter(self.keys)) if len(self.keys) else self.make_key(["*"])
        self.default_project = (
            next(iter(self.projects)) if len(self.projects) else self.add_project("Sandbox")
        )

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock, and commit all changes made within as one before letting go."""
        with self.lock, self._journal.transaction() if self._journal else contextlib.nullcontext():
            yield

    def make_key(self, permissions: Iterable[str]) -> ApiKey:
        """A new API key with these permissions; ``EMAIL_SEND`` and ``email:send`` are one."""
        secret = f"mgma_sk_test_{secrets.token_hex(24)}"
        fingerprint = hashlib.sha256(secret.encode()).hexdigest()[:16]
        key = ApiKey(secret, fingerprint, sorted({normal_permission(each) for each in permissions}))
        with self.change():
            self.keys.put(fingerprint, key)
            self._by_secret[secret] = key
        return key

    def key_of(self, secret: str) -> ApiKey | None:
        """The key that a request bears, or None."""
        return self._by_secret.get(secret)

    def add_project(self, name: str) -> Resource:
        """A new project."""
        project: Resource = {"id": new_id(), "name": name, "status": "active"}
        project["createdAt"] = self.clock.timestamp()
        with self.change():
            self.projects.put(project["id"], project)
        return project

    def add_domain(self, name: str, *, verified: bool, dns_in_place: bool = True) -> Resource:
        """A sending domain, or its new state; ``dns_in_place`` says what verifying it will find."""
        key, now = name.casefold(), self.clock.timestamp()
        domain = {"id": new_id(), "createdAt": now, **(self.domains.get(key) or {})}
        domain |= {"domain": key, "status": "verified" if verified else "pending", "isVerified": verified}
        domain |= {
            "dnsInPlace": dns_in_place,
            "verifiedAt": (domain.get("verifiedAt") or now) if verified else None,
        }
        with self.change():
            self.domains.put(key, domain)
        return domain

    def set_provider(self, name: str, *, connected: bool) -> Resource:
        """Connect an external provider, or take it off (S16)."""
        provider = {"providerType": name, "connected": connected}
        with self.change():
            self.providers.put(name, provider)
        return provider

    def add_email(self, subject: str, html: str, *, project_id: str, conversation_id: str | None) -> Resource:
        """A generated email, in a conversation of its own unless one is named."""
        email = {"emailId": new_id(), "conversationId": conversation_id or new_id(), "projectId": project_id}
        email |= {"subject": subject, "html": html, "updatedAt": self.clock.timestamp()}
        with self.change():
            self.emails.put(email["emailId"], email)
        return email

    def emails_of(self, conversation_id: str) -> list[Resource]:
        """The emails of a conversation."""
        return [email for email in self.emails if email["conversationId"] == conversation_id]

    def add_line(self, line: LogLine) -> None:
        """Add a line to the log."""
        self.log.put(str(line.id), line)
        self.tracked[line.tracking_id] = line
        self._index_line(line)

    def mails_to(self, address: str) -> int:
        """How many mails to an address are in the log."""
        return self._mails_to[address.casefold()]

    def _index_line(self, line: LogLine) -> None:
        self._mails_to[line.to_email.casefold()] += 1
        for owner in (line.email_id, line.campaign_id):
            if owner is not None:
                self._lines.setdefault(owner, []).append(line)

    def lines_of(self, owner: str) -> Sequence[LogLine]:
        """The log of an email or of a campaign, oldest first."""
        return self._lines.get(owner, [])

    def keep_text(self, text: str) -> str:
        """Keep a text once; returns the digest that names it."""
        # Lone surrogates are legal in JSON and must not stop a rehearsal.
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if digest not in self.texts:
            self.texts.put(digest, text)
        return digest

    def advance(self, seconds: float) -> None:
        """Move the clock ahead."""
        if not seconds >= 0:
            raise ValueError(
                f"The sandbox's clock cannot be moved by {seconds!r} seconds; it only goes ahead."
            )
        with self.change():
            self.clock.ahead += seconds
            self.settings.put("clock_ahead", self.clock.ahead)

    def close(self) -> None:
        """Close the file; what is in memory can still be read."""
        if self._journal:
            self._journal.close()


def normal_permission(name: str) -> str:
    """``EMAIL_SEND`` and ``email:send`` are two spellings of one permission (S7, migma-api.md section 1)."""
    return name.strip().lower().replace("_", ":")
