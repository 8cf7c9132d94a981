"""Mail a DataFrame or a CSV of people through the Migma email API: planned, checked, nobody twice."""

from migma_nb.api.errors import (
    AccountError,
    CallError,
    ConfigurationError,
    ConfirmationError,
    InputError,
    LedgerError,
    MigmaError,
    NotSentError,
    RefusedError,
    UnknownError,
)
from migma_nb.api.states import Reason, RunState, State
from migma_nb.planning.issues import IssueCode, Severity
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.surface.client import Migma
from migma_nb.surface.history import history, open_run
from migma_nb.surface.make import plan
from migma_nb.surface.plan import Preview, SendPlan
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import Sandbox

__all__ = [
    "AccountError",
    "Audience",
    "CallError",
    "ConfigurationError",
    "ConfirmationError",
    "InputError",
    "IssueCode",
    "LedgerError",
    "Migma",
    "MigmaError",
    "NotSentError",
    "Preview",
    "Reason",
    "RefusedError",
    "Run",
    "RunState",
    "Sandbox",
    "Segment",
    "SendPlan",
    "Severity",
    "State",
    "Tag",
    "UnknownError",
    "history",
    "open_run",
    "plan",
    "read_recipients",
]
