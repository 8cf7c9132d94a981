"""What can be looked at on a plan: its people, its problems, its previews, its repairs. Nothing is sent."""

from collections.abc import Iterable, Sequence
from numbers import Integral

import pandas as pd

from migma_nb.api import loop
from migma_nb.api.errors import InputError
from migma_nb.planning import fixes
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueCode
from migma_nb.planning.read_report import ReadReport
from migma_nb.sending import preflight
from migma_nb.sending.domain_check import check_domains
from migma_nb.sending.gate import check_preflight
from migma_nb.sending.preflight import MOST_CALLS
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.domains import domain_frame
from migma_nb.surface.fixed import Fixed
from migma_nb.surface.preview import Preview


class Planned:
    """The looks at a `SendPlan`; `SendPlan` is the only one of its kind."""

    _plan: Plan

    @property
    def id(self) -> str:
        """12 hexadecimal digits over everything that changes what is sent."""
        return self._plan.id

    @property
    def mailing(self) -> str:
        """Your own name for this mailing: nobody gets it twice."""
        return self._plan.mailing

    @property
    def people(self) -> int | None:
        """How many people will be mailed: distinct, valid, not excluded; of batches as many as Migma counts.

        None where it is not known how many a batch holds: `mg.plan(…, client=client)` asks Migma.
        """
        return self._plan.people

    @property
    def issues(self) -> pd.DataFrame:
        """Problems × (`row`, `index`, `column`, `value`, `code`, `severity`, `message`, `fix`)."""
        return self._plan.issues

    @property
    def reading(self) -> ReadReport | None:
        """How the list was read from its file, with every repair; None where it was no file."""
        return self._plan.reading

    def preview(self, row: int = 0) -> Preview:
        """Return a row's message as the documented rules render it.

        Args:
            row: the row's position in the input, from 0.

        Raises:
            InputError: there is no such row.
        """
        given: object = row  # a frame's labels are numbers of numpy's
        whole = isinstance(given, Integral) and not isinstance(given, bool)
        if not (whole and 0 <= row < self._plan.size):
            raise InputError(
                f"There is no row {given!r}.", hint=f"The rows are 0 to {self._plan.size - 1:,}."
            )
        return Preview(self._plan.message(int(row)))

    def fix(self, code: str | IssueCode | Iterable[str] | None = None) -> Fixed:
        """Make the repairs that are certain on a copy of the planned list, and say what was changed.

        Neither plan nor list changes: read `fixed.changes`, then plan again with `fixed.people`. What has no
        certain repair is left to you, and stands in `fixed.left` and `fixed.issues`.

        Args:
            code: what to repair, such as "invalid_email", or several codes; None for all that can be.

        Raises:
            InputError: there is no such code, the plan is for one target or was made in pieces, or the list
                was changed meanwhile.
        """
        return Fixed(fixes.repair(self._plan, code))

    def check_domains(self, *, timeout: float = 5, nameservers: Sequence[str] | None = None) -> pd.DataFrame:
        """Ask the domain name system which domains of the rows to be sent take no mail; nothing changes.

        Args:
            timeout: seconds for one domain.
            nameservers: whom to ask, as "9.9.9.9" or "127.0.0.1:5353"; None for the machine's own.

        Returns:
            Domains that take no mail or could not be checked × (`domain`, `finding`, `detail`, `rows`).

        Raises:
            InputError: the plan is for targets, or an argument cannot be used.
        """
        return domain_frame(check_domains(self._plan, timeout, nameservers))

    def preflight(self, client: Migma, *, calls: int = MOST_CALLS) -> pd.DataFrame:
        """Look at the account before a send: key, sender's domain, provider, target, quota, and unsubscribes.

        Nothing is posted and nothing changes. Every live send does the same by itself: a check that failed
        stops it, and people whom the account knows as unsubscribed or bounced are `excluded` (bounced ones
        from any mail, S21; the others from marketing). What is not clearly answered never stops a send.

        Args:
            client: a `Migma`, or what `Sandbox.client()` made.
            calls: the most calls that finding unsubscribed people may take; each counts for the rate limit.

        Returns:
            Checks × (`check`, `outcome`, `detail`, `fix`, `rows`); an outcome is "passed", "failed" or
            "could not be checked", `rows` are the positions of the rows that will be excluded.
        """
        settings = settings_of(client)
        check_preflight(calls)
        found = loop.call(preflight.look(self._plan, settings, self._plan.ready, calls=calls))
        return found.frame()
