"""docs/cli.md: made from the command line, up to date, and without a hole."""

import re
import subprocess
import sys
from pathlib import Path

import migma_nb
from migma_nb.cli.exits import Exit
from migma_nb.cli.parameters import TAKEN, option_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cli.md"
TOOL = ROOT / "tools" / "make_cli_docs.py"


def test_the_page_is_what_the_command_line_says() -> None:
    """`make docs` makes it anew; whoever changes an option is told."""
    found = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False)
    assert (0, "") == (found.returncode, found.stderr)


def test_a_page_that_is_out_of_date_is_found(tmp_path: Path) -> None:
    """The check is one that can fail."""
    for name in ("tools", "docs"):
        (tmp_path / name).mkdir()
    for name in ("make_cli_docs.py", "cli_page.md"):
        (tmp_path / "tools" / name).write_bytes((ROOT / "tools" / name).read_bytes())
    (tmp_path / "docs" / "cli.md").write_text(
        PAGE.read_text(encoding="utf-8").replace("--only-refused", "--x")
    )
    found = subprocess.run(
        [sys.executable, tmp_path / "tools" / TOOL.name, "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (1, True) == (found.returncode, "make docs" in found.stderr)


def test_every_variable_of_the_environment_is_on_the_page() -> None:
    """Every MIGMA_… that any source reads."""
    package = Path(migma_nb.__file__).parent
    named = {
        name
        for path in package.rglob("*.py")
        for name in re.findall(r"\bMIGMA_[A-Z_]+\b", path.read_text("utf-8"))
    }
    page = PAGE.read_text(encoding="utf-8")
    assert set() == {name for name in named if f"| `{name}` |" not in page}
    assert {"MIGMA_API_KEY", "MIGMA_RATE"} <= named


def test_no_variable_of_the_environment_is_a_safety_catch() -> None:
    """What was exported long ago must not mail anybody today, nor say whom or what."""
    forbidden = {"live", "confirm", "file", "template", "subject", "mailing", "config"}
    for group in TAKEN.values():
        for name in forbidden & group.keys():
            assert getattr(option_of(group[name]), "envvar", None) is None


def test_every_exit_code_has_its_line() -> None:
    """As the help has them."""
    page = PAGE.read_text(encoding="utf-8")
    assert [] == [code for code in Exit if f"\n| {int(code)} | " not in page]
