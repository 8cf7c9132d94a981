"""Makes the README's picture, docs/demo.svg, from the output of the real demo."""

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).parent.parent / "docs" / "demo.svg"
WIDTH = 116


def main() -> None:
    """Run the demo in an empty folder, and draw what a terminal shows at its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "migma_nb.cli", "demo"]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    bar = found.stderr.replace("\n", "\r").split("\r")
    last = next(line for line in bar if "481/481" in line)
    shown = found.stdout.replace("481 of 481 people", f"{last}\n\n481 of 481 people", 1)
    shown = re.sub(r"(; ledger ).*", r"\1…", shown)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make demo", style="bold green"))
    for line in shown.splitlines():
        heading = re.match(r"(\d  |Next:)", line)
        console.print(Text(line, style="bold cyan" if heading else ""), overflow="ellipsis", no_wrap=True)
    drawn = console.export_svg(title="migma_nb")
    TARGET.parent.mkdir(exist_ok=True)
    drawn = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->", "", drawn, flags=re.DOTALL)
    TARGET.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
