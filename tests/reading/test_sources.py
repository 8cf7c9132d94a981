"""Where lists come from: paths, bytes, open files, packed ones, and tables of other libraries."""

import datetime as dt
import io
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import migma_nb as mg
from tests.reading.corpus import PLAIN, TWO, gzipped, zipped

MAILING: dict[str, Any] = {
    "mailing": "m",
    "sender": "A <a@acme.example>",
    "subject": "Hi {{name}}",
    "template": "<p>x</p>",
    "project_id": "p",
    "transactional": True,
}
CELLS: dict[str, list[Any]] = {
    "email": ["ann@x.example", "bo@x.example"],
    "name": ["Ann", None],
    "zip": ["00501", "NA"],
    "big": [2**60 + 1, None],
    "due": [Decimal("19.90"), None],
    "day": [dt.date(2026, 12, 1), None],
}
MAKERS = [pl.DataFrame, pa.table, pa.record_batch]


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    """Return a frame's cells by row, missing ones as None."""
    return [
        [None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy(dtype=object).tolist()
    ]


def test_open_files_and_bytes_of_any_kind_are_read(tmp_path: Path) -> None:
    """In binary and in text, from memory and from disk."""
    path = tmp_path / "list.csv"
    path.write_text(PLAIN, encoding="utf-8")
    with path.open("rb") as binary, path.open(encoding="utf-8") as text:
        sources: list[Any] = [binary, text, PLAIN.encode(), bytearray(PLAIN.encode())]
        sources += [memoryview(PLAIN.encode()), io.BytesIO(PLAIN.encode()), io.StringIO(PLAIN), str(path)]
        for source in sources:
            assert TWO == cells(mg.read_recipients(source))


def test_text_that_is_open_already_takes_no_encoding(tmp_path: Path) -> None:
    """Nor is it said to have had one's mark; text that was opened wrongly is refused."""
    frame = mg.read_recipients(io.StringIO(PLAIN))
    assert () == getattr(mg.ReadReport.of(frame), "repairs", None)
    with pytest.raises(mg.InputError, match="opened as text, so encoding='cp1252' comes too late"):
        mg.read_recipients(io.StringIO(PLAIN), encoding="cp1252")
    path = tmp_path / "list.csv"
    path.write_bytes("email,name\na@x.example,Zoë\n".encode("cp1252"))
    with (
        path.open(encoding="utf-8", errors="surrogateescape") as text,
        pytest.raises(mg.InputError, match="encoding that does not fit"),
    ):
        mg.read_recipients(text)


def test_a_name_says_what_bytes_are_and_stands_in_the_report() -> None:
    """As an upload brings it."""
    frame = mg.read_recipients(PLAIN.replace(",", "\t").encode(), name="upload.tsv")
    report = mg.ReadReport.of(frame)
    assert report is not None
    assert ("upload.tsv", "TSV", "\t") == (report.source, report.kind, report.delimiter)
    with pytest.raises(mg.InputError, match=r"upload\.pdf ends in \.pdf"):
        mg.read_recipients(PLAIN.encode(), name="upload.pdf")


@pytest.mark.parametrize("source", [7, None, ["a"], object()])
def test_what_is_no_source_is_refused(source: Any) -> None:
    """With what would be one."""
    with pytest.raises(mg.InputError, match="cannot be read from a") as caught:
        mg.read_recipients(source)
    assert "bytes" in (caught.value.hint or "")


def test_parquet_is_read_from_bytes_and_from_a_zip() -> None:
    """With its index and its types."""
    frame = pd.DataFrame({"email": ["a@x.example"], "n": [7]}, index=pd.Index(["k"], name="id"))
    made = io.BytesIO()
    frame.to_parquet(made)
    for raw in (made.getvalue(), zipped({"p.parquet": made.getvalue()}), gzipped(made.getvalue())):
        pd.testing.assert_frame_equal(frame, mg.read_recipients(raw))


def test_long_whole_numbers_of_parquet_keep_their_digits() -> None:
    """Beside a missing one, pandas would make them floats."""
    made = io.BytesIO()
    table = pa.table({"email": ["a@x.example", "b@x.example"], "id": [2**60 + 1, None]})
    pa.parquet.write_table(table, made)
    assert [2**60 + 1, None] == [row[1] for row in cells(mg.read_recipients(made.getvalue()))]


@pytest.mark.parametrize("make", MAKERS)
def test_a_table_of_another_library_is_planned_like_a_frame(make: Any) -> None:
    """The same plan, to the byte, as from the same cells in pandas."""
    names = ["name", "zip", "big", "due", "day"]
    options = MAILING | {"variables": names, "defaults": dict.fromkeys(names, "-")}
    expected = mg.plan(pd.DataFrame(CELLS, dtype=object), **options)
    assert 2 == expected.people
    assert expected.id == mg.plan(make(CELLS), **options).id


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32()])
def test_short_floats_keep_the_digits_that_they_show(kind: Any) -> None:
    """In tables of Arrow and Polars, and in pandas' columns of its own types and of Arrow's."""
    numbers = np.array([1.1, 2.5], dtype=kind.to_pandas_dtype())
    table = pa.table({"email": ["ann@x.example", "bo@x.example"], "name": pa.array(numbers)})
    frames = [table, table.to_pandas(), table.to_pandas(types_mapper=pd.ArrowDtype)]
    frames += [pl.DataFrame(table)] if kind == pa.float32() else []
    for people in frames:
        made = mg.plan(people, **MAILING)._plan
        assert [1.1, 2.5] == [made.values(row)["name"] for row in range(2)]


