"""`migma-nb resume`: a live mailing goes on where a run of it ended, and nobody is mailed twice."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit
from tests.cli.commands import COMMAND

Migma = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., Any]


def begun(migma: Migma, send: list[str], server: Any, *more: str) -> dict[str, Any]:
    """Send live to one of the two people, and return what was told."""
    done = migma(*send, "--live", "--confirm=2", "--limit=1", "--json", *more, **server.env)
    told: dict[str, Any] = json.loads(done.stdout)
    assert {"accepted": 1, "not_sent": 1} == told["counts"]
    return told


def test_it_mails_those_who_are_left_once_both_catches_are_typed(
    migma: Migma, paste: Migma, send: list[str], serve: Serve
) -> None:
    """Without --live it tells what is left; without --confirm how many; the lines it names are typed."""
    server = serve()
    told = begun(migma, send, server)
    looked = migma(
        "resume",
        told["run_id"],
        *send[1:4],
        "--sender=Acme <billing@acme.example>",
        "--transactional",
        **server.env,
    )
    assert Exit.BAD_INPUT == looked.returncode
    assert "The plan is the same" in looked.stdout
    assert "1 left to mail, 1 mailed before" in looked.stdout
    refused = paste(looked.stderr.rstrip().splitlines()[-1], **server.env)
    assert Exit.BAD_INPUT == refused.returncode
    done = paste(refused.stderr.rstrip().splitlines()[-1], **server.env)
    assert Exit.FINE == done.returncode, done.stderr
    assert "1 of 2 people mailed in 'm', 1 were mailed before" in done.stdout
    assert ["a@x.example", "b@x.example"] == server.mailed()


def test_the_line_that_a_cut_short_send_prints_goes_on(
    migma: Migma, paste: Migma, send: list[str], serve: Serve
) -> None:
    """It has the options of the send, and only the second catch is left to type."""
    server = serve()
    line = begun(migma, send, server)["next"]
    assert " resume " in line
    assert Exit.FINE == paste(f"{line} --confirm 2", **server.env).returncode
    assert ["a@x.example", "b@x.example"] == server.mailed()


def test_a_mailings_name_means_its_newest_run(migma: Migma, send: list[str], serve: Serve) -> None:
    """A nightly job knows the name, not the id."""
    server = serve()
    begun(migma, send, server)
    newest = begun_again(migma, send, server)
    done = migma("resume", "m", *send[1:], "--live", "--confirm=2", **server.env)
    assert f"after run {newest}" in done.stdout
    assert "Nobody was mailed: all 2 were mailed" in done.stdout


def begun_again(migma: Migma, send: list[str], server: Any) -> str:
    """Go on with the mailing, and return the run's id."""
    told = json.loads(migma("resume", "m", *send[1:], "--live", "--confirm=2", "--json", **server.env).stdout)
    assert {"accepted": 1, "already_sent": 1} == told["counts"]
    return str(told["run_id"])


def test_another_plan_is_said_with_who_is_new_and_who_is_gone(
    migma: Migma, send: list[str], serve: Serve, folder: Path
) -> None:
    """Both plan ids, and the people by number; a list that shares nobody with the run is refused."""
    server = serve()
    told = begun(migma, send, server)
    (folder / "people.csv").write_text("email,name\na@x.example,Ann\nc@x.example,Cy\nd@x.example,Di\n")
    found = migma("resume", "m", *send[1:], **server.env)
    assert told["plan_id"] in found.stdout
    assert "The plan is another one" in found.stdout
    assert "2 not in that run; 1 of that run not in it" in found.stdout
    assert "2 left to mail, 1 mailed before" in found.stdout
    (folder / "people.csv").write_text("email,name\nx@x.example,X\n")
    wrong = migma("resume", "m", *send[1:], "--live", "--confirm=1", **server.env)
    assert (Exit.BAD_INPUT, True) == (wrong.returncode, "Nobody of run" in wrong.stderr)
    assert ["a@x.example"] == server.mailed()


