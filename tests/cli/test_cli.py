"""The command line: every command, every exit code, and no traceback for a person's mistake."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import migma_nb as mg

SEND = ["--subject", "Hi", "--sender", "A <a@b.example>", "--mailing", "m", "--transactional"]


def run(tmp_path: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "migma_nb.cli", *args],
        env={name: value for name, value in os.environ.items() if not name.startswith("MIGMA_")} | env,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Make a list of two people and a template."""
    (tmp_path / "people.csv").write_text("email,name\na@x.example,A\nb@x.example,B\n")
    (tmp_path / "mail.html").write_text("<p>Hello</p>")
    return tmp_path


def test_the_demo_mails_everybody_once_and_nobody_again(tmp_path: Path) -> None:
    """The main job, as a stranger runs it."""
    found = run(tmp_path, "demo")
    assert 0 == found.returncode, found.stderr
    assert "Nobody was mailed: all 481" in found.stdout
    assert "0 people were mailed twice" in found.stdout
    assert (tmp_path / "migma-nb-demo" / "sent.csv").exists()


def test_check_lists_problems_and_tells_by_its_exit_code(files: Path) -> None:
    """0 for a clean list, 2 for one with errors; JSON on request."""
    options = ["--template", "mail.html", "--subject", "Hi"]
    assert 0 == run(files, "check", "people.csv", *options).returncode
    (files / "people.csv").write_text("email\nbroken@\nb@x.example\n")
    found = run(files, "check", "people.csv", *options, "--json")
    assert (2, "invalid_email") == (found.returncode, json.loads(found.stdout)["issues"][0]["code"])


def test_send_rehearses_unless_live_and_live_wants_the_number(files: Path) -> None:
    """A live send is confirmed, recorded, listed and reported; again nobody is mailed."""
    command = ["send", "people.csv", "--template", "mail.html", *SEND]
    assert "rehearsal" in run(files, *command).stderr
    with mg.Sandbox() as sandbox:
        env = {
            "MIGMA_API_KEY": sandbox.server.api_key,
            "MIGMA_BASE_URL": sandbox.url,
            "MIGMA_LEDGER": str(files / "l.db"),
        }
        live = [*command, "--live", "--project", "p"]
        refused = run(files, *live, **env)
        assert (2, 0) == (refused.returncode, len(sandbox.outbox))
        assert "confirm=2" in refused.stderr
        done = run(files, *live, "--confirm", "2", "--json", **env)
        assert (0, {"accepted": 2}) == (done.returncode, json.loads(done.stdout)["counts"])
        again = run(files, *live, "--confirm", "2", **env)
        assert "Nobody was mailed" in again.stdout
        assert 2 == len(sandbox.outbox)
        run_id = json.loads(run(files, "runs", "--json", **env).stdout)[0]["run_id"]
        assert 0 == run(files, "report", run_id, "--out", "sent.csv", **env).returncode
        sandbox.set_faults({"error_500_after_accept": 1.0})
        unknown = run(files, *live, "--confirm", "2", "--mailing", "other", **env)
        assert 4 == unknown.returncode
        sandbox.set_faults({})
        halted = run(
            files, *live, "--confirm", "2", **env | {"MIGMA_API_KEY": "wrong-key", "MIGMA_LEDGER": "n.db"}
        )
        assert 5 == halted.returncode
        for found in (refused, done, again, unknown):
            assert sandbox.server.api_key not in found.stdout + found.stderr


def test_refused_rows_have_an_exit_code_of_their_own(files: Path) -> None:
    """3, where the API says no to a row."""
    with mg.Sandbox(strict=True, domains=["other.example"]) as sandbox:
        sandbox_env = {
            "MIGMA_API_KEY": sandbox.server.api_key,
            "MIGMA_BASE_URL": sandbox.url,
            "MIGMA_LEDGER": str(files / "l.db"),
        }
        command = ["send", "people.csv", "--template", "mail.html", *SEND, "--live", "--confirm", "2"]
        found = run(files, *command, "--project", sandbox.server.project_id, **sandbox_env)
    assert 3 == found.returncode, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("content", "change", "words"),
    [
        (None, [], "people.csv"),
        ("", [], "empty"),
        ("name\nAnn\n", [], "address"),
        ("email,work_email\na@x.example,b@x.example\n", [], "work_email"),
        ("email\na@x.example\n", ["--subject", "{{nothing}}"], "nothing"),
        ("email\n", [], "people.csv"),
        ("email\na@x.example\n", ["--live", "--project", "p"], "No API key"),
        ("email\na@x.example\n", ["--ledger", "people.csv/ledger.db"], "cannot be written"),
    ],
)
def test_bad_input_gets_a_sentence(files: Path, content: str | None, change: list[str], words: str) -> None:
    """What is wrong, where, and what to do; exit code 2; nothing sent."""
    (files / "people.csv").unlink()
    if content is not None:
        (files / "people.csv").write_text(content)
    found = run(files, "send", "people.csv", "--template", "mail.html", *SEND, *change)
    assert 2 == found.returncode, found.stdout + found.stderr
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def test_a_sandbox_of_its_own_stops_cleanly_and_shows_no_key(tmp_path: Path) -> None:
    """The key is in a file that only its owner reads."""
    process = subprocess.Popen(
        [sys.executable, "-m", "migma_nb.cli", "sandbox"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Sandbox at http://127.0.0.1:")
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=20)[0]
    assert 0 == process.returncode
    assert (tmp_path / "sandbox.key").read_text() not in rest