@pytest.mark.parametrize("make", MAKERS)
def test_tables_and_columns_of_other_libraries_exclude_and_allow(make: Any) -> None:
    """Whole tables with an address column, and single columns."""
    people = pd.DataFrame({"email": ["ann@x.example", "bo@x.example"], "name": ["Ann", "Bo"]})
    one = make({"email": ["ann@x.example", None], "note": ["x", "y"]})
    for given in (one, one["email"]):
        assert 1 == mg.plan(people, **MAILING, exclude=given).people
        assert 1 == mg.plan(people, **MAILING, allow=given).people


@pytest.mark.parametrize("make", MAKERS)
def test_a_table_of_another_library_is_imported(make: Any) -> None:
    """As contacts under a tag."""
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        run = mg.import_contacts(make(CELLS), client, tag="t", project_id="p", custom=None, progress=False)
        assert {mg.State.ACCEPTED: 2} == {state: count for state, count in run.counts.items() if count}


@pytest.mark.parametrize("make", MAKERS)
def test_an_account_is_joined_to_the_table_that_was_planned(make: Any) -> None:
    """Of any library, by position; a table of another length, and what is none, are refused."""
    table = make({"email": ["ann@x.example", "bo@x.example"], "name": ["Ann", "Bo"], "state": ["NY", "LA"]})
    with mg.Sandbox() as sandbox:
        run = mg.plan(table, **MAILING).send(sandbox.client(), progress=False)
        joined = run.join(table)
        assert ["email", "name", "state", "recipient", "mail_state"] == joined.columns.tolist()[:5]
        assert ["NY", "LA"] == joined["state"].tolist()
        assert ["accepted", "accepted"] == joined["mail_state"].tolist()
        with pytest.raises(mg.InputError, match="has 1 rows, the run has 2"):
            run.join(make({"email": ["ann@x.example"]}))
        with pytest.raises(mg.InputError, match="a dict, no frame"):
            run.join({"email": ["ann@x.example"]})
        imported = mg.import_contacts(table, sandbox.client(), tag="t", project_id="p", progress=False)
        assert ["ann@x.example", "bo@x.example"] == imported.join(table)["email"].tolist()


def test_a_query_that_was_not_run_is_refused_with_how_to_run_it() -> None:
    """A LazyFrame has no rows yet."""
    with pytest.raises(mg.InputError, match="is a query, not yet a list") as caught:
        mg.plan(pl.LazyFrame(CELLS), **MAILING)
    assert ".collect()" in (caught.value.hint or "")


def test_two_columns_of_one_name_in_a_table_are_refused() -> None:
    """Nothing says which is meant."""
    table = pa.Table.from_arrays([pa.array(["a@x.example"]), pa.array(["b"])], names=["email", "email"])
    with pytest.raises(mg.InputError, match="'email' 2 times"):
        mg.plan(table, **MAILING)


