"""The account in parts and as files: the same rows and columns, whatever is read or written at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook

import migma_nb as mg
from migma_nb.sending import account_files, accounts

PEOPLE = [f"p{at}@d.example" for at in range(20)] + ["p3@d.example", "nobody"]
INDEXES: dict[str, Any] = {
    "counted": pd.RangeIndex(22),
    "names": pd.Index([f"=name {at}" for at in range(22)]),
    "days": pd.date_range("2026-01-01", periods=22),
    "hours": pd.date_range("2026-01-01", periods=22, freq="7h", name="recipient"),
    "zoned": pd.date_range("2026-01-01", periods=22, freq="7h", tz="UTC"),
    "gap": pd.DatetimeIndex([pd.NaT, *pd.date_range("2026-01-01", periods=21)]),
    "spans": pd.timedelta_range("1D", periods=22, freq="5h"),
    "levels": pd.MultiIndex.from_arrays([range(22), pd.date_range("2026-01-01", periods=22, freq="36h")]),
    "mixed": pd.Index(["a", 2.5, *range(20)], dtype="object"),
    "all the same": pd.Index([7] * 22),
}


@dataclass
class Runs:
    """One run that accepted, refused nobody, and left out two; seen under any index."""

    run: mg.Run

    def under(self, index: pd.Index | None) -> mg.Run:
        """Return it as if its list had come under another index."""
        return mg.Run(self.run._ledger, self.run.id, index=index)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Send once, for all tests of this file."""
    place = tmp_path_factory.mktemp("runs") / "ledger.sqlite3"
    with mg.Sandbox() as sandbox:
        plan = mg.plan(
            pd.DataFrame({"email": PEOPLE}),
            mailing="m",
            sender="Acme <a@acme.example>",
            subject="Hello",
            template="<p>x</p>",
            project_id="p",
            transactional=True,
        )
        yield Runs(plan.send(sandbox.client(), skip_invalid=True, progress=False, ledger=place))


@pytest.mark.parametrize("name", INDEXES)
def test_a_file_in_pieces_is_the_file_of_the_whole_frame_byte_for_byte(
    runs: Runs, tmp_path: Path, name: str
) -> None:
    """Under every kind of index: what pandas writes of a column hangs on the whole of it."""
    run = runs.under(INDEXES[name])
    whole = account_files.write_csv(run.frame, tmp_path / "whole.csv").read_bytes()
    assert whole == run.to_csv(tmp_path / "run.csv").read_bytes()
    index = account_files.spelled(INDEXES[name])
    for rows in (1, 5, 22):
        pieces = accounts.pieces(run._ledger, run.id, index, rows)
        assert whole == account_files.write_csv(pieces, tmp_path / "pieces.csv").read_bytes()


def test_times_are_spelled_alike_in_every_piece_of_a_file(tmp_path: Path) -> None:
    """Also where all of a piece fall on a whole second, on midnight, or are missing; it is read back."""
    seconds: list[list[float | None]] = [
        [1_790_000_000.123, 1_790_000_001.0],
        [1_790_000_002.0],
        [86_400.0 * 20_717],
        [None],
    ]
    pieces = [pd.DataFrame({"finished_at": accounts.utc_times(some)}) for some in seconds]
    path = account_files.write_csv(pieces, tmp_path / "run.csv")
    found = pd.read_csv(path, parse_dates=["finished_at"], skip_blank_lines=False)["finished_at"]
    assert [at for some in seconds for at in some if at] == [at.timestamp() for at in found.dropna()]
    assert 5 == len(found)


