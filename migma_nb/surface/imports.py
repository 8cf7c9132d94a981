"""`mg.plan_import` and `mg.import_contacts`: a frame becomes contacts under a tag, and what became of it."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, Self

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.api.states import RunState, State
from migma_nb.ledger.places import Place, place_of
from migma_nb.notebook.import_card import (
    forecast,
    import_html,
    import_plan_html,
    import_plan_text,
    import_text,
)
from migma_nb.planning.contacts import ContactList, make_contacts
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.targets import Tag
from migma_nb.sending import account_files, accounts, import_accounts, importing
from migma_nb.sending.import_gate import ImportOptions
from migma_nb.sending.import_summary import ImportFacts
from migma_nb.sending.importing import LiveImport
from migma_nb.surface.client import Migma, settings_of
from migma_nb.surface.import_progress import ImportBar, ImportScreen
from migma_nb.surface.interrupts import explain, say_at_once

P = ParamSpec("P")

#: How often the screen is brought up to date (seconds).
_TICK_S = 0.1


def _surfaced(make: Callable[P, ContactList]) -> Callable[P, "ImportPlan"]:
    """Return the same function, its list wrapped for people; its arguments are listed once, in planning."""

    @functools.wraps(make)
    def plan_import(*args: P.args, **kwargs: P.kwargs) -> ImportPlan:
        return ImportPlan(make(*args, **kwargs))

    plan_import.__name__ = plan_import.__qualname__ = "plan_import"
    plan_import.__module__ = __name__
    return plan_import


class ImportRun:
    """What became of an import. `ImportPlan.send` and `mg.import_contacts` make it.

    Args:
        live: the import that this process drives, or drove.
    """

    def __init__(self, live: LiveImport) -> None:
        self._live = live

    @property
    def id(self) -> str:
        """The import's id, as the ledger has it."""
        return self._live.import_id

    @property
    def state(self) -> RunState:
        """`running`, `finished`, `stopped` or `halted`."""
        return self._live.state

    @property
    def counts(self) -> dict[State, int]:
        """How many input rows are in which state."""
        return self._live.counts

    @property
    def frame(self) -> pd.DataFrame:
        """One line per input row, in its order and under its index, also while the import goes on.

        Returns:
            Rows × (`recipient`, `state`, `reason`, `detail`, `contact_id`, `contact_status`, `http_status`,
            `finished_at`, `request_id`, `idempotency_key`). `contact_id` and `contact_status` are what the
            API holds, where the rows were read back (`account="rows"`); times are UTC.
        """
        return import_accounts.frame_of(self._live)

    @property
    def tag(self) -> Tag:
        """The tag with its ID, to plan a mailing with: `mg.plan(result.tag, …)`.

        Raises:
            InputError: the ID could not be read; says why.
        """
        found = self._live.tag
        if found is None or found.id is None:
            raise InputError(
                f"The ID of the tag {self._live.contacts.tag!r} is not known: {self._live.tag_trouble}.",
                hint='Import again once that is mended, or take the ID from the dashboard: mg.Tag("…").',
            )
        return Tag(found.id)

    @property
    def tag_id(self) -> str | None:
        """The tag's ID, None where it could not be read; `tag` says why."""
        return None if self._live.tag is None else self._live.tag.id

    @property
    def project_id(self) -> str:
        """The ID of the Migma project that the contacts are in, to plan a mailing of a template with."""
        return self._live.project_id

    def summary(self) -> str:
        """Return what the import came to, in a few lines, the next sensible step last."""
        return import_text(ImportFacts.of(self._live))

    def join(self, people: Any) -> pd.DataFrame:
        """Return the input's columns with the account beside them, by position.

        Args:
            people: the frame that was imported, of pandas, Polars or PyArrow; a column of the account whose
                name it has too is prefixed with `mail_`.

        Raises:
            InputError: the frame has another number of rows than the import.
        """
        return accounts.join(people, self.frame)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the account as CSV; cells that a spreadsheet would run as formulas are neutralised."""
        return account_files.write_csv(self.frame, os.fspath(path))

    def _shown(self, *, progress: bool) -> Self:
        return self._wait(ImportBar(self._live, shown=progress))

    def _wait(self, bar: ImportScreen) -> Self:
        has_account = False
        try:
            while not self._live.ended.wait(_TICK_S):
                bar.update()
            self._live.future.result()
            has_account = True
        except KeyboardInterrupt as interrupt:
            self._live.stop()
            say_at_once("Stopping: the request that is on its way comes back first …")
            while not self._live.ended.wait(_TICK_S):
                bar.update()
            explain(
                interrupt, "Stopped by you; what is in is on record. Import the same list again to go on."
            )
            raise
        finally:
            bar.close(leave_none=has_account)
        return self

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return import_html(ImportFacts.of(self._live))


class ImportPlan:
    """An import, decided and checked, that can be looked at and sent. It never changes.

    Args:
        planned: the frozen list.
    """

    def __init__(self, planned: ContactList) -> None:
        self._contacts = planned

    @property
    def id(self) -> str:
        """12 hexadecimal digits over everything that is imported."""
        return self._contacts.id

    @property
    def people(self) -> int:
        """How many people will be imported: distinct, valid, not excluded."""
        return len(self._contacts.ready)

    @property
    def issues(self) -> pd.DataFrame:
        """All problems, one line each.

        Returns:
            Problems × (`row`, `index`, `column`, `value`, `code`, `severity`, `message`, `fix`).
        """
        return self._contacts.issues

    @property
    def reading(self) -> ReadReport | None:
        """How the list was read from its file, with every repair; None where it was no file."""
        return self._contacts.reading

    @property
    def forecast(self) -> pd.DataFrame:
        """How many calls the import takes, by the kind of account, before anything is sent.

        Rows that an earlier import took in are not sent again; a job of the API's, and a tag that holds other
        people, take more reads.

        Returns:
            `counts` and `rows` × (`requests`, `reads`).
        """
        found = forecast(self._contacts)
        return pd.DataFrame(found.values(), index=list(found), columns=["requests", "reads"])

    def send(
        self,
        client: Migma,
        *,
        account: str = "counts",
        skip_invalid: bool = False,
        confirm: int | None = None,
        progress: bool = True,
        ledger: str | os.PathLike[str] | None = None,
    ) -> ImportRun:
        """Import the list and wait for the end. It mails nobody, and doing it again imports nothing twice.

        Args:
            client: a `Migma`, or what `Sandbox.client()` made. The key needs `audience:write`, and
                `audience:read` for the tag's ID and for `account="rows"`.
            account: "counts" goes by what the API says, which is counts and words: where some of a request's
                rows fail and it does not say which, those rows are `unknown`. "rows" reads the tag's contacts
                back, one call per 100 people, and settles each row; see `forecast`.
            skip_invalid: import although some rows have errors; those are left out.
            confirm: with `resubscribe=True` and a live client, the number of people (`plan.people`).
            progress: show a bar.
            ledger: the ledger's file or its `postgresql://` URL; None takes the client's own, `MIGMA_LEDGER`,
                or the user's.

        Raises:
            InputError: the list has errors, a question is open, or the project is unclear. Nothing was sent.
            ConfirmationError: unsubscribed people would be subscribed again, and that was not confirmed.
            LedgerError: the ledger cannot be opened. Nothing was sent.
            KeyboardInterrupt: it was interrupted; what is in is on record.
        """
        # The place, not the URL: a password stays in no frame of an error.
        place, ledger = None if ledger is None else place_of(ledger), None
        options = ImportOptions(account=account, skip_invalid=skip_invalid, confirm=confirm)
        return self._begin(client, options, place)._shown(progress=progress)  # noqa: SLF001 - its maker

    def _begin(self, client: Migma, options: ImportOptions, place: Place | None) -> ImportRun:
        live = importing.start(self._contacts, settings_of(client), options, ledger=place)
        return ImportRun(live)

    def __repr__(self) -> str:
        return import_plan_text(self._contacts)

    def _repr_html_(self) -> str:
        return import_plan_html(self._contacts)


def import_contacts(
    people: Any,
    client: Migma,
    *,
    tag: str | None = None,
    account: str = "counts",
    skip_invalid: bool = False,
    confirm: int | None = None,
    progress: bool = True,
    ledger: str | os.PathLike[str] | None = None,
    **options: Any,
) -> ImportRun:
    """Import people as contacts under a tag; `mg.plan(result.tag, …)` then mails them by one call.

    It is `mg.plan_import(people, tag=…, …).send(client, …)`. Nobody is mailed, and running it again imports
    nothing twice: only new and changed rows are sent.

    Args:
        people: a DataFrame, a Polars or PyArrow table, a file, a list of dicts, or one address.
        client: as for `ImportPlan.send`, and so are the arguments below.
        tag: the tag's name; a new one for each import keeps its older members from being mailed too.
        account: "counts" or "rows".
        skip_invalid: import although some rows have errors; those are left out.
        confirm: needed only with `resubscribe=True` and a live client.
        progress: show a bar.
        ledger: the ledger's file or URL.
        options: as for `mg.plan_import`: `project_id`, `address`, `columns`, `custom`, `exclude`,
            `duplicates`, `resubscribe`.

    Raises:
        InputError: the list or an argument cannot be used. Nothing was sent.
        LedgerError: the ledger cannot be opened. Nothing was sent.
    """
    place, ledger = None if ledger is None else place_of(ledger), None
    chosen = ImportOptions(account=account, skip_invalid=skip_invalid, confirm=confirm)
    planned = plan_import(people, tag=tag, **options)
    return planned._begin(client, chosen, place)._shown(progress=progress)  # noqa: SLF001 - its other face


plan_import = _surfaced(make_contacts)
