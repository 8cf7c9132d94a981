"""Write docs/cli.md from the command line itself: `python tools/make_cli_docs.py`, or `make docs`.

With `--check` nothing is written; the exit code says whether the page is up to date. Typer's own `typer utils
docs` (0.29) lists the options without their panels, and knows neither job files nor their keys.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from migma_nb.cli import app
from migma_nb.cli.exits import EXIT_WORDS
from migma_nb.cli.job_files import key_of
from migma_nb.cli.own_options import OWN
from migma_nb.cli.parameters import SHARED, TAKEN

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
#: What no program knows: its words, with places for what this one finds out.
TEMPLATE = Path(__file__).with_name("cli_page.md")

OTHER_VARIABLES = {
    "MIGMA_API_KEY": "The API key. Else it comes from the OS keyring (`keyring set migma_nb api_key`).",
    "MIGMA_ALLOW_HEADLESS": "`1` lets a notebook that nobody watches send live; scripts need it not.",
    "MIGMA_ALLOW_HTTP": "`1` allows plain http to a server elsewhere, such as a proxy of your own.",
    "MIGMA_DEBUG": "`1` shows where a fault of the program happened.",
    "MIGMA_FORM_RUNS": "Set by a form's page for its own kernels; nothing to set yourself.",
    "NO_COLOR": "No colour, also on a terminal.",
}


def page() -> str:
    """Return the whole page."""
    root: Any = typer.main.get_command(app)
    made = {
        "COMMANDS": _commands(root),
        "EXIT CODES": _exit_codes(),
        "VARIABLES": _variables(root),
        "SHARED KEYS": [", ".join(f"`{key_of(name)}`" for name in SHARED)],
        "OWN KEYS": _own_keys(),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, lines in made.items():
        text = text.replace(f"<<{name}>>", "\n".join(lines).strip())
    return text


def _commands(root: Any) -> Iterator[str]:
    yield "| command | what it does |\n|---|---|"
    yield from (f"| [`{name}`](#{name}) | {_first_line(one)} |" for name, one in root.commands.items())
    yield ""
    for name, command in root.commands.items():
        yield from _command(name, command)


def _first_line(command: Any) -> str:
    help_: str = command.help or ""
    return _plain(inspect.cleandoc(help_).partition("\n\n")[0].replace("\n", " "))


def _command(name: str, command: Any) -> Iterator[str]:
    parameters = [one for one in command.params if one.name != "help"]
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    options = [one for one in parameters if one.param_type_name == "option"]
    named = {one.name: one.metavar or str(one.name).upper() for one in arguments}
    words = [named[one.name] if one.required else f"[{named[one.name]}]" for one in arguments]
    yield f"### {name}\n"
    yield f"`{' '.join(['migma-nb', name, *words, '[OPTIONS]'])}`\n"
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield paragraph.replace("\n", " ") + "\n"
    for one in arguments:
        yield f"- `{named[one.name]}`: {one.help}\n"
    panels: dict[str, list[Any]] = {}
    for one in options:
        panels.setdefault(one.rich_help_panel or "Other options", []).append(one)
    for panel, found in panels.items():
        yield f"| {panel} | |\n|---|---|"
        yield from (f"| {_spelling(one)} | {_meaning(one)} |" for one in found)
        yield ""


def _spelling(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
    words = [f"{option.opts[0]}{value}", *option.secondary_opts]
    return ", ".join(f"`{word}`" for word in words)


def _meaning(option: Any) -> str:
    words = _plain(option.help)
    if not option.is_flag and option.default not in {None, "", 0} and option.show_default:
        words = f"{words} Default: {option.default}."
    return words


def _plain(words: str) -> str:
    """Return words as a cell of a table shows them."""
    return words.replace("|", "\\|").replace("<", "&lt;")


def _exit_codes() -> Iterator[str]:
    _, *lines, last = EXIT_WORDS.removeprefix("\b\n").split("\n")
    yield "| code | meaning |\n|---|---|"
    # A meaning may go on in lines without a code.
    for code, words in re.findall(r"^ *(\d+)  (.*(?:\n {7,}\D.*)*)", "\n".join(lines), re.MULTILINE):
        yield f"| {code} | {' '.join(words.split())} |"
    yield f"\n{last}"


def _variables(root: Any) -> Iterator[str]:
    found: dict[str, str] = {}
    for command in root.commands.values():
        for one in command.params:
            if one.envvar and one.param_type_name == "option":
                found.setdefault(one.envvar, f"`{one.opts[0]}`: {_plain(one.help)}")
    rows = found | OTHER_VARIABLES
    yield "| variable | what it is |\n|---|---|"
    yield from (f"| `{name}` | {rows[name]} |" for name in sorted(rows))


def _own_keys() -> Iterator[str]:
    yield "| heading | keys |\n|---|---|"
    for command, group in OWN.items():
        own = [name for name in group if name in TAKEN[command] and name not in {"live", "confirm"}]
        yield f"| `[{command}]` | {', '.join(f'`{key_of(name)}`' for name in own)} |"


def main() -> None:
    """Write the page, or say whether it is as it should be."""
    new = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(new, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != new:
        sys.exit(f"{PAGE} is not what the command line says: run `make docs`.")


if __name__ == "__main__":
    main()
