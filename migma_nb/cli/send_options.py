"""The options of a send and of what belongs to it: how it goes, whom it asks, what it prints."""

import math
from pathlib import Path
from typing import Annotated

import typer

from migma_nb.cli import options as opt


def a_number(value: float | None) -> float | None:
    """Refuse what is called a number and is none: it is neither too small nor too large for any range."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is no number.")
    return value


def _config(context: typer.Context, path: Path | None) -> Path | None:
    """Let the options of a job file stand in for those that are not typed; said as any other mistake is."""
    if path is not None:
        from migma_nb.cli import job_files  # noqa: PLC0415 - only where a file is named

        job_files.apply(context, path)
    return path


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        callback=_config,
        is_eager=True,
        help="A job file (TOML) with options of this line; what is typed counts more.",
        metavar="FILE",
        show_default=False,
    ),
]
Live = Annotated[
    bool,
    typer.Option("--live", rich_help_panel=opt.THE_SEND, help="Mail real people; without it, a rehearsal."),
]
LiveResume = Annotated[
    bool,
    typer.Option(
        "--live",
        rich_help_panel=opt.THE_SEND,
        help="Mail real people; without it, only what is left is told.",
    ),
]
Confirm = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=opt.THE_SEND,
        help="Live: the number of people; for a tag the plan's id.",
        metavar="N",
    ),
]
SkipInvalid = Annotated[
    bool,
    typer.Option(
        "--skip-invalid/--no-skip-invalid",
        rich_help_panel=opt.THE_SEND,
        help="Leave rows with errors out and send the rest.",
        show_default=False,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, rich_help_panel=opt.THE_SEND, help="Begin with at most so many rows.", metavar="N"),
]
Rate = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_RATE",
        show_envvar=False,
        rich_help_panel=opt.THE_SEND,
        help="N/second, N/minute, N/day or auto.",
        metavar="RATE",
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        envvar="MIGMA_TIMEOUT",
        show_envvar=False,
        min=0.001,
        max=3600,
        callback=a_number,
        rich_help_panel=opt.THE_SEND,
        help="Seconds for each step of a request.",
        metavar="SECONDS",
    ),
]
Messages = Annotated[
    int,
    typer.Option(
        "--preview",
        min=0,
        rich_help_panel=opt.THE_SEND,
        help="Show the first so many messages.",
        metavar="N",
        show_default=False,
    ),
]
LogEvery = Annotated[
    float | None,
    typer.Option(
        envvar="MIGMA_LOG_EVERY",
        show_envvar=False,
        min=0,
        callback=a_number,
        rich_help_panel=opt.THE_SEND,
        help="A line of counts on stderr every so many seconds, in place of the bar; 60 where stderr is no "
        "terminal; 0 for none.",
        metavar="SECONDS",
        show_default=False,
    ),
]
LogMeanwhile = Annotated[
    float | None,
    typer.Option(
        "--log-every",
        envvar="MIGMA_LOG_EVERY",
        show_envvar=False,
        min=0,
        callback=a_number,
        help="A line on stderr every so many seconds while it works; 60 where stderr is no terminal; 0 for "
        "none.",
        metavar="SECONDS",
        show_default=False,
    ),
]
OnlyRefused = Annotated[
    bool,
    typer.Option(
        "--only-refused",
        rich_help_panel=opt.THE_SEND,
        help="Take up those whom the API refused, unchanged, and nobody else.",
    ),
]
Reconcile = Annotated[
    bool,
    typer.Option(
        "--reconcile",
        rich_help_panel=opt.THE_SEND,
        help="Live: ask Migma's log about unknown rows first (mails made with --email-id).",
    ),
]
WaitForOthers = Annotated[
    bool,
    typer.Option(
        "--wait",
        rich_help_panel=opt.THE_SEND,
        help="Wait for a run of this mailing that still goes on, then go on.",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_BASE_URL",
        show_envvar=False,
        rich_help_panel=opt.THE_SEND,
        help="Live: the server (or MIGMA_BASE_URL).",
        metavar="URL",
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_ACCOUNT",
        show_envvar=False,
        rich_help_panel=opt.THE_SEND,
        help="A name for the account, in place of the server's (or MIGMA_ACCOUNT).",
        metavar="NAME",
    ),
]
Ledger = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_LEDGER",
        show_envvar=False,
        help="The ledger's file or URL (or MIGMA_LEDGER, else your own).",
        metavar="LEDGER",
    ),
]
