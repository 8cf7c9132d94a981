"""A file of targets on the command line: looked at, not rehearsed, and sent live by the number of people."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit
from migma_nb.sandbox import SandboxServer

Migma = Callable[..., subprocess.CompletedProcess[str]]
OPTIONS = ["targets.csv", "--sender=Acme <billing@acme.example>", "--mailing=m", "--overlap=allowed"]


@pytest.fixture
def targets(folder: Path) -> Path:
    """A file with a tag per language, each with its own subject and email."""
    file = folder / "targets.csv"
    file.write_text(
        "recipientType,recipientId,subject,emailId\ntag,t_de,Hallo,e_de\ntag,t_fr,Salut,e_fr\n",
        encoding="utf-8",
    )
    return file


def test_a_file_of_targets_is_checked(here: Migma, targets: Path) -> None:
    """Nothing stands in for what its rows bring themselves; the per-row columns are listed."""
    found = here("check", *OPTIONS, "--json")
    told = json.loads(found.stdout)
    assert Exit.FINE == found.returncode
    assert ([], 0, None) == (told["missing"], told["errors"], told["people"])
    assert {"0": "tag:t_de", "1": "tag:t_fr"} == told["batches"]
    assert {"recipientType", "recipientId", "subject", "emailId"} == set(told["per_row"])
    assert "2 batches of 2 rows" in here("check", *OPTIONS).stdout
    alone = here("check", targets.name)
    assert Exit.FINE == alone.returncode, alone.stderr
    assert "add --overlap allowed" in alone.stdout or "--overlap allowed" in alone.stdout


def test_a_file_of_people_by_type_may_lack_subject_and_content(here: Migma, targets: Path) -> None:
    """What is missing is named, as for a list of people."""
    targets.write_text("recipientType,recipientId,recipientEmail\ntag,t,\nemail,,a@x.example\n")
    told = json.loads(here("check", targets.name, "--json").stdout)
    assert {"--subject", "--template", "--transactional or --marketing"} <= set(told["missing"])
    assert 0 == told["errors"]


def test_a_file_of_targets_is_not_rehearsed(here: Migma, targets: Path) -> None:
    """Who is in a tag only Migma knows; what to do instead is said."""
    found = here("send", *OPTIONS)
    assert (Exit.BAD_INPUT, True) == (found.returncode, targets.exists())
    assert "A rehearsal cannot mail tag t_de and 1 more" in found.stderr
    assert "--live" in found.stderr


def test_a_file_of_targets_is_sent_live_by_the_number_of_people(migma: Migma, targets: Path) -> None:
    """The error names the number, the same command with it sends, and again mails nobody."""
    with SandboxServer(batch_seconds=0.1) as server:
        email = server.add_email("Stored", "<p>x</p>")["emailId"]
        ids = [server.add_tag(name)["id"] for name in ("de", "fr")]
        for n, name in enumerate(["de", "de", "fr"]):
            server.add_contact(f"p{n}@d.example", tags=[name])
        text = targets.read_text().replace("t_de", ids[0]).replace("t_fr", ids[1])
        targets.write_text(re.sub(r"e_(de|fr)", email, text))
        command = ["send", *OPTIONS, "--live", f"--base-url={server.url}", "--rate=1000/second"]
        asked = migma(*command, MIGMA_API_KEY=server.api_key)
        assert "2 batches: 3 people" in asked.stderr
        assert "--confirm 3" in asked.stderr
        assert [] == server.batches()
        for state in ("accepted", "already_sent"):
            found = migma(*command, "--confirm=3", "--json", MIGMA_API_KEY=server.api_key)
            told = json.loads(found.stdout)
            assert (Exit.FINE, {state: 2}) == (found.returncode, told["counts"]), found.stderr
        assert ["Hallo", "Hallo", "Salut"] == sorted(mail["subject"] for mail in server.outbox())


def test_a_file_of_targets_is_repaired_as_a_list_of_people_is(here: Migma, folder: Path) -> None:
    """Its addresses, subjects and variables, those of JSON text too; what is left to a person stays."""
    head = "recipientType,recipientId,recipientEmail,subject,variables\n"
    rows = [
        "tag,t1,nan,Hi,",
        'email,nan,Bo <bo@acme.org>,MÃ¼de?,"{""n"": ""nan"", ""m"": 7}"',
        "email,,cy@gmial.com,See #REF! there,",
    ]
    (folder / "mixed.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    options = ["--sender=A <a@acme.org>", "--mailing=m", "--overlap=allowed", "--marketing", "--email-id=e1"]
    checked = here("check", "mixed.csv", *options)
    assert "To repair what has a certain repair:" in checked.stdout
    found = here("fix", "mixed.csv", *options, "--code=all", "--out=new.csv")
    assert Exit.FINE == found.returncode, found.stderr
    expected = [
        "tag,t1,,Hi,",
        'email,,bo@acme.org,Müde?,"{""m"": 7}"',
        "email,,cy@gmail.com,See #REF! there,",
    ]
    assert head + "\n".join(expected) + "\n" == (folder / "new.csv").read_text(encoding="utf-8")
