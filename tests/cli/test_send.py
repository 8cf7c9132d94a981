"""`migma-nb send`, `runs` and `report`: rehearsals, live sends to a server, and every exit code."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit

Migma = Callable[..., subprocess.CompletedProcess[str]]
#: A `Server` of conftest.py.
Serve = Callable[..., Any]


def test_without_live_a_send_is_a_rehearsal(migma: Migma, send: list[str], folder: Path) -> None:
    """It says so, needs neither project nor key, leaves nothing on record, and shows what was asked for."""
    found = migma(*send, "--preview=1", "--out=sent.csv")
    assert (Exit.FINE, "") == (found.returncode, found.stderr)
    assert "REHEARSAL" in found.stdout
    assert 'called "rehearsal"' in found.stdout
    assert "Hello Ann" in found.stdout
    assert "Hello Bob" not in found.stdout
    assert "2 of 2 people mailed" in found.stdout
    assert ["accepted", "accepted"] == pd.read_csv(folder / "sent.csv")["state"].tolist()
    assert "No run is on record yet" in migma("runs").stdout


def test_a_rehearsals_account_can_be_kept(migma: Migma, send: list[str]) -> None:
    """With a ledger of its own it is listed and reported like any run."""
    told = json.loads(migma(*send, "--ledger=kept.db", "--json").stdout)
    assert told["run_id"] in migma("runs", "--ledger=kept.db").stdout
    assert "sandbox" in migma("runs", "--ledger=kept.db").stdout
    assert Exit.FINE == migma("report", told["run_id"], "--ledger=kept.db").returncode


def test_rows_with_errors_stop_a_send_unless_left_out(migma: Migma, send: list[str], folder: Path) -> None:
    """The sentence names the first one, and the option that goes further."""
    with (folder / "people.csv").open("a") as file:
        file.write("broken@,Cy\n")
    found = migma(*send)
    assert Exit.BAD_INPUT == found.returncode
    assert "row 2, invalid_email" in found.stderr
    assert "--skip-invalid" in found.stderr
    told = json.loads(migma(*send, "--skip-invalid", "--json").stdout)
    assert {"accepted": 2, "invalid": 1} == told["counts"]


def test_json_is_one_document_with_all_else_aside(migma: Migma, send: list[str]) -> None:
    """What a script reads: mode, counts, reasons and the exit code."""
    found = migma(*send, "--limit=1", "--json")
    told = json.loads(found.stdout)
    assert "REHEARSAL" in found.stderr
    assert ("rehearsal", "finished", 0) == (told["mode"], told["state"], told["exit_code"])
    assert {"accepted": 1, "not_sent": 1} == told["counts"]
    assert {"state": "not_sent", "reason": "limit", "rows": 1} in told["reasons"]


def test_a_live_send_is_confirmed_recorded_and_not_repeated(
    migma: Migma, send: list[str], serve: Serve, folder: Path
) -> None:
    """Without the number nothing is sent; with it everybody once; again nobody; and the key shows nowhere."""
    server = serve()
    live = [*send, "--live"]
    refused = migma(*live, **server.env)
    assert Exit.BAD_INPUT == refused.returncode
    assert "LIVE" in refused.stdout
    assert "--confirm 2" in refused.stderr
    wrong = migma(*live, "--confirm=3", **server.env)
    assert Exit.BAD_INPUT == wrong.returncode
    done = migma(*live, "--confirm=2", **server.env)
    assert Exit.FINE == done.returncode
    again = migma(*live, "--confirm=2", **server.env)
    assert Exit.FINE == again.returncode
    assert "Nobody was mailed: all 2" in again.stdout
    run_id = json.loads(migma("runs", "--json").stdout)[-1]["run_id"]
    listed = migma("runs")
    assert "2 accepted" in listed.stdout
    report = migma("report", run_id, "--out=sent.csv")
    assert Exit.FINE == report.returncode
    assert ["a@x.example", "b@x.example"] == pd.read_csv(folder / "sent.csv")["recipient"].tolist()
    told = json.loads(migma("report", run_id, "--json").stdout)
    assert {"accepted": 2} == told["counts"]
    assert ["a@x.example", "b@x.example"] == server.mailed()
    for found in (refused, wrong, done, again, listed, report):
        assert server.key not in found.stdout + found.stderr


def test_a_run_is_found_by_its_first_letters(migma: Migma, send: list[str]) -> None:
    """A wrong id is one sentence."""
    run_id = json.loads(migma(*send, "--ledger=l.db", "--json").stdout)["run_id"]
    assert run_id in migma("report", run_id[:-2], "--ledger=l.db").stdout
    found = migma("report", "nothing", "--ledger=l.db")
    assert Exit.BAD_INPUT == found.returncode
    assert "nothing" in found.stderr
    assert "`migma-nb runs`" in found.stderr


def test_looking_makes_no_ledger(migma: Migma, folder: Path) -> None:
    """A mistyped path is an error, not a new file."""
    for command in (["runs"], ["report", "2026"]):
        assert Exit.BAD_INPUT == migma(*command, "--ledger=typo.db").returncode
    assert not (folder / "typo.db").exists()


@pytest.mark.parametrize(
    ("options", "code", "state"),
    [
        (["--strict", "--domain=acme.example"], Exit.REFUSED, "refused"),
        (["--fault=error_500_after_accept=1"], Exit.UNKNOWN, "unknown"),
    ],
)
def test_refused_and_unknown_rows_have_codes_of_their_own(  # noqa: PLR0917 - three of them are fixtures
    migma: Migma, send: list[str], serve: Serve, options: list[str], code: Exit, state: str
) -> None:
    """A script can tell them apart, from the send and from the report."""
    server = serve(*options)
    env = server.env
    if state == "refused":
        env["MIGMA_PROJECT_ID"] = "nobody's"
    found = migma(*send, "--live", "--confirm=2", "--json", **env)
    told = json.loads(found.stdout)
    assert (code, {state: 2}) == (found.returncode, told["counts"])
    assert code == told["exit_code"] == migma("report", told["run_id"]).returncode


def test_a_send_that_would_be_refused_for_all_is_stopped_unless_told_otherwise(
    migma: Migma, send: list[str], serve: Serve
) -> None:
    """The sender's domain is none of the account's: said once, or left to the API with --no-preflight."""
    server = serve("--strict", "--domain=other.example")
    env = server.env
    env["MIGMA_PROJECT_ID"] = server.export.split("MIGMA_PROJECT_ID=")[1].split()[0]
    found = migma(*send, "--live", "--confirm=2", **env)
    assert Exit.BAD_INPUT == found.returncode
    assert "none of the account's sending domains" in found.stderr
    assert "--no-preflight" in found.stderr
    assert Exit.REFUSED == migma(*send, "--live", "--confirm=2", "--no-preflight", **env).returncode


def test_unknown_comes_before_halted(migma: Migma, send: list[str], serve: Serve, folder: Path) -> None:
    """Rows that may have been mailed are what a person must see first."""
    lines = "".join(f"p{at}@x.example,N\n" for at in range(60))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    server = serve("--fault=error_500_after_accept=1")
    told = json.loads(
        migma(*send, "--live", "--confirm=60", "--rate=500/second", "--json", **server.env).stdout
    )
    assert ("halted", Exit.UNKNOWN) == (told["state"], told["exit_code"])


def test_a_wrong_key_halts(migma: Migma, send: list[str], serve: Serve) -> None:
    """The account's problem stops everything, with its own code and what to mend."""
    server = serve()
    found = migma(*send, "--live", "--confirm=2", **{**server.env, "MIGMA_API_KEY": "mgma_sk_test_wrong"})
    assert Exit.HALTED == found.returncode
    assert "API key" in found.stdout
    assert "mgma_sk_test_wrong" not in found.stdout + found.stderr
    assert [] == server.mailed()


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.proof)])
def test_an_interrupt_records_what_was_in_flight_and_the_same_line_goes_on(  # noqa: PLR0917 - fixtures
    migma: Migma,
    send: list[str],
    serve: Serve,
    folder: Path,
    environment: dict[str, str],
    how: signal.Signals,
) -> None:
    """Ctrl-C and SIGTERM alike: 130, the account, and nobody twice afterwards."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(60))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    server = serve()
    live = [*send, "--live", "--confirm=60", "--out=sent.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "migma_nb.cli", *live, "--rate=5/second", "--json"],
        cwd=folder,
        env={**environment, **server.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ledger = Path(environment["XDG_DATA_HOME"]) / "migma_nb" / "ledger.sqlite3"
    _until(lambda: ledger.exists() and bool(mg.history(ledger=ledger)["accepted"].sum()))
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert Exit.INTERRUPTED == process.returncode, err
    told = json.loads(out)
    assert "stopped" == told["state"]
    assert 60 == sum(told["counts"].values()) == len(pd.read_csv(folder / "sent.csv"))
    assert 0 < told["counts"]["not_sent"] < 60
    assert Exit.FINE == migma(*live, "--rate=500/second", **server.env).returncode
    assert sorted(f"p{at}@x.example" for at in range(60)) == server.mailed()


def test_a_tag_is_sent_live_by_its_plans_id(migma: Migma, send: list[str]) -> None:
    """No rehearsal knows who is in it; the id that the refusal names confirms it."""
    with mg.Sandbox() as sandbox:
        tag = sandbox.server.add_tag("vip")["id"]
        sandbox.server.add_contact("a@x.example", tags=["vip"], first_name="Ann")
        env = {"MIGMA_BASE_URL": sandbox.url, "MIGMA_API_KEY": sandbox.server.api_key}
        command = ["send", f"--tag={tag}", *send[2:-1], "--project=p", "--var=name=you"]
        rehearsed = migma(*command)
        assert Exit.BAD_INPUT == rehearsed.returncode
        assert "only Migma knows" in rehearsed.stderr
        refused = migma(*command, "--live", **env)
        assert (Exit.BAD_INPUT, 0) == (refused.returncode, len(sandbox.outbox))
        plan_id = refused.stderr.split("--confirm ")[1].split()[0]
        assert Exit.FINE == migma(*command, "--live", f"--confirm={plan_id}", **env).returncode
        assert ["a@x.example"] == sandbox.outbox["to"].tolist()


def test_a_rehearsal_with_a_wrong_number_stays_a_rehearsal(
    here: Migma, paste: Migma, send: list[str], serve: Serve
) -> None:
    """The line to type mails nobody, also where everything for a live send is in the environment."""
    server = serve()
    found = here(*send, "--confirm=3")
    line = found.stderr.rstrip().splitlines()[-1]
    assert (Exit.BAD_INPUT, True) == (found.returncode, line.endswith(" --confirm 2")), found.stderr
    assert line == json.loads(here(*send, "--confirm=3", "--json").stdout)["next"]
    assert "--live" not in line
    rehearsed = paste(line, **server.env)
    assert (Exit.FINE, True) == (rehearsed.returncode, "REHEARSAL" in rehearsed.stdout)
    assert [] == server.mailed()


def test_a_base_url_without_live_is_a_misunderstanding(migma: Migma, send: list[str]) -> None:
    """Nobody shall take a rehearsal for the real thing."""
    found = migma(*send, "--base-url=http://127.0.0.1:9")
    assert Exit.BAD_INPUT == found.returncode
    assert "--live" in found.stderr


@pytest.mark.parametrize("place", ["nowhere/sent.csv", "."])
def test_a_result_file_that_cannot_be_written_is_known_before(
    migma: Migma, send: list[str], serve: Serve, place: str
) -> None:
    """Nothing is sent first."""
    server = serve()
    found = migma(*send, "--live", "--confirm=2", f"--out={place}", **server.env)
    assert Exit.BAD_INPUT == found.returncode
    assert "Nothing was sent" in found.stderr
    assert [] == server.mailed()


def test_no_bar_reaches_a_file(migma: Migma, send: list[str]) -> None:
    """Where stderr is no terminal there are no carriage returns."""
    found = migma(*send)
    assert "\r" not in found.stdout + found.stderr


def _until(happened: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