def test_planning_a_frame_imports_no_other_library_of_tables() -> None:
    """Nor does importing the package."""
    program = (
        "import sys, pandas as pd, migma_nb as mg\n"
        "people = pd.DataFrame({'email': ['a@x.example']})\n"
        "mg.plan(people, mailing='m', sender='A <a@acme.example>', subject='s', template='<p>x</p>',"
        " project_id='p', transactional=True, exclude=pd.Series(['b@x.example']))\n"
        "print(sorted({'polars', 'narwhals', 'python_calamine', 'openpyxl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ("", "[]") == (done.stderr, done.stdout.strip())


def test_a_file_that_is_packed_is_planned_by_its_path(tmp_path: Path) -> None:
    """And an address in the domain .zip is an address."""
    for name, raw in (("list.csv.gz", gzipped(PLAIN)), ("list.zip", zipped({"list.csv": PLAIN}))):
        path = tmp_path / name
        path.write_bytes(raw)
        assert 2 == mg.plan(str(path), **MAILING).people
        assert 0 == mg.plan(str(path), **MAILING, exclude=str(path)).people
    assert 1 == mg.plan("ann@files.zip", **MAILING | {"subject": "Hi"}).people


def test_a_date_that_python_does_not_have_is_refused() -> None:
    """The error names the column."""
    pyarrow = pytest.importorskip("pyarrow")
    days = pyarrow.array([10_000_000], pyarrow.date32())
    with pytest.raises(mg.InputError, match="The column 'since' holds what Python has no value for"):
        mg.plan(
            pyarrow.table({"email": ["a@x.example"], "since": days}),
            mailing="m",
            sender="A <a@b.example>",
            subject="x",
            template="<p>x</p>",
            transactional=True,
            project_id="p",
        )


@pytest.mark.parametrize(
    "path", ["x" * 300 + ".csv", "loop.csv", "loop.csv/list.csv", "a\0.csv", "gone/list.csv"]
)
def test_a_path_that_leads_nowhere_is_refused_in_a_sentence(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a file may be named, and before anything else of the plan is looked at."""
    monkeypatch.chdir(tmp_path)
    Path("loop.csv").symlink_to("loop.csv")
    people = pd.DataFrame({"email": ["a@x.example"], "name": ["A"]})
    calls: list[Any] = [
        lambda: mg.read_recipients(path),
        lambda: mg.plan(path, **MAILING),
        lambda: mg.plan(people, **MAILING, exclude=path),
        lambda: mg.plan(people, **MAILING | {"template": Path(path)}),
        lambda: mg.plan_import(path, tag="t"),
    ]
    for call in calls:
        with pytest.raises(mg.InputError, match=r"cannot be read|There is no file") as caught:
            call()
        assert len(str(caught.value)) < 400


def test_a_ledger_that_leads_nowhere_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Also where it is only looked at."""
    (tmp_path / "loop.db").symlink_to(tmp_path / "loop.db")
    for ledger, words in ((tmp_path / ("x" * 300), "too long"), (tmp_path / "loop.db", "links")):
        with pytest.raises(mg.MigmaError, match=words):
            mg.history(ledger=ledger)


def test_a_text_too_long_for_a_name_is_a_template() -> None:
    """Words without a tag in them are a mail as well."""
    words = "word " * 100
    assert words == mg.plan("a@x.example", **MAILING | {"subject": "Hi", "template": words}).preview(0).html


@pytest.mark.parametrize("text", [PLAIN, PLAIN.rstrip(), "email\rann@x.example\rsee list.csv"])
def test_the_text_of_a_list_is_not_taken_for_its_path(text: str) -> None:
    """Nor for one address; io.StringIO says what it is."""
    people = pd.DataFrame({"email": ["ann@x.example"], "name": ["A"]})
    calls: list[Any] = [
        lambda: mg.read_recipients(text),
        lambda: mg.plan(text, **MAILING),
        lambda: mg.plan(people, **MAILING, exclude=text),
    ]
    for call in calls:
        with pytest.raises(
            mg.InputError, match="no path of a file, but the text of a list: 3 lines"
        ) as caught:
            call()
        assert "io.StringIO(text)" in (caught.value.hint or "")


def test_a_text_that_is_no_address_excludes_nobody_and_is_refused() -> None:
    """Two addresses in one text would keep neither of them from being mailed."""
    people = pd.DataFrame({"email": ["ann@x.example"], "name": ["A"]})
    for text in ("ann@x.example, bo@x.example", "@x.example", "ann@x.example;bo@x.example"):
        with pytest.raises(mg.InputError, match="which is no address"):
            mg.plan(people, **MAILING, exclude=text)
    assert 0 == mg.plan(people, **MAILING, exclude=" Ann <ann@x.example> ").people


def test_an_open_file_that_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """One that is closed, is only written, or was opened with the wrong encoding."""
    path = tmp_path / "list.csv"
    path.write_bytes("email,name\na@x.example,Zoë\n".encode("cp1252"))
    closed = io.BytesIO(PLAIN.encode())
    closed.close()
    with (
        path.open(encoding="utf-8") as wrong,
        (tmp_path / "new.csv").open("wb") as written,
    ):
        for source, words in ((closed, "closed file"), (written, "read"), (wrong, "opened as text in utf-8")):
            with pytest.raises(mg.InputError, match=words) as caught:
                mg.read_recipients(source)
            assert "open(path, 'rb')" in (caught.value.hint or "")


@pytest.mark.parametrize("name", [5, b"list.csv", Path("list.csv")])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    """It is what a file is called."""
    with pytest.raises(mg.InputError, match="name is a"):
        mg.read_recipients(PLAIN.encode(), name=name)
