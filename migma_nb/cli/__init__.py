"""The command line: a thin face over the rooms below. Heavy imports wait until a command runs."""

import contextlib
import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli.exits import EXIT_WORDS, Exit
from migma_nb.cli.helping import Commands
from migma_nb.cli.parameters import Typed, taking

__all__ = ["app", "main"]

app = Commands(
    name="migma-nb",
    no_args_is_help=True,
    add_completion=False,
    # Its pretty tracebacks show local variables, the key's among them.
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    help="Mail a list of people through the Migma email API: planned, checked, nobody twice.",
    epilog=EXIT_WORDS,
)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder for the result file.", metavar="FOLDER")] = Path(
        "migma-nb-demo"
    ),
) -> None:
    """Plan, check and send a sample list to a sandbox, twice."""
    from migma_nb.cli import demonstration  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(demonstration.demo(out))


@app.command()
@taking("check")
def check(typed: Typed) -> None:
    """Show what a mailing would do and every problem of its list; send nothing."""
    from migma_nb.cli import checks  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(checks.check(typed))


@app.command()
@taking("preview")
def preview(typed: Typed) -> None:
    """Show messages as their recipients will see them; send nothing."""
    from migma_nb.cli import previews  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(previews.preview(typed))


@app.command()
@taking("send")
def send(typed: Typed) -> None:
    """Send a mailing: a rehearsal on a sandbox, unless --live. The key comes from MIGMA_API_KEY."""
    from migma_nb.cli import sends  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(sends.send(typed))


@app.command()
@taking("resume")
def resume(typed: Typed) -> None:
    """Go on with a live mailing where a run of it ended; nobody is mailed twice.

    The ledger knows who was mailed, not what: name the list and the content again, or the job file.
    """
    from migma_nb.cli import resumes  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(resumes.resume(typed))


@app.command()
@taking("fix")
def fix(typed: Typed) -> None:
    """Repair a list's problems that have a certain repair, and write the repaired list; send nothing."""
    from migma_nb.cli import fixing  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(fixing.fix(typed))


@app.command("import")
@taking("import")
def import_(typed: Typed) -> None:
    """Import a list as contacts under a tag, 5,000 to a call; it mails nobody.

    A rehearsal on a sandbox, unless --live. Running it again imports nothing twice. `migma-nb send --tag ID`
    then mails everybody under the tag by one call.
    """
    from migma_nb.cli import imports  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(imports.import_(typed))


@app.command()
@taking("form")
def form(typed: Typed) -> None:
    """Serve the form as a web page of this machine until Ctrl-C; a rehearsal, unless --live."""
    from migma_nb.cli import form_page  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(form_page.serve(typed))


@app.command()
@taking("runs")
def runs(typed: Typed) -> None:
    """List the runs on record, newest first."""
    from migma_nb.cli import records  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(records.runs(typed))


@app.command()
@taking("report")
def report(typed: Typed) -> None:
    """Say what became of a run; the exit code says how it stands, as a send's does."""
    from migma_nb.cli import records  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(records.report(typed))


@app.command()
@taking("sandbox")
def sandbox(typed: Typed) -> None:
    """Serve a sandbox on this machine until Ctrl-C."""
    from migma_nb.cli import serving  # noqa: PLC0415 - the server only when it is wanted

    raise typer.Exit(serving.serve(typed))


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415 - it imports half of the standard library

        typer.echo(f"migma-nb {version('migma-nb')}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del show_version


def main() -> None:
    """Run the command line; ends the process with one of `Exit`'s codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not end a send.
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="migma-nb")
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    finally:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
