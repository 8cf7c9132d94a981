"""The ledger's tables, and the records that pass between it and the runner.

Times are seconds since the epoch (UTC). No table holds an API key, a body or a variable. What is made for
every row is a named tuple: as fixed as a frozen dataclass, and made in a tenth of the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import sqlalchemy as sa

from migma_nb.api.states import Reason, State
from migma_nb.ledger.told import Told

SCHEMA_VERSION = 4

metadata = sa.MetaData()

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("mailing", sa.String, nullable=False),
    sa.Column("plan_id", sa.String, nullable=False),
    sa.Column("server", sa.String, nullable=False),
    sa.Column("sandbox", sa.Boolean, nullable=False),
    sa.Column("key_fingerprint", sa.String, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("target", sa.String),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String),
    sa.Column("detail", Told),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("finished_at", sa.Float),
    sa.Column("wanted", sa.String, nullable=False, server_default="run"),
    sa.Column("email_id", sa.String),
)

#: What is known of a mail that may have gone out; on a claim and, as it was then, on a run's row.
_ACCOUNT = (
    ("reason", sa.String),
    ("detail", Told),
    ("message_id", Told),
    ("provider", Told),
    ("api_status", Told),
    ("http_status", sa.Integer),
    ("attempts", sa.Integer),
    ("first_attempt_at", sa.Float),
    ("finished_at", sa.Float),
    ("latency_s", sa.Float),
    ("request_id", Told),
    ("idempotency_key", sa.String),
    ("payload_sha256", sa.String),
)
ACCOUNT_COLUMNS = tuple(name for name, _ in _ACCOUNT)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("claim_id", sa.Integer, primary_key=True),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("mailing", sa.String, nullable=False),
    sa.Column("recipient", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("plan_id", sa.String, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("uncertain", sa.Boolean, nullable=False),
    sa.Column("key_fingerprint", sa.String),
    *(sa.Column(name, kind) for name, kind in _ACCOUNT),
    sa.Column("subject_sha256", sa.String),
    sa.Column("ruled_as", sa.String),
    #: The stored email of this mail where each row of its run has its own; else the run knows it.
    sa.Column("email_id", sa.String),
    sa.UniqueConstraint("scope", "mailing", "recipient"),
    sa.Index("claims_by_run", "run_id", "state"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("attempt_id", sa.Integer, primary_key=True),
    sa.Column("claim_id", sa.ForeignKey("claims.claim_id"), nullable=False, index=True),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("payload_sha256", sa.String, nullable=False),
    sa.Column("key_fingerprint", sa.String, nullable=False),
    sa.Column("intent_at", sa.Float, nullable=False, index=True),
    sa.Column("finished_at", sa.Float),
    sa.Column("verdict", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("http_status", sa.Integer),
    sa.Column("request_id", Told),
    sa.Index("attempts_open", "run_id", "finished_at"),
)

rows = sa.Table(
    "rows",
    metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("recipient", sa.String),
    sa.Column("address", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    *(sa.Column(name, kind) for name, kind in _ACCOUNT),
    sa.Column("batch_total", sa.Integer),
    sa.Column("batch_queued", sa.Integer),
    sa.Column("batch_sent", sa.Integer),
    sa.Column("batch_failed", sa.Integer),
    sqlite_with_rowid=False,
)
BATCH_COLUMNS = ("batch_total", "batch_queued", "batch_sent", "batch_failed")

proofs = sa.Table(
    "proofs",
    metadata,
    sa.Column("origin", sa.String, primary_key=True),
    sa.Column("key_fingerprint", sa.String, primary_key=True),
    sa.Column("proven_at", sa.Float, nullable=False),
)

#: What is known of a server's rate limit, and how much of it is spoken for; limits are per API key.
paces = sa.Table(
    "paces",
    metadata,
    sa.Column("origin", sa.String, primary_key=True),
    sa.Column("key_fingerprint", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
)


#: What was said of an unknown row by a person, or by Migma's own log.
rulings = sa.Table(
    "rulings",
    metadata,
    sa.Column("ruling_id", sa.Integer, primary_key=True),
    sa.Column("claim_id", sa.ForeignKey("claims.claim_id"), nullable=False, index=True),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("ruled_as", sa.String, nullable=False),
    sa.Column("ruled_at", sa.Float, nullable=False),
    sa.Column("state_before", sa.String, nullable=False),
    sa.Column("reason_before", sa.String),
)


class ClaimState(StrEnum):
    """How a person stands in a mailing. Only a `free` claim, or none, may be taken by anybody."""

    HELD = "held"
    FREE = "free"
    ACCEPTED = "accepted"
    ALREADY_SENT = "already_sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run is, as written when it begins."""

    run_id: str
    scope: str
    mailing: str
    plan_id: str
    server: str
    sandbox: bool
    key_fingerprint: str
    size: int
    people: int
    target: str | None
    started_at: float
    email_id: str | None = None


class RowRecord(NamedTuple):
    """One input row as a run begins with it; `recipient` is None where nobody can be mailed."""

    position: int
    recipient: str | None
    address: str
    state: State
    reason: Reason | None = None
    detail: str | None = None


class Settled(NamedTuple):
    """What became of one row in a run; `account` is what its claim knows of the mail."""

    position: int
    state: State
    reason: Reason | str | None
    detail: str | None
    account: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands in a mailing, as the ledger has it."""

    claim_id: int
    recipient: str
    state: ClaimState
    run_id: str
    plan_id: str
    generation: int
    uncertain: bool
    key_fingerprint: str | None
    account: dict[str, Any]

    def told(self, name: str) -> Any:
        """Return one of the account's columns."""
        return self.account[name]


class Intent(NamedTuple):
    """What is about to leave: who, which exact bytes, under which API key; and when, by the ledger's clock.

    `subject_sha256` stands for the subject where Migma keeps a log of the mail, to find it there again;
    `email_id` is the row's own stored email, None where its whole run has one or none.
    """

    scope: str
    mailing: str
    recipient: str
    run_id: str
    plan_id: str
    payload_sha256: str
    key_fingerprint: str
    at: float = 0.0
    subject_sha256: str | None = None
    email_id: str | None = None


class Taken(NamedTuple):
    """The right to make one attempt, given by the ledger and already on disk.

    `age_s` is its key's age, `attempts` how many its generation has had, this one included.
    """

    claim_id: int
    attempt_id: int
    generation: int
    idempotency_key: str
    uncertain: bool
    first_attempt_at: float
    age_s: float = 0.0
    attempts: int = 1


class Outcome(NamedTuple):
    """What an attempt came to, and the claim's state after it; `fresh` begins a new generation."""

    state: ClaimState
    verdict: str
    reason: Reason
    detail: str
    uncertain: bool
    finished_at: float
    latency_s: float
    message_id: str | None = None
    provider: str | None = None
    api_status: str | None = None
    http_status: int | None = None
    request_id: str | None = None
    fresh: bool = False
