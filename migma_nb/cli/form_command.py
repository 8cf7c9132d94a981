"""`migma-nb form`: its options."""

from typing import Annotated

import typer

from migma_nb.cli import options as opt


def form(
    file: opt.File = None,
    *,
    live: Annotated[
        bool,
        typer.Option("--live", rich_help_panel=opt.THE_SEND, help="A page that may mail real people."),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 0,
    encoding: opt.Encoding = None,
    delimiter: opt.Delimiter = None,
    quote: opt.Quote = None,
    sheet: opt.Sheet = None,
    header: opt.Header = None,
    member: opt.Member = None,
    mailing: opt.Mailing = None,
    sender: opt.Sender = None,
    subject: opt.Subject = None,
    template: opt.Template = None,
    project_id: opt.Project = None,
    transactional: opt.Kind = None,
    rate: Annotated[
        str | None,
        typer.Option(rich_help_panel=opt.THE_SEND, help="N/second, N/minute, N/day or auto.", metavar="RATE"),
    ] = None,
    ledger: opt.Ledger = None,
    base_url: opt.BaseUrl = None,
    account: opt.Account = None,
) -> None:
    """Serve the form as a web page of this machine until Ctrl-C; a rehearsal, unless --live."""
    typed = dict(locals())
    from migma_nb.cli import form_page  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(form_page.serve(typed))
