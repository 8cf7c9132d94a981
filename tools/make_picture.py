"""Makes the README's picture, docs/demo.svg, of what the real demo shows in a terminal."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

TARGET = Path(__file__).parent.parent / "docs" / "demo.svg"
WIDTH = 96
#: Readable in light and dark pages alike: the eight colours of a dark terminal.
THEME = TerminalTheme(
    (24, 28, 36),
    (214, 219, 228),
    [
        (24, 28, 36),
        (232, 110, 110),
        (142, 200, 120),
        (224, 184, 100),
        (110, 160, 230),
        (190, 140, 220),
        (104, 196, 204),
        (214, 219, 228),
    ],
)
#: What readers have; none is fetched.
FONT = "'DejaVu Sans Mono', 'SF Mono', Menlo, Consolas, monospace"


def main() -> None:
    """Run the demo in an empty folder and in a terminal of its own, and draw what it shows at its end."""
    with tempfile.TemporaryDirectory() as folder:
        shown = run_in_terminal([sys.executable, "-m", "migma_nb.cli", "demo"], Path(folder))
        if folder in shown:
            raise SystemExit("The demo shows a path of this machine; no picture was made.")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make demo", style="bold green"))
    for line in final_lines(shown):
        console.print(Text.from_ansi(line), overflow="crop", no_wrap=True)
    drawn = console.export_svg(title="make demo", theme=THEME, unique_id="demo")
    # The fonts that rich names come from a server; a picture in a repository fetches nothing.
    drawn = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"font-family: [^;]+;", f"font-family: {FONT};", drawn)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(re.sub(r"[ \t]+\n", "\n", drawn), encoding="utf-8")


def run_in_terminal(command: list[str], folder: Path) -> str:
    """Return everything that a command writes to a terminal of `WIDTH` columns.

    Raises:
        SystemExit: the command failed.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MIGMA_", "NO_COLOR"))}
    env |= {"TERM": "xterm-256color", "COLUMNS": str(WIDTH), "HOME": str(folder)}
    process = subprocess.Popen(  # noqa: S603 - this project's own command
        command, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    pieces: list[bytes] = []
    while piece := read(ours):
        pieces.append(piece)
    os.close(ours)
    if process.wait():
        raise SystemExit(f"The demo failed with {process.returncode}.")
    return b"".join(pieces).decode()


def read(descriptor: int) -> bytes:
    """Return what comes next from a terminal, nothing at its end."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # Linux says so when the last one that wrote to it has ended.
        return b""


def final_lines(shown: str) -> list[str]:
    """Return the lines as they stand at the end: where a bar was drawn anew, its last state."""
    lines = shown.replace("\r\n", "\n").rstrip("\n").split("\n")
    return [next((part for part in reversed(line.split("\r")) if part.strip()), "") for line in lines]


if __name__ == "__main__":
    main()
