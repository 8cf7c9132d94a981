"""A list that means harm, at the command line: nothing of it reaches the terminal as a command."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Migma = Callable[..., subprocess.CompletedProcess[str]]

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202eevil\u2066\x9b31m\u200b<script>"
LISTS = {
    "value": f"email,name\na@x.example,{HOSTILE}\nb@x.example,nan\n",
    "address": f"email,name\n{HOSTILE}@x.example,Ann\nb@x.example,Bob\n",
    "column": f"email,name,{HOSTILE}\na@x.example,,x\nb@x.example,Bob,y\n",
}


@pytest.mark.parametrize("place", LISTS)
@pytest.mark.parametrize("as_json", [False, True])
def test_no_escape_sequence_or_bidi_override_reaches_the_terminal(
    here: Migma, folder: Path, send: list[str], place: str, as_json: bool
) -> None:
    """From cells, addresses, column names, subject, mailing or sender; in check, send and report."""
    (folder / "people.csv").write_text(LISTS[place], encoding="utf-8")
    options = send[1:] + ["--json"] * as_json
    named = [f"--mailing={HOSTILE}", f"--sender=A{HOSTILE} <a@b.example>", f"--subject={HOSTILE}{{{{name}}}}"]
    for command in ("check", "send"):
        extra = ["--skip-invalid"] * (command == "send")
        for words in (options, [*options, *named]):
            found = here(command, *words, *extra)
            assert found.returncode in {0, 2, 3}
            seen = found.stdout + found.stderr
            assert [] == [char for char in seen if not (char.isprintable() or char == "\n")]
