"""The options of `migma-nb sandbox`."""

from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli.options import Group

SANDBOX: Group = {
    "port": (Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")], 0),
    "path": (
        Annotated[Path | None, typer.Option(help="A folder that keeps the account.", metavar="FOLDER")],
        None,
    ),
    "key_file": (
        Annotated[
            Path | None,
            typer.Option(help="Where its key is written; by default inside the folder.", metavar="FILE"),
        ],
        None,
    ),
    "strict": (
        Annotated[bool, typer.Option("--strict", help="Enforce all that the API documents.")],
        False,
    ),
    "domain": (
        Annotated[
            list[str] | None,
            typer.Option(help="A verified sending domain; repeatable.", metavar="NAME"),
        ],
        None,
    ),
    "no_idempotency": (
        Annotated[bool, typer.Option("--no-idempotency", help="Take no notice of Idempotency-Key.")],
        False,
    ),
    "rate": (
        Annotated[str | None, typer.Option(help="Its limit, such as 100/minute.", metavar="RATE")],
        None,
    ),
    "fault": (
        Annotated[
            list[str] | None,
            typer.Option(help="name=probability of what goes wrong; repeatable.", metavar="PAIR"),
        ],
        None,
    ),
    "seed": (Annotated[int, typer.Option(help="Decides which requests the faults befall.")], 0),
}
