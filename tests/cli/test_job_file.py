"""Settings of a command: what is typed, then the environment, then the job file, then a default."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit
from migma_nb.cli.job_files import key_of
from migma_nb.cli.own_options import OWN
from migma_nb.cli.parameters import SHARED

Here = Callable[..., subprocess.CompletedProcess[str]]

JOB = """\
file = "people.csv"
template = "mail.html"
subject = "Hello {{name}}"
sender = "Acme <billing@acme.example>"
mailing = "from the file"
project = "p"
transactional = true
"""


@pytest.fixture
def job(folder: Path) -> Path:
    """Return a job file in a folder of its own, beside its list and its template."""
    place = folder / "jobs"
    place.mkdir()
    for name in ("people.csv", "mail.html"):
        (folder / name).rename(place / name)
    (place / "job.toml").write_text(JOB)
    return place / "job.toml"


def test_a_job_file_stands_in_for_options_and_its_paths_are_relative_to_it(here: Here, job: Path) -> None:
    """From any folder: its list, its template, and every option that a send wants."""
    found = here("check", f"--config={job}", "--json")
    told = json.loads(found.stdout)
    assert (Exit.FINE, 2, []) == (found.returncode, told["people"], told["missing"])
    assert {"value": "from the file", "from": "job file"} == told["settings"]["mailing"]
    sent = json.loads(here("send", f"--config={job}", "--json").stdout)
    assert {"accepted": 2} == sent["counts"]
    assert told["plan_id"] == sent["plan_id"]


def test_what_is_typed_counts_before_the_environment_and_that_before_the_file(
    here: Here, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the four sources in turn, as `check --json` tells them."""
    sources = []
    for setting, typed in (
        (None, []),
        ("E <e@env.example>", []),
        ("E <e@env.example>", ["--sender=L <l@x.org>"]),
    ):
        if setting:
            monkeypatch.setenv("MIGMA_SENDER", setting)
        told = json.loads(here("check", f"--config={job}", "--json", *typed).stdout)["settings"]
        sources.append((told["sender"]["value"], told["sender"]["from"]))
        assert {"value": 30.0, "from": "default"} == told["timeout"]
    assert [
        ("Acme <billing@acme.example>", "job file"),
        ("E <e@env.example>", "environment"),
        ("L <l@x.org>", "command line"),
    ] == sources


def test_a_list_or_content_that_is_typed_takes_the_place_of_the_files(
    here: Here, job: Path, folder: Path
) -> None:
    """Another FILE, or another kind of recipients or content: the file's own is not added to it."""
    (folder / "three.csv").write_text("email,name\na@x.org,A\nb@x.org,B\nc@x.org,C\n")
    assert 3 == json.loads(here("check", "three.csv", f"--config={job}", "--json").stdout)["people"]
    told = json.loads(here("check", "--tag=t1", f"--config={job}", "--var=name=you", "--json").stdout)
    assert "tag:t1" == told["target"]
    stored = json.loads(here("check", "--email-id=e1", f"--config={job}", "--json").stdout)["settings"]
    assert (None, "e1") == (stored["template"]["value"], stored["email-id"]["value"])


