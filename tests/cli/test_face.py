"""What a stranger meets first: the demo, the help, the version, and a mistyped line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migma_nb.cli.exits import Exit

Migma = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = ("demo", "check", "preview", "send", "resume", "fix", "import", "runs", "report", "sandbox")


def test_the_demo_mails_everybody_once_and_then_nobody(migma: Migma, folder: Path) -> None:
    """The main job of a stranger: the plan, its problems, the send, the account, and the same again."""
    found = migma("demo")
    assert (0, "") == (found.returncode, found.stderr)
    for words in (
        "481 people of 500 rows",
        "7 ×  invalid_email",
        "481 of 481 people mailed",
        "migma-nb-demo/sent.csv",
        "Nobody was mailed: all 481 were mailed",
        "delivered 481 messages to 481 people",
    ):
        assert words in found.stdout
    account = pd.read_csv(folder / "migma-nb-demo" / "sent.csv")
    assert {"accepted": 481, "duplicate": 11, "invalid": 8} == account["state"].value_counts().to_dict()
    assert found.stdout.rstrip().endswith("migma-nb check people.csv")


def test_the_demo_can_be_run_again_and_says_where_it_cannot_write(here: Migma, folder: Path) -> None:
    """A second run overwrites its own result; a file in the folder's place is bad input."""
    (folder / "there").mkdir()
    assert Exit.FINE == here("demo", "--out=there").returncode
    found = here("demo", "--out=people.csv")
    assert Exit.BAD_INPUT == found.returncode
    assert "people.csv" in found.stderr


