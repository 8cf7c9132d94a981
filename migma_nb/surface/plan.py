"""`SendPlan`: a frozen plan, its problems, its previews, and the send."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from numbers import Integral

import pandas as pd

from migma_nb.api import loop
from migma_nb.api.errors import InputError
from migma_nb.ledger.places import Place, place_of
from migma_nb.notebook.plan_card import plan_html, plan_text
from migma_nb.planning import fixes
from migma_nb.planning.frozen import Plan
from migma_nb.planning.issues import IssueCode
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.trials import trial_of
from migma_nb.sending import campaigns, live, preflight
from migma_nb.sending.domain_check import check_domains
from migma_nb.sending.gate import SendOptions, check_preflight
from migma_nb.sending.preflight import MOST_CALLS
from migma_nb.surface.campaign import Campaign
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.domains import domain_frame
from migma_nb.surface.fixed import Fixed
from migma_nb.surface.preview import Preview
from migma_nb.surface.run import Run
from migma_nb.surface.showing import show_begun


class SendPlan:
    """A mailing, decided and checked, that can be looked at and sent. It never changes.

    Args:
        planned: the frozen plan.
    """

    def __init__(self, planned: Plan) -> None:
        self._plan = planned

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

        Neither plan nor list changes: read `fixed.changes`, then plan again with `fixed.people`.

        Args:
            code: what to repair, such as "invalid_email", or several codes; None for all that can be.

        Raises:
            InputError: no such code or repair, the plan is for targets, or the list was changed meanwhile.
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

    def send(
        self,
        client: Migma,
        *,
        confirm: int | str | None = None,
        skip_invalid: bool = False,
        limit: int | None = None,
        preflight: bool | int = True,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
    ) -> Run:
        """Send the plan and wait until every row is accounted for. Sending it again mails nobody twice.

        Args:
            client: a `Migma`, or what `Sandbox.client()` made.
            confirm: with a live client, the number of people (`plan.people`). Batches are counted again right
                before the send; where that cannot be done it is `plan.id`.
            skip_invalid: send although some rows have errors; those are left out.
            limit: begin with at most so many rows.
            preflight: look at the account before a live send, as `preflight` does, and stop where something
                is clearly amiss; a number is the most calls that finding unsubscribed people may take.
            progress: show a bar.
            ledger: the ledger's file or its `postgresql://` URL; None takes the client's own, `MIGMA_LEDGER`,
                or the user's.

        Raises:
            InputError: the plan has errors, a question is open, or the API knows no such tag or segment, or
                nobody in it. Nothing was sent.
            ConfirmationError: the live send was not confirmed. Nothing was sent.
            LedgerError: the ledger cannot be written. Nothing was sent.
            KeyboardInterrupt: it was interrupted; what was in flight is on record.
        """
        place, ledger = _place_of(ledger), None
        options = SendOptions(confirm, skip_invalid, limit, preflight=preflight)
        return self._begin(client, options, place).wait(progress=progress).end_paused()

    def test(
        self,
        client: Migma,
        *,
        to: str,
        rows: int | Sequence[int] | None = None,
        again: bool = False,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
    ) -> Run:
        """Send a few rows, exactly as they would go, to one address alone, and wait for the end.

        It is a mailing of its own: the rows of this one stay as they are, and running the cell again mails
        nothing again, until the plan is another one. Of a tag or segment one mail goes out, with the values
        that the plan has; what Migma fills in for each contact it fills in for `to`.

        Args:
            client: as in `send`; a live one too sends without `confirm`, since the address is typed.
            to: who gets the mails (str).
            rows: positions in the input, from 0, at most 20; None chooses up to five that show most: the
                first, the longest and the shortest, one with a default, one with a warning, the last.
            again: send them once more.
            progress: show a bar.
            ledger: as in `send`.

        Raises:
            InputError: `to` is no address, or a row will not be sent. Nothing was sent.
        """
        place, ledger = _place_of(ledger), None
        trial = SendPlan(trial_of(self._plan, to, rows, datetime.now(UTC) if again else None))
        begun = trial._begin(client, SendOptions(confirmed=True), place)
        return begun.wait(progress=progress).end_paused()

    def retry(
        self,
        client: Migma,
        *,
        confirm: int | None = None,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
    ) -> Run:
        """Send again to those whom the API refused in this mailing, under a new key each; wait for the end.

        For when the cause is mended, and for people whose content did not change: those whose content did
        are taken up by `send`. Everybody else is left alone.

        Args:
            client: as in `send`.
            confirm: with a live client, the number of refused people.
            progress: show a bar.
            ledger: as in `send`.

        Raises:
            InputError: nobody of this plan was refused. Nothing was sent.
            ConfirmationError: the live send was not confirmed. Nothing was sent.
        """
        place, ledger = _place_of(ledger), None
        return self._retry(client, confirm, progress, place)

    def start(
        self,
        client: Migma,
        *,
        confirm: int | str | None = None,
        skip_invalid: bool = False,
        limit: int | None = None,
        preflight: bool | int = True,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
    ) -> Run:
        """Set the plan going in the background and return at once; arguments and errors as in `send`.

        In a notebook with widgets the run's panel stands below the cell while it goes on, with buttons to
        pause, resume and stop it; `progress=False` leaves it out. Elsewhere `run.wait()` shows a bar.
        """
        place, ledger = _place_of(ledger), None
        options = SendOptions(confirm, skip_invalid, limit, preflight=preflight)
        run = self._begin(client, options, place)
        if progress:
            show_begun(run)
        return run

    def campaign(
        self,
        client: Migma,
        *,
        name: str | None = None,
        ledger: str | os.PathLike[str] | None = None,
    ) -> Campaign:
        """Make a campaign of Migma's from a plan on a tag or audience. Nobody is mailed yet.

        It is looked for first, so that running the cell again makes no second one.

        Args:
            client: as in `send`; its key needs `campaign:write` and `campaign:read`.
            name: what it is called at Migma; None takes the mailing's name.
            ledger: as in `send`, for when it is sent.

        Raises:
            InputError: the plan is no campaign (its recipients, raw HTML, transactional mail), or the project
                has another campaign of that name.
            RefusedError, NotSentError: it was not made.
            UnknownError: it may have been made; the same line looks for it first.
        """
        place, ledger = _place_of(ledger), None
        made = campaigns.make(self._plan, settings_of(client), name)
        return Campaign(self._plan, client, made, place)

    def _retry(self, client: Migma, confirm: int | None, progress: bool, place: Place | None) -> Run:
        options = SendOptions(confirm=confirm, skip_invalid=True, only_refused=True)
        return self._begin(client, options, place).wait(progress=progress).end_paused()

    def _begin(self, client: Migma, options: SendOptions, place: Place | None) -> Run:
        started = live.start(self._plan, settings_of(client), options, ledger=place)

        def retry(other: Migma | None, confirm: int | None, progress: bool) -> Run:
            return self._retry(other or client, confirm, progress, place)

        return Run(started.ledger, started.run_id, index=self._plan.index, live=started, retry=retry)

    def __repr__(self) -> str:
        return plan_text(self._plan)

    def _repr_html_(self) -> str:
        return plan_html(self._plan)


def _place_of(ledger: str | os.PathLike[str] | None) -> Place | None:
    """Return the place, whose password shows in no frame of an error; None leaves it to the client."""
    return None if ledger is None else place_of(ledger)
