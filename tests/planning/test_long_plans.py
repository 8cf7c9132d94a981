"""A list that is planned in pieces is planned as it is in one: the same id, rows, problems and requests."""

import os
import resource
import signal
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migma_nb.api.errors import InputError
from migma_nb.planning import long_files, pieces
from migma_nb.planning.fixes import repair
from migma_nb.planning.plan import Plan, make_plan
from migma_nb.planning.trials import chosen

ADDRESSES = st.sampled_from(
    [
        "ann@acme.com",
        "Ann <ANN@acme.com>",
        "bob@acme.com",
        "info@acme.com",
        "eve@gmial.com",
        "tom@example.com",
        "zoë@münchen.de",
        "no address",
        "x@@acme.com",
        " ann@acme.com ",
        "a\nb@acme.com",
        None,
        "",
        *(f"user{at}@firm{at % 3}.com" for at in range(12)),
    ]
)
NAMES = st.sampled_from(
    ["Ann", "Bob", "nan", "<b>Tom</b>", "O'Neill", "", None, "{{x}}", "Zoë", "a\nb", "MÃ¼ller"]
)
CODES = st.sampled_from(["12345", "1234", "54321", "01234", "7.0", "8.0", None, "99999"])
AMOUNTS = st.sampled_from([1.0, 2.0, 2.5, float("nan"), 1e300, -0.0])
DAYS = st.sampled_from([pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-02 03:04"), pd.NaT])
INVOICES = st.sampled_from([7.0, 8.0, 8.5, float("nan")])


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "parquet": lambda people, path: people.to_parquet(path),
    "csv": lambda people, path: people.to_csv(path, index=False),
    "csv.gz": lambda people, path: people.to_csv(path, index=False),
}
#: Dask says little of its types.
DASK: Any = import_module("dask.dataframe")


def dask_frame(people: pd.DataFrame, partitions: int = 1) -> Any:
    """Return a list as a Dask DataFrame, its rows in their order."""
    return DASK.from_pandas(people, npartitions=partitions, sort=False)


@st.composite
def lists(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a list of people with text, numbers, dates and gaps."""
    rows = draw(st.integers(1, 24))

    def column(cells: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(cells, min_size=rows, max_size=rows))

    real = draw(st.booleans())
    addresses = (
        ADDRESSES if real else st.sampled_from(["ann@example.com", "bob@example.org", None, "x@@example.com"])
    )
    return pd.DataFrame(
        {
            "email": pd.Series(column(addresses), dtype="str"),
            "first_name": pd.Series(column(NAMES), dtype="str"),
            "zip": pd.Series(column(CODES), dtype="str"),
            "amount": np.array(column(draw(st.sampled_from([AMOUNTS, st.sampled_from([1.0, 3.0])])))),
            "day": pd.Series(
                column(draw(st.sampled_from([DAYS, st.just(pd.Timestamp("2026-05-06"))])))
            ).astype("datetime64[ns]"),
            "invoice": np.array(column(INVOICES)),
        }
    )


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["invoice", ["invoice", "zip"]]),
        "duplicates": st.just("first"),
        "exclude": st.just(["ann@acme.com", "user3@firm0.com"]),
        "allow": st.just(["ann@acme.com", "bob@acme.com", "user1@firm1.com", "user2@firm2.com"]),
        "defaults": st.sampled_from([{"first_name": "friend"}, {"amount": 7, "zip": "nan"}, {"nobody": 1}]),
        "formats": st.sampled_from([{"day": "%d.%m.%Y"}, {"amount": "{:.2f}"}]),
        "address": st.just("email"),
    },
)


def planned(people: Any, *, in_pieces: bool, rows: int = 1, **options: Any) -> Plan | str:
    """Plan a list in one or in pieces; return what is wrong where it cannot be planned."""
    arguments: dict[str, Any] = {
        "mailing": "renewal",
        "sender": "Acme <billing@acme.com>",
        "subject": "{{first_name}}, {{day}}",
        "template": "<p>Dear {{ first_name }}, {{zip}},{{amount}}!</p>",
        "project_id": "p",
        "transactional": True,
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(long_files, "LONG_BYTES", 0 if in_pieces else 1 << 40)
        patched.setattr(pieces, "PIECE_ROWS", rows)
        try:
            plan = make_plan(people, **arguments | options)
        except InputError as error:
            return str(error)
    assert plan.in_pieces == in_pieces
    return plan


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=lists(), options=OPTIONS, rows=st.integers(1, 9), kind=st.sampled_from(sorted(WRITERS)))
def test_pieces_make_the_plan_that_the_whole_list_makes(
    tmp_path: Path, people: pd.DataFrame, options: dict[str, Any], rows: int, kind: str
) -> None:
    """Nothing that is sent, said or left out depends on how much of the list is in memory at a time."""
    path = tmp_path / f"people.{kind}"
    WRITERS[kind](people, path)
    whole, parts = (planned(path, in_pieces=way, rows=rows, **options) for way in (False, True))
    if isinstance(whole, str) or isinstance(parts, str):
        assert parts == whole
        return
    assert_same(parts, whole)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=lists(), options=OPTIONS, partitions=st.integers(1, 5))
def test_a_dask_frame_makes_the_plan_that_its_rows_make(
    people: pd.DataFrame, options: dict[str, Any], partitions: int
) -> None:
    """Whatever partitions it has, empty ones among them."""
    people.index = pd.Index([f"row {at // 2}" for at in range(len(people))], name="label")
    frame = DASK.concat([dask_frame(people, partitions), dask_frame(people.iloc[:0])])
    with dask.config.set(scheduler="synchronous"):
        whole = planned(frame.compute(), in_pieces=False, **options)
        parts = planned(frame, in_pieces=True, **options)
    if isinstance(whole, str) or isinstance(parts, str):
        assert parts == whole
        return
    assert_same(parts, whole)


def test_a_dask_frame_that_changes_is_refused() -> None:
    """Rows that are others each time they are computed would be sent unchecked."""
    calls = []

    def rows(part: pd.DataFrame) -> pd.DataFrame:
        calls.append(part)
        return part.iloc[: len(part) - len(calls) % 2]

    people = pd.DataFrame({"email": [f"p{at}@x.com" for at in range(9)], "first_name": "A", "zip": "1"})
    people = people.assign(amount=1, day="today")
    frame = dask_frame(people).map_partitions(rows, meta=people)
    with dask.config.set(scheduler="synchronous"):
        said = planned(frame, in_pieces=True)
    assert "other rows each time" in str(said)


def test_a_dask_frame_whose_values_change_is_refused() -> None:
    """Under the same labels: what was looked at as a whole is not what would be sent."""
    calls = []

    def rows(part: pd.DataFrame) -> pd.DataFrame:
        calls.append(part)
        return part.assign(first_name=f"A{len(calls)}")

    people = pd.DataFrame({"email": [f"p{at}@x.com" for at in range(9)], "first_name": "A", "zip": "1"})
    people = people.assign(amount=1, day="today")
    frame = dask_frame(people).map_partitions(rows, meta=people)
    with dask.config.set(scheduler="synchronous"):
        said = planned(frame, in_pieces=True)
    assert "or other values in them" in str(said)


@pytest.mark.parametrize("odd", ["columns", "types"])
def test_dask_partitions_that_are_not_alike_are_refused(odd: str) -> None:
    """Else one column's values would be sent for another's, or one key would read as two."""
    people = pd.DataFrame({"email": ["a@x.com"], "first_name": "A", "zip": "1", "amount": 1.5, "day": "d"})
    other = people[["email", "zip", "first_name", "amount", "day"]]
    parts = [people, other if odd == "columns" else people.assign(amount=1)]
    frame = DASK.from_map(lambda at: parts[at], [0, 1], meta=people)
    with dask.config.set(scheduler="synchronous"):
        said = planned(frame, in_pieces=True)
    assert {"columns": "other columns", "types": "several types"}[odd] in str(said)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_process_that_was_forked_moves_nobodys_rows(tmp_path: Path) -> None:
    """It reads the same file, and its reading is its own."""
    path = tmp_path / "people.csv"
    people = pd.DataFrame({"email": [f"p{at}@x.com" for at in range(5_000)], "first_name": "A", "zip": "1"})
    people.assign(amount=1, day="today").to_csv(path, index=False)
    plan = planned(path, in_pieces=True, rows=500)
    assert isinstance(plan, Plan)
    assert "p1200@x.com" == plan.recipient(1200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads; the child runs nothing of theirs
        child = os.fork()
    if not child:
        os._exit(0 if plan.recipient(4000) == "p4000@x.com" else 1)
    assert (child, 0) == os.waitpid(child, 0)
    assert [f"p{at}@x.com" for at in range(0, 5_000, 400)] == [
        plan.recipient(at) for at in range(0, 5_000, 400)
    ]


@pytest.mark.parametrize("kind", ["series", "targets", "nobody"])
def test_a_dask_thing_that_is_no_list_of_people_is_refused(kind: str) -> None:
    """It says what to pass."""
    people = pd.DataFrame(
        {"email": ["a@x.com"], "first_name": ["A"], "zip": ["1"], "amount": [1], "day": ["d"]}
    )
    given = dask_frame(people)
    if kind == "series":
        given = given["email"]
    elif kind == "targets":
        given = given.rename(columns={"zip": "recipient_type"})
    else:
        given = given[given["amount"] > 1]
    with dask.config.set(scheduler="synchronous"):
        said = planned(given, in_pieces=True)
    assert {"series": "only a DataFrame", "targets": "of targets", "nobody": "no rows"}[kind] in str(said)


def assert_same(parts: Plan, whole: Plan) -> None:
    """Compare all that two plans say of a list."""
    assert (parts.id, parts.people, parts.size, parts.stand) == (
        whole.id,
        whole.people,
        whole.size,
        whole.stand,
    )
    assert list(parts.ready) == list(whole.ready)
    assert parts.question == whole.question
    assert (parts.address_note, parts.columns, parts.defaults) == (
        whole.address_note,
        whole.columns,
        whole.defaults,
    )
    assert parts.has_errors == whole.has_errors
    pd.testing.assert_frame_equal(parts.issues, whole.issues)
    pd.testing.assert_index_equal(parts.index, whole.index)
    for row in range(whole.size):
        assert parts.preset(row) == whole.preset(row)
        assert parts.recipient(row) == whole.recipient(row)
        assert parts.address(row) == whole.address(row)
        assert parts.values(row) == whole.values(row)
        if whole.preset(row) is None:
            assert parts.body(row) == whole.body(row)
            assert parts.message(row) == whole.message(row)
    for sought in ("ANN", "2026", "friend", "nowhere"):
        assert parts.find(sought) == whole.find(sought)
        assert parts.find(sought, 3) == whole.find(sought, 3)
    assert chosen(parts) == chosen(whole)


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_a_disk_without_room_is_said_in_words(tmp_path: Path, kind: str) -> None:
    """Not as a traceback; nothing of the list stays behind."""
    path = tmp_path / f"people.{kind}"
    people = pd.DataFrame({"email": [f"p{at}@x.com" for at in range(20_000)], "first_name": "A", "zip": "1"})
    WRITERS[kind](people.assign(amount=1, day="today"), path)
    kept, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, kept[1]))
    try:
        said = planned(path, in_pieces=True, rows=1_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, handler)
    assert "Nothing was sent" in str(said)
    assert "TMPDIR" in str(said)


def test_a_list_in_pieces_is_not_repaired_in_one(tmp_path: Path) -> None:
    """It says how to."""
    path = tmp_path / "people.parquet"
    pd.DataFrame(
        {"email": ["a@x.com "], "first_name": ["A"], "zip": ["1"], "amount": [1], "day": ["d"]}
    ).to_parquet(path)
    plan = planned(path, in_pieces=True)
    assert isinstance(plan, Plan)
    frame = DASK.from_pandas(pd.read_parquet(path), npartitions=1)
    with dask.config.set(scheduler="synchronous"):
        plans = {
            "people = mg.read_recipients(": plan,
            "people = people.compute()": planned(frame, in_pieces=True),
        }
    for words, made in plans.items():
        assert isinstance(made, Plan)
        with pytest.raises(InputError, match="planned in pieces") as caught:
            repair(made, None)
        hint = str(caught.value.hint)
        assert [True] * 2 == [words in hint, "plan.issues has row, column, value and what to do" in hint]
