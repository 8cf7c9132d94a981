"""What the commands do: plan, send, list, report, each by one call of the rooms below."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from migma_nb.api.errors import InputError
from migma_nb.api.states import RunState, State
from migma_nb.cli.exits import Exit
from migma_nb.surface.client import Migma
from migma_nb.surface.history import history, open_run
from migma_nb.surface.plan import SendPlan, plan
from migma_nb.surface.run import Run
from migma_nb.surface.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class How:
    """How a plan is to be sent."""

    live: bool
    confirm: int | None
    skip_invalid: bool
    limit: int | None
    rate: str
    timeout: float
    base_url: str | None
    ledger: Path | None
    out: Path | None
    as_json: bool


def planned(file: Path, defaults: Sequence[str], **options: Any) -> SendPlan:
    """Plan a file."""
    pairs = [text.partition("=") for text in defaults]
    if any(not sign for _, sign, _ in pairs):
        raise InputError("A default is written variable=value, such as --default first_name=there.")
    return plan(file, defaults={name: value for name, _, value in pairs} or None, **options)


def check(made: SendPlan, *, as_json: bool) -> Exit:
    """Show a plan and its problems."""
    issues = made.issues
    if as_json:
        rows = json.loads(issues.drop(columns="index").to_json(orient="records"))
        typer.echo(json.dumps({"plan_id": made.id, "people": made.people, "issues": rows}))
    else:
        typer.echo(repr(made))
    return Exit.BAD_INPUT if (issues["severity"] == "error").any() else Exit.FINE


def send(made: SendPlan, how: How) -> Exit:
    """Send a plan, live or to a sandbox."""
    if how.live:
        client = Migma(base_url=how.base_url, rate=how.rate, timeout=how.timeout)
        typer.echo(f"LIVE: {client!r}", err=True)
        return _send(made, client, how)
    with Sandbox() as sandbox:
        typer.echo("A rehearsal on a sandbox: nobody real is mailed. Add --live to mail people.", err=True)
        return _send(made, sandbox.client(timeout=how.timeout), how)


def _send(made: SendPlan, client: Migma, how: How) -> Exit:
    run = made.send(
        client,
        confirm=how.confirm,
        skip_invalid=how.skip_invalid,
        limit=how.limit,
        progress=sys.stderr.isatty(),
        ledger=how.ledger,
    )
    return _show(run, how.out, as_json=how.as_json)


def runs(ledger: Path | None, *, as_json: bool) -> Exit:
    """List all runs."""
    found = history(ledger=ledger)
    if as_json:
        typer.echo(found.to_json(orient="records", date_format="iso"))
    elif found.empty:
        typer.echo("No run is on record in this ledger.")
    else:
        columns = ["run_id", "mailing", "started_at", "state", "rows", "accepted", "already_sent", "unknown"]
        typer.echo(found[columns].to_string(index=False))
    return Exit.FINE


def report(run_id: str, ledger: Path | None, out: Path | None, *, as_json: bool) -> Exit:
    """Say what became of a run."""
    return _show(open_run(run_id, ledger=ledger), out, as_json=as_json)


def _show(run: Run, out: Path | None, *, as_json: bool) -> Exit:
    counts = run.counts
    if out is not None:
        run.to_csv(out)
    if as_json:
        words = {str(state): count for state, count in counts.items()}
        typer.echo(json.dumps({"run_id": run.id, "state": str(run.state), "counts": words}))
    else:
        typer.echo(run.summary())
        if out is not None:
            typer.echo(f"The account, row by row: {out}")
    if counts.get(State.UNKNOWN):
        return Exit.UNKNOWN
    if run.state not in {RunState.FINISHED, RunState.RUNNING}:
        return Exit.HALTED
    return Exit.REFUSED if counts.get(State.REFUSED) else Exit.FINE
