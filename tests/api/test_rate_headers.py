"""Rate headers in the forms seen in the field; none is believed where it makes no sense."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.api.rate_headers import RateWord, rate_word

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, RateWord()),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "30"},
            RateWord(100, 99, 30),
        ),
        ({"x-ratelimit-limit": "100", "x-ratelimit-reset": str(EPOCH + 30)}, RateWord(100, None, 30)),
        ({"x-rate-limit-limit": "5", "x-rate-limit-reset": str((EPOCH + 30) * 1000)}, RateWord(5, None, 30)),
        (
            {"x-ratelimit-reset": str(EPOCH + 30), "date": "Tue, 24 Nov 2026 12:00:10 GMT"},
            RateWord(None, None, 20),
        ),
        ({"x-ratelimit-reset": "Tue, 24 Nov 2026 12:00:10 GMT"}, RateWord(None, None, 10)),
        (
            {"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "3", "ratelimit-reset": "9s"},
            RateWord(100, 3, 9, 60),
        ),
        (
            {
                "ratelimit": '"minute";r=50;t=30',
                "ratelimit-policy": '"day";q=9000;w=86400, "minute";q=100;w=60',
            },
            RateWord(100, 50, 30, 60),
        ),
        ({"ratelimit-policy": '"default";q=100;w=60'}, RateWord(100, None, None, 60)),
        ({"x-ratelimit-limit": "0", "x-ratelimit-remaining": "-1", "x-ratelimit-reset": "soon"}, RateWord()),
        ({"x-ratelimit-limit": "9" * 30, "ratelimit": ";;=,", "ratelimit-policy": '"";q=0;w=0'}, RateWord()),
    ],
)
def test_each_form_is_read(headers: dict[str, str], expected: RateWord) -> None:
    """Seconds, times of three kinds, and the two drafts of the standard."""
    assert expected == rate_word(headers, NOW)


@given(
    st.dictionaries(
        st.sampled_from(["x-ratelimit-limit", "x-ratelimit-reset", "ratelimit", "ratelimit-policy", "date"]),
        st.text(max_size=40),
    )
)
def test_no_text_breaks_it(headers: dict[str, str]) -> None:
    """A header is what a stranger wrote."""
    found = rate_word(headers, NOW)
    assert found.limit is None or 1 <= found.limit <= 1e15
    assert found.reset_s is None or found.reset_s >= 0
