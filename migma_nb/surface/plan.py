"""`SendPlan`: a frozen plan, and its sends."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, overload

from migma_nb.ledger.places import Place, place_of
from migma_nb.notebook.plan_card import plan_html, plan_text
from migma_nb.planning.frozen import Plan
from migma_nb.planning.trials import trial_of
from migma_nb.sending import campaigns, live
from migma_nb.sending.gate import SendOptions
from migma_nb.surface import cluster_start
from migma_nb.surface.campaign import Campaign
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.cluster_run import ClusterRun
from migma_nb.surface.planned import Planned
from migma_nb.surface.run import Run
from migma_nb.surface.showing import show_begun

if TYPE_CHECKING:
    from distributed import Client


class SendPlan(Planned):
    """A mailing, decided and checked, that can be looked at and sent. It never changes.

    Args:
        planned: the frozen plan.
    """

    def __init__(self, planned: Plan) -> None:
        self._plan = planned

    @overload
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
        cluster: None = None,
    ) -> Run: ...
    @overload
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
        cluster: "Client",
    ) -> ClusterRun: ...
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
        cluster: "Client | None" = None,
    ) -> Run | ClusterRun:
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
            cluster: a `dask.distributed.Client`, whose workers then send parts of the plan, under one ledger
                in PostgreSQL and at one rate. Each takes the API key and `MIGMA_LEDGER` from its own
                environment. None sends from here.

        Raises:
            InputError: the plan has errors, a question is open, or the API knows no such tag or segment, or
                nobody in it. Nothing was sent.
            ConfigurationError: a worker of the cluster has no key, or not this ledger. Nothing was sent.
            ConfirmationError: the live send was not confirmed. Nothing was sent.
            LedgerError: the ledger cannot be written. Nothing was sent.
            KeyboardInterrupt: it was interrupted; what was in flight is on record.
        """
        place, ledger = _place_of(ledger), None
        options = SendOptions(confirm, skip_invalid, limit, preflight=preflight)
        if cluster is not None:
            return self._begin_on(cluster, client, options, place).wait(progress=progress)
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
        preflight: bool | int = True,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
    ) -> Run:
        """Send again to those whom the API refused in this mailing, under a new key each; wait for the end.

        For when the cause is mended, and for people whose content did not change: those whose content did
        are taken up by `send`. Everybody else is left alone.

        Args:
            client: as in `send`.
            confirm: with a live client, the number of refused people.
            preflight: as in `send`.
            progress: show a bar.
            ledger: as in `send`.

        Raises:
            InputError: nobody of this plan was refused. Nothing was sent.
            ConfirmationError: the live send was not confirmed. Nothing was sent.
        """
        place, ledger = _place_of(ledger), None
        return self._retry(client, confirm, progress, place, preflight=preflight)

    @overload
    def start(
        self,
        client: Migma,
        *,
        confirm: int | str | None = None,
        skip_invalid: bool = False,
        limit: int | None = None,
        preflight: bool | int = True,
        only_refused: bool = False,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
        cluster: None = None,
    ) -> Run: ...
    @overload
    def start(
        self,
        client: Migma,
        *,
        confirm: int | str | None = None,
        skip_invalid: bool = False,
        limit: int | None = None,
        preflight: bool | int = True,
        only_refused: bool = False,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
        cluster: "Client",
    ) -> ClusterRun: ...
    def start(
        self,
        client: Migma,
        *,
        confirm: int | str | None = None,
        skip_invalid: bool = False,
        limit: int | None = None,
        preflight: bool | int = True,
        only_refused: bool = False,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
        cluster: "Client | None" = None,
    ) -> Run | ClusterRun:
        """Set the plan going in the background and return at once; arguments and errors as in `send`.

        In a notebook with widgets the run's panel stands below the cell while it goes on, with buttons to
        pause, resume and stop it; `progress=False` leaves it out. Elsewhere `run.wait()` shows a bar.
        `only_refused` takes up those whom the API refused, and nobody else, as `retry` does; their number is
        then what `confirm` wants. On a `cluster` the parts go on without this process's doing as long as
        its `cluster` client lives, and no panel is shown.
        """
        place, ledger = _place_of(ledger), None
        options = SendOptions(confirm, skip_invalid, limit, only_refused, preflight=preflight)
        if cluster is not None:
            return self._begin_on(cluster, client, options, place)
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

    def _retry(
        self,
        client: Migma,
        confirm: int | None,
        progress: bool,
        place: Place | None,
        *,
        preflight: bool | int = True,
    ) -> Run:
        options = SendOptions(confirm=confirm, skip_invalid=True, only_refused=True, preflight=preflight)
        return self._begin(client, options, place).wait(progress=progress).end_paused()

    def _begin(self, client: Migma, options: SendOptions, place: Place | None) -> Run:
        started = live.start(self._plan, settings_of(client), options, ledger=place)

        def retry(other: Migma | None, confirm: int | None, progress: bool) -> Run:
            return self._retry(other or client, confirm, progress, place)

        return Run(started.ledger, started.run_id, index=self._plan.index, live=started, retry=retry)

    def _begin_on(
        self, cluster: "Client", client: Migma, options: SendOptions, place: Place | None
    ) -> ClusterRun:
        crew = cluster_start.start(self._plan, settings_of(client), options, cluster, place=place)

        def retry(other: Migma | None, confirm: int | None, progress: bool) -> Run:
            return self._retry(other or client, confirm, progress, place or crew.ledger.place)

        return ClusterRun(crew, retry)

    def __repr__(self) -> str:
        return plan_text(self._plan)

    def _repr_html_(self) -> str:
        return plan_html(self._plan)


def _place_of(ledger: str | os.PathLike[str] | None) -> Place | None:
    """Return the place, whose password shows in no frame of an error; None leaves it to the client."""
    return None if ledger is None else place_of(ledger)
