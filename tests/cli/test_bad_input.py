"""Bad input from the command line: one or two sentences, exit code 2, no Python in the words."""

import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.cli.answering import LostSightError, answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.wording import for_terminal

Migma = Callable[..., subprocess.CompletedProcess[str]]
PYTHON = re.compile(r"\b(plan|mg|run|pandas)\.\w|\w=(\"|'|True|False|\{)|\b\w+_id\b|skip_invalid|Traceback")


ONE = "email,name\na@x.example,N\n"
TWO_COLUMNS = "email,work_email,name\na@x.example,b@x.example,N\n"


@pytest.mark.parametrize(
    ("content", "change", "words"),
    [
        pytest.param(None, [], "There is no file people.csv", id="no such file"),
        pytest.param("", [], "people.csv is empty", id="an empty file"),
        pytest.param("email,name\n", [], "has a header and no rows", id="zero rows"),
        pytest.param("name\nAnn\n", [], "No column of the list holds email addresses", id="no addresses"),
        pytest.param(TWO_COLUMNS, [], "--address email or --address work_email", id="two address columns"),
        pytest.param(ONE, ["--subject={{none}}"], "--var none=column", id="no column fills a placeholder"),
        pytest.param(ONE, ["--live", "--project=p"], "No API key", id="no key"),
        pytest.param(ONE, ["--ledger=people.csv/l.db"], "l.db cannot be written", id="no place for a ledger"),
    ],
)
def test_bad_input_gets_a_sentence(  # noqa: PLR0917 - three of them are fixtures
    migma: Migma, send: list[str], folder: Path, content: str | None, change: list[str], words: str
) -> None:
    """What is wrong, where, and what to do, in the words of the command line."""
    (folder / "people.csv").unlink()
    if content is not None:
        (folder / "people.csv").write_text(content)
    _is_a_sentence(migma(*send, *change), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--template=no.html"], "no.html"),
        (["--sender=a@b.example"], "--sender"),
        (["--provider=sess"], "'ses'"),
        (["--default=name"], "--default"),
        (["--var=x=y", "--var=x=z"], "again"),
        (["--tag=vip"], "more than once"),
        (["--rate=fast"], "N/second"),
        (["--duplicates=last"], "--duplicates first"),
        (["--reply-to=me"], "--reply-to"),
        (["--key=nothing"], "nothing"),
        (["--live", "--project=p", "--base-url=http://far.example"], "https"),
        (["--live", "--project=p", "--base-url=nonsense"], "https"),
    ],
)
def test_a_wrong_option_gets_a_sentence(
    here: Migma, send: list[str], monkeypatch: pytest.MonkeyPatch, change: list[str], words: str
) -> None:
    """The same for what no list has to do with."""
    monkeypatch.setenv("MIGMA_API_KEY", "mgma_sk_test_0123456789")
    _is_a_sentence(here(*send, *change), words)


def test_what_a_send_lacks_is_named_one_by_one(here: Migma) -> None:
    """Mailing, sender, subject, content and kind."""
    for typed, words in (
        (["send"], "FILE"),
        (["send", "people.csv"], "--transactional"),
        (["send", "people.csv", "--marketing"], "--sender"),
        (["send", "people.csv", "--marketing", "--sender=A <a@b.example>"], "--subject"),
        (["send", "people.csv", "--marketing", "--sender=A <a@b.example>", "--subject=x"], "--template"),
    ):
        found = here(*typed)
        assert (Exit.BAD_INPUT, True) == (found.returncode, words in found.stderr), found.stderr
        assert not PYTHON.search(found.stderr), found.stderr


