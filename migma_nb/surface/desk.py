"""What the form does with an account, each the public function that a person would call."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from migma_nb.api.settings import DEFAULT_BASE_URL, Settings
from migma_nb.api.states import LIVE_STATES
from migma_nb.ledger.places import place_of
from migma_nb.ledger.queries import live_runs
from migma_nb.ledger.reading import open_to_read
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.standings import numbers_of
from migma_nb.ledger.store import Ledger
from migma_nb.notebook.form_desk import Before, Choice, Tested
from migma_nb.notebook.form_expressions import expression
from migma_nb.notebook.lines import counted
from migma_nb.planning.frozen import Plan
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.sending.facts import facts_of, state_of
from migma_nb.sending.summary import headline, trouble_of
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.make import plan as make_plan
from migma_nb.surface.page_runs import Noted, noted, runs_of
from migma_nb.surface.plan import SendPlan
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import Sandbox
from migma_nb.surface.showing import panel_of

#: Mailed, or perhaps: whoever stands so gets nothing of the mailing any more.
_SETTLED = (ClaimState.ACCEPTED, ClaimState.UNKNOWN)


class AccountDesk:
    """What the form does with an account.

    Args:
        client: a client; None makes a sandbox of its own, which lives as long as the desk.
        for_real: what to type for a form that mails real people.
        runs: where what is sent is noted for the server of a page; None notes nothing.
        rate: the pace in a sandbox of its own, as in `Sandbox.client`.
    """

    def __init__(
        self, client: Migma | None, for_real: str, runs: Path | None = None, rate: str | None = None
    ) -> None:
        self.for_real = for_real
        self._runs = runs
        self._sandbox = Sandbox() if client is None else None
        self._client = self._sandbox.client(rate=rate) if self._sandbox is not None else client
        self._settings = settings_of(self._client)
        self._shelves: Mapping[str, Callable[[str | None], Sequence[Choice]]] = MappingProxyType(
            {
                "projects": self._projects,
                "domains": self._domains,
                "tags": self._tags,
                "segments": self._segments,
                "topics": self._topics,
                "emails": self._emails,
            }
        )

    @property
    def client(self) -> Migma:
        """The client."""
        assert self._client is not None  # noqa: S101 - made in __init__ where none was given
        return self._client

    @property
    def sandbox(self) -> bool:
        """Whether nobody real can be mailed."""
        return self._settings.sandbox

    @property
    def own(self) -> bool:
        """Whether the sandbox is the form's own."""
        return self._sandbox is not None

    @property
    def account(self) -> Sandbox | None:
        """The form's own sandbox, None where a client was given."""
        return self._sandbox

    @property
    def where(self) -> str:
        """The server's address."""
        return self._settings.origin

    @property
    def client_lines(self) -> Sequence[str]:
        """The lines that make the client; a sandbox in hand cannot be made by any."""
        if self.own:
            return ("client = mg.Sandbox().client()  # a rehearsal; for real mail: client = mg.Migma()",)
        if self.sandbox:
            return ("# client: the sandbox's client that you passed to mg.form",)
        return (f"client = mg.Migma({_given(self._settings)})",)

    def blank_out(self, text: str) -> str:
        """Return a text without the API key."""
        return str(self._settings.key.blank_out(text))

    def asks(self, recipients: Any) -> bool:
        """Say whether the plan asks how many people a target holds; a fresh sandbox knows of none."""
        return isinstance(recipients, Tag | Segment | Audience) and not self.own

    def plan(self, recipients: Any, arguments: dict[str, Any]) -> Plan:
        """Return the plan that `mg.plan` makes."""
        client = self.client if self.asks(recipients) else None
        return make_plan(recipients, client=client, **arguments)._plan  # noqa: SLF001 - the screens show it

    def sendable(self, plan: Plan) -> SendPlan:
        """Return a plan as people hold it."""
        return SendPlan(plan)

    def choices(self, kind: str, project_id: str | None) -> Sequence[Choice]:
        """Return what the account has of a kind."""
        return self._shelves[kind](project_id)

    def content(self, choice: Choice) -> tuple[str, Any, str] | Sequence[Choice]:
        """Return a generated email as argument of `mg.plan`, its value and its expression.

        A conversation that made several emails is the choice between them.
        """
        email_id, conversation_id = choice.value
        if email_id:
            email = self.client.email(email_id)
            if email.id is not None:
                return "email_id", email, f"client.email({expression(email.id)})"
        found = self.client.conversation(conversation_id)
        if len(found.emails) > 1:
            return [
                Choice(one.id or found.id, one.subject or found.id, f"email {at}", (one.id, found.id))
                for at, one in enumerate(found.emails, 1)
            ]
        return "conversation_id", found, f"client.conversation({expression(found.id)})"

    def before(self, mailing: str) -> Before:
        """Return how many people of a mailing were mailed, by the ledger that a send would use."""
        ledger = self._ledger()
        going = [
            run_id
            for run_id in ledger.reading(lambda conn: live_runs(conn, self._settings.scope, mailing.strip()))
            if state_of(ledger, run_id) in LIVE_STATES
        ]
        found = ledger.reading(lambda conn: numbers_of(conn, self._settings.scope, mailing.strip()))
        mailed = sum(count for state, count in found.items() if state in _SETTLED)
        if not found:
            return Before(0, "", going[-1] if going else None)
        return Before(
            mailed,
            f"This mailing exists: {counted(mailed, 'person was', 'people were')} mailed in it and will not "
            "be again.",
            going[-1] if going else None,
        )

    def open(self, run_id: str) -> Run:
        """Return a run that is on record, of whatever process."""
        noted = {one.run_id: one for one in self._noted()}
        return noted[run_id].open() if run_id in noted else Run(self._ledger(), run_id)

    def going(self) -> Sequence[str]:
        """Return the runs that other openings of this page are at; none where this is no page."""
        return [one.run_id for one in self._noted()]

    def _noted(self) -> Sequence[Noted]:
        return [] if self._runs is None else runs_of(self._runs.parent)

    def _ledger(self) -> Ledger:
        """Return the ledger that a send would use, to be read."""
        return open_to_read(place_of(self._settings.ledger) if self._settings.ledger else place_of())

    def start(self, plan: Plan, confirm: int | str, *, skip_invalid: bool) -> Run:
        """Set a plan going in the background."""
        with noted(self._runs) as note:
            run = SendPlan(plan).start(
                self.client, confirm=confirm, skip_invalid=skip_invalid, progress=False
            )
            live = run._live  # noqa: SLF001 - as any screen of a run
            if note is not None and live is not None:
                note.keep_until_ended(live, self._settings.ledger)
        return run

    def test(self, plan: Plan, to: str, *, again: bool) -> Tested:
        """Send a few rows to one address; those that were sent before only with `again`."""
        with noted(self._runs):
            run = SendPlan(plan).test(self.client, to=to, again=again, progress=False)
        found = facts_of(run._ledger, run.id)  # noqa: SLF001 - as any screen of a run
        words, python, _ = headline(found).partition("; again=True")
        if python:
            return Tested(f"{words}.", were_sent=True)
        return Tested(" ".join([words, *trouble_of(found)]))

    def screen(self, run: Run) -> Any:
        """Return the panel that shows a run."""
        return panel_of(run)

    def _projects(self, _: str | None) -> Sequence[Choice]:
        return _choices(self.client.projects(), "id", "name")

    def _domains(self, _: str | None) -> Sequence[Choice]:
        found = self.client.domains()
        return _choices(found[found["verified"].fillna(False)], "domain", "domain")

    def _tags(self, project_id: str | None) -> Sequence[Choice]:
        return _targets(self.client.tags(project_id=project_id), Tag, "subscriber_count")

    def _segments(self, project_id: str | None) -> Sequence[Choice]:
        return _targets(self.client.segments(project_id=project_id), Segment, "count")

    def _topics(self, project_id: str | None) -> Sequence[Choice]:
        return _choices(self.client.topics(project_id=project_id), "id", "name")

    def _emails(self, project_id: str | None) -> Sequence[Choice]:
        found = self.client.emails(project_id=project_id)
        return [
            Choice(
                str(one["conversation_id"]),
                _text(one["title"]) or _text(one["subject"]) or str(one["conversation_id"]),
                _text(one["status"]),
                (_text(one["email_id"]), _text(one["conversation_id"])),
            )
            for one in found.to_dict("records")
        ]


