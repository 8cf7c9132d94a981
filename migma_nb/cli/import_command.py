"""`migma-nb import`: its options and their help. Heavy imports wait until it runs."""

from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli import options as opt

_THE_CONTACTS = "The contacts"
_THE_IMPORT = "The import"


def import_(
    file: opt.File = None,
    *,
    tag: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_THE_CONTACTS,
            help="The tag's name; a new one for each import keeps its older members from being mailed too.",
            metavar="NAME",
        ),
    ] = None,
    project_id: Annotated[
        str | None,
        typer.Option(
            "--project",
            envvar="MIGMA_PROJECT_ID",
            rich_help_panel=_THE_CONTACTS,
            help="The Migma project; the account's only one if not given.",
            metavar="ID",
        ),
    ] = None,
    encoding: opt.Encoding = None,
    delimiter: opt.Delimiter = None,
    quote: opt.Quote = None,
    sheet: opt.Sheet = None,
    header: opt.Header = None,
    member: opt.Member = None,
    address: opt.Address = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_THE_CONTACTS,
            help='field=column where the name does not tell, "country=" for none; repeatable.',
            metavar="PAIR",
        ),
    ] = None,
    custom: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_THE_CONTACTS,
            help="A column that becomes a custom field; repeatable; all others do if none is named.",
            metavar="COLUMN",
        ),
    ] = None,
    exclude: opt.Exclude = None,
    duplicates: opt.Duplicates = None,
    resubscribe: Annotated[
        bool,
        typer.Option(
            "--resubscribe",
            rich_help_panel=_THE_CONTACTS,
            help="Subscribe also who has unsubscribed: only with a new consent that you can prove.",
        ),
    ] = False,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            rich_help_panel=_THE_IMPORT,
            help="Change the real account's contacts; without it, a rehearsal.",
        ),
    ] = False,
    confirm: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=_THE_IMPORT,
            help="Live with --resubscribe: the number of people.",
            metavar="N",
        ),
    ] = None,
    read_back: Annotated[
        bool,
        typer.Option(
            "--read-back",
            rich_help_panel=_THE_IMPORT,
            help="Read the tag's contacts back, a call for 100 people, so that each row is settled.",
        ),
    ] = False,
    skip_invalid: Annotated[
        bool,
        typer.Option(
            "--skip-invalid",
            rich_help_panel=_THE_IMPORT,
            help="Leave rows with errors out and import the rest.",
        ),
    ] = False,
    rate: Annotated[
        str | None,
        typer.Option(rich_help_panel=_THE_IMPORT, help="N/second, N/minute, N/day or auto.", metavar="RATE"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write what became of every row to this CSV.", metavar="FILE")
    ] = None,
    ledger: opt.Ledger = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_THE_IMPORT, help="Live: the server (or MIGMA_BASE_URL).", metavar="URL"
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_THE_IMPORT,
            help="A name for the account, in place of the server's.",
            metavar="NAME",
        ),
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Import a list as contacts under a tag, 5,000 to a call; it mails nobody.

    A rehearsal on a sandbox, unless --live. Running it again imports nothing twice. `migma-nb send --tag ID`
    then mails everybody under the tag by one call.
    """
    typed = dict(locals())
    from migma_nb.cli import imports  # noqa: PLC0415 - pandas only when a command runs

    raise typer.Exit(imports.import_(typed))
