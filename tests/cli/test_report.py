"""`migma-nb report` and `runs`: everything the ledger knows, as text, as JSON and as files."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.cli.exits import Exit

Migma = Callable[..., subprocess.CompletedProcess[str]]
LEDGER = "--ledger=l.sqlite3"


@pytest.fixture
def sent(here: Migma, send: list[str], folder: Path) -> str:
    """Return the id of a rehearsal that is on record, of a list with a formula in it."""
    (folder / "people.csv").write_text("email,name\na@x.example,Ann\n=1+1@,Bob\n")
    told = json.loads(here(*send, "--skip-invalid", LEDGER, "--json").stdout)
    return str(told["run_id"])


def test_an_account_is_written_as_csv_workbook_and_parquet(here: Migma, sent: str, folder: Path) -> None:
    """The same rows in each; a text that looks like a formula is none, and in a workbook as it was."""
    for name in ("a.csv", "a.xlsx", "a.parquet"):
        assert Exit.FINE == here("report", sent, LEDGER, f"--out={name}").returncode
    frame = mg.open_run(sent, ledger=folder / "l.sqlite3").frame
    pd.testing.assert_frame_equal(frame, pd.read_parquet(folder / "a.parquet"))
    page = openpyxl.load_workbook(folder / "a.xlsx").active
    assert page is not None
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    assert [list(frame.columns), 3] == [cells[0], len(cells)]
    assert ["a@x.example", "=1+1@"] == [row[0] for row in cells[1:]]
    assert "f" not in {cell.data_type for row in page.iter_rows() for cell in row}
    assert frame["finished_at"].iloc[0].tz_localize(None) == cells[1][10]
    assert ["a@x.example", "'=1+1@"] == pd.read_csv(folder / "a.csv")["recipient"].tolist()


def test_another_ending_is_refused_before_anything_is_done(here: Migma, sent: str, send: list[str]) -> None:
    """By the send as well, so that nobody is mailed for an account that cannot be written."""
    for command in (["report", sent, LEDGER], send):
        found = here(*command, "--out=a.docx")
        assert (Exit.BAD_INPUT, True) == (found.returncode, ".parquet" in found.stderr)


def test_unknown_rows_are_listed_with_what_can_be_done(migma: Migma, send: list[str], serve: Any) -> None:
    """Which row, why, and the options in commands; the exit code says that there are some."""
    server = serve("--fault=error_500_after_accept=1")
    told = json.loads(migma(*send, "--live", "--confirm=2", "--json", **server.env).stdout)
    found = migma("report", told["run_id"])
    assert Exit.UNKNOWN == found.returncode
    assert "Unknown, 2 in all" in found.stdout
    assert "row 1  b@x.example" in found.stdout
    assert f"mg.open_run('{told['run_id']}').resolve(" in found.stdout
    rows = json.loads(migma("report", told["run_id"], "--json").stdout)["unknown"]
    assert [(0, "a@x.example", 1), (1, "b@x.example", 1)] == [
        (row["row"], row["recipient"], row["attempts"]) for row in rows
    ]


def test_waiting_needs_no_key_where_there_is_no_log(here: Migma, sent: str) -> None:
    """A run that is over is told at once."""
    assert Exit.FINE == here("report", sent, LEDGER, "--wait=60").returncode


def test_runs_are_filtered_by_mailing_state_and_number(here: Migma, send: list[str], sent: str) -> None:
    """Newest first; a state that no run ever has is refused with those that there are."""
    second = json.loads(
        here(*send[:5], "--mailing=n", "--transactional", "--skip-invalid", LEDGER, "--json").stdout
    )

    def listed(*options: str) -> list[str]:
        told = json.loads(here("runs", LEDGER, "--json", *options).stdout)
        return [run["run_id"] for run in told]

    assert [second["run_id"], sent] == listed()
    assert [sent] == listed("--mailing=m")
    assert [second["run_id"]] == listed("--limit=1")
    assert [[second["run_id"], sent], []] == [listed("--state=finished"), listed("--state=died")]
    found = here("runs", LEDGER, "--state=dead")
    assert (Exit.BAD_INPUT, True) == (found.returncode, "died" in found.stderr)
