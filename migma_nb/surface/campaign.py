"""`Campaign`: Migma's resource of that name, made from a plan, sent once, and watched."""

import math
import time
from datetime import datetime
from typing import Self

import pandas as pd

from migma_nb.api import campaigns as api
from migma_nb.api import loop
from migma_nb.api.errors import InputError
from migma_nb.api.resources import CampaignInfo
from migma_nb.api.states import State
from migma_nb.ledger.places import Place
from migma_nb.ledger.store import open_ledger
from migma_nb.notebook.campaign_card import campaign_html, campaign_text
from migma_nb.planning.frozen import Plan
from migma_nb.sending import campaign_runs, campaigns
from migma_nb.surface.client import Migma
from migma_nb.surface.frames import frame_of, snake
from migma_nb.surface.run import Run
from migma_nb.surface.waiting import check_seconds

#: The wait between two looks at a campaign that is going grows from the first to the second (seconds).
FIRST_WAIT_S, LONGEST_WAIT_S = 0.3, 15.0


class Campaign:
    """A campaign of Migma's, made from a plan by `plan.campaign(client)`. Making it has mailed nobody.

    Sending or scheduling it is a batch of the plan's mailing: it is claimed in the ledger, so that running
    the cell again sends nothing twice, and nothing else of that mailing goes to the same tag or audience.

    Args:
        plan: the frozen plan that it was made from.
        client: the client that made it.
        info: how it stands.
        place: the ledger's place; None takes the client's own, `MIGMA_LEDGER`, or the user's.
    """

    def __init__(self, plan: Plan, client: Migma, info: CampaignInfo, place: Place | None) -> None:
        self._plan = plan
        self._client = client
        self._info = info
        self._place = place

    @property
    def id(self) -> str:
        """Its ID at Migma."""
        return str(self._info.id)

    @property
    def status(self) -> str:
        """Its status at the last look, in Migma's word: draft, scheduled, sending, sent, …; see `refresh`."""
        return self._info.status or "unknown"

    @property
    def info(self) -> CampaignInfo:
        """All that Migma told of it at the last look, as attributes."""
        return self._info

    @property
    def estimated_recipients(self) -> int | None:
        """How many people it would mail, by Migma's estimate; None where Migma tells none."""
        return self._info.estimated_recipients

    def send(self, *, confirm: int | str | None = None, preflight: bool | int = True) -> Run:
        """Let the campaign go now, once in its mailing, and wait until Migma has taken it.

        Where no answer comes, the campaign's own status tells whether it was taken; nothing is repeated
        blindly.

        Args:
            confirm: with a live client, the number of people, as the error without it says; it is read from
                Migma (`estimatedRecipients`, else the tag's or segment's count), and is the plan's id where
                Migma tells none.
            preflight: as in `plan.send`.

        Returns:
            The run, whose one row is the batch: `accepted`, `already_sent`, `refused` or `unknown`.

        Raises:
            InputError: it has gone without this ledger's doing, or the mailing holds other recipients.
            ConfirmationError: the live send was not confirmed. Nothing was sent.
            CallError: how it stands could not be read. Nothing was sent.
        """
        return self._go(campaigns.Step("send", {}), confirm, preflight)

    def schedule(
        self, at: datetime, *, confirm: int | str | None = None, preflight: bool | int = True
    ) -> Run:
        """Let Migma send the campaign at a moment; claimed, confirmed and recorded as a send is.

        Args:
            at: a datetime with a time zone: `datetime(2026, 12, 1, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))`.
                A zone without a name, such as a fixed offset, goes out as UTC.
            confirm: as for `send`.
            preflight: as for `send`.

        Raises:
            InputError: `at` is no such datetime, or has passed; else as for `send`. Nothing was sent.
            ConfirmationError, CallError: as for `send`.
        """
        return self._go(campaigns.schedule_step(at), confirm, preflight)

    def cancel(self) -> Self:
        """Take a scheduled campaign back, or stop one that is going where it is.

        Its mailing stays used in the ledger: plan under a new mailing name to send it after all.

        Raises:
            InputError: the account has no such campaign any more.
            CallError: it was not cancelled, or no answer tells.
        """
        self._info = loop.call(api.cancel(self._client.settings, self.id))
        return self

    def refresh(self) -> Self:
        """Ask Migma how the campaign stands; a send whose answer was lost is settled by it.

        Raises:
            InputError: the account has no such campaign any more.
            CallError: no clear answer came.
        """
        self._info = loop.call(api.fetch(self._client.settings, self.id))
        ledger = open_ledger(self._place or self._client.settings.ledger)
        campaign_runs.settle(ledger, self._plan, self._client.settings, self._info)
        return self

    def wait(self, timeout: float | None = 600.0) -> Self:
        """Look at a campaign that is going until it is sent, failed or cancelled.

        Args:
            timeout: seconds after which to return all the same; Migma goes on. None waits to the end.

        Raises:
            InputError: it is not going: it is a draft, or waits for its moment.
            CallError: no clear answer came.
        """
        check_seconds("timeout", timeout)
        until, pause = time.monotonic() + (math.inf if timeout is None else timeout), FIRST_WAIT_S
        while self.refresh().status.lower() not in api.ENDED:
            if self.status.lower() in {api.DRAFT, "scheduled"}:
                raise InputError(f"The campaign is not going: it is {self.status!r}.")
            if time.monotonic() >= until:
                break
            time.sleep(max(0.0, min(pause, until - time.monotonic())))
            pause = min(LONGEST_WAIT_S, pause * 1.3)
        return self

    @property
    def stats(self) -> pd.Series:
        """What became of its mails, in numbers, asked for now; rates are from 0 to 100, opens are inflated.

        Returns:
            Names in snake_case (`total_sent`, `unique_opens`, `open_rate`, …) to values.

        Raises:
            CallError: no clear answer came.
        """
        found = loop.call(api.stats(self._client.settings, self.id))
        return pd.Series({snake(name): value for name, value in found.items()}, dtype=object, name=self.id)

    def logs(self, *, status: str | None = None) -> pd.DataFrame:
        """Return Migma's log of its mails, newest first, all pages; Migma keeps it for about 30 days.

        Args:
            status: only this status: delivered, opened, clicked, bounced or complained.

        Returns:
            Mails × (`to_email`, `status`, `created_at`, `opened_at`, …); times are UTC.
        """
        lines = loop.call(api.logs(self._client.settings, self.id, status))
        return frame_of(lines, api.CampaignLogLine)

    def _go(self, step: campaigns.Step, confirm: int | str | None, preflight: bool | int) -> Run:
        settings = self._client.settings
        started = campaign_runs.start(
            self._plan,
            settings,
            self.id,
            step,
            confirm=confirm,
            ledger=self._place,
            preflight=preflight,
        )
        run = Run(started.ledger, started.run_id, index=self._plan.index, live=started)
        run.wait(progress=False).end_paused()
        if run.counts.get(State.UNKNOWN):
            campaign_runs.look_until_settled(started.ledger, self._plan, settings, self.id)
        elif run.counts.get(State.REFUSED):
            campaign_runs.look_until_settled(started.ledger, self._plan, settings, self.id, looks=1)
        self._info = loop.call(campaign_runs.last_look(settings, self._info))
        return run

    def __repr__(self) -> str:
        return campaign_text(self._info, sandbox=self._client.is_sandbox)

    def _repr_html_(self) -> str:
        return campaign_html(self._info, sandbox=self._client.is_sandbox)
