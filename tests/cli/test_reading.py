"""How a list is read, at the command line: what a refusal names can be typed, and then it is read."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from migma_nb.cli.exits import Exit
from migma_nb.cli.form_page import notebook_of, page_of
from migma_nb.cli.wording import for_terminal
from tests.cli.conftest import form_options
from tests.reading.corpus import zipped

Migma = Callable[..., subprocess.CompletedProcess[str]]

PLAIN = "email,name\na@x.example,Ann\nb@x.example,Bob\n"


def two_sheets(path: Path) -> None:
    """Write a workbook whose sheets both have people; the name of the first is no plain word."""
    book = openpyxl.Workbook()
    del book["Sheet"]
    for title in ('Kunden \'24 "neu"', "2023"):
        sheet = book.create_sheet(title)
        sheet.append(["email", "name"])
        sheet.append(["a@x.example", title])
    book.save(path)


def written(content: bytes) -> Callable[[Path], Any]:
    """Return what writes a file."""
    return lambda path: path.write_bytes(content)


REFUSED = {
    "encoding": ("l.csv", written("email,name\na@x.example,Zoë\n".encode("cp1252")), "--encoding cp1252"),
    "delimiter": ("l.csv", written(b"name,a;b\nAnn,x;y\n"), '--delimiter ";"'),
    "tabs": ("l.csv", written(b"name,a\tb\nAnn,x\ty\n"), "--delimiter tab"),
    "quote": ("l.csv", written(b'email,name\na@x.example,"Ann\nb@x.example,Bob"\n'), "--quote '\"'"),
    "no quote": ("l.csv", written(b'email,name\na@x.example,"A" Lee\n'), '--quote ""'),
    "header": ("l.csv", written(f"People\n\n{PLAIN}".encode()), "--header 3"),
    "no header": ("l.csv", written(b"a@x.example,Ann\n"), "--header 0"),
    "sheet": ("l.xlsx", two_sheets, """--sheet 'Kunden '"'"'24 "neu"'"""),
    "member": ("l.zip", written(zipped({"a b.csv": PLAIN, "c.csv": PLAIN})), '--member "a b.csv"'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_refusal_names_can_be_typed_and_then_the_list_is_read(
    here: Migma, folder: Path, case: str
) -> None:
    """In a check and an import; the sentence holds the option as a shell wants it, and no Python."""
    name, write, words = REFUSED[case]
    write(folder / name)
    for command in (["check", name], ["import", name, "--tag=t"]):
        refused = here(*command)
        assert Exit.BAD_INPUT == refused.returncode
        assert words in refused.stderr
        assert f"{words.split(' ', maxsplit=1)[0].removeprefix('--')}=" not in refused.stderr
        read = here(*command, *shlex.split(words))
        assert "Traceback" not in read.stderr
        # Some have no addresses, which is said once they are read.
        found = read.stdout + read.stderr
        assert re.search(r"(l\.\w+|a b\.csv): \w|No column of the list holds email addresses", found), found


def test_a_send_reads_the_list_as_it_was_told(migma: Migma, folder: Path, send: list[str]) -> None:
    """And says how it was read and what was repaired, beside the document where there is one."""
    (folder / "people.csv").write_bytes("email,name\r\n\r\na@x.example,Zoë\r\n".encode("cp1252"))
    assert "--encoding cp1252" in migma(*send).stderr
    told = migma(*send, "--encoding=cp1252", "--preview=1", "--json")
    assert 1 == json.loads(told.stdout)["counts"]["accepted"]
    assert "people.csv: CSV, cp1252 as given, commas; 1 rows × 2 columns" in told.stderr
    assert "Blank rows were left out: line 2." in told.stderr
    assert "Zoë" in told.stderr


def test_a_check_says_what_was_repaired(here: Migma, folder: Path, send: list[str]) -> None:
    """Of a list alone, of a mailing, and in the document."""
    (folder / "people.csv").write_text("email,name\n\na@x.example,Ann\n")
    repair = "Blank rows were left out: line 2."
    assert repair in here("check", "people.csv").stdout
    assert repair in here("check", *send[1:]).stdout
    told = json.loads(here("check", "people.csv", "--json").stdout)["reading"]
    assert (1, [repair]) == (told["rows"], told["repairs"])


def test_how_to_read_is_about_file_alone(here: Migma, folder: Path) -> None:
    """Without FILE it is refused; a list of --exclude that cannot be read asks for no option."""
    told = here("check", "--tag=vip", "--encoding=cp1252").stderr
    assert "--encoding says how FILE is read, and no FILE was named" in told
    (folder / "out.csv").write_bytes("email,name\na@x.example,Zoë\n".encode("cp1252"))
    told = here("check", "people.csv", "--exclude=out.csv").stderr
    assert told.startswith("Error: --exclude: out.csv is not UTF-8")
    assert "Save that list as CSV UTF-8" in told
    assert "--encoding" not in told
    (folder / "out.csv").write_text("email\na@x.example\n")
    assert "1 person could be mailed" in here("check", "people.csv", "--exclude=out.csv").stdout


def test_nobody_who_was_filtered_out_is_mailed_by_mistake(here: Migma, folder: Path, send: list[str]) -> None:
    """Rows that a workbook hides stop each command; what to do needs no Python."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["email", "name"], ["a@x.example", "Ann"], ["b@x.example", "Bo"]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.save(folder / "l.xlsx")
    commands = (["send", "l.xlsx", *send[2:]], ["check", "l.xlsx"], ["import", "l.xlsx", "--tag=t"])
    for command in (*commands, ["check", "people.csv", "--exclude=l.xlsx"]):
        found = here(*command)
        assert Exit.BAD_INPUT == found.returncode
        assert "has 1 hidden row (row 3)" in found.stderr
        assert "show such rows or delete them, and save the workbook" in found.stderr.lower()
        assert not re.search(r"hidden=|Python", found.stderr)
        assert ("--hidden read to take them, --hidden skip to leave them out" in found.stderr) == (
            "people.csv" not in command
        )
    assert "2 people could be mailed" in here("check", "l.xlsx", "--hidden=read").stdout
    skipped = here("check", "l.xlsx", "--hidden", "skip")
    assert "1 person could be mailed" in skipped.stdout
    assert "--hidden skip" in skipped.stdout + skipped.stderr
    for command in commands:
        sent = here(*command, "--hidden=skip")
        assert 0 == sent.returncode, sent.stderr
        assert "1 hidden row was left out, as given: row 3." in sent.stdout + sent.stderr
    assert "hidden='keep' says nothing" not in here("check", "l.xlsx", "--hidden=keep").stderr
    sheet.row_dimensions[3].hidden = False
    book.save(folder / "l.xlsx")
    assert "2 people could be mailed" in here("check", "l.xlsx").stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--delimiter=ab"], "--delimiter ab is no single character"),
        (["--encoding=utf-9"], "--encoding utf-9 is no encoding"),
        (["--sheet=People"], "Leave --sheet out"),
        (["--member=a.csv"], "--member a.csv names nothing"),
        (["--header=9"], "Line 9 of people.csv has no columns' names"),
    ],
)
def test_a_wrong_way_to_read_gets_a_sentence(here: Migma, options: list[str], words: str) -> None:
    """In the words of the command line."""
    found = here("check", "people.csv", *options)
    assert (Exit.BAD_INPUT, True) == (found.returncode, words in found.stderr), found.stderr


def test_the_form_reads_the_list_as_it_was_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the page is served, and again in the page, where the file's name is shown."""
    monkeypatch.chdir(folder)
    Path("l.csv").write_bytes("email;name\na@x.example;Zoë\n".encode("cp1252"))
    typed = form_options("l.csv", "--encoding=cp1252", "--delimiter=;")
    (cell,) = notebook_of(page_of(typed), folder)["cells"]
    last = cell["source"].splitlines()[-1]
    assert 'page_form(Path("l.csv"), reading={"encoding": "cp1252", "delimiter": ";"})' == last


@pytest.mark.parametrize("text", ['Say which: sheet="a" or sheet=\'b"c\'.', "pass quote='\\\\'."])
def test_a_value_is_written_for_a_shell(text: str) -> None:
    """Whatever marks are in it."""
    assert for_terminal(text) in {"Say which: --sheet a or --sheet 'b\"c'.", "pass --quote '\\'."}
