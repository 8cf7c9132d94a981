"""The options that commands share: their names, and their help in a line each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

#: Parameter to its type with Typer's words, and its default.
Group: TypeAlias = Mapping[str, tuple[Any, Any]]

THE_MAILING = "The mailing"
THE_LIST = "Whom it goes to"
THE_READING = "How FILE is read, where that is not found out"
THE_SEND = "The send"

File = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, TXT, XLSX, ODS or Parquet, also packed (gzip, zip), with a column of addresses.",
        show_default=False,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(rich_help_panel=THE_READING, help="A text's encoding, such as cp1252.", metavar="NAME"),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_READING,
        help='What separates a text\'s cells: one sign, or "tab".',
        metavar="SIGN",
    ),
]
Quote = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_READING,
        help='The mark around a text\'s cells; "" where such marks are ordinary text.',
        metavar="SIGN",
    ),
]
Sheet = Annotated[
    str | None, typer.Option(rich_help_panel=THE_READING, help="A workbook's sheet.", metavar="NAME")
]
Header = Annotated[
    int | None,
    typer.Option(
        rich_help_panel=THE_READING,
        help="The line (in sheets: the row) with the columns' names, from 1; 0 for none.",
        metavar="N",
    ),
]
Member = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_READING, help="Which file of a zip, where it holds several.", metavar="NAME"
    ),
]
Hidden = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_READING,
        help='"read" or "skip": what becomes of rows that a sheet hides, by hand or by a filter.',
        metavar="read|skip",
    ),
]
Tag = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_LIST, help="In place of FILE: everybody who has this tag (its ID).", metavar="ID"
    ),
]
Segment = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_LIST, help="In place of FILE: everybody in this segment (its ID).", metavar="ID"
    ),
]
Audience = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_LIST, help="In place of FILE: the API's other word for a segment.", metavar="ID"
    ),
]
Mailing = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_MAILING,
        help="Your own name for this mailing: nobody gets it twice.",
        metavar="NAME",
    ),
]
Sender = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_SENDER",
        show_envvar=False,
        rich_help_panel=THE_MAILING,
        help='"Name <address>", on a verified domain.',
        metavar="SENDER",
    ),
]
Subject = Annotated[
    str | None,
    typer.Option(rich_help_panel=THE_MAILING, help="The subject; may hold {{placeholders}}.", metavar="TEXT"),
]
Template = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_MAILING, help="The HTML file; may hold {{placeholders}}.", metavar="FILE"
    ),
]
ConversationId = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_MAILING,
        help="Content that Migma generated, in place of a template.",
        metavar="ID",
    ),
]
EmailId = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_MAILING, help="An email stored at Migma, in place of a template.", metavar="ID"
    ),
]
Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        envvar="MIGMA_PROJECT_ID",
        show_envvar=False,
        rich_help_panel=THE_MAILING,
        help="The Migma project.",
        metavar="ID",
    ),
]
Preflight = Annotated[
    bool,
    typer.Option(
        "--preflight/--no-preflight",
        rich_help_panel=THE_SEND,
        help="Live: look at the account first, and stop where something is clearly amiss.",
        show_default=False,
    ),
]
Kind = Annotated[
    bool | None,
    typer.Option(
        "--transactional/--marketing",
        rich_help_panel=THE_MAILING,
        help="Transactional reaches unsubscribed people too; a list needs one of the two.",
        show_default=False,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_LIST, help="The column with the addresses; found if not given.", metavar="COLUMN"
    ),
]
Key = Annotated[
    list[str] | None,
    typer.Option(
        rich_help_panel=THE_LIST,
        help="A column that tells several mails to one person apart; repeatable.",
        metavar="COLUMN",
    ),
]
Var = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        rich_help_panel=THE_MAILING,
        help="placeholder=column (for a tag or segment: =value); repeatable, then name all.",
        metavar="PAIR",
    ),
]
Default = Annotated[
    list[str] | None,
    typer.Option(
        "--default",
        rich_help_panel=THE_MAILING,
        help="placeholder=value where a cell is empty; repeatable.",
        metavar="PAIR",
    ),
]
Format = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        rich_help_panel=THE_MAILING,
        help='placeholder=format, such as "day=%d %B %Y"; repeatable.',
        metavar="PAIR",
    ),
]
Exclude = Annotated[
    Path | None,
    typer.Option(rich_help_panel=THE_LIST, help="A list of addresses that are not mailed.", metavar="FILE"),
]
Duplicates = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_LIST,
        help='"first": of a person\'s differing rows send the first.',
        metavar="first",
    ),
]
Overlap = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=THE_LIST,
        help='"allowed": one mailing may hold a list and a tag or segment.',
        metavar="allowed",
    ),
]
ReplyTo = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_REPLY_TO",
        show_envvar=False,
        rich_help_panel=THE_MAILING,
        help="The address for answers.",
        metavar="ADDRESS",
    ),
]
Provider = Annotated[
    str | None,
    typer.Option(
        envvar="MIGMA_PROVIDER",
        show_envvar=False,
        rich_help_panel=THE_MAILING,
        help="ses, resend, sendgrid, mailgun or migma.",
        metavar="NAME",
    ),
]
Topic = Annotated[
    str | None,
    typer.Option(
        "--topic", rich_help_panel=THE_MAILING, help="The topic that this mail belongs to.", metavar="ID"
    ),
]

Out = Annotated[
    Path | None,
    typer.Option(help="Write what became of every row to this .csv, .xlsx or .parquet.", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and all else on stderr.")]
Imports = Annotated[
    bool, typer.Option("--imports", help="The imports of contacts instead, which mailed nobody.")
]
