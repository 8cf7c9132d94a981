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
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.stored import Conversation, StoredEmail
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.surface import accessor as _accessor  # noqa: F401 - importing it registers df.migma
from migma_nb.surface.campaign import Campaign
from migma_nb.surface.client import Migma
from migma_nb.surface.fixed import Fixed
from migma_nb.surface.form import form
from migma_nb.surface.history import history, open_run
from migma_nb.surface.importing_html import import_html
from migma_nb.surface.imports import ImportPlan, ImportRun, import_contacts, plan_import
from migma_nb.surface.make import plan
from migma_nb.surface.plan import SendPlan
from migma_nb.surface.preview import Preview
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import Sandbox

__all__ = [
    "AccountError",
    "Audience",
    "CallError",
    "Campaign",
    "ConfigurationError",
    "ConfirmationError",
    "Conversation",
    "Fixed",
    "ImportPlan",
    "ImportRun",
    "InputError",
    "IssueCode",
    "LedgerError",
    "Migma",
    "MigmaError",
    "NotSentError",
    "Preview",
    "ReadReport",
    "Reason",
    "RefusedError",
    "Run",
    "RunState",
    "Sandbox",
    "Segment",
    "SendPlan",
    "Severity",
    "State",
    "StoredEmail",
    "Tag",
    "UnknownError",
    "form",
    "history",
    "import_contacts",
    "import_html",
    "open_run",
    "plan",
    "plan_import",
    "read_recipients",
]
