"""`migma-nb check`: what a mailing would do, and every problem of its list."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from migma_nb.cli.exits import Exit
from migma_nb.planning import long_files, pieces

Migma = Callable[..., subprocess.CompletedProcess[str]]


def test_a_file_is_enough(migma: Migma) -> None:
    """Without template and subject the list is checked alone, and that is said."""
    found = migma("check", "people.csv")
    assert Exit.FINE == found.returncode
    assert "The list alone" in found.stdout
    assert "2 people could be mailed, of 2 rows" in found.stdout
    assert "--template" in found.stdout


def test_errors_have_a_code_and_warnings_have_none(here: Migma, folder: Path) -> None:
    """2 for a list with errors, 0 for one that is only worth a look."""
    (folder / "people.csv").write_text("email\ninfo@x.example\n")
    assert Exit.FINE == here("check", "people.csv").returncode
    (folder / "people.csv").write_text("email\nbroken@\nb@x.example\n")
    found = here("check", "people.csv")
    assert Exit.BAD_INPUT == found.returncode
    assert "1 × invalid_email (error)" in found.stdout
    assert "Row 0: 'broken@'" in found.stdout


def test_of_each_kind_the_first_few_are_shown(here: Migma, folder: Path) -> None:
    """A list of a thousand mistakes fits a screen."""
    (folder / "people.csv").write_text("email\n" + "".join(f"x{at}@\n" for at in range(1000)))
    found = here("check", "people.csv")
    assert "… and 997 more" in found.stdout
    assert len(found.stdout.splitlines()) < 30


def test_the_whole_mailing_is_planned(here: Migma, send: list[str]) -> None:
    """With everything given the plan has the id that a send would have."""
    options = [*send[1:], "--project=p"]
    shown = here("check", *options)
    told = json.loads(here("check", *options, "--json").stdout)
    assert Exit.FINE == shown.returncode
    assert "Ann" in shown.stdout
    assert re.search(rf"Plan id +{told['plan_id']}", shown.stdout)
    assert [] == told["missing"]
    assert {"name": "name"} == told["variables"]


def test_what_a_send_would_still_want_is_named(here: Migma) -> None:
    """Stand-ins change no check; a plan with them has no id."""
    told = json.loads(here("check", "people.csv", "--template=mail.html", "--subject=Hi", "--json").stdout)
    wanted = ["--sender", "--mailing", "--project", "--transactional or --marketing"]
    assert (wanted, None) == (told["missing"], told["plan_id"])
    assert "Plan id" not in here("check", "people.csv", "--template=mail.html", "--subject=Hi").stdout


def test_json_has_every_problem(here: Migma, folder: Path) -> None:
    """One document, codes and severities as in the frames."""
    (folder / "people.csv").write_text("email\nbroken@\ninfo@x.example\n\nx@\n")
    found = here("check", "people.csv", "--json")
    told = json.loads(found.stdout)
    assert "" == found.stderr
    assert (3, 1, 2, 1) == (told["rows"], told["people"], told["errors"], told["warnings"])
    assert ["invalid_email", "role_address", "invalid_email"] == [line["code"] for line in told["issues"]]
    assert {"row", "column", "value", "code", "severity", "message", "fix"} == set(told["issues"][0])


def test_every_option_reaches_the_plan(here: Migma, folder: Path) -> None:
    """Columns, defaults, formats, exclusions and doubles, as `mg.plan` has them."""
    (folder / "people.csv").write_text(
        "email,other_email,given,day\n"
        "a@x.example,1@y.example,Ann,2026-01-02\n"
        "b@x.example,2@y.example,,2026-01-03\n"
        "c@x.example,3@y.example,Cy,2026-01-04\n"
        "c@x.example,3@y.example,Cyd,2026-01-05\n"
    )
    (folder / "out.csv").write_text("email\nA@x.example\n")
    found = here(
        "check",
        "people.csv",
        "--template=mail.html",
        "--subject=On {{day}}",
        "--address=email",
        "--var=name=given",
        "--var=day=day",
        "--default=name=friend",
        "--exclude=out.csv",
        "--duplicates=first",
        "--reply-to=help@acme.example",
        "--provider=ses",
        "--topic=t",
        "--marketing",
        "--json",
    )
    told = json.loads(found.stdout)
    assert (Exit.FINE, 2, "email") == (found.returncode, told["people"], told["address_column"])
    assert {"name": "given", "day": "day"} == told["variables"]


def test_doubles_are_a_question_with_options_for_an_answer(here: Migma, folder: Path) -> None:
    """What the plan asks is asked in the words of the command line."""
    (folder / "people.csv").write_text("email,name\na@x.example,Ann\na@x.example,Anna\n")
    options = ["check", "people.csv", "--template=mail.html", "--subject={{name}}"]
    asked = here(*options)
    assert "--duplicates first" in asked.stdout
    assert "--key column" in asked.stdout
    assert 2 == json.loads(here(*options, "--key=name", "--json").stdout)["people"]


def test_a_tag_can_be_looked_at(here: Migma, send: list[str]) -> None:
    """Its plan's id is what a live send is confirmed by."""
    found = here("check", "--tag=vip", *send[2:], "--project=p", "--var=name=you")
    assert Exit.FINE == found.returncode
    assert "everybody in tag vip" in found.stdout
    assert "the send says the number that --confirm wants" in found.stdout
    told = json.loads(here(*found.args, "--json").stdout)
    assert f"--confirm {told['plan_id']}" in found.stdout
    assert found.stdout.rstrip().endswith(" --live")


def test_a_long_file_is_checked_in_pieces_and_says_the_same(
    here: Migma, folder: Path, send: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same plan id, the same problems, also of the list alone."""
    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(30))
    (folder / "people.csv").write_text(f"email,name\n{lines}broken@,X\np3@x.example,Other\n")
    for options in (["people.csv"], [*send[1:], "--project=p"]):
        whole = here("check", *options, "--json")
        with monkeypatch.context() as long:
            long.setattr(long_files, "LONG_BYTES", 0)
            long.setattr(pieces, "PIECE_ROWS", 4)
            assert whole.stdout == here("check", *options, "--json").stdout
        assert "invalid_email" in whole.stdout
