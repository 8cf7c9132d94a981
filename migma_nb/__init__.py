"""Mail a DataFrame or a CSV of people through the Migma email API: planned, checked, nobody twice."""

from importlib import import_module
from typing import TYPE_CHECKING

from migma_nb.surface import accessor as _accessor

if TYPE_CHECKING:
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
    from migma_nb.surface.campaign import Campaign
    from migma_nb.surface.client import Migma
    from migma_nb.surface.cluster_run import ClusterRun
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
else:
    #: Where each public name lives; what it needs (pandas, SQLAlchemy, …) is imported with its first use.
    _HOMES = {
        "AccountError": "api.errors",
        "Audience": "planning.targets",
        "CallError": "api.errors",
        "Campaign": "surface.campaign",
        "ClusterRun": "surface.cluster_run",
        "ConfigurationError": "api.errors",
        "ConfirmationError": "api.errors",
        "Conversation": "planning.stored",
        "Fixed": "surface.fixed",
        "ImportPlan": "surface.imports",
        "ImportRun": "surface.imports",
        "InputError": "api.errors",
        "IssueCode": "planning.issues",
        "LedgerError": "api.errors",
        "Migma": "surface.client",
        "MigmaError": "api.errors",
        "NotSentError": "api.errors",
        "Preview": "surface.preview",
        "ReadReport": "planning.read_report",
        "Reason": "api.states",
        "RefusedError": "api.errors",
        "Run": "surface.run",
        "RunState": "api.states",
        "Sandbox": "surface.sandbox",
        "Segment": "planning.targets",
        "SendPlan": "surface.plan",
        "Severity": "planning.issues",
        "State": "api.states",
        "StoredEmail": "planning.stored",
        "Tag": "planning.targets",
        "UnknownError": "api.errors",
        "form": "surface.form",
        "history": "surface.history",
        "import_contacts": "surface.imports",
        "import_html": "surface.importing_html",
        "open_run": "surface.history",
        "plan": "surface.make",
        "plan_import": "surface.imports",
        "read_recipients": "planning.reading",
    }

    # Not for the type checker, which would then believe in any name.
    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value

    def __dir__() -> list[str]:
        return list(__all__)


__all__ = [
    "AccountError",
    "Audience",
    "CallError",
    "Campaign",
    "ClusterRun",
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

_accessor.register()
