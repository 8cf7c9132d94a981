"""A list as the command line names it: the file, read as the options say that were typed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.cli.screen import say
from migma_nb.cli.wording import for_terminal
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.sheets import SHOW_OR_DELETE

#: The options that say how FILE is read: parameters of the commands and arguments of `read_recipients` alike.
_READING = ("encoding", "delimiter", "quote", "sheet", "header", "member", "hidden")
#: What nobody can type in a shell.
_TYPED_TABS = frozenset({"tab", "\\t"})


def reading_of(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return how FILE is to be read: those arguments of `read_recipients` that were typed.

    Args:
        typed: the command's parameters by name.

    Raises:
        InputError: there is no FILE that they could be about.
    """
    reading = {name: typed[name] for name in _READING if typed.get(name) is not None}
    if reading and typed["file"] is None:
        raise InputError(
            f"--{next(iter(reading))} says how FILE is read, and no FILE was named.", hint="Leave it out."
        )
    if reading.get("delimiter") in _TYPED_TABS:
        reading["delimiter"] = "\t"
    return reading


def left_out(file: Path | None) -> pd.DataFrame | None:
    """Return the list of `--exclude`, None for none.

    Raises:
        InputError: it cannot be read; what is said of options is about FILE, so here a file is asked for.
    """
    if file is None:
        return None
    try:
        return read_recipients(file)
    except InputError as error:
        if not any(f"{name}=" in (error.hint or "") for name in _READING):
            raise
        # What a spreadsheet writes as CSV has its hidden rows too.
        instead = "Save that list as CSV UTF-8 with one header line"
        if "hidden=" in (error.hint or ""):
            instead = SHOW_OR_DELETE.capitalize()
        raise InputError(
            f"--exclude: {error.message}",
            hint=f"{instead}: the options that say how a list is read are for FILE.",
        ) from error


def show_reading(report: ReadReport | None, *, aside: bool = False) -> None:
    """Print how a list was read, and every repair in a line of its own.

    Args:
        report: the list's report, None for none.
        aside: on stderr.
    """
    if report is not None:
        say(for_terminal(str(report)), aside=aside)
