"""A list that was cut out of a longer one is planned as its own rows, however its text is held in memory."""

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import migma_nb as mg

MAILING: dict[str, Any] = {
    "mailing": "cut",
    "sender": "Acme <a@acme.org>",
    "subject": "Hello",
    "template": "<p>{{name}}</p>",
    "project_id": "p",
    "transactional": True,
    "defaults": {"name": "friend"},
    "duplicates": "first",
    "address": "email",
}
#: Before pandas 3 "str" writes None as a text.
TEXT: Any = "str" if pd.__version__ >= "3" else "string"
HELD: dict[str, Any] = {
    "object": object,
    "str": TEXT,
    "string": "string",
    "arrow": pd.ArrowDtype(pa.string()),
    "large arrow": pd.ArrowDtype(pa.large_string()),
}
#: Of one length too, so that a text that became its neighbour would show in nothing else.
ADDRESSES = st.sampled_from([f"user{at}@acme.com" for at in range(10)]) | st.sampled_from(
    ["Ann@Acme.org", "zoë@bücher.org", "BO@ACME.CO.UK", "no address", "x@@acme.com", "", None]
)
NAMES = st.sampled_from(["Ann", "Bo", "Zoë", " nan", "", None])
ROWS = st.lists(st.fixed_dictionaries({"email": ADDRESSES, "name": NAMES}), min_size=1, max_size=12)
#: Where no text comes twice, a column itself holds the different ones.
APART = st.permutations(range(10)).map(
    lambda every: [{"email": f"user{at}@acme.com", "name": f"Ann{at}"} for at in every]
)
CUTS = st.integers(0, 9).map(lambda start: slice(start, None)) | st.slices(12)


def said(people: Any, **more: Any) -> tuple[Any, ...]:
    """Return what a plan says of a list's rows, or why there is none."""
    try:
        plan = mg.plan(people, **MAILING, **more)
    except mg.InputError as error:
        return (str(error),)
    issues = plan.issues.drop(columns="index").to_dict("records")
    return plan.id, plan.people, str(issues), list(plan._plan._recipients)


@pytest.mark.parametrize("held", HELD)
@given(rows=ROWS | APART, cut=CUTS)
def test_rows_that_were_cut_out_are_planned_as_they_stand(
    held: str, rows: list[dict[str, Any]], cut: slice
) -> None:
    """By position, in any order, also the columns alone as a table of Arrow."""
    whole = pd.DataFrame(rows, columns=["email", "name"], dtype=object).astype(HELD[held])
    part = pd.DataFrame(rows[cut], columns=["email", "name"], dtype=object)
    expected = said(part, exclude=["user3@acme.com"])
    assert expected == said(whole.iloc[cut], exclude=["user3@acme.com"])
    assert expected == said(whole.iloc[cut].astype(TEXT), exclude=["user3@acme.com"])


@given(rows=ROWS | APART, start=st.integers(0, 9))
def test_tables_that_were_cut_out_are_planned_as_they_stand(rows: list[dict[str, Any]], start: int) -> None:
    """Of Arrow, with short offsets and long ones, and of Polars."""
    expected = said(pd.DataFrame(rows[start:], columns=["email", "name"], dtype=object))
    for kind in (pa.string(), pa.large_string()):
        table = pa.Table.from_pylist(rows, schema=pa.schema([("email", kind), ("name", kind)]))
        assert expected == said(table.slice(start))
        assert expected == said(pl.DataFrame(table).slice(start))


def test_who_is_excluded_stays_so_in_a_list_that_was_cut() -> None:
    """None of 4,999 is taken for the one below."""
    emails = [f"user{at:05d}@acme.com" for at in range(5_000)]
    people = pd.DataFrame({"email": emails, "name": "Ann"}).astype(HELD["arrow"]).iloc[1:]
    for _ in range(10):
        plan = mg.plan(people, **MAILING, exclude=[emails[1]])
        assert 4_998 == plan.people
        assert emails[1:] == list(plan._plan._recipients)