def test_another_mailing_account_or_rehearsal_is_refused(
    migma: Migma, send: list[str], serve: Serve, folder: Path
) -> None:
    """Where everybody would count as new, nobody is mailed."""
    server, other = serve(), serve()
    begun(migma, send, server)
    options = [*send[1:], "--live", "--confirm=2"]
    renamed = migma("resume", "m", *options, "--mailing=n", **server.env)
    elsewhere = migma("resume", "m", *options, **other.env)
    rehearsal = json.loads(migma(*send, "--ledger=r.db", "--limit=1", "--json").stdout)["run_id"]
    rehearsed = migma("resume", rehearsal, *options, "--ledger=r.db", **server.env)
    unknown = migma("resume", "no such mailing", *options, **server.env)
    missing = migma("resume", "m", *options, "--ledger=none.db", **server.env)
    for found, words in (
        (renamed, "not of 'n'"),
        (elsewhere, "--account"),
        (rehearsed, "was a rehearsal"),
        (unknown, "no such mailing"),
        (missing, "There is no ledger"),
    ):
        assert (Exit.BAD_INPUT, True) == (found.returncode, words in found.stderr), found.stderr
    assert not (folder / "none.db").exists()
    assert (["a@x.example"], []) == (server.mailed(), other.mailed())


def test_a_run_that_is_alive_is_named_or_waited_for(
    migma: Migma, send: list[str], serve: Serve, folder: Path, environment: dict[str, str]
) -> None:
    """Without --wait nothing is sent; with it the rest goes out after the other run has ended."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(40))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    server, ledger = serve(), folder / "l.sqlite3"
    options = ["--live", "--confirm=40", f"--ledger={ledger}"]
    env = environment | server.env
    command = [*COMMAND, *send, *options, "--rate=5/second", "--limit=30"]
    other = subprocess.Popen(
        command, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    run_id = wait_for_mail(ledger, other)
    # Paused, it is alive for as long as the test takes.
    mg.open_run(run_id, ledger=ledger).pause()
    refused = migma("resume", "m", *send[1:], *options, **server.env)
    assert Exit.BAD_INPUT == refused.returncode, refused.stdout
    assert run_id in refused.stderr
    assert "--wait" in refused.stderr
    waiting = subprocess.Popen(
        [*COMMAND, "resume", "m", *send[1:], *options, "--wait", "--rate=500/second", "--json"],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert waiting.stderr is not None
    said = iter(waiting.stderr.readline, "")
    assert any(f"Waiting for run {run_id}" in line for line in said)
    mg.open_run(run_id, ledger=ledger).resume()
    out, _ = waiting.communicate(timeout=120)
    assert 0 == other.wait(60)
    assert {"accepted": 10, "already_sent": 30} == json.loads(out)["counts"]
    assert sorted(f"p{at}@x.example" for at in range(40)) == server.mailed()


def wait_for_mail(ledger: Path, process: "subprocess.Popen[bytes]") -> str:
    """Wait until a run has mailed somebody, and return its id."""
    while process.poll() is None:
        runs = mg.history(ledger=ledger) if ledger.exists() else None
        if runs is not None and runs["accepted"].sum():
            return str(runs["run_id"].iloc[0])
        time.sleep(0.05)
    raise AssertionError("the send ended too soon")


def test_only_the_refused_are_taken_up_when_asked(
    migma: Migma, paste: Migma, send: list[str], serve: Serve
) -> None:
    """Once the cause is mended, by the line that the send named; its own number confirms it."""
    server = serve("--strict", "--domain=acme.example")
    right = server.export.split("MIGMA_PROJECT_ID=")[1].split()[0]
    wrong = server.env | {"MIGMA_PROJECT_ID": "nobody's"}
    refused = migma(*send, "--live", "--confirm=2", "--json", **wrong)
    told = json.loads(refused.stdout)
    assert (Exit.REFUSED, {"refused": 2}) == (refused.returncode, told["counts"])
    assert "--only-refused" in told["next"]
    env = server.env | {"MIGMA_PROJECT_ID": right}
    asked = paste(told["next"], **env)
    assert Exit.BAD_INPUT == asked.returncode
    line = asked.stderr.rstrip().splitlines()[-1]
    assert line.endswith("--confirm 2")
    assert Exit.FINE == paste(line, **env).returncode
    assert ["a@x.example", "b@x.example"] == server.mailed()


def test_unknown_rows_are_looked_for_in_the_log_first(migma: Migma, paste: Migma, send: list[str]) -> None:
    """Of a stored email, by the line that the send named: those in the log are not mailed again."""
    with mg.Sandbox(faults={"error_500_after_accept": 1.0}) as sandbox:
        email = sandbox.server.add_email("Stored", "<p>Hello {{name}}</p>")["emailId"]
        env = {"MIGMA_BASE_URL": sandbox.url, "MIGMA_API_KEY": sandbox.server.api_key}
        mailing = ["people.csv", f"--email-id={email}", *send[3:], "--var=name=name"]
        told = json.loads(migma("send", *mailing, "--live", "--confirm=2", "--json", **env).stdout)
        assert (Exit.UNKNOWN, {"unknown": 2}) == (told["exit_code"], told["counts"])
        assert "--reconcile" in told["next"]
        done = paste(f"{told['next']} --confirm 2", **env)
        assert "Migma's log settled 2 unknown rows" in done.stdout, done.stdout + done.stderr
        assert Exit.FINE == done.returncode
        assert 2 == len(sandbox.outbox)


@pytest.mark.parametrize(
    ("options", "change", "code", "counts"),
    [
        (["--strict", "--domain=acme.example"], {"MIGMA_PROJECT_ID": "nobody's"}, Exit.REFUSED, "refused"),
        (["--fault=error_500_after_accept=1"], {}, Exit.UNKNOWN, "unknown"),
        ([], {"MIGMA_API_KEY": "mgma_sk_test_wrong"}, Exit.HALTED, "not_sent"),
    ],
)
@pytest.mark.proof
def test_its_codes_are_those_of_a_send_and_a_report_has_the_same(  # noqa: PLR0917 - four of them are fixtures
    here: Migma,
    send: list[str],
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    change: dict[str, str],
    code: Exit,
    counts: str,
) -> None:
    """Refused, unknown and halted, of a mailing whose first run was cut short by a wrong key."""
    server = serve(*options)
    env = server.env | {"MIGMA_PROJECT_ID": server.export.split("MIGMA_PROJECT_ID=")[1].split()[0]}
    live = ["--live", "--confirm=2", "--no-preflight", "--json"]
    codes = []
    for command, settings in (
        (["send"], {"MIGMA_API_KEY": "mgma_sk_test_wrong"}),
        (["resume", "m"], change),
    ):
        for name, value in (env | settings).items():
            monkeypatch.setenv(name, value)
        done = here(*command, *send[1:], *live)
        told = json.loads(done.stdout)
        codes.append((done.returncode, told["exit_code"], here("report", told["run_id"]).returncode))
    assert [(Exit.HALTED,) * 3, (code,) * 3] == codes
    assert {counts: 2} == told["counts"]


def test_signals_end_it_in_order(
    migma: Migma, send: list[str], serve: Serve, folder: Path, environment: dict[str, str]
) -> None:
    """SIGTERM, as cron's shutdown sends it: 130, one document, and the same line goes on."""
    server = serve()
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(60))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    ledger = folder / "l.sqlite3"
    options = [*send[1:], "--live", "--confirm=60", f"--ledger={ledger}"]
    assert 0 == migma("send", *options, "--limit=1", **server.env).returncode
    command = [sys.executable, "-m", "migma_nb.cli", "resume", "m", *options, "--rate=4/second", "--json"]
    process = subprocess.Popen(
        command, env=environment | server.env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while mg.history(ledger=ledger)["accepted"].sum() < 3:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=120)
    assert Exit.INTERRUPTED == process.returncode
    assert "stopped" == json.loads(out)["state"]
    assert Exit.FINE == migma("resume", "m", *options, "--rate=500/second", **server.env).returncode
    assert sorted(f"p{at}@x.example" for at in range(60)) == server.mailed()
