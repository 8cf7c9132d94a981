"""Which options each command of a mailing takes; written once, and composed to the commands' signatures."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from migma_nb.cli import options as opt
from migma_nb.cli import send_options as how
from migma_nb.cli.lines import TROUBLE, Line

#: Parameter to its type with Typer's words, and its default.
Group: TypeAlias = Mapping[str, tuple[Any, Any]]

WHOM: Group = {
    "file": (opt.File, None),
    "tag": (opt.Tag, None),
    "segment": (opt.Segment, None),
    "audience": (opt.Audience, None),
    "address": (opt.Address, None),
    "key": (opt.Key, None),
    "exclude": (opt.Exclude, None),
    "duplicates": (opt.Duplicates, None),
    "overlap": (opt.Overlap, None),
}
MAILING: Group = {
    "template": (opt.Template, None),
    "subject": (opt.Subject, None),
    "sender": (opt.Sender, None),
    "mailing": (opt.Mailing, None),
    "project_id": (opt.Project, None),
    "transactional": (opt.Kind, None),
    "conversation_id": (opt.ConversationId, None),
    "email_id": (opt.EmailId, None),
    "variables": (opt.Var, None),
    "defaults": (opt.Default, None),
    "formats": (opt.Format, None),
    "reply_to": (opt.ReplyTo, None),
    "provider": (opt.Provider, None),
    "topic_id": (opt.Topic, None),
}
READING: Group = {
    "encoding": (opt.Encoding, None),
    "delimiter": (opt.Delimiter, None),
    "quote": (opt.Quote, None),
    "sheet": (opt.Sheet, None),
    "header": (opt.Header, None),
    "member": (opt.Member, None),
}
SENDING: Group = {
    "skip_invalid": (how.SkipInvalid, False),
    "limit": (how.Limit, None),
    "preflight": (opt.Preflight, True),
    "rate": (how.Rate, None),
    "base_url": (how.BaseUrl, None),
    "account": (how.Account, None),
    "timeout": (how.Timeout, 30.0),
    "log_every": (how.LogEvery, None),
    "ledger": (how.Ledger, None),
}
CONFIG: Group = {"config": (how.Config, None)}
#: What means the same in every command, and so stands at the top of a job file.
SHARED: Group = {**WHOM, **MAILING, **READING, **SENDING}
#: What one command alone understands, or understands in a way of its own.
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
}
_RUN: Group = {
    "run": (
        Annotated[str, typer.Argument(help="A run's id; its first letters are enough.")],
        inspect.Parameter.empty,
    )
}
_RUN_OR_MAILING: Group = {
    "run": (
        Annotated[
            str,
            typer.Argument(
                metavar="RUN", help="A run's id (its first letters are enough), or a mailing's name."
            ),
        ],
        inspect.Parameter.empty,
    )
}


def _only(group: Group, *names: str) -> Group:
    return {name: group[name] for name in names}


#: Each command's parameters, in the order of its help.
TAKEN: Mapping[str, Group] = {
    "check": {**MAILING, **WHOM, **READING, **CONFIG, **OWN["check"]},
    "preview": {**MAILING, **WHOM, **READING, **CONFIG, **OWN["preview"]},
    "send": {
        **MAILING,
        **WHOM,
        **_only(OWN["send"], "live", "confirm"),
        **SENDING,
        **READING,
        **CONFIG,
        **OWN["send"],
    },
    "resume": {
        **_RUN_OR_MAILING,
        **MAILING,
        **WHOM,
        **_only(OWN["resume"], "live", "confirm", "only_refused", "reconcile", "wait"),
        **SENDING,
        **READING,
        **CONFIG,
        **OWN["resume"],
    },
    "fix": {**MAILING, **WHOM, **READING, **CONFIG, **OWN["fix"]},
    "report": {**_RUN, **_only(SENDING, "base_url", "account", "ledger"), **CONFIG, **OWN["report"]},
    "runs": {**_only(SENDING, "ledger"), **CONFIG, **OWN["runs"]},
}

Typed: TypeAlias = Mapping[str, Any]


def taking(command: str) -> Callable[[Callable[[dict[str, Any]], None]], Callable[..., None]]:
    """Return a decorator that gives a function the parameters of a command.

    The function gets them by name in one dict, and under `line` what was typed at the command line itself.
    """

    def compose(work: Callable[[dict[str, Any]], None]) -> Callable[..., None]:
        @functools.wraps(work)
        def run(**given: Any) -> None:
            context: typer.Context = given.pop("context")
            if trouble := context.meta.get(TROUBLE):
                from migma_nb.cli.answering import refuse  # noqa: PLC0415 - only where something is wrong

                refuse(trouble, as_json=bool(given.get("as_json")))
            line = Line.of(command, context)
            work({**line.settled(given), "line": line})

        parts: dict[str, tuple[Any, Any]] = {
            "context": (typer.Context, inspect.Parameter.empty),
            **TAKEN[command],
        }
        parameters = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for name, (kind, default) in parts.items()
        ]
        run.__dict__["__signature__"] = inspect.Signature(parameters)
        run.__annotations__ = {name: kind for name, (kind, _) in parts.items()}
        del run.__dict__["__wrapped__"]
        return run

    return compose


def option_of(parameter: tuple[Any, Any]) -> Any:
    """Return what Typer knows of a parameter: its option or argument."""
    return parameter[0].__metadata__[0]


def variable_of(parameter: tuple[Any, Any]) -> str | None:
    """Return the environment variable that a parameter may come from, None for none."""
    found = getattr(option_of(parameter), "envvar", None)
    return found if isinstance(found, str) else None
