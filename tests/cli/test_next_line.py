"""The line that each command ends with: it can be pasted into a shell as it stands, and does what it says."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migma_nb.cli.exits import Exit
from migma_nb.cli.lines import without_password

Migma = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., Any]


def last(found: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line of what was printed."""
    return found.stdout.rstrip().splitlines()[-1]


@pytest.fixture
def awkward(folder: Path) -> list[str]:
    """Return a mailing whose names need quoting everywhere."""
    (folder / "people.csv").rename(folder / "Ann's list $1.csv")
    return [
        "Ann's list $1.csv",
        "--template=mail.html",
        '--subject=It\'s `{{first}}` "now" $HOME',
        "--sender=Acme <billing@acme.example>",
        "--mailing=it's; a test",
        "--var=first=name",
        "--marketing",
        "--project=p",
    ]


def test_check_leads_to_preview_free_rehearsal_and_that_to_the_two_catches(
    here: Migma, paste: Migma, awkward: list[str], serve: Serve
) -> None:
    """From the check to the last live line by pasting; nobody is mailed before both catches are typed."""
    server = serve()
    checked = here("check", *awkward)
    rehearsed = paste(last(checked))
    assert Exit.FINE == rehearsed.returncode, rehearsed.stderr
    assert "It's `Ann`" not in last(rehearsed)
    assert last(rehearsed).endswith(" --live")
    refused = paste(last(rehearsed), **server.env)
    assert Exit.BAD_INPUT == refused.returncode
    typed = refused.stderr.rstrip().splitlines()[-1]
    assert typed.endswith(" --live --confirm 2")
    done = paste(typed, **server.env)
    assert Exit.FINE == done.returncode, done.stderr
    reported = paste(last(done), **server.env)
    assert Exit.FINE == reported.returncode, reported.stderr
    assert "2  accepted" in reported.stdout
    listed = paste(last(reported))
    assert (Exit.FINE, True) == (listed.returncode, "2 accepted" in listed.stdout)
    assert Exit.FINE == paste(last(listed)).returncode
    assert ["a@x.example", "b@x.example"] == server.mailed()


@pytest.mark.parametrize("name", ["a\tb", "50\t%d \\n", "\u202eevil", "soft\u00adhyphen", "-\t-"])
def test_a_name_that_no_screen_shows_as_it_is_can_be_pasted_all_the_same(
    here: Migma, paste: Migma, name: str
) -> None:
    """Another name would be another mailing, in which everybody is mailed again."""
    typed = ["--template=mail.html", "--subject=s", "--sender=A <a@acme.example>", "--transactional"]
    checked = here("check", "people.csv", f"--mailing={name}", "--project=p", *typed)
    rehearsed = paste(f"{last(checked)} --ledger=runs.sqlite3")
    assert Exit.FINE == rehearsed.returncode, rehearsed.stderr
    found = json.loads(here("runs", "--ledger=runs.sqlite3", "--json").stdout)
    assert [name] == [run["mailing"] for run in found]


def test_a_file_whose_name_is_no_text_can_be_pasted_too(here: Migma, paste: Migma, folder: Path) -> None:
    """Old archives hold names in encodings of their own."""
    place = os.fsencode(folder / "Stra") + b"\xdfe.csv"
    Path(os.fsdecode(place)).write_text("email\na@gmial.com\n")
    checked = here("check", os.fsdecode(b"Stra\xdfe.csv"))
    assert Exit.FINE == paste(last(checked)).returncode
    assert b"a@gmail.com" in (folder / os.fsdecode(b"Stra\xdfe.fixed.csv")).read_bytes()


def test_a_preview_leads_to_the_rehearsal(here: Migma, paste: Migma, awkward: list[str]) -> None:
    """With the same options."""
    found = paste(last(here("preview", *awkward)))
    assert (Exit.FINE, True) == (found.returncode, "REHEARSAL" in found.stdout)


def test_json_has_the_same_line(here: Migma, awkward: list[str]) -> None:
    """Under `next`."""
    for command in ("check", "preview", "send"):
        told = json.loads(here(command, *awkward, "--json").stdout)
        assert last(here(command, *awkward)) == told["next"]


def test_what_a_mailing_lacks_stands_in_capitals(here: Migma, paste: Migma) -> None:
    """Filled in, the line goes on."""
    line = last(here("check", "people.csv", "--template=mail.html", "--subject=s"))
    for blank, value in (
        ("NAME <ADDRESS>", "A <a@acme.example>"),
        ("--mailing NAME", "--mailing m"),
        ("--project ID", "--project p"),
    ):
        line = line.replace(blank, value)
    found = paste(line)
    assert Exit.FINE == found.returncode, found.stderr


def test_an_error_in_the_list_leads_to_its_repair_or_around_it(
    here: Migma, paste: Migma, folder: Path
) -> None:
    """Where a repair is certain the fix comes next, then a check without errors; else the rest is sent."""
    (folder / "people.csv").write_text("email,name\nann@@acme.org,Ann\nbo@acme.org,Bo\n")
    mailing = [
        "--template=mail.html",
        "--subject=s",
        "--sender=A <a@acme.example>",
        "--mailing=m",
        "--marketing",
    ]
    fixed = paste(last(here("check", "people.csv", "--project=p", *mailing)))
    assert Exit.FINE == fixed.returncode, fixed.stderr
    assert Exit.FINE == paste(last(fixed)).returncode
    (folder / "people.csv").write_text("email,name\n?,Ann\nbo@acme.org,Bo\n")
    found = here("check", "people.csv", "--project=p", *mailing)
    assert Exit.BAD_INPUT == found.returncode
    assert "1 of 1 people mailed" in paste(last(found)).stdout


def test_a_ledgers_password_stands_in_no_line() -> None:
    """It may come from PGPASSWORD or a .pgpass."""
    for url, shown in (
        ("postgresql://ann:p%40ss@h/d", "postgresql://ann@h/d"),
        ("postgresql://h/d?password=geheim&sslmode=require", "postgresql://h/d?password=&sslmode=require"),
        ("https://a.example/x:y@z", "https://a.example/x:y@z"),
        ("Acme <billing@acme.example>", "Acme <billing@acme.example>"),
    ):
        assert shown == without_password(url)
