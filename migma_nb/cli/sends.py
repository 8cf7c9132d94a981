"""`migma-nb send`: a mailing sent, to a sandbox of its own unless it is live."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from migma_nb.api.errors import ConfirmationError, InputError, LedgerError
from migma_nb.api.states import RunState
from migma_nb.cli.answering import LostSightError, UnfinishedError, answered
from migma_nb.cli.exits import Exit, exit_of
from migma_nb.cli.going import wait
from migma_nb.cli.lines import Line
from migma_nb.cli.lists import show_reading
from migma_nb.cli.mailings import Planned, mailing_of, plan_to_send
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import SENDING, after_run, show_next
from migma_nb.cli.problems import tally
from migma_nb.cli.records import check_out, run_document, show_run, write_account
from migma_nb.cli.rehearsals import counting
from migma_nb.cli.screen import document, say
from migma_nb.notebook.plan_view import whom_of
from migma_nb.surface.client import Migma
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import Sandbox

#: Of a number of people; Python reads no text of thousands of digits as a number.
_MOST_DIGITS = 20
#: What a refusal for want of a confirmation names: the number, or the plan's id.
_WANTED = re.compile(r"confirm='?(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a mailing is to be sent."""

    live: bool
    confirm: str | None
    skip_invalid: bool
    limit: int | None
    preflight: bool
    rate: str | None
    timeout: float
    base_url: str | None
    account: str | None
    ledger: str | None
    log_every: float | None
    out: Path | None
    as_json: bool
    line: Line

    @classmethod
    def of(cls, typed: Mapping[str, Any], *, rehearses: bool = True) -> "How":
        """Return how a command's parameters say it.

        Args:
            typed: the parameters by name.
            rehearses: whether the command rehearses where it is not live.

        Raises:
            InputError: a server is typed, and the send is a rehearsal.
            ConfigurationError: the rate is none.
        """
        counts = counting(typed, "send", rehearses=rehearses)
        return cls(**{field.name: counts[field.name] for field in fields(cls)})

    @property
    def keeps_ledger(self) -> bool:
        """Whether the ledger outlives the command: a rehearsal's goes with its sandbox."""
        return self.live or self.ledger is not None

    def client(self) -> Migma:
        """Return the client of the real server."""
        return Migma(base_url=self.base_url, account=self.account, rate=self.rate, timeout=self.timeout)


@answered
def send(typed: Mapping[str, Any]) -> Exit:
    """Plan a mailing, send it, and say what became of every row.

    Args:
        typed: the command's parameters by name.
    """
    how = How.of(typed)
    check_out(typed)
    with meanwhile("planning", how.log_every):
        planned = plan_to_send(mailing_of(typed), live=how.live)
    with _client(planned, how) as client:
        announce(planned, client, how)
        for row in planned.plan.ready[: typed["preview"]]:
            say(f"\n{planned.held.preview(row)!r}".rstrip(), aside=how.as_json)
        try:
            run = begin(planned, client, how)
        except ConfirmationError as error:
            keep = SENDING | {"limit", "out", "preview"}
            # A rehearsal that was not meant so stays one: who copies its line mails nobody.
            line = how.line.next("send", keep=keep, add={"--live": True} if how.live else {})
            raise unconfirmed(error, line) from None
        return finish(run, planned, how)


def begin(planned: Planned, client: Migma, how: How, *, only_refused: bool = False) -> Run:
    """Set a plan going; errors as in `plan.start`."""
    return planned.held.start(
        client,
        confirm=_confirmation(how.confirm, planned),
        skip_invalid=how.skip_invalid,
        limit=how.limit,
        preflight=how.preflight,
        only_refused=only_refused,
        ledger=how.ledger,
    )