def _given(settings: Settings) -> str:
    """Return the arguments of the client that are not its defaults; the key never is one of them.

    What the environment says is written out too: the lines mean the same where it says something else.
    """
    parts = {}
    if settings.base_url != DEFAULT_BASE_URL or os.getenv("MIGMA_BASE_URL"):
        parts["base_url"] = settings.base_url
    if settings.scope.startswith("account:"):
        parts["account"] = settings.scope.removeprefix("account:")
    elif os.getenv("MIGMA_ACCOUNT"):
        parts["account"] = ""
    if settings.rate is not None:
        parts["rate"] = str(settings.rate)
    elif os.getenv("MIGMA_RATE"):
        parts["rate"] = "auto"
    return ", ".join(f"{name}={expression(value)}" for name, value in parts.items())


def _choices(found: pd.DataFrame, id_: str, name: str) -> Sequence[Choice]:
    return [
        Choice(str(one[id_]), _text(one[name]) or str(one[id_]), value=str(one[id_]))
        for one in found.to_dict("records")
    ]


def _targets(found: pd.DataFrame, kind: type[Tag | Segment], count: str) -> Sequence[Choice]:
    lines = []
    for one in found.to_dict("records"):
        people = None if pd.isna(one[count]) else int(one[count])
        name = _text(one["name"])
        held = "" if people is None else counted(people, "person", "people")
        lines.append(
            Choice(
                str(one["id"]), name or str(one["id"]), held, kind(str(one["id"]), name=name, count=people)
            )
        )
    return lines


def _text(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)  # noqa: PLR0124 - NaN
