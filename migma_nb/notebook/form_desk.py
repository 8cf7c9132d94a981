"""What the form asks of the rooms above it: the account, plans, tests and sends, each one public function."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from migma_nb.planning.frozen import Plan


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing of a list of the account.

    Args:
        id: its ID (str).
        name: what it is called (str).
        detail: a few words more, such as how many people it holds (str).
        value: what stands for it in `mg.plan`.
    """

    id: str
    name: str
    detail: str = ""
    value: Any = None

    @property
    def label(self) -> str:
        """Name and detail in one line."""
        return f"{self.name} · {self.detail}" if self.detail else self.name


@dataclass(frozen=True, slots=True)
class Before:
    """What is on record of a mailing's name.

    Args:
        people: how many people of it were mailed, or may have been (int).
        words: a sentence on that (str), "" for a new name.
        going: the run of it that is going on, in whatever process (str), None for none.
    """

    people: int
    words: str
    going: str | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a test.

    Args:
        words: in a sentence (str).
        were_sent: whether nothing was mailed because these very tests were sent before (bool).
    """

    words: str
    were_sent: bool = False


class Desk(Protocol):
    """Everything that the form can do apart from showing itself."""

    @property
    def sandbox(self) -> bool:
        """Whether nobody real can be mailed."""

    @property
    def where(self) -> str:
        """The server's address."""

    @property
    def own(self) -> bool:
        """Whether the sandbox is the form's own, since no client was given."""

    @property
    def for_real(self) -> str:
        """What to type for a form that mails real people."""

    @property
    def account(self) -> Any:
        """The form's own sandbox, None where there is none."""

    @property
    def client_lines(self) -> Sequence[str]:
        """The lines of Python that make the client."""

    def blank_out(self, text: str) -> str:
        """Return a text without the API key."""

    def asks(self, recipients: Any) -> bool:
        """Say whether a plan for these recipients asks the account how many people they are."""

    def plan(self, recipients: Any, arguments: dict[str, Any]) -> Plan:
        """Return the plan that `mg.plan` makes."""

    def sendable(self, plan: Plan) -> Any:
        """Return a plan as people hold it."""

    def choices(self, kind: str, project_id: str | None) -> Sequence[Choice]:
        """Return what the account has of a kind.

        Args:
            kind: "projects", "domains", "tags", "segments", "topics" or "emails".
            project_id: of which project, None for the only one.
        """

    def content(self, choice: Choice) -> tuple[str, Any, str] | Sequence[Choice]:
        """Return a generated email as argument, value and expression; several ones to choose of as such."""

    def before(self, mailing: str) -> Before:
        """Return what is on record of a mailing."""

    def open(self, run_id: str) -> Any:
        """Return a run that is on record, of whatever process."""

    def going(self) -> Sequence[str]:
        """Return the ids of the runs that go on, begun by other openings of the same page, oldest first."""

    def test(self, plan: Plan, to: str, *, again: bool) -> Tested:
        """Send a few rows to one address; those that were sent before only with `again`."""

    def start(self, plan: Plan, confirm: int | str, *, skip_invalid: bool) -> Any:
        """Set a plan going in the background; return its run."""

    def screen(self, run: Any) -> Any:
        """Return the panel that shows a run, while it goes on and after; `widget` is what to show."""
