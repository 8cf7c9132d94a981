"""A send that nobody watches: a line of counts now and then on stderr, without bar or control codes."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit
from tests.cli.commands import COMMAND

Migma = Callable[..., subprocess.CompletedProcess[str]]
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?P<pairs>(?: [a-z_]+=[^ ]*)+)"  # parsable without quoting
)


@pytest.fixture
def slow(folder: Path, send: list[str]) -> list[str]:
    """Return a rehearsal that takes some seconds."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(20))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    return [*send, "--rate=5/second", "--json"]


def test_lines_come_as_often_as_asked_and_add_up(migma: Migma, slow: list[str]) -> None:
    """Each is a time in UTC and pairs; the counts are those of all rows, and the last line has the end."""
    found = migma(*slow, "--log-every=1")
    assert Exit.FINE == found.returncode
    lines = [match for line in found.stderr.splitlines() if (match := LINE.fullmatch(line))]
    told = [dict(pair.split("=", 1) for pair in line["pairs"].split()) for line in lines]
    assert len(told) >= 2
    states = ("accepted", "refused", "unknown", "waiting", "sending")
    assert {20} == {sum(int(one[state]) for state in states) for one in told}
    assert ("finished", "20") == (told[-1]["state"], told[-1]["accepted"])
    assert {json.loads(found.stdout)["run_id"]} == {one["run"] for one in told}
    assert sorted(int(one["accepted"]) for one in told) == [int(one["accepted"]) for one in told]
    assert any(float(one["left_s"] or 0) > 0 for one in told[:-1])


def test_a_pipe_gets_no_control_codes_and_a_short_send_no_line(migma: Migma, slow: list[str]) -> None:
    """A minute is longer than it takes; nothing but the words of the send stands in the log."""
    found = migma(*slow)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", found.stdout + found.stderr)
    assert not [line for line in found.stderr.splitlines() if LINE.fullmatch(line)]
    assert 1 == found.stdout.count('"run_id"')


def test_the_environment_says_how_often_and_zero_is_never(migma: Migma, slow: list[str]) -> None:
    """`MIGMA_LOG_EVERY`, which a flag overrules."""
    assert "state=running" in migma(*slow, MIGMA_LOG_EVERY="1").stderr
    assert "state=" not in migma(*slow, "--log-every=0", MIGMA_LOG_EVERY="1").stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_on_a_terminal_a_bar_is_shown_unless_lines_are_asked_for(
    slow: list[str], folder: Path, environment: dict[str, str]
) -> None:
    """The stream of the lines decides, since stdout may be a file."""
    import pty  # noqa: PLC0415 - not on every system
    import termios  # noqa: PLC0415 - as above

    shown = []
    for more in ([], ["--log-every=1"]):
        ours, theirs = pty.openpty()
        # A terminal of no columns has no room for a bar.
        termios.tcsetwinsize(theirs, (40, 100))
        process = subprocess.Popen(
            [*COMMAND, *slow, *more],
            env=environment | {"TERM": "xterm"},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            stdin=subprocess.DEVNULL,
        )
        os.close(theirs)
        shown.append(_all_of(ours))
        assert Exit.FINE == process.wait(60)
    assert ("%|" in shown[0], "state=" in shown[0]) == (True, False)
    assert ("%|" in shown[1], "state=finished" in shown[1]) == (False, True)


def _all_of(descriptor: int) -> str:
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(descriptor)
    return b"".join(pieces).decode()
