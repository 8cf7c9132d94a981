"""The account's times, whatever is missing among them."""

import math

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.sending.accounts import utc_times

moments = st.floats(0, 4e9) | st.none() | st.just(float("nan"))


@given(st.lists(moments, max_size=20))
def test_times_are_utc_and_missing_ones_stay_missing(seconds: list[float | None]) -> None:
    """To the millisecond, also in a column where every row or none has one."""
    found = utc_times(seconds)
    assert "UTC" == str(found.dt.tz)
    for value, stamp in zip(seconds, found, strict=True):
        if value is None or math.isnan(value):
            assert pd.isna(stamp)
        else:
            assert abs(stamp.timestamp() - value) <= 0.0006