@pytest.mark.parametrize("name", [None, *INDEXES])
def test_a_part_is_what_the_frame_has_there(runs: Runs, name: str | None) -> None:
    """The same columns, types and labels; beyond the end there is nothing."""
    run = runs.under(None if name is None else INDEXES[name])
    frame = run.frame
    for start, stop in ((0, 22), (3, 9), (20, 40), (22, 30), (5, 5)):
        part = run.part(start, stop)
        assert list(frame.columns) == list(part.columns)
        assert frame.index[start:stop].equals(part.index)
        assert frame.iloc[start:stop].astype("object").equals(part.astype("object"))


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (0, 2.5), (True, 3), ("0", 3), (4, 3)])
def test_a_part_that_is_none_is_refused(runs: Runs, start: int, stop: int) -> None:
    """A position is a whole number from 0, and the end does not come before the beginning."""
    with pytest.raises(mg.InputError):
        runs.run.part(start, stop)


def test_parquet_keeps_what_each_column_holds(runs: Runs, tmp_path: Path) -> None:
    """Times stay times, counts stay whole numbers, and a column without a value in a piece stays a text."""
    run = runs.under(INDEXES["hours"])
    found = pd.read_parquet(run.to_parquet(tmp_path / "run.parquet"))
    pieces = accounts.pieces(run._ledger, run.id, INDEXES["hours"], 3)
    written = account_files.write_parquet(pieces, INDEXES["hours"], tmp_path / "pieces.parquet")
    again = pd.read_parquet(written)
    pd.testing.assert_frame_equal(found, again)
    frame = run.frame
    assert list(frame.index) == list(found["index_recipient"])
    assert list(frame["first_attempt_at"].dropna()) == list(found["first_attempt_at"].dropna())
    assert "Int64" == str(found["attempts"].dtype)
    assert list(frame["recipient"]) == list(found["recipient"])
    assert list(frame["message_id"].fillna("")) == list(found["message_id"].fillna(""))


def test_labels_of_several_kinds_are_no_column_of_parquet(runs: Runs, tmp_path: Path) -> None:
    """It is said in words, with the way that works."""
    with pytest.raises(mg.InputError, match="labels") as raised:
        runs.under(INDEXES["mixed"]).to_parquet(tmp_path / "run.parquet")
    assert "to_csv" in str(raised.value.hint)


def test_excel_holds_every_row_and_runs_no_cell(runs: Runs, tmp_path: Path) -> None:
    """A label that looks like a formula is a text there, and times are times (UTC)."""
    run = runs.under(INDEXES["names"])
    sheet = load_workbook(run.to_excel(tmp_path / "run.xlsx")).active
    assert sheet is not None
    lines = list(sheet.iter_rows(values_only=True))
    assert ["index", *run.frame.columns] == list(lines[0])
    assert [f"=name {at}" for at in range(22)] == [line[0] for line in lines[1:]]
    first = run.frame["first_attempt_at"].iloc[0].tz_localize(None).to_pydatetime()
    at = lines[0].index("first_attempt_at")
    assert abs((lines[1][at] - first).total_seconds()) < 0.01
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_excel_refuses_more_rows_than_a_sheet_holds(tmp_path: Path) -> None:
    """Nothing is written, and the error names what holds them."""
    with pytest.raises(mg.InputError, match="1,048,575") as raised:
        account_files.write_excel(iter([]), 1_048_576, tmp_path / "run.xlsx")
    assert "to_parquet" in str(raised.value.hint)
    assert not (tmp_path / "run.xlsx").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel"])
def test_a_file_that_cannot_be_written_is_said_in_words(runs: Runs, tmp_path: Path, kind: str) -> None:
    """A folder that is not there."""
    with pytest.raises(mg.InputError, match="cannot be written"):
        getattr(runs.run, f"to_{kind}")(tmp_path / "nowhere" / "run")


def test_reasons_count_every_row_once(runs: Runs) -> None:
    """By state and reason, as the frame has them."""
    frame = runs.run.frame
    counted = frame.groupby(["state", "reason"], dropna=False).size().to_dict()
    assert counted == {(str(state), reason): count for (state, reason), count in runs.run.reasons.items()}
    assert runs.run.deliveries is None
