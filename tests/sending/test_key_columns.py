"""A key tells several mails to one person apart, and is the same key whatever rows stand beside it."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import migma_nb as mg
from tests.mailings import MAIL

NUMBERS = st.integers(-9, 9).map(float) | st.integers(-99, 99).map(lambda one: one / 4) | st.just(1e300)
MOMENTS = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)).map(pd.Timestamp) | st.datetimes(
    dt.datetime(1990, 1, 1),  # noqa: DTZ001 - of no zone
    dt.datetime(2100, 1, 1),  # noqa: DTZ001 - as above
).map(pd.Timestamp)
CELLS = {
    "floats": (NUMBERS, "float64"),
    "moments": (MOMENTS, "datetime64[us]"),
    "moments with a zone": (MOMENTS.map(lambda one: one.tz_localize("UTC")), "datetime64[us, UTC]"),
    "of all kinds": (NUMBERS | MOMENTS | st.sampled_from(["10", "10.0", " a", "ä", True, 7]), "object"),
}


def persons(cells: list[Any], dtype: str) -> list[str | None]:
    """Return who the rows of a list with these keys are."""
    emails = [f"p{at}@acme.org" for at in range(len(cells))]
    people = pd.DataFrame({"email": emails, "key": pd.Series(cells, dtype=dtype)})
    return list(mg.plan(people, key="key", **MAIL)._plan._recipients)


@pytest.mark.parametrize("kind", CELLS)
@given(data=st.data())
def test_a_key_hangs_on_its_own_cell_alone(kind: str, data: st.DataObject) -> None:
    """A fraction or an hour in another row changes none."""
    strategy, dtype = CELLS[kind]
    cells = data.draw(st.lists(strategy, min_size=1, max_size=5))
    more = data.draw(st.lists(strategy, max_size=3))
    assert persons(cells, dtype) == persons([*cells, *more], dtype)[: len(cells)]


def test_a_row_that_joins_a_list_mails_nobody_again() -> None:
    """Neither by a fraction nor by an hour of the day."""
    days = ["2026-01-02", "2026-01-03"]
    before = pd.DataFrame(
        {"email": ["ann@acme.org", "bob@acme.org"], "amount": [10.0, 20.0], "day": pd.to_datetime(days)}
    )
    joined = {"email": ["cy@acme.org"], "amount": [30.5], "day": pd.to_datetime(["2026-01-04 09:30"])}
    after = pd.concat([before, pd.DataFrame(joined)], ignore_index=True)
    with mg.Sandbox() as sandbox:
        client = sandbox.client()
        for key in ("amount", "day"):
            mg.plan(before, key=key, **MAIL | {"mailing": key}).send(client, progress=False)
            run = mg.plan(after, key=key, **MAIL | {"mailing": key}).send(client, progress=False)
            assert {"accepted": 1, "already_sent": 2} == {str(state): n for state, n in run.counts.items()}


def test_numbers_that_differ_and_moments_of_one_day_stay_apart() -> None:
    """A fraction and an hour are part of the key."""
    assert 3 == len({who and who.partition(" ")[2] for who in persons([1.0, 1.5, 2.0], "float64")})
    hours = [*map(pd.Timestamp, ["2026-01-02", "2026-01-02 09:30", "2026-01-02 09:30:00.000001"])]
    assert 3 == len({who and who.partition(" ")[2] for who in persons(hours, "datetime64[us]")})


def test_a_key_of_no_column_is_refused() -> None:
    """It would tell nothing apart, and make everybody somebody else."""
    with pytest.raises(mg.InputError, match="names no column"):
        mg.plan(["ann@acme.org"], key=[], **MAIL)
