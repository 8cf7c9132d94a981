"""Which options each command of a mailing takes; written once, and composed to the commands' signatures."""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

import typer

from migma_nb.cli import options as opt
from migma_nb.cli import send_options as how
from migma_nb.cli.import_options import IN_ITS_WORDS, THE_IMPORT
from migma_nb.cli.lines import TROUBLE, Line
from migma_nb.cli.options import Group
from migma_nb.cli.own_options import OWN

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
    "hidden": (opt.Hidden, None),
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


def _below(panel: str, group: Group) -> Group:
    """Return the same parameters, below another heading of the help."""
    found = {}
    for name, (kind, default) in group.items():
        option = copy.copy(option_of((kind, default)))
        option.rich_help_panel = panel
        found[name] = (Annotated[kind.__origin__, option], default)
    return found


def option_of(parameter: tuple[Any, Any]) -> Any:
    """Return what Typer knows of a parameter: its option or argument."""
    return parameter[0].__metadata__[0]


#: What a command that plans, or waits, says meanwhile.
_LOG: Group = {"log_every": (how.LogMeanwhile, None)}

#: Each command's parameters, in the order of its help.
TAKEN: Mapping[str, Group] = {
    "check": {**MAILING, **WHOM, **READING, **CONFIG, **_LOG, **OWN["check"]},
    "preview": {**MAILING, **WHOM, **READING, **CONFIG, **_LOG, **OWN["preview"]},
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
    "fix": {**MAILING, **WHOM, **READING, **CONFIG, **_LOG, **OWN["fix"]},
    "import": {
        **_only(WHOM, "file"),
        **_only(OWN["import"], "tag_name"),
        **_only(IN_ITS_WORDS, "project_id"),
        **_only(OWN["import"], "field", "custom", "resubscribe"),
        **READING,
        **_only(WHOM, "address", "exclude", "duplicates"),
        **_only(OWN["import"], "live", "confirm", "read_back"),
        **_only(IN_ITS_WORDS, "skip_invalid"),
        **_below(THE_IMPORT, _only(SENDING, "rate", "base_url", "account")),
        **_only(SENDING, "ledger"),
        **CONFIG,
        **_LOG,
        **OWN["import"],
    },
    "form": {
        **_only(OWN["form"], "live"),
        **_only(SENDING, "rate", "base_url", "account"),
        **MAILING,
        **WHOM,
        **READING,
        **_only(SENDING, "ledger"),
        **CONFIG,
        **OWN["form"],
    },
    "report": {**_RUN, **_only(SENDING, "base_url", "account", "ledger"), **CONFIG, **_LOG, **OWN["report"]},
    "runs": {**_only(SENDING, "ledger"), **CONFIG, **OWN["runs"]},
    "sandbox": {**OWN["sandbox"], **CONFIG},
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


def variable_of(parameter: tuple[Any, Any]) -> str | None:
    """Return the environment variable that a parameter may come from, None for none."""
    found = getattr(option_of(parameter), "envvar", None)
    return found if isinstance(found, str) else None
