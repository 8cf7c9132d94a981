"""The command line: a thin face over the rooms below. Heavy imports wait until a command runs."""

import contextlib
import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli import options as opt
from migma_nb.cli.exits import EXIT_WORDS, Exit
from migma_nb.cli.form_command import form
from migma_nb.cli.helping import Commands
from migma_nb.cli.import_command import import_

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
def check(
    file: opt.File = None,
    *,
    template: opt.Template = None,
    subject: opt.Subject = None,
    sender: opt.Sender = None,
    mailing: opt.Mailing = None,
    project_id: opt.Project = None,
    transactional: opt.Kind = None,
    conversation_id: opt.ConversationId = None,
    email_id: opt.EmailId = None,
    tag: opt.Tag = None,
    segment: opt.Segment = None,
    audience: opt.Audience = None,
    encoding: opt.Encoding = None,
    delimiter: opt.Delimiter = None,
    quote: opt.Quote = None,
    sheet: opt.Sheet = None,
    header: opt.Header = None,
    member: opt.Member = None,
    address: opt.Address = None,
    key: opt.Key = None,
    variables: opt.Var = None,
    defaults: opt.Default = None,
    formats: opt.Format = None,
    exclude: opt.Exclude = None,
    duplicates: opt.Duplicates = None,
    overlap: opt.Overlap = None,
    reply_to: opt.ReplyTo = None,
    provider: opt.Provider = None,
    topic_id: opt.Topic = None,
    as_json: opt.Json = False,
) -> None:
    """Show what a mailing would do and every problem of its list; send nothing."""
    typed = dict(locals())
    from migma_nb.cli import checks  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(checks.check(typed))


@app.command()
def send(
    file: opt.File = None,
    *,
    template: opt.Template = None,
    subject: opt.Subject = None,
    sender: opt.Sender = None,
    mailing: opt.Mailing = None,
    project_id: opt.Project = None,
    transactional: opt.Kind = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live", rich_help_panel=opt.THE_SEND, help="Mail real people; without it, a rehearsal."
        ),
    ] = False,
    confirm: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=opt.THE_SEND,
            help="Live: the number of people; for a tag the plan's id.",
            metavar="N",
        ),
    ] = None,
    skip_invalid: Annotated[
        bool,
        typer.Option(
            "--skip-invalid",
            rich_help_panel=opt.THE_SEND,
            help="Leave rows with errors out and send the rest.",
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(rich_help_panel=opt.THE_SEND, help="Begin with at most so many rows.", metavar="N"),
    ] = None,
    preflight: opt.Preflight = True,
    rate: Annotated[
        str | None,
        typer.Option(rich_help_panel=opt.THE_SEND, help="N/second, N/minute, N/day or auto.", metavar="RATE"),
    ] = None,
    preview: Annotated[
        int,
        typer.Option(
            min=0,
            rich_help_panel=opt.THE_SEND,
            help="Show the first so many messages.",
            metavar="N",
            show_default=False,
        ),
    ] = 0,
    out: opt.Out = None,
    ledger: opt.Ledger = None,
    base_url: opt.BaseUrl = None,
    account: opt.Account = None,
    timeout: Annotated[
        float,
        typer.Option(
            rich_help_panel=opt.THE_SEND, help="Seconds for each step of a request.", metavar="SECONDS"
        ),
    ] = 30.0,
    conversation_id: opt.ConversationId = None,
    email_id: opt.EmailId = None,
    tag: opt.Tag = None,
    segment: opt.Segment = None,
    audience: opt.Audience = None,
    encoding: opt.Encoding = None,
    delimiter: opt.Delimiter = None,
    quote: opt.Quote = None,
    sheet: opt.Sheet = None,
    header: opt.Header = None,
    member: opt.Member = None,
    address: opt.Address = None,
    key: opt.Key = None,
    variables: opt.Var = None,
    defaults: opt.Default = None,
    formats: opt.Format = None,
    exclude: opt.Exclude = None,
    duplicates: opt.Duplicates = None,
    overlap: opt.Overlap = None,
    reply_to: opt.ReplyTo = None,
    provider: opt.Provider = None,
    topic_id: opt.Topic = None,
    as_json: opt.Json = False,
) -> None:
    """Send a mailing: a rehearsal on a sandbox, unless --live. The key comes from MIGMA_API_KEY."""
    typed = dict(locals())
    from migma_nb.cli import sends  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(sends.send(typed))


app.command("import")(import_)
app.command()(form)


@app.command()
def runs(ledger: opt.Ledger = None, *, as_json: opt.Json = False) -> None:
    """List all runs, newest first."""
    from migma_nb.cli import records  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(records.runs(ledger, as_json=as_json))


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run's id; its first letters are enough.")],
    *,
    ledger: opt.Ledger = None,
    out: opt.Out = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Ask Migma's log first who got it; the key comes from MIGMA_API_KEY."),
    ] = False,
    wait: Annotated[
        float | None,
        typer.Option(
            min=0, help="The same, again and again until all is known, so many seconds.", metavar="SECONDS"
        ),
    ] = None,
    base_url: opt.BaseUrl = None,
    account: opt.Account = None,
    as_json: opt.Json = False,
) -> None:
    """Say what became of a run; the exit code is what the send's was."""
    from migma_nb.cli import records  # noqa: PLC0415 - pandas only when a command runs

    asking = records.Asking(base_url, account, wait) if refresh or wait is not None else None
    raise typer.Exit(records.report(run, ledger, out, asking=asking, as_json=as_json))


@app.command()
def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 0,
    path: Annotated[
        Path | None, typer.Option(help="A folder that keeps the account.", metavar="FOLDER")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="Where its key is written; by default inside the folder.", metavar="FILE"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Enforce all that the API documents.")] = False,
    domain: Annotated[
        list[str] | None, typer.Option(help="A verified sending domain; repeatable.", metavar="NAME")
    ] = None,
    no_idempotency: Annotated[
        bool, typer.Option("--no-idempotency", help="Take no notice of Idempotency-Key.")
    ] = False,
    rate: Annotated[str | None, typer.Option(help="Its limit, such as 100/minute.", metavar="RATE")] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="name=probability of what goes wrong; repeatable.", metavar="PAIR"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which requests the faults befall.")] = 0,
) -> None:
    """Serve a sandbox on this machine until Ctrl-C."""
    from migma_nb.cli import serving  # noqa: PLC0415 - the server only when it is wanted

    wish = serving.Wish(
        port=port,
        path=path,
        key_file=key_file,
        strict=strict,
        domains=tuple(domain or ()),
        idempotency=not no_idempotency,
        rate=rate,
        faults=tuple(fault or ()),
        seed=seed,
    )
    raise typer.Exit(serving.serve(wish))


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
