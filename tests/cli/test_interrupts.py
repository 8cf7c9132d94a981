"""Ctrl-C and SIGTERM: every command ends with 130, and a line now and then says what goes on till then."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit
from migma_nb.cli.meanwhile import interruptible
from tests.cli.commands import COMMAND

Migma = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., "subprocess.Popen[str]"]
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
#: Long enough to be told to end in the middle of the planning.
ROWS = 300_000


@pytest.fixture
def start(folder: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Return a function that starts the command in the folder; what is left of it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*args: str, **env: str) -> "subprocess.Popen[str]":
        started.append(
            subprocess.Popen(
                [*COMMAND, *args],
                cwd=folder,
                env=environment | env,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until_said(process: "subprocess.Popen[str]", words: str) -> str:
    """Read what a command says on stderr until a line has these words (a pattern), and return all of it."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if re.search(words, line):
            return said
    raise AssertionError(f"it ended before it said {words}: {said}")


def long_list(folder: Path) -> None:
    """Write a list that takes some seconds to plan."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(ROWS))
    (folder / "people.csv").write_text(f"email,name\n{lines}")


@pytest.mark.parametrize(
    ("command", "how"),
    [
        (["check", "--json"], signal.SIGINT),
        (["import", "--tag=t", "--json"], signal.SIGTERM),
        pytest.param(
            ["preview", "--subject=Hello {{name}}", "--template=mail.html"],
            signal.SIGTERM,
            marks=pytest.mark.proof,
        ),
        pytest.param(["fix", "--code=all", "--dry-run", "--json"], signal.SIGTERM, marks=pytest.mark.proof),
        pytest.param(
            ["send", "--subject=s", "--template=mail.html", "--sender=A <a@acme.org>", "--marketing"],
            signal.SIGINT,
            marks=pytest.mark.proof,
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_planning_says_that_it_goes_on_and_can_be_interrupted(
    start: Start, folder: Path, command: list[str], how: signal.Signals
) -> None:
    """A line with the time since the beginning; then 130, which a script's document has as well."""
    long_list(folder)
    process = start(*command, "people.csv", "--log-every=0.1")
    until_said(process, rf"^{STAMP} state=planning elapsed_s=\d+$")
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert Exit.INTERRUPTED == process.returncode, err
    assert "Interrupted." in err
    assert ("--json" in command) is bool(out)
    assert not out or Exit.INTERRUPTED == json.loads(out)["exit_code"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("made_of_it", [ValueError("the file is broken"), None])
def test_an_interrupt_is_one_whatever_a_library_makes_of_it(
    number: signal.Signals, made_of_it: Exception | None
) -> None:
    """Neither an error about the list, nor nothing at all; and afterwards signals mean what they did."""
    before = signal.getsignal(number)

    def planning() -> None:
        with interruptible():
            try:
                signal.raise_signal(number)
            except KeyboardInterrupt:
                if made_of_it is not None:
                    raise made_of_it from None

    with pytest.raises(KeyboardInterrupt):
        planning()
    assert before is signal.getsignal(number)
    with pytest.raises(ValueError, match="its own"), interruptible():
        raise ValueError("its own")


def test_runs_and_report_can_be_interrupted_while_the_ledger_does_not_answer(start: Start) -> None:
    """A database behind a broken network: nobody waits for it longer than they want to."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ledger = f"--ledger=postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/d"
        for command in (["runs"], ["report", "2026"]):
            process = start(*command, ledger)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
            assert (Exit.INTERRUPTED, "") == (process.returncode, out), err


@pytest.fixture
def running(
    start: Start, folder: Path, send: list[str], serve: Callable[..., Any]
) -> tuple["subprocess.Popen[str]", str, Any]:
    """Return a live send that takes its time, its run's id, and the server."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(200))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    server = serve()
    options = ["--live", "--confirm=200", "--rate=4/second", "--ledger=l.db", "--log-every=0.2"]
    process = start(*send, *options, "--json", **server.env)
    said = until_said(process, r"state=running accepted=[1-9]")
    found = re.search(r"run=(\S+)", said)
    assert found is not None
    return process, found[1], server


@pytest.mark.proof
def test_a_report_of_a_run_that_goes_on_is_no_zero(
    migma: Migma, start: Start, running: tuple["subprocess.Popen[str]", str, Any]
) -> None:
    """Asked at once, after a wait that was too short, paused, and once it was stopped by Ctrl-C: 5 each time.

    The send itself ends with 130, in its document too.
    """
    process, run_id, _ = running
    report = ["report", run_id, "--ledger=l.db"]
    told = json.loads(migma(*report, "--json").stdout)
    assert ("running", Exit.HALTED) == (told["state"], told["exit_code"])
    waited = migma(*report, "--wait=1", "--log-every=0.3")
    assert Exit.HALTED == waited.returncode
    assert re.search(rf"(?m)^{STAMP} run={run_id} state=running accepted=\d+ ", waited.stderr)
    assert "state=" not in waited.stdout
    waiting = start(*report, "--wait=600", "--log-every=0.2", "--json")
    until_said(waiting, rf"run={run_id} state=running")
    waiting.send_signal(signal.SIGTERM)
    out, err = waiting.communicate(timeout=60)
    assert (Exit.INTERRUPTED, Exit.INTERRUPTED) == (waiting.returncode, json.loads(out)["exit_code"]), err
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (Exit.INTERRUPTED, Exit.INTERRUPTED) == (process.returncode, json.loads(out)["exit_code"]), err
    stopped = json.loads(migma(*report, "--json").stdout)
    assert ("stopped", Exit.HALTED) == (stopped["state"], stopped["exit_code"])


def test_a_paused_run_still_goes_on(
    migma: Migma, folder: Path, running: tuple["subprocess.Popen[str]", str, Any]
) -> None:
    """A wait for it ends when its time is up, not because nobody sends."""
    _, run_id, _ = running
    mg.open_run(run_id, ledger=folder / "l.db").pause()
    found = migma("report", run_id, "--ledger=l.db", "--wait=2", "--log-every=0.2")
    assert Exit.HALTED == found.returncode
    assert "state=paused" in found.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.proof)])
def test_an_import_that_is_told_to_end_has_its_account_and_goes_on(
    paste: Migma, start: Start, folder: Path, serve: Callable[..., Any], how: signal.Signals
) -> None:
    """Lines of counts till then; 130, every row told, and the line that it ends with finishes it."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(400))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    server = serve()
    slow = ["--read-back", "--rate=2/second", "--log-every=0.2", "--out=in.csv", "--json"]
    process = start("import", "people.csv", "--tag=t", "--live", "--ledger=l.db", *slow, **server.env)
    until_said(process, rf"^{STAMP} import=\S+ state=running accepted=\d+ ")
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert Exit.INTERRUPTED == process.returncode, err
    told = json.loads(out)
    assert ("stopped", Exit.INTERRUPTED) == (told["state"], told["exit_code"])
    assert 400 == sum(told["counts"].values()) == len((folder / "in.csv").read_text().splitlines()) - 1
    assert re.search(rf"(?m)^{STAMP} import=\S+ state=stopped ", err)
    done = paste(told["next"], **server.env)
    assert Exit.FINE == done.returncode, done.stderr
