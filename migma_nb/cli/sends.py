"""`migma-nb send`: a mailing sent, to a sandbox of its own unless it is live."""

import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.states import RunState
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit, exit_of
from migma_nb.cli.lists import show_reading
from migma_nb.cli.mailings import Planned, mailing_of, plan_to_send
from migma_nb.cli.problems import tally
from migma_nb.cli.records import check_out, run_document, show_run
from migma_nb.cli.screen import document, say
from migma_nb.notebook.plan_view import whom_of
from migma_nb.surface.client import Migma
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import Sandbox


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
    out: Path | None
    preview: int
    as_json: bool

    @property
    def keeps_ledger(self) -> bool:
        """Whether the ledger outlives the command: a rehearsal's goes with its sandbox."""
        return self.live or self.ledger is not None


@answered
def send(typed: Mapping[str, Any]) -> Exit:
    """Plan a mailing, send it, and say what became of every row.

    Args:
        typed: the command's parameters by name.
    """
    how = How(**{field.name: typed[field.name] for field in fields(How)})
    if how.base_url and not how.live:
        raise InputError(
            "A rehearsal brings its own server, so --base-url has no meaning in it.",
            hint="Add --live to send there, or leave --base-url out.",
        )
    check_out(how.out)
    planned = plan_to_send(mailing_of(typed), live=how.live)
    with _client(planned, how) as client:
        _announce(planned, client, how)
        for row in planned.plan.ready[: how.preview]:
            say(f"\n{planned.held.preview(row)!r}".rstrip(), aside=how.as_json)
        run = planned.held.start(
            client,
            confirm=_confirmation(how.confirm, planned),
            skip_invalid=how.skip_invalid,
            limit=how.limit,
            preflight=how.preflight,
            ledger=how.ledger,
        )
        interrupted = _wait(run)
        _show(run, planned, how)
        return Exit.INTERRUPTED if interrupted else exit_of(run)


@contextlib.contextmanager
def _client(planned: Planned, how: How) -> Iterator[Migma]:
    """Yield the client of the real server, or that of a sandbox which lasts as long as the send."""
    if how.live:
        yield Migma(base_url=how.base_url, account=how.account, rate=how.rate or "auto", timeout=how.timeout)
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


def _announce(planned: Planned, client: Migma, how: How) -> None:
    plan = planned.plan
    if how.live:
        say(f"LIVE at {client.settings.origin}: this mails real people.", aside=how.as_json, bold=True)
    else:
        words = "REHEARSAL on a sandbox of this machine: nobody real is mailed; --live mails people."
        say(words, aside=how.as_json, bold=True)
    for note in planned.notes:
        say(note, aside=how.as_json)
    show_reading(plan.reading, aside=how.as_json)
    say(f"Plan {plan.id}: {whom_of(plan)}, {tally(planned.held.issues)}.", aside=how.as_json)


def _confirmation(text: str | None, planned: Planned) -> int | str | None:
    """Return what was typed as the send wants it: a number, or the plan's id where a batch has none."""
    if text is None or text == planned.plan.id:
        return text
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() else text


def _wait(run: Run) -> bool:
    """Wait for a run with a bar, and return whether it was interrupted; SIGTERM ends it as Ctrl-C does."""
    # What is said on the way must not get between a script and its document.
    with contextlib.redirect_stdout(sys.stderr), _terminable():
        try:
            run.wait(progress=sys.stderr.isatty()).end_paused()
        except KeyboardInterrupt:
            return True
    return False


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(run: Run, planned: Planned, how: How) -> None:
    kept = how.keeps_ledger
    if how.as_json:
        document(_document(run, planned, how))
    else:
        say()
        show_run(run, kept=kept)
    if how.out is not None:
        try:
            run.to_csv(how.out)
        except InputError as error:
            again = f"The run is on record: migma-nb report {run.id} --out FILE.csv" if kept else None
            raise InputError(error.message, hint=again) from None
        say(f"What became of every row: {how.out}", aside=how.as_json)
    elif kept and run.state is not RunState.RUNNING:
        say(f"Row by row: migma-nb report {run.id} --out sent.csv", aside=how.as_json)


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
