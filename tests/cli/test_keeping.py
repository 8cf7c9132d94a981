"""No command writes over what it reads, and none leaves half of a file where a whole one was."""

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit

Here = Callable[..., CompletedProcess[str]]


@pytest.fixture
def files(folder: Path) -> dict[str, bytes]:
    """Return what each file holds that a mailing may be made from."""
    (folder / "no.csv").write_text("email\nnobody@x.example\n")
    (folder / "page.html").write_text("<p>Hello {{name}}</p>")
    (folder / "job.toml").write_text('file = "people.csv"\ntemplate = "page.html"\nledger = "ledger.csv"\n')
    return {place.name: place.read_bytes() for place in folder.iterdir()}


@pytest.mark.parametrize(
    "typed",
    [
        ["send", "people.csv", "--template=mail.html", "--out=people.csv"],
        ["send", "--config=job.toml", "--template=mail.html", "--out=people.csv"],
        ["send", "./people.csv", "--template=mail.html", "--out=link.csv"],
        ["send", "people.csv", "--template=mail.html", "--exclude=no.csv", "--out=no.csv"],
        ["resume", "m", "people.csv", "--template=mail.html", "--out=people.csv"],
        ["import", "people.csv", "--tag=t", "--out=people.csv"],
        ["fix", "people.csv", "--exclude=no.csv", "--code=all", "--out=no.csv"],
        ["preview", "people.csv", "--subject=s", "--template=page.html", "--html=page.html"],
        ["preview", "--config=job.toml", "--subject=s", "--html=page.html"],
    ],
    ids=" ".join,
)
def test_no_result_is_written_over_what_it_is_made_from(
    here: Here, send: list[str], files: dict[str, bytes], folder: Path, typed: list[str]
) -> None:
    """A list, one of people left out, a template: named as the result too, each stays as it is."""
    (folder / "link.csv").symlink_to("people.csv")
    if typed[0] == "send":
        typed = [*send[3:], *typed[1:]]
        typed.insert(0, "send")
    found = here(*typed)
    assert Exit.BAD_INPUT == found.returncode
    assert "itself, which is not written over" in found.stderr
    assert "give another file" in found.stderr.lower().replace("--out ", "").replace("--html ", "")
    assert files == {name: (folder / name).read_bytes() for name in files}


def test_a_report_is_not_written_over_the_list_of_its_job_file(
    here: Here, send: list[str], files: dict[str, bytes], folder: Path
) -> None:
    """A report knows no list but by the job file; that one it leaves alone."""
    assert Exit.FINE == here(*send, "--ledger=runs.sqlite3").returncode
    run = mg.history(ledger=folder / "runs.sqlite3")["run_id"].iloc[0]
    found = here("report", run, "--ledger=runs.sqlite3", "--config=job.toml", "--out=people.csv")
    assert Exit.BAD_INPUT == found.returncode
    assert "people.csv is the list itself" in found.stderr
    assert files["people.csv"] == (folder / "people.csv").read_bytes()


@pytest.mark.parametrize("option", ["--in-place", "--out=link.csv"])
def test_a_link_stays_a_link_and_what_it_leads_to_is_repaired(here: Here, folder: Path, option: str) -> None:
    """Lists are often links into a shared folder: the list itself is what is meant."""
    (folder / "far").mkdir()
    (folder / "far" / "list.csv").write_text("email\na@gmial.com\n")
    (folder / "link.csv").symlink_to(Path("far") / "list.csv")
    source = "link.csv" if option == "--in-place" else "other.csv"
    (folder / "other.csv").write_text("email\na@gmial.com\n")
    assert Exit.FINE == here("fix", source, "--code=all", option).returncode
    assert (folder / "link.csv").is_symlink()
    assert "email\na@gmail.com\n" == (folder / "far" / "list.csv").read_text()


@pytest.mark.skipif(os.name == "nt", reason="a limit of a file's size is a matter of Unix")
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".xlsx"])
def test_an_account_that_does_not_fit_leaves_the_older_one_whole(
    here: Here, migma: Here, send: list[str], folder: Path, ending: str
) -> None:
    """A full disk in the middle: the file of last night is as it was, and nothing half lies beside it."""
    import resource  # noqa: PLC0415 - Unix alone has it

    lines = "".join(f"p{at}@x.example,N{at}\n" for at in range(600))
    (folder / "people.csv").write_text(f"email,name\n{lines}")
    assert Exit.FINE == migma(*send, "--ledger=runs.sqlite3").returncode
    run = mg.history(ledger=folder / "runs.sqlite3")["run_id"].iloc[0]
    older = folder / f"sent{ending}"
    older.write_text("last night")
    beside = {place.name for place in folder.iterdir()}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel refuses what is longer, as a full disk would; the ledger is only read.
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        found = here("report", run, "--ledger=runs.sqlite3", f"--out=sent{ending}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert Exit.BAD_INPUT == found.returncode
    assert f"sent{ending} cannot be written" in found.stderr
    assert "last night" == older.read_text()
    assert beside == {place.name for place in folder.iterdir()} - {"runs.sqlite3-wal", "runs.sqlite3-shm"}


def test_what_is_no_file_is_written_to_and_stays(here: Here, send: list[str], folder: Path) -> None:
    """A pipe's name is not put aside for a file of that name: whoever reads it gets the account."""
    os.mkfifo(folder / "pipe.csv")
    reader = os.open(folder / "pipe.csv", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert Exit.FINE == here(*send, "--out=pipe.csv").returncode
        assert 2 == os.read(reader, 1 << 16).count(b",accepted,")
    finally:
        os.close(reader)
    assert (folder / "pipe.csv").is_fifo()
