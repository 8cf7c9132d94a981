"""Every face counts a mailing's people under the same account, so that nobody is mailed by two of them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.cli.form_page import notebook_of, page_of
from tests.cli.commands import COMMAND
from tests.cli.conftest import form_options

Migma = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., Any]


@pytest.fixture
def settings(serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, str]]:
    """Return a server, and an environment that names an account at it; it is this process's own, too."""
    server = serve()
    found = {**server.env, "MIGMA_ACCOUNT": "acme", "MIGMA_LEDGER": str(folder / "ledger.sqlite3")}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    return server, found


def planned() -> mg.SendPlan:
    """Return the mailing of the fixture `send`, as Python plans it."""
    return mg.plan(
        "people.csv",
        mailing="m",
        sender="Acme <billing@acme.example>",
        subject="Hello {{name}}",
        template=Path("mail.html"),
        project_id="p",
        transactional=True,
    )


def test_whom_the_command_line_mailed_python_does_not_mail_again(
    migma: Migma, send: list[str], settings: tuple[Any, dict[str, str]]
) -> None:
    """On one ledger, with the account named by `MIGMA_ACCOUNT` alone; and the other way round."""
    server, env = settings
    first = json.loads(migma(*send, "--live", "--confirm=2", "--limit=1", "--json", **env).stdout)
    assert {"accepted": 1, "not_sent": 1} == first["counts"]
    run = planned().send(mg.Migma(), confirm=2, progress=False)
    assert {"accepted": 1, "already_sent": 1} == run.counts
    again = json.loads(migma(*send, "--live", "--confirm=2", "--json", **env).stdout)
    assert {"already_sent": 2} == again["counts"]
    assert ["a@x.example", "b@x.example"] == server.mailed()


def test_the_form_and_an_import_have_the_same_account_as_a_send(
    migma: Migma, settings: tuple[Any, dict[str, str]], folder: Path
) -> None:
    """A page's form sends under it, and what an import brought in is in for Python as well."""
    _, env = settings
    seen: dict[str, Any] = {}
    page = page_of(form_options("people.csv", "--live"))
    source = notebook_of(page, folder)["cells"][0]["source"]
    exec(source.replace("page_form(Path", "seen['form'] = page_form(Path"), {"seen": seen})
    assert 'account="acme"' in seen["form"].lines
    done = migma("import", "people.csv", "--tag=t", "--live", "--json", **env)
    assert {"accepted": 2} == json.loads(done.stdout)["counts"], done.stderr
    found = mg.import_contacts("people.csv", mg.Migma(), tag="t", progress=False)
    assert {"already_sent": 2} == found.counts


def test_an_argument_counts_more_than_the_environment(
    settings: tuple[Any, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account, or none: the server itself; a sandbox is one whatever the environment says."""
    server, _ = settings
    monkeypatch.setenv("MIGMA_RATE", "5/second")
    named = mg.Migma()
    assert ("account:acme", "5/second") == (named.settings.scope, str(named.settings.rate))
    other = mg.Migma(account="other", rate="auto")
    assert ("account:other", None) == (other.settings.scope, other.settings.rate)
    assert server.url == mg.Migma(account="").settings.scope
    with mg.Sandbox() as sandbox:
        assert sandbox.url == sandbox.client().settings.scope


def test_a_rate_of_the_environment_that_is_none_is_named(
    settings: tuple[Any, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the error gave no argument."""
    del settings
    monkeypatch.setenv("MIGMA_RATE", "fast")
    with pytest.raises(mg.ConfigurationError, match="MIGMA_RATE='fast' is no rate"):
        mg.Migma()


def test_the_rate_of_the_environment_counts_in_a_live_import(
    migma: Migma, settings: tuple[Any, dict[str, str]]
) -> None:
    """What is no rate is refused by it, not passed over."""
    _, env = settings
    done = migma("import", "people.csv", "--tag=t", "--live", **env, MIGMA_RATE="fast")
    assert (2, True) == (done.returncode, "MIGMA_RATE" in done.stderr), done.stderr


@pytest.mark.proof
def test_a_rehearsal_has_no_account_but_one_that_is_typed(
    folder: Path, environment: dict[str, str], send: list[str]
) -> None:
    """The environment is about the real account: it neither names nor slows down a rehearsal's."""
    env = environment | {"MIGMA_ACCOUNT": "acme", "MIGMA_RATE": "1/day"}

    def ran(*args: str) -> dict[str, int]:
        command = [*COMMAND, *args, f"--ledger={folder / 'kept.sqlite3'}", "--json"]
        done = subprocess.run(command, env=env, cwd=folder, check=True, capture_output=True, timeout=120)
        counts: dict[str, int] = json.loads(done.stdout)["counts"]
        return counts

    # Each rehearsal has a sandbox of its own, unless its account has a name that is typed.
    assert [{"accepted": 2}, {"accepted": 2}] == [ran(*send) for _ in range(2)]
    named = [ran(*send, "--account=typed") for _ in range(2)]
    assert [{"accepted": 2}, {"already_sent": 2}] == named
    assert {"accepted": 2} == ran("import", "people.csv", "--tag=t")
