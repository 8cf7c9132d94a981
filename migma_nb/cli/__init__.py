"""The command line: a thin face over the rooms below. Heavy imports wait until a command runs."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from migma_nb.api.errors import MigmaError
from migma_nb.cli.exits import EXIT_WORDS, Exit

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    help="Mail a list of people through the Migma email API: planned, checked, nobody twice.",
    epilog=EXIT_WORDS,
)

File = Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or Parquet with a column of addresses.")]
Mailing = Annotated[str, typer.Option(help="Your own name for this mailing; nobody gets it twice.")]
Sender = Annotated[str, typer.Option(help='"Name <address>" on a verified domain.')]
Subject = Annotated[str, typer.Option(help="May hold {{placeholders}}.")]
Template = Annotated[Path, typer.Option(help="HTML file; may hold {{placeholders}}.")]
Project = Annotated[str, typer.Option(envvar="MIGMA_PROJECT_ID", help="Migma project.")]
Kind = Annotated[
    bool, typer.Option("--transactional/--marketing", help="Marketing leaves out unsubscribed people.")
]
Address = Annotated[str | None, typer.Option(help="The column with the addresses.")]
Default = Annotated[list[str] | None, typer.Option(help="variable=value for empty cells; repeatable.")]
First = Annotated[bool, typer.Option("--first", help="Of a person's differing rows, send the first.")]
Ledger = Annotated[Path | None, typer.Option(help="The ledger's file.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the result file.")] = Path("migma-nb-demo"),
) -> None:
    """Plan, check and send a sample list to a sandbox, twice: nobody is mailed again."""
    from migma_nb.cli import demonstration  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(demonstration.demo(out))


@app.command()
def check(
    file: File,
    *,
    template: Template,
    subject: Subject,
    sender: Sender = "Check <check@migma.example>",
    mailing: Mailing = "check",
    project: Project = "check",
    transactional: Kind = True,
    address: Address = None,
    default: Default = None,
    first: First = False,
    as_json: Json = False,
) -> None:
    """Show what a mailing would do and every problem of its list; send nothing."""
    from migma_nb.cli import work  # noqa: PLC0415 - pandas only when a command runs

    plan = work.planned(
        file,
        default or [],
        template=template,
        subject=subject,
        sender=sender,
        mailing=mailing,
        project_id=project,
        transactional=transactional,
        address=address,
        duplicates="first" if first else None,
    )
    raise typer.Exit(work.check(plan, as_json=as_json))


@app.command()
def send(
    file: File,
    *,
    template: Template,
    subject: Subject,
    sender: Sender,
    mailing: Mailing,
    project: Project = "",
    transactional: Kind,
    address: Address = None,
    default: Default = None,
    first: First = False,
    live: Annotated[bool, typer.Option("--live", help="Mail real people; without it, a rehearsal.")] = False,
    confirm: Annotated[int | None, typer.Option(help="Live: the number of people.")] = None,
    skip_invalid: Annotated[bool, typer.Option(help="Leave rows with errors out.")] = False,
    limit: Annotated[int | None, typer.Option(help="Begin with at most so many rows.")] = None,
    rate: Annotated[str, typer.Option(help="N/second, N/minute, N/day or auto.")] = "auto",
    timeout: Annotated[float, typer.Option(help="Seconds for each step of a request.")] = 30.0,
    base_url: Annotated[str | None, typer.Option(help="The server (or MIGMA_BASE_URL).")] = None,
    ledger: Ledger = None,
    out: Annotated[Path | None, typer.Option(help="Write the account to this CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Send a mailing: a rehearsal on a sandbox, unless --live. The key comes from MIGMA_API_KEY."""
    from migma_nb.cli import work  # noqa: PLC0415 - pandas only when a command runs

    plan = work.planned(
        file,
        default or [],
        template=template,
        subject=subject,
        sender=sender,
        mailing=mailing,
        project_id=project or (None if live else "rehearsal"),
        transactional=transactional,
        address=address,
        duplicates="first" if first else None,
    )
    how = work.How(live, confirm, skip_invalid, limit, rate, timeout, base_url, ledger, out, as_json)
    raise typer.Exit(work.send(plan, how))


@app.command()
def runs(ledger: Ledger = None, *, as_json: Json = False) -> None:
    """List all runs, newest first."""
    from migma_nb.cli import work  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(work.runs(ledger, as_json=as_json))


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run's id, or its first letters.")],
    ledger: Ledger = None,
    out: Annotated[Path | None, typer.Option(help="Write the account to this CSV.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say what became of a run."""
    from migma_nb.cli import work  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(work.report(run, ledger, out, as_json=as_json))


@app.command()
def sandbox(
    *,
    port: Annotated[int, typer.Option(help="0 for any free one.")] = 0,
    path: Annotated[Path | None, typer.Option(help="Folder that keeps the account.")] = None,
    key_file: Annotated[Path, typer.Option(help="Where the sandbox's key is written.")] = Path("sandbox.key"),
    strict: Annotated[bool, typer.Option("--strict", help="Enforce everything documented.")] = False,
    idempotency: Annotated[bool, typer.Option(help="Honour Idempotency-Key.")] = True,
    rate: Annotated[str | None, typer.Option(help="Such as 100/minute.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="name=probability; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Decides what the faults befall.")] = 0,
) -> None:
    """Serve a sandbox until it is interrupted."""
    from migma_nb.cli import serving  # noqa: PLC0415 - the server only when it is wanted

    serving.serve(serving.Wish(port, path, key_file, strict, idempotency, rate, tuple(fault or ()), seed))


@app.callback(invoke_without_command=True)
def _root(
    *, show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False
) -> None:
    if show_version:
        typer.echo(f"migma-nb {version('migma-nb')}")
        raise typer.Exit


def main() -> None:
    """Run the command line; every mistake that a user can make is a sentence, never a traceback."""
    try:
        app()
    except MigmaError as error:
        typer.echo(f"Error: {error.message}", err=True)
        if error.hint:
            typer.echo(f"  → {error.hint}", err=True)
        sys.exit(Exit.BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
