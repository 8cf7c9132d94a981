"""What was typed at the command line, and the line that comes next, fit to be pasted into a shell."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from migma_nb.notebook.lines import visible

#: Of these one is meant: what is typed stands in place of all that a job file says of them.
_ONE_OF = (("file", "tag", "segment", "audience"), ("template", "conversation_id", "email_id"))
_PASSWORD = re.compile(r"(?<=://)([^/@\s]*?):[^/@\s]*@|(?<=[?&]password=)[^&\s]*")
#: Where a context keeps what is wrong with the job file.
TROUBLE = "migma_nb.job_file"
_SOURCES = {"COMMANDLINE": "command line", "ENVIRONMENT": "environment", "DEFAULT_MAP": "job file"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a parameter is typed: its option ("" for an argument), its opposite, whether it takes a value."""

    option: str
    opposite: str
    is_flag: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One call of the command.

    `typed` are the parameters that were typed, by name; `sources` says of every parameter where its value is
    from: "command line", "environment", "job file" or "default".
    """

    command: str
    typed: Mapping[str, Any]
    sources: Mapping[str, str]
    spellings: Mapping[str, Spelling]

    @classmethod
    def of(cls, command: str, context: typer.Context) -> "Line":
        """Return the line that a command was called by."""
        spellings, typed, sources = {}, {}, {}
        for parameter in context.command.params:
            name = str(parameter.name)
            named = parameter.param_type_name == "option"
            options = [one for one in parameter.opts if one.startswith("--")]
            spellings[name] = Spelling(
                options[0] if named and options else "",
                next(iter(parameter.secondary_opts), ""),
                bool(getattr(parameter, "is_flag", False)),
            )
            source = context.get_parameter_source(name)
            sources[name] = _SOURCES.get(source.name if source else "", "default")
            if sources[name] == "command line":
                typed[name] = context.params.get(name)
        return cls(command, typed, sources, spellings)

    def settled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that count: whom and what one names on the line, a job file does not add to."""
        dropped = {
            name
            for names in _ONE_OF
            if any(name in self.typed for name in names)
            for name in names
            if self.sources.get(name) == "job file"
        }
        return {name: None if name in dropped else value for name, value in given.items()}

    def next(
        self, command: str, *first: str, keep: Collection[str], add: Mapping[str, Any] | None = None
    ) -> str:
        """Return another command with the same options, as one types it.

        Args:
            command: the command.
            first: its arguments that come first.
            keep: the parameters that it takes over, as far as they were typed.
            add: options (with dashes) to their values, True for a flag; they stand in place of typed ones.
        """
        words = [*program(), command, *first]
        options: list[str] = []
        more = dict(add or {})
        for name, value in self.typed.items():
            spelling = self.spellings[name]
            if (name not in keep and name != "config") or spelling.option in more:
                continue
            if not spelling.option:
                words.append(_argument(str(value)))
            elif spelling.is_flag:
                options.append(spelling.option if value else spelling.opposite)
            else:
                values = value if isinstance(value, list | tuple) else [value]
                options += [part for one in values for part in (spelling.option, without_password(str(one)))]
        for option, value in more.items():
            options += [option] if value is True else [option, str(value)]
        return quoted([*words, *options])


def program() -> list[str]:
    """Return how this program can be typed here: it is on the path of an active environment alone."""
    typed = Path(sys.argv[0])
    bare = typed.name in {"migma-nb", "migma-nb.exe"} and shutil.which("migma-nb") is None
    return [str(typed)] if bare else ["migma-nb"]


def quoted(words: list[str]) -> str:
    """Return words as a line of this system's shell, which still means the same once it was shown."""
    if os.name != "nt":
        return " ".join(map(_quoted, words))
    from subprocess import list2cmdline  # noqa: PLC0415 - it takes its time, and only Windows needs it

    return list2cmdline(words)


def _quoted(word: str) -> str:
    """Quote a word; what no screen shows as it is (a tab, a turn of direction, a stray byte) by its bytes."""
    try:
        plain = visible(word) == word and bool(word.encode())
    except UnicodeEncodeError:
        plain = False
    if plain or not word:
        return shlex.quote(word)
    told = {"%": "%%", "\\": "\\\\"}
    parts = [
        told.get(char, char) if char.isascii() and char.isprintable() else f"\\{ord(char):03o}"
        for char in os.fsencode(word).decode("latin-1")
    ]
    return f'"$(printf -- {shlex.quote("".join(parts))})"'


def without_password(text: str) -> str:
    """Return a text in which no URL shows a password, which may come from `PGPASSWORD` or a `.pgpass`."""
    return _PASSWORD.sub(lambda found: f"{found[1]}@" if found[1] is not None else "", text)


def _argument(text: str) -> str:
    # What begins with a dash would be taken for an option.
    return f"./{text}" if text.startswith("-") else text
