"""The options that one command alone understands, or understands in a way of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli import options as opt
from migma_nb.cli import send_options as how
from migma_nb.cli.import_options import IMPORT
from migma_nb.cli.options import Group
from migma_nb.cli.sandbox_options import SANDBOX

OWN: Mapping[str, Group] = {
    "check": {"as_json": (opt.Json, False)},
    "preview": {
        "row": (
            Annotated[
                int | None,
                typer.Option(min=0, help="This row, counted from 0, the header aside.", metavar="N"),
            ],
            None,
        ),
        "rows": (
            Annotated[str | None, typer.Option(help="These rows, such as 0,17,481.", metavar="A,B,C")],
            None,
        ),
        "find": (
            Annotated[
                str | None,
                typer.Option(help="The rows whose address or a value contains this.", metavar="TEXT"),
            ],
            None,
        ),
        "problems": (
            Annotated[bool, typer.Option("--problems", help="The rows that have a problem.")],
            False,
        ),
        "most": (
            Annotated[int, typer.Option(min=1, help="At most so many messages.", metavar="N")],
            10,
        ),
        "html": (
            Annotated[
                Path | None,
                typer.Option(help="Write the messages to a page that is safe to open.", metavar="FILE"),
            ],
            None,
        ),
        "as_json": (opt.Json, False),
    },
    "send": {
        "live": (how.Live, False),
        "confirm": (how.Confirm, None),
        "preview": (how.Messages, 0),
        "out": (opt.Out, None),
        "as_json": (opt.Json, False),
    },
    "resume": {
        "live": (how.LiveResume, False),
        "confirm": (how.Confirm, None),
        "only_refused": (how.OnlyRefused, False),
        "reconcile": (how.Reconcile, False),
        "wait": (how.WaitForOthers, False),
        "out": (opt.Out, None),
        "as_json": (opt.Json, False),
    },
    "fix": {
        "code": (
            Annotated[
                list[str] | None,
                typer.Option(
                    help='Which problems to repair, such as lookalike_domain; repeatable; "all" for all '
                    "that have a repair.",
                    metavar="CODE",
                ),
            ],
            None,
        ),
        "out": (
            Annotated[
                Path | None,
                typer.Option(
                    help="Write the repaired list to this file: .csv, .tsv, .txt, .xlsx or .parquet.",
                    metavar="FILE",
                ),
            ],
            None,
        ),
        "in_place": (
            Annotated[
                bool,
                typer.Option("--in-place", help="Write it over FILE, whose old state is kept in FILE.bak."),
            ],
            False,
        ),
        "dry_run": (
            Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")],
            False,
        ),
        "as_json": (opt.Json, False),
    },
    "import": IMPORT,
    "form": {
        "live": (
            Annotated[
                bool,
                typer.Option(
                    "--live", rich_help_panel=opt.THE_SEND, help="A page that may mail real people."
                ),
            ],
            False,
        ),
        "port": (Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")], 0),
    },
    "report": {
        "out": (opt.Out, None),
        "refresh": (
            Annotated[
                bool,
                typer.Option(
                    "--refresh", help="Ask Migma's log first who got it; the key comes from MIGMA_API_KEY."
                ),
            ],
            False,
        ),
        "wait": (
            Annotated[
                float | None,
                typer.Option(
                    min=0,
                    callback=how.a_number,
                    help="Wait for the end of a run that goes on, and look into the log until all is known, "
                    "so many seconds.",
                    metavar="SECONDS",
                ),
            ],
            None,
        ),
        "as_json": (opt.Json, False),
    },
    "runs": {
        "mailing": (
            Annotated[str | None, typer.Option(help="Only runs of this mailing.", metavar="NAME")],
            None,
        ),
        "state": (
            Annotated[
                str | None,
                typer.Option(
                    help="Only runs in this state: running, paused, finished, stopped, halted or died.",
                    metavar="STATE",
                ),
            ],
            None,
        ),
        "limit": (
            Annotated[int | None, typer.Option(min=1, help="At most so many, the newest.", metavar="N")],
            None,
        ),
        "imports": (opt.Imports, False),
        "as_json": (opt.Json, False),
    },
    "sandbox": SANDBOX,
}