def test_a_server_that_is_not_there_halts_and_the_rows_can_be_sent_later(
    migma: Migma, send: list[str], folder: Path
) -> None:
    """It is no fault of the list: the halt's code, nothing sent, and every row on record."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {"MIGMA_API_KEY": "mgma_sk_test_0123456789", "MIGMA_BASE_URL": f"http://127.0.0.1:{port}"}
    found = migma(*send, "--live", "--confirm=2", "--project=p", "--out=sent.csv", **env)
    assert Exit.HALTED == found.returncode
    assert "no connection" in found.stdout
    assert "2  not_sent" in found.stdout
    assert 3 == len((folder / "sent.csv").read_text(encoding="utf-8").splitlines())
    assert env["MIGMA_API_KEY"] not in found.stdout + found.stderr


def test_bad_input_loses_nothing_of_what_is_on_record(here: Migma, send: list[str], folder: Path) -> None:
    """After every kind of it the ledger tells of the one run before, and nobody is mailed again."""
    kept = ["--ledger=ledger.sqlite3"]
    assert Exit.FINE == here(*send, *kept).returncode
    before = here("runs", "--json", *kept).stdout
    files = (None, "", "email,name\n", "name\nAnn\n", TWO_COLUMNS)
    for content in files:
        (folder / "bad.csv").unlink(missing_ok=True)
        if content is not None:
            (folder / "bad.csv").write_text(content)
        assert Exit.BAD_INPUT == here("send", "bad.csv", *send[2:], *kept).returncode
    for change in (["--subject={{none}}"], ["--live", "--project=p"], ["--ledger=people.csv"]):
        assert Exit.BAD_INPUT == here(*send, *kept, *change).returncode
    assert before == here("runs", "--json", *kept).stdout
    assert 3 == len((folder / "people.csv").read_text().splitlines())


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ("type: plan.send(client, confirm='0123456789ab')", "add: --confirm 0123456789ab"),
        ('address="email" or address="work email".', '--address email or --address "work email".'),
        ("transactional=False or transactional=True.", "--marketing or --transactional."),
        ("write variables={\"x\": 'Given name'}, or", 'write --var "x=Given name", or'),
        ('write variables={"x": "column", …} or', "write --var x=column or"),
        ('or defaults={"x": "…"}.', "or --default x=…."),
        ("Give template= (HTML) with project_id=.", "Give --template (HTML) with --project."),
        ("reply_to is 'x'", "--reply-to is 'x'"),
        ("limit=-1 is not a whole number of rows.", "--limit -1 is not a whole number of rows."),
        ("timeout=nan is not a number.", "--timeout nan is not a number."),
        ("header=-1 or header=1.", "--header -1 or --header 1."),
        ("sheet=None, key=no", "--sheet None, --key no"),
        ('Write tag="…".', "Write --tag …."),
        ("Give the same base_url= and account= as then", "Give the same --base-url and --account as then"),
        ("Nothing to see here.", "Nothing to see here."),
    ],
)
def test_arguments_of_python_become_options(python: str, typed: str) -> None:
    """A person at a terminal can type what the sentence says."""
    assert typed == for_terminal(python)


@given(
    st.sampled_from(["limit", "timeout", "header"]), st.none() | st.booleans() | st.integers() | st.floats()
)
def test_no_value_is_grown_together_with_its_option(name: str, value: object) -> None:
    """Whatever number somebody typed: it stands after the option, and the sentence goes on as it was."""
    assert f"--{name} {value!r} is not one." == for_terminal(f"{name}={value!r} is not one.")


def _is_a_sentence(found: subprocess.CompletedProcess[str], words: str) -> None:
    assert Exit.BAD_INPUT == found.returncode, found.stdout + found.stderr
    assert found.stderr.startswith("Error: ")
    assert words in found.stderr
    assert len(found.stderr.splitlines()) <= 2
    assert not PYTHON.search(found.stderr), found.stderr


def test_a_record_that_fails_once_a_run_has_begun_is_no_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Its code says that some rows may have been mailed, never that nothing was sent."""

    @answered
    def command() -> Exit:
        raise LostSightError("The ledger failed after run r had begun.", hint="Mend it.")

    assert Exit.UNKNOWN == command()
    assert "Mend it." in capsys.readouterr().err
