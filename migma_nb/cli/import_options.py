"""The options of `migma-nb import` that no other command has, or has in other words."""

from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli import options as opt
from migma_nb.cli.options import Group

THE_CONTACTS = "The contacts"
THE_IMPORT = "The import"

IMPORT: Group = {
    # The tag of a mailing is an ID and says whom; this one is a name that is given to them.
    "tag_name": (
        Annotated[
            str | None,
            typer.Option(
                "--tag",
                rich_help_panel=THE_CONTACTS,
                help="The tag's name; a new one for each import keeps its older members from being mailed "
                "too.",
                metavar="NAME",
            ),
        ],
        None,
    ),
    "field": (
        Annotated[
            list[str] | None,
            typer.Option(
                rich_help_panel=THE_CONTACTS,
                help='field=column where the name does not tell, "country=" for none; repeatable.',
                metavar="PAIR",
            ),
        ],
        None,
    ),
    "custom": (
        Annotated[
            list[str] | None,
            typer.Option(
                rich_help_panel=THE_CONTACTS,
                help="A column that becomes a custom field; repeatable; all others do if none is named.",
                metavar="COLUMN",
            ),
        ],
        None,
    ),
    "resubscribe": (
        Annotated[
            bool,
            typer.Option(
                "--resubscribe",
                rich_help_panel=THE_CONTACTS,
                help="Subscribe also who has unsubscribed: only with a new consent that you can prove.",
            ),
        ],
        False,
    ),
    "live": (
        Annotated[
            bool,
            typer.Option(
                "--live",
                rich_help_panel=THE_IMPORT,
                help="Change the real account's contacts; without it, a rehearsal.",
            ),
        ],
        False,
    ),
    "confirm": (
        Annotated[
            int | None,
            typer.Option(
                rich_help_panel=THE_IMPORT,
                help="Live with --resubscribe: the number of people.",
                metavar="N",
            ),
        ],
        None,
    ),
    "read_back": (
        Annotated[
            bool,
            typer.Option(
                "--read-back",
                rich_help_panel=THE_IMPORT,
                help="Read the tag's contacts back, a call for 100 people, so that each row is settled.",
            ),
        ],
        False,
    ),
    "out": (
        Annotated[
            Path | None, typer.Option(help="Write what became of every row to this CSV.", metavar="FILE")
        ],
        None,
    ),
    "as_json": (opt.Json, False),
}
#: What other commands have too, in the words of an import.
IN_ITS_WORDS: Group = {
    "project_id": (
        Annotated[
            str | None,
            typer.Option(
                "--project",
                envvar="MIGMA_PROJECT_ID",
                show_envvar=False,
                rich_help_panel=THE_CONTACTS,
                help="The Migma project; the account's only one if not given.",
                metavar="ID",
            ),
        ],
        None,
    ),
    "skip_invalid": (
        Annotated[
            bool,
            typer.Option(
                "--skip-invalid/--no-skip-invalid",
                rich_help_panel=THE_IMPORT,
                help="Leave rows with errors out and import the rest.",
                show_default=False,
            ),
        ],
        False,
    ),
}
