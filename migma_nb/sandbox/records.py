"""The records of an account that are not API objects themselves: sends, messages, requests, keys, answers."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


def as_json(record: Any) -> dict[str, Any]:
    """A record's own fields by name; unlike ``dataclasses.asdict`` it copies nothing."""
    return {each.name: getattr(record, each.name) for each in dataclasses.fields(record)}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key and its rights.

    Attributes:
        secret: The key as the caller sends it; kept out of every repr.
        fingerprint: The start of its SHA-256, which names the key where the key itself must not stand.
        permissions: Normalised, for example ``email:send``; ``*`` means all.
    """

    secret: str = field(repr=False)
    fingerprint: str
    permissions: list[str]


@dataclass(frozen=True, slots=True)
class Send:
    """One accepted call of ``POST /v1/sending`` or of its like, to one or to a batch; it never changes.

    Attributes:
        id: ``send_…`` for a single, ``batch_…`` for a batch.
        html_digest: Names the HTML in ``Account.texts``, where equal templates are kept once.
        transactional: As it applies, that is after the defaults of S4, S5 and S19.
        campaign_id: The campaign that it was accepted for, if any.
        is_test: Whether it is a test of a stored email, of which no log tells.
    """

    id: str
    request_id: str
    accepted_at: str
    idempotency_key: str | None
    recipient_type: str
    recipient_email: str | None
    recipient_id: str | None
    sender: str
    from_name: str
    reply_to: str | None
    bcc: list[str]
    subject: str
    html_digest: str
    variables: dict[str, Any]
    provider: str
    project_id: str
    conversation_id: str | None
    email_id: str | None
    topic_id: str | None
    transactional: bool
    campaign_id: str | None = None
    is_test: bool = False

    @property
    def is_batch(self) -> bool:
        """Whether it goes to an audience, a segment or a tag."""
        return self.recipient_type != "email"


@dataclass(frozen=True, slots=True)
class Throttle:
    """Why and how long a batch waits.

    Attributes:
        until: ``expires_at`` in seconds since the epoch, by the sandbox's clock.
    """

    throttled_at: str
    expires_at: str
    until: float
    reason: str
    resume_message: str


@dataclass(slots=True)
class Progress:
    """How far a send has come.

    Attributes:
        status: ``queued``, ``processing``, ``throttled``, ``completed``, ``partial`` or ``failed``, as in
            generation C.
        total: Recipients that the send was queued for, in messages.
        sent: Those handed off.
        failed: Those that could no longer be mailed when their turn came.
        throttle: Why a throttled batch waits.
        resumed: How often it went on after a throttle.
        stalled: Whether it stands still for good.
    """

    status: str
    total: int
    updated_at: str
    sent: int = 0
    failed: int = 0
    error: str | None = None
    throttle: Throttle | None = None
    resumed: int = 0
    stalled: bool = False

    @property
    def done(self) -> int:
        """Recipients that were dealt with."""
        return self.sent + self.failed

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in {"completed", "partial", "failed"}


def progress_as_json(progress: Progress) -> dict[str, Any]:
    """A progress for the journal."""
    return as_json(progress) | {"throttle": as_json(progress.throttle) if progress.throttle else None}


def progress_of(body: dict[str, Any]) -> Progress:
    """The progress that the journal holds."""
    throttle = body.get("throttle")
    return Progress(**(body | {"throttle": Throttle(**throttle) if throttle else None}))


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one mailbox; subject and HTML are rendered from its send when somebody looks.

    Attributes:
        to: The mailbox that got it.
        addressed_to: The address in its To header.
        is_bcc: Whether it is a blind copy.
        fields: The contact's fields at the time of delivery, for batches.
    """

    id: str
    send_id: str
    to: str
    addressed_to: str
    fields: dict[str, Any]
    delivered_at: str
    is_bcc: bool


@dataclass(frozen=True, slots=True)
class Suppression:
    """A recipient that a send left out, and why."""

    send_id: str
    to: str
    reason: str
    transactional: bool
    at: str


@dataclass(slots=True)
class LogLine:
    """One line of a stored email's or a campaign's log, under the names that the API gives its columns.

    Attributes:
        email_id: The email whose log it is in, if the account has it.
        status: As in the log's filter; it may change as the mail fares.
        unsubscribed_at: When its reader unsubscribed, which no column tells.
        planned: What is still to become of it: moments (seconds since the epoch) and events.
    """

    id: int
    email_id: str | None
    tracking_id: str
    domain: str
    from_email: str
    to_email: str
    subject: str
    status: str
    created_at: str
    opened_at: str | None = None
    clicked_at: str | None = None
    open_count: int = 0
    click_count: int = 0
    bounce_type: str | None = None
    complaint_type: str | None = None
    user_id: str = "user_sandbox"
    subscriber_id: str | None = None
    suppression_type: str | None = None
    suppression_reason: str | None = None
    conversation_id: str | None = None
    campaign_id: str | None = None
    unsubscribed_at: str | None = None
    planned: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the server saw it.

    Attributes:
        status: The status code that was answered, or None if the connection ended without an answer.
        replayed: Whether the answer was the stored one of an earlier request.
        fault: The fault that was put in, or None.
        accepted_id: The send that this very request created, or None.
    """

    request_id: str
    time: str
    method: str
    path: str
    idempotency_key: str | None
    body_sha256: str
    status: int | None
    replayed: bool
    fault: str | None
    accepted_id: str | None
    is_sending: bool


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that is kept under an idempotency key.

    Attributes:
        digest: SHA-256 over method, route and the exact bytes of the body.
        stored_at: Seconds since the epoch by the sandbox's clock.
    """

    digest: str
    status: int
    body: str
    stored_at: float


@dataclass(slots=True)
class ImportJob:
    """An import of contacts in the background, and how far it has come.

    Attributes:
        kind: ``bulk`` for JSON rows, ``csv`` for a file.
        skips_known: Whether contacts that are known already are left as they are.
        status: ``pending``, ``processing``, ``completed`` or ``failed``.
        processed: The rows that were looked at, in their order.
        failed: The rows that could not be taken.
        errors: What was wrong with each of those.
        error: Why the import itself stopped, or None.
    """

    id: str
    kind: str
    project_id: str
    total: int
    created_at: str
    skips_known: bool = False
    status: str = "pending"
    processed: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)
    error: str | None = None
    completed_at: str | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in {"completed", "failed"}
