"""How the command's help looks: options under the headings that they name, in colours on a terminal.

Typer's own panels are drawn by rich, which takes longer to import than all else that `--help` needs.
"""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from migma_nb.cli.screen import document, has_colours

Function = TypeVar("Function", bound=Callable[..., Any])

_WIDEST = 100
#: What stands above those that name no heading of their own.
_HEADINGS = {"argument": "Arguments", "option": "Options"}
#: An option, or a command: what can be typed as it stands.
_TYPED = re.compile(r"(?<!\S)(?:--?[a-z][a-z-]*|[a-z]+)(?!\S)")


class Commands(typer.Typer):
    """A Typer app whose commands show such help. Its settings are Typer's own."""

    def __init__(self, **settings: Any) -> None:
        context = {"max_content_width": _WIDEST}
        super().__init__(cls=_Group, rich_markup_mode=None, context_settings=context, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        """Make a function a command; name and settings are those of `typer.Typer.command`."""
        return super().command(name, **{"cls": _Command} | settings)


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        with _called_by_source(ctx):
            return super().parse_args(ctx, args)

    def get_help_option(self, ctx: Any) -> Any:
        return _decided(super().get_help_option(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)


class _Group(TyperGroup):
    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **more: Any) -> Any:
        with _told_to_scripts(list(args)):
            return super().make_context(info_name, args, *rest, **more)

    def invoke(self, ctx: Any) -> Any:
        with _told_to_scripts([*ctx.args, *getattr(ctx, "_protected_args", ())]):
            return super().invoke(ctx)

    def get_help_option(self, ctx: Any) -> Any:
        return _decided(super().get_help_option(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)
        rows = [
            (name, " ".join((command.help or "").partition("\n\n")[0].split()))
            for name, command in self.commands.items()
            if not command.hidden
        ]
        _write_section(formatter, "Commands", rows)


@contextlib.contextmanager
def _called_by_source(ctx: Any) -> Iterator[None]:
    """Let the error about a value that was not typed name the variable or the job file that has it."""
    try:
        yield
    except Exception as error:
        parameter: Any = getattr(error, "param", None)
        # Typer and click have a class of such errors each.
        if parameter is not None and hasattr(error, "param_hint"):
            source = ctx.get_parameter_source(parameter.name)
            if source is not None and source.name == "ENVIRONMENT":
                error.param_hint = str(parameter.envvar)
            elif source is not None and source.name == "DEFAULT_MAP":
                error.param_hint = f"{parameter.opts[0].lstrip('-')} in the job file {ctx.params['config']}"
        raise


@contextlib.contextmanager
def _told_to_scripts(args: list[str]) -> Iterator[None]:
    """Give a script that asked for JSON its one document, also where its line cannot be read."""
    try:
        yield
    except Exception as error:
        # What Typer says itself and ends the command with; typer and click have such a class each.
        if "--json" in args and hasattr(error, "format_message") and hasattr(error, "exit_code"):
            told = {"error": error.format_message(), "hint": None, "exit_code": int(error.exit_code)}
            document(told)
        raise


def _decided(option: Any) -> Any:
    """Let an option that was not given be False: Typer would import pydantic to make None a bool."""
    if option is not None and option.default is None:
        option.default = False
    return option


def _write_parameters(command: TyperCommand | TyperGroup, ctx: Any, formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in _HEADINGS.values()}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            own = getattr(parameter, "rich_help_panel", None)
            sections.setdefault(own or _HEADINGS[parameter.param_type_name], []).append(record)
    for heading, rows in sections.items():
        _write_section(formatter, heading, rows)


def _write_section(formatter: Any, heading: str, rows: list[tuple[str, str]]) -> None:
    if not rows:
        return
    coloured = has_colours(sys.stdout)
    shown = [(_TYPED.sub(_cyan, name) if coloured else name, words) for name, words in rows]
    with formatter.section(typer.style(heading, bold=True) if coloured else heading):
        formatter.write_dl(shown)


def _cyan(found: re.Match[str]) -> str:
    return typer.style(found[0], fg="cyan")
