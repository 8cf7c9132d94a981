"""`migma-nb fix`: a list's certain repairs, written as a list of the same kind that reads back the same."""

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.api.errors import InputError
from migma_nb.cli.exits import Exit
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.rewriting import rewrite

Here = Callable[..., subprocess.CompletedProcess[str]]
MAILING: dict[str, Any] = {
    "sender": "A <a@acme.example>",
    "subject": "s",
    "template": "<p>t</p>",
    "project_id": "p",
    "transactional": True,
}
MESSY = "email,zip,name\nann@@acme.org,00501,=Ann\nbob@gmial.com,01234,'Bob\n?,7,NA\n"


@pytest.fixture
def messy(folder: Path) -> Path:
    """Return a list with two slips that have a certain repair, and one that has none."""
    path = folder / "messy.csv"
    path.write_text(MESSY)
    return path


def test_a_repaired_list_is_written_and_the_list_itself_is_left_alone(
    here: Here, messy: Path, folder: Path
) -> None:
    """Text stays text: zeros, signs and quotation marks are as they were, and only the slips have changed."""
    found = here("fix", "messy.csv", "--code=all", "--out=new.csv")
    assert (Exit.FINE, "") == (found.returncode, found.stderr)
    assert MESSY == messy.read_text()
    assert MESSY.replace("@@", "@").replace("gmial", "gmail") == (folder / "new.csv").read_text()


def test_what_no_repair_is_certain_for_is_left_to_the_reader_and_told(here: Here, messy: Path) -> None:
    """By kind and number, beside what was repaired and where nothing was; the closing line stays the last."""
    found = here("fix", "messy.csv", "--code=all", "--out=new.csv")
    assert "Left to you, since no repair of them is certain:\n  1 × invalid_email\n" in found.stdout
    assert found.stdout.rstrip().splitlines()[-1].startswith("migma-nb check new.csv")
    told = json.loads(here("fix", "messy.csv", "--code=invalid_email", "--dry-run", "--json").stdout)
    assert ({"invalid_email": 1}, {"invalid_email": 1}) == (told["by_code"], told["left"])
    messy.write_text("email\n?\nbob@acme.org\n")
    nothing = here("fix", "messy.csv", "--code=all", "--dry-run")
    assert "Nothing to repair" in nothing.stdout
    assert "  1 × invalid_email\n" in nothing.stdout
    messy.write_text("email\nbob@acme.org\n")
    assert "Left to you" not in here("fix", "messy.csv", "--code=all", "--dry-run").stdout
    assert {} == mg.plan(messy, mailing="m", **MAILING).fix().left


def test_changes_are_shown_with_shortened_addresses_and_told_whole_as_json(here: Here, messy: Path) -> None:
    """A log that somebody else reads has nobody's address; a script gets what it needs."""
    found = here("fix", "messy.csv", "--code=all", "--dry-run")
    assert "a…@acme.org" in found.stdout
    assert "ann@acme.org" not in found.stdout
    told = json.loads(here("fix", "messy.csv", "--code=all", "--dry-run", "--json").stdout)
    assert {"invalid_email": 1, "lookalike_domain": 1} == told["by_code"]
    assert [(0, "ann@acme.org"), (1, "bob@gmail.com")] == [
        (one["row"], one["after"]) for one in told["changes"]
    ]
    assert [messy.name] == [path.name for path in messy.parent.glob("messy*")]


@pytest.mark.usefixtures("messy")
def test_a_code_without_a_repair_changes_nothing(here: Here, folder: Path) -> None:
    """It is no error to ask for it: a loop over all codes goes on."""
    found = here("fix", "messy.csv", "--code=missing_email", "--out=same.csv")
    assert (Exit.FINE, MESSY) == (found.returncode, (folder / "same.csv").read_text())
    assert "Nothing to repair" in found.stdout


@pytest.mark.usefixtures("messy")
def test_one_code_is_repaired_alone(here: Here, folder: Path) -> None:
    """And several, where several are named."""
    here("fix", "messy.csv", "--code=lookalike_domain", "--out=one.csv")
    assert MESSY.replace("gmial", "gmail") == (folder / "one.csv").read_text()
    here("fix", "messy.csv", "--code=lookalike_domain", "--code=invalid_email", "--out=two.csv")
    assert MESSY.replace("@@", "@").replace("gmial", "gmail") == (folder / "two.csv").read_text()


def test_in_place_keeps_each_old_state(here: Here, messy: Path, folder: Path) -> None:
    """Under a name that was free; where nothing is to be repaired nothing is written."""
    (folder / "messy.csv.bak").write_text("somebody's")
    told = json.loads(here("fix", "messy.csv", "--code=all", "--in-place", "--json").stdout)
    assert ("messy.csv.bak2", "messy.csv") == (Path(told["backup"]).name, Path(told["out"]).name)
    assert MESSY == (folder / "messy.csv.bak2").read_text()
    assert "somebody's" == (folder / "messy.csv.bak").read_text()
    assert "ann@acme.org" in messy.read_text()
    again = json.loads(here("fix", "messy.csv", "--code=all", "--in-place", "--json").stdout)
    assert (0, None, None) == (again["changed"], again["backup"], again["out"])
    assert not (folder / "messy.csv.bak3").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out=messy.csv", "--code=all"], "is the list itself"),
        (["--out=link.csv", "--code=all"], "is the list itself"),
        (["--out=new.xlsx", "--code=all"], "another kind"),
        (["--out=new.csv", "--in-place", "--code=all"], "--in-place and --out"),
        (["--code=all"], "It is open where"),
        (["--out=new.csv"], "It is open which"),
        (["--out=new.csv", "--code=lookalike"], "lookalike_domain"),
        (["--out=no/new.csv", "--code=all"], "cannot be written"),
    ],
)
def test_what_cannot_be_meant_is_refused(here: Here, messy: Path, options: list[str], words: str) -> None:
    """In a sentence; the list is as it was, and no other file is there."""
    (messy.parent / "link.csv").symlink_to(messy)
    before = sorted(messy.parent.iterdir())
    found = here("fix", "messy.csv", *options)
    assert (Exit.BAD_INPUT, True) == (found.returncode, words in found.stderr), found.stderr
    assert MESSY == messy.read_text()
    assert before == sorted(messy.parent.iterdir())