@pytest.mark.parametrize(
    ("lines", "words", "hint"),
    [
        ('subjct = "x"', "no 'subjct'", "Did you mean subject?"),
        ("[send]\npreveiw = 2", "no 'preveiw'", "Did you mean preview?"),
        ('[sned]\nout = "x.csv"', "no 'sned'", "send"),
        ("marketing = true", "no 'marketing'", "transactional = false"),
        ('api_key = "mgma_x"', "'api_key' is not read from a file", "MIGMA_API_KEY"),
        ('[send]\napi-key = "mgma_x"', "'api-key' is not read from a file", "keyring"),
        ("[send]\nlive = true", "'live' is not read from a file", "--live"),
        ("confirm = 2", "'confirm' is not read from a file", "--confirm N"),
        ('out = "x.csv"', "'out' belongs below", "[send]"),
        ('limit = "10"', "limit is '10'", ""),
        ("limit = true", "limit is True", ""),
        ("timeout = nan", "timeout is nan, and should be a number", ""),
        ("email-id = 7", "a text, in quotes", ""),
        ('default = "x=y"', "should be a table", "{name ="),
        ("default = {a = [1]}", "default.a is [1]", ""),
        ("reply-to = 'a@x.org'\nreply_to = 'b@x.org'", "there twice", ""),
        ("send = 3", "'send' is the table of the command send", "[send]"),
        ("subject = Hello", "is no TOML", "in quotes"),
    ],
)
def test_what_is_wrong_in_a_job_file_is_said_with_its_key(
    here: Here, folder: Path, lines: str, words: str, hint: str
) -> None:
    """Also below the heading of a command that is not asked for now; nothing of a key's value is repeated."""
    (folder / "job.toml").write_text(lines)
    found = here("check", "people.csv", "--config=job.toml")
    assert Exit.BAD_INPUT == found.returncode
    assert found.stderr.startswith("Error: ")
    assert words in found.stderr
    assert hint in found.stderr
    assert "mgma_x" not in found.stdout + found.stderr
    told = json.loads(here("check", "people.csv", "--config=job.toml", "--json").stdout)
    assert (2, True) == (told["exit_code"], words in told["error"])


def test_a_job_file_may_begin_with_the_mark_that_editors_of_windows_write(here: Here, job: Path) -> None:
    """A byte order mark is no statement of TOML."""
    job.write_text(job.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert Exit.FINE == here("check", "--config", str(job)).returncode


def test_a_job_file_that_is_not_there_is_said(here: Here) -> None:
    """By its name; no file is looked for that nobody named."""
    found = here("check", "people.csv", "--config=no.toml")
    assert (Exit.BAD_INPUT, True) == (found.returncode, "no.toml" in found.stderr)


@pytest.mark.proof
def test_every_option_can_stand_in_the_file_but_the_two_catches(here: Here, folder: Path) -> None:
    """Of check, preview, send and fix: each key is known below its command's heading."""
    values = dict.fromkeys(("header", "limit", "row", "most", "preview", "timeout", "log-every"), "1")
    flags = {"transactional", "skip-invalid", "preflight", "problems", "json", "in-place", "dry-run"}
    pairs = {"var", "default", "format"}
    for command in ("check", "preview", "send", "fix"):
        for name in {**SHARED, **OWN[command]}:
            key = key_of(name)
            value = "true" if key in flags else "{a = 'b'}" if key in pairs else values.get(key, "'x'")
            (folder / "job.toml").write_text(f"[{command}]\n{key} = {value}\n")
            said = here("check", "people.csv", "--config=job.toml").stderr
            assert (key in {"live", "confirm"}) is ("not read from a file" in said), said
            assert "there is no" not in said, said
            assert "should be" not in said, said


def test_a_rehearsal_takes_server_ledger_and_pace_from_the_line_alone(
    here: Here, job: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file serves rehearsal and live send; the ledger of the real ones stays as it is."""
    job.write_text(f'{JOB}ledger = "l.sqlite3"\nrate = "1/minute"\nbase-url = "https://far.example"\n')
    monkeypatch.setenv("MIGMA_LEDGER", str(folder / "env.sqlite3"))
    told = json.loads(here("send", f"--config={job}", "--json").stdout)
    assert {"accepted": 2} == told["counts"]
    assert [] == [*folder.rglob("*.sqlite3")]
    assert Exit.BAD_INPUT == here("send", f"--config={job}", "--base-url=https://far.example").returncode


def test_settings_tell_no_secret(here: Here, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a ledger's password nor the key, only where it is from."""
    job.write_text(f'{JOB}ledger = "postgresql://ann:geheim@h/d"\n')
    monkeypatch.setenv("MIGMA_API_KEY", "mgma_sk_test_0123456789")
    found = here("check", f"--config={job}", "--json")
    told = json.loads(found.stdout)["settings"]
    assert {"value": "postgresql://ann@h/d", "from": "job file"} == told["ledger"]
    assert {"value": None, "from": "environment"} == told["api-key"]
    assert "geheim" not in found.stdout + found.stderr
    assert "0123456789" not in found.stdout + found.stderr