def finish(run: Run, planned: Planned, how: How) -> Exit:
    """Wait for a run, and say what became of every row."""
    try:
        interrupted = wait(run, how.log_every)
        code = Exit.INTERRUPTED if interrupted else exit_of(run)
        _show(run, planned, how, code)
    except LedgerError as error:
        raise LostSightError(
            f"The ledger failed after run {run.id} had begun, so that some rows may have been mailed: "
            f"{error.message}",
            hint=error.hint or f"Mend the ledger, then: migma-nb report {run.id}",
        ) from None
    return code


def unconfirmed(error: ConfirmationError, line: str) -> UnfinishedError:
    """Return the error of a live send that was not confirmed, with the whole line that is.

    Args:
        error: what the gate said.
        line: the line as it was typed, without a confirmation.
    """
    wanted = _WANTED.search(error.hint or "")
    return UnfinishedError(error.message, f"{line} --confirm {wanted[1] if wanted else 'N'}")


@contextlib.contextmanager
def _client(planned: Planned, how: How) -> Iterator[Migma]:
    """Yield the client of the real server, or that of a sandbox which lasts as long as the send."""
    if how.live:
        yield how.client()
        return
    if planned.plan.targets:
        target, *more = planned.plan.targets
        others = f" and {len(more):,} more" if more else ""
        raise InputError(
            f"A rehearsal cannot mail {target}{others}: who is in it only Migma knows.",
            hint="Look at it with `migma-nb check` and the same options; only --live sends it.",
        )
    with Sandbox() as sandbox:
        yield sandbox.client(account=how.account, rate=how.rate, timeout=how.timeout)


def announce(planned: Planned, client: Migma, how: How) -> None:
    """Say where a send goes to, what stood in for what was not typed, how the list was read, and the plan."""
    plan = planned.plan
    if how.live:
        say(f"LIVE at {client.settings.origin}: this mails real people.", aside=how.as_json, bold=True)
    else:
        words = "REHEARSAL on a sandbox of this machine: nobody real is mailed; --live mails people."
        say(words, aside=how.as_json, bold=True)
    if job := how.line.typed.get("config"):
        say(f"Job file {job}; what is typed counts more.", aside=how.as_json)
    for note in planned.notes:
        say(note, aside=how.as_json)
    show_reading(plan.reading, aside=how.as_json)
    say(f"Plan {plan.id}: {whom_of(plan)}, {tally(planned.held.issues)}.", aside=how.as_json)


def _confirmation(text: str | None, planned: Planned) -> int | str | None:
    """Return what was typed as the send wants it: a number, or the plan's id where a batch has none."""
    if text is None or text == planned.plan.id:
        return text
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < _MOST_DIGITS else text


def _show(run: Run, planned: Planned, how: How, code: Exit) -> None:
    kept = how.keeps_ledger
    if not how.as_json:
        say()
        show_run(run, kept=kept)
    if how.out is not None:
        try:
            write_account(run, how.out)
        except InputError as error:
            again = (
                f"The run is on record: migma-nb report {run.id} --out FILE{how.out.suffix}" if kept else None
            )
            raise InputError(error.message, hint=again) from None
        say(f"What became of every row: {how.out}", aside=how.as_json)
    elif kept and not how.live and run.state is not RunState.RUNNING:
        say(f"Row by row: migma-nb report {run.id} --out sent.csv", aside=how.as_json)
    logged = planned.plan.constants.get("emailId") is not None
    words, line = after_run(run, how.line, live=how.live, kept=kept, logged=logged)
    if how.as_json:
        # Last, so that whatever goes wrong before it is a script's one document.
        document({**_document(run, planned, how), "exit_code": int(code), "next": line})
    else:
        show_next(line, words)


def _document(run: Run, planned: Planned, how: How) -> dict[str, Any]:
    return {
        "mode": "live" if how.live else "rehearsal",
        "plan_id": planned.plan.id,
        "people": planned.plan.people,
        "rows": planned.plan.size,
        **run_document(run, kept=how.keeps_ledger),
        "out": None if how.out is None else str(how.out),
        "notes": list(planned.notes),
    }