@pytest.mark.parametrize(
    ("content", "options"),
    [
        pytest.param(b'email;name\nbob@gmial.com;"a;b"\n', [], id="semicolons"),
        pytest.param(
            "email;name\r\nbob@gmial.com;Jürgen Müller\r\n".encode("cp1252"),
            ["--encoding=cp1252"],
            id="cp1252 and CRLF",
        ),
        pytest.param("email,name\nbob@gmial.com,Ünal\n".encode("utf-8-sig"), [], id="a byte order mark"),
        pytest.param("email,name\nbob@gmial.com,Ünal\n".encode("utf-16"), [], id="UTF-16"),
        pytest.param(b"bob@gmial.com,7\nx@acme.org,8\n", ["--header=0"], id="no header"),
    ],
)
def test_separator_encoding_and_line_ends_stay(
    here: Here, paste: Here, folder: Path, content: bytes, options: list[str]
) -> None:
    """Byte for byte but for the repair, and the line that checks it reads it so."""
    (folder / "a.csv").write_bytes(content)
    found = here("fix", "a.csv", "--code=all", "--out=b.csv", *options)
    assert Exit.FINE == found.returncode, found.stderr
    wide = content.startswith(b"\xff\xfe")
    slip, mended = (word.encode("utf-16-le" if wide else "ascii") for word in ("gmial", "gmail"))
    assert content.replace(slip, mended) == (folder / "b.csv").read_bytes()
    checked = paste(found.stdout.rstrip().splitlines()[-1])
    assert (Exit.FINE, "") == (checked.returncode, checked.stderr)


def test_workbooks_and_parquet_keep_their_types(here: Here, folder: Path) -> None:
    """Numbers, dates and texts that look like formulas are read back as they were, and none is a formula."""
    columns = ["email", "n", "t", "d"]
    rows = [
        ("bob@gmial.com", 7, "=1+1", datetime(2026, 11, 1)),  # noqa: DTZ001 - a sheet knows no time zones
        ("x@acme.org", 8, "00501", datetime(2026, 12, 24)),  # noqa: DTZ001 - as above
    ]
    pd.DataFrame(rows, columns=columns).to_parquet(folder / "a.parquet")
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Kunden"
    page.append(columns)
    for at, row in enumerate(rows, 2):
        page.append(row)
        page.cell(at, 3).data_type = "s"
    book.save(folder / "a.xlsx")
    for name in ("parquet", "xlsx"):
        found = here("fix", f"a.{name}", "--code=all", f"--out=b.{name}")
        assert Exit.FINE == found.returncode, found.stderr
        new = mg.read_recipients(folder / f"b.{name}")
        assert ["bob@gmail.com", "x@acme.org"] == new["email"].tolist()
        old = mg.read_recipients(folder / f"a.{name}")
        pd.testing.assert_frame_equal(old.drop(columns="email"), new.drop(columns="email"))
    assert Exit.BAD_INPUT == here("fix", "a.xlsx", "--code=all", "--in-place").returncode
    written = openpyxl.load_workbook(folder / "b.xlsx")
    assert ["Kunden"] == written.sheetnames


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(
    text=st.text(st.sampled_from("a_x05FD0\r\n"), min_size=1, max_size=16).filter(
        lambda text: text.strip() != ""
    )
)
@example("Ann\r\nLee")
@example("_x000D_ and _x005F_x000D_")
@example("_x000D_x000D_")
def test_a_workbook_is_written_so_that_it_reads_back_the_same(tmp_path: Path, text: str) -> None:
    """Signs that XML lacks, and what looks like Excel's way to write them."""
    source, place = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    people = pd.DataFrame({"email": ["x@acme.org"], "a": [text]})
    rewrite(people, ReadReport("a.xlsx", "Excel workbook", sheet="P"), source, place)
    assert text == mg.read_recipients(place).loc[0, "a"]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\x1a"), max_size=8) | st.none()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_a_list_is_written_so_that_it_reads_back_the_same_or_not_at_all(
    tmp_path: Path, rows: list[tuple[str | None, str | None]]
) -> None:
    """Any text in any cell: quotation marks, separators, line ends; else nothing is written."""
    source, place = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("email,a,b\n")
    place.unlink(missing_ok=True)
    people = pd.DataFrame(
        {"email": "x@acme.org", "a": [one for one, _ in rows], "b": [two for _, two in rows]}
    )
    people = people.astype(object).where(people.notna() & (people != ""), None)
    try:
        rewrite(people, ReadReport("a.csv", "CSV", "UTF-8", ",", '"'), source, place)
    except InputError:
        assert not place.exists()
        return
    found = mg.read_recipients(place, encoding="utf-8", delimiter=",", quote='"', header=1)
    told = found.astype(object).where(found.notna(), None)
    assert people.to_numpy().tolist() == told.to_numpy().tolist()
    assert ["a.csv", "b.csv"] == sorted(path.name for path in tmp_path.iterdir())