@pytest.mark.proof
def test_the_demo_ends_with_a_line_that_can_be_typed(folder: Path, environment: dict[str, str]) -> None:
    """After `make demo` the command is in .venv/bin and not on the path."""
    command = Path(sys.executable).with_name("migma-nb")
    for path, typed in (("/nowhere", str(command)), (str(command.parent), "migma-nb")):
        found = subprocess.run(
            [command, "demo"],
            env=environment | {"PATH": path},
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert f"  {typed} check people.csv" == found.stdout.rstrip().splitlines()[-1]


def test_the_help_names_every_command_and_every_exit_code(here: Migma) -> None:
    """What the codes mean stands where people look."""
    found = here("--help")
    assert Exit.FINE == found.returncode
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", found.stdout)
    for code in Exit:
        assert re.search(rf"(?m)^\W*{int(code)}  \w", found.stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(here: Migma, command: str) -> None:
    """Each says what it does; none needs a key or a ledger for that, and none takes a key."""
    found = here(command, "--help")
    assert Exit.FINE == found.returncode
    assert "--api-key" not in found.stdout


def test_the_version_is_the_packages(here: Migma) -> None:
    """One place knows it."""
    assert f"migma-nb {version('migma-nb')}\n" == here("--version").stdout


@pytest.mark.parametrize("typed", [["bogus"], ["send", "--bogus"], ["report"], ["send", "--limit=x"]])
def test_a_mistyped_line_is_bad_input(here: Migma, typed: list[str]) -> None:
    """Usage errors have the code of bad input, and no traceback."""
    found = here(*typed)
    assert Exit.BAD_INPUT == found.returncode
    assert "Usage" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_reader_that_goes_away_is_no_trouble(folder: Path, environment: dict[str, str]) -> None:
    """As in `migma-nb check … | head -1`: quiet, and the exit code stays that of the work."""
    lines = "".join(f"x{at}@\n" for at in range(5000))
    (folder / "people.csv").write_text(f"email\n{lines}")
    process = subprocess.Popen(
        [sys.executable, "-m", "migma_nb.cli", "check", "people.csv", "--json"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert "{\n" == process.stdout.readline()
    process.stdout.close()
    assert "" == process.stderr.read()
    process.stderr.close()
    assert Exit.BAD_INPUT == process.wait(30)


def test_a_terminal_without_unicode_gets_an_answer(migma: Migma) -> None:
    """What its encoding lacks is replaced."""
    found = migma("check", "people.csv", PYTHONIOENCODING="ascii")
    assert Exit.FINE == found.returncode
    assert found.stdout.isascii()


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(
    folder: Path, environment: dict[str, str], setting: dict[str, str], coloured: bool
) -> None:
    """`NO_COLOR` is respected, and lines fit the terminal."""
    import pty  # noqa: PLC0415 - not on every system

    ours, theirs = pty.openpty()
    (folder / "people.csv").write_text("email\nbroken@\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "migma_nb.cli", "check", "people.csv"],
        cwd=folder,
        env={**environment, "TERM": "xterm", "COLUMNS": "80", "LINES": "40"} | setting,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = _read_all(ours)
    assert Exit.BAD_INPUT == process.wait(30)
    assert coloured is ("\x1b[" in shown)
    *lines, pasted = re.sub(r"\x1b\[[\d;]*m", "", shown).rstrip().split("\n")
    assert max(len(line.rstrip("\r")) for line in lines) <= 80
    # What somebody copies is one line, however long.
    assert pasted.startswith("migma-nb send people.csv ")


def test_data_cannot_speak_to_the_terminal(here: Migma, folder: Path) -> None:
    """Escapes in a list are shown by their codes."""
    (folder / "people.csv").write_text("email\n\x1b]0;owned\x07@x.example\n\x1b[2Jx@@example\n")
    found = here("check", "people.csv")
    assert Exit.BAD_INPUT == found.returncode
    assert not {"\x1b", "\x07"} & set(found.stdout + found.stderr)


def test_a_fault_of_the_program_is_one_line_unless_asked(migma: Migma, folder: Path) -> None:
    """Exit code 1, a plea to report it, and a traceback only with MIGMA_DEBUG=1."""
    # A module of ours that cannot be imported stands for any fault.
    broken = folder / "sitecustomize.py"
    broken.write_text(
        "import migma_nb.planning.reading as reading\n"
        "def fail(*_): raise RuntimeError('a surprise')\n"
        "reading.decode = fail\n"
    )
    found = migma("check", "people.csv", PYTHONPATH=str(folder))
    assert (Exit.FAULT, "") == (found.returncode, found.stdout)
    assert "a surprise" in found.stderr
    assert "report" in found.stderr
    assert "Traceback" not in found.stderr
    assert "Traceback" in migma("check", "people.csv", PYTHONPATH=str(folder), MIGMA_DEBUG="1").stderr


@pytest.mark.parametrize(
    "typed",
    [
        ["check", "no.csv"],
        ["preview", "no.csv"],
        ["send", "no.csv"],
        ["resume", "m", "no.csv"],
        ["fix", "no.csv", "--code=all", "--dry-run"],
        ["import", "no.csv", "--tag=t"],
        ["report", "2026"],
        ["runs", "--ledger=no.db"],
    ],
)
def test_a_command_that_comes_to_nothing_says_so_in_one_document(here: Migma, typed: list[str]) -> None:
    """Exit code 2; under --json the error is the document, and without it there is none on stdout."""
    found = here(*typed, "--json")
    told = json.loads(found.stdout)
    assert (Exit.BAD_INPUT, Exit.BAD_INPUT) == (found.returncode, told["exit_code"])
    assert told["error"] in found.stderr
    assert (Exit.BAD_INPUT, "") == (here(*typed).returncode, here(*typed).stdout)


@pytest.mark.parametrize(
    "typed",
    [
        ["bogus"],
        ["--bogus"],
        ["send", "--bogus"],
        ["report"],
        ["send", "--limit=x"],
        ["form"],
        ["send", "--out=people.csv", "--limit"],
    ],
    ids=" ".join,
)
def test_a_line_that_cannot_be_read_is_one_document_too(here: Migma, typed: list[str]) -> None:
    """A job that asked for JSON need not know which mistake is whose: it reads one document, and code 2."""
    found = here(*typed[:1], "--json", *typed[1:])
    told = json.loads(found.stdout)
    assert (Exit.BAD_INPUT, Exit.BAD_INPUT) == (found.returncode, told["exit_code"])
    assert told["error"] in found.stderr
    # A form that is not told to print JSON is a page that is served.
    assert typed == ["form"] or here(*typed).stdout == ""


def test_an_import_whose_account_cannot_be_written_is_one_document(here: Migma, folder: Path) -> None:
    """The result goes wrong after the import: its document is the error's alone."""
    (folder / "full.csv").symlink_to("/dev/full")
    found = here("import", "people.csv", "--tag=t", "--out=full.csv", "--json")
    told = json.loads(found.stdout)
    assert (Exit.BAD_INPUT, Exit.BAD_INPUT) == (found.returncode, told["exit_code"])
    assert "full.csv cannot be written" in told["error"]


@pytest.mark.parametrize(
    "encoding", ["ascii", *(pytest.param(name, marks=pytest.mark.proof) for name in ("utf-8", "latin-1"))]
)
def test_json_tells_every_name_as_it_is_whatever_the_encoding(migma: Migma, encoding: str) -> None:
    """What the encoding of a pipe lacks is an escape in the document, not a question mark."""
    name = "it is “é”"
    found = migma("check", "people.csv", f"--mailing={name}", "--json", PYTHONIOENCODING=encoding)
    assert name in json.loads(found.stdout)["next"]


def test_json_is_one_document(migma: Migma) -> None:
    """Also where there is nothing to tell."""
    assert [] == json.loads(migma("runs", "--json").stdout)


def _read_all(descriptor: int) -> str:
    pieces: list[bytes] = []
    while True:
        try:
            piece: Any = os.read(descriptor, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(descriptor)
    return b"".join(pieces).decode()
