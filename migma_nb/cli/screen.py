"""How the command line prints: lines that fit the terminal, one JSON document, no escapes in data."""

import contextlib
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

import typer

from migma_nb.notebook.lines import visible, width_of

_NARROWEST, _WIDEST = 60, 110
#: Without a terminal lines are only cut where a table would be endless.
_WIDTH_OF_FILES = 110
#: A name and two spaces before its value: where the value's further lines begin.
_HANG = re.compile(r"\s+\S+(?: \S+)*?\s{2,}(?=\S)")


def say(
    text: str = "",
    *,
    aside: bool = False,
    bold: bool = False,
    colour: str | None = None,
    whole: bool = False,
) -> None:
    """Print lines, folded to the terminal's width; what was on them cannot move the cursor.

    Args:
        text: the lines (str).
        aside: on stderr, so that stdout holds the result alone.
        bold: in bold, where colours are shown.
        colour: a colour of click's, where colours are shown.
        whole: lines that somebody copies, which are never folded.
    """
    stream = sys.stderr if aside else sys.stdout
    lines = [visible(line) for line in text.split("\n")]
    if stream.isatty() and not whole:
        lines = [folded for line in lines for folded in _folded(line)]
    shown = "\n".join(lines)
    if (bold or colour) and has_colours(stream):
        shown = typer.style(shown, bold=bold, fg=colour)
    with _quiet_when_nobody_reads(stream):
        typer.echo(shown, file=stream, color=has_colours(stream))


def heading(words: str) -> None:
    """Print a section's heading, with air before it."""
    say()
    say(f"── {words} {'─' * max(2, width() - len(words) - 4)}"[: width()], bold=True, colour="cyan")


def document(value: Any) -> None:
    """Print one JSON document on stdout; what its encoding lacks, such as a stray byte, as JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, allow_nan=False)
    with _quiet_when_nobody_reads(sys.stdout):
        typer.echo(text)


def table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print rows of cells in columns, the last one cut where the terminal ends.

    Args:
        rows: rows × cells (str), as many in each.
        right: the columns that stand flush right, such as numbers.
    """
    flush = set(right)
    widths = [max(width_of(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [_padded(cell, widths[at], right=at in flush) for at, cell in enumerate(row)]
        say(cut("  " + "  ".join(cells).rstrip(), width()))


def width() -> int:
    """Return how many columns there are to print in."""
    if not sys.stdout.isatty():
        return _WIDTH_OF_FILES
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size().columns))


def cut(text: str, most: int) -> str:
    """Return a text that takes at most so many columns."""
    if width_of(text) <= most:
        return text
    shown = text
    while width_of(shown) >= most:
        shown = shown[:-1]
    return shown + "…"


def has_colours(stream: TextIO) -> bool:
    """Say whether colours are shown: on a terminal, unless `NO_COLOR` is set or the terminal has none."""
    return stream.isatty() and not os.getenv("NO_COLOR") and os.getenv("TERM") != "dumb"


def _padded(cell: str, wanted: int, *, right: bool) -> str:
    room = " " * (wanted - width_of(cell))
    return room + cell if right else cell + room


def _folded(line: str) -> list[str]:
    """Fold a long line of a terminal at words; what follows hangs under its value."""
    if width_of(line) <= width():
        return [line]
    hang = _HANG.match(line)
    indent = " " * (hang.end() if hang else len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line,
        width(),
        subsequent_indent=indent,
        drop_whitespace=True,
        break_long_words=False,
        break_on_hyphens=False,
    )


@contextlib.contextmanager
def _quiet_when_nobody_reads(stream: TextIO) -> Iterator[None]:
    """Let a reader such as `head` go away: the work and its exit code do not hang on it."""
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
