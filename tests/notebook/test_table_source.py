"""A frame in pages: the rows of a plain filter, whatever its columns hold."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.notebook.table_source import FrameSource

WORDS = st.text("abXY 1.\\[äÖ", max_size=4)
CELLS = st.one_of(st.none(), WORDS, st.integers(-20, 20), st.floats(allow_nan=True, width=16), st.booleans())


def shown(value: Any) -> str:
    """Return how a cell is shown: its text, nothing where there is none."""
    return "" if value is None or value is pd.NaT or value != value else str(value)  # noqa: PLR0124 - NaN


@given(st.lists(st.tuples(WORDS, CELLS, st.integers(0, 3)), max_size=12), WORDS, st.integers(0, 5))
def test_search_and_filter_find_what_a_loop_finds(
    rows: list[tuple[str, Any, int]], search: str, start: int
) -> None:
    """In text, numbers, truths and a mixture; upper and lower case are the same; the total is right."""
    frame = pd.DataFrame(rows, columns=["text", "mixed", "group"])
    frame["text"] = frame["text"].astype("str")
    source = FrameSource(frame, by="group")
    sought = search.strip().casefold()
    lines = [[shown(value) for value in line] for line in frame.astype(object).itertuples(index=False)]
    found = [line for line in lines if any(sought in cell.casefold() for cell in line)]
    page, total = source.page(None, search, start, 4)
    assert (found[start : start + 4], len(found)) == (list(map(list, page)), total)
    for name, _ in source.choices():
        own = [line for line in found if line[2] == name]
        page, total = source.page(name, search, start, 4)
        assert (own[start : start + 4], len(own)) == (list(map(list, page)), total)
    assert len(rows) == sum(count for _, count in source.choices())


@pytest.mark.parametrize("dtype", ["object", "string", "str", "category"])
def test_text_is_found_however_it_is_kept(dtype: str) -> None:
    """With and without pyarrow, as text, as objects, as categories; what is missing is empty."""
    frame = pd.DataFrame({"name": pd.Series(["Ann", None, "BO", "annika"] * 60, dtype=dtype)})
    frame["number"] = range(240)
    source = FrameSource(frame)
    rows, total = source.page(None, "aNN", 118, 10)
    assert (120, [["Ann", "236"], ["annika", "239"]]) == (total, list(map(list, rows)))
    assert ["", "1"] == list(source.page(None, "", 1, 1)[0][0])


def test_times_and_lists_are_found_as_they_are_shown() -> None:
    """Whatever a cell holds is searched as the text that stands on the screen."""
    at = [dt.datetime(2026, 11, day, 8, 30, tzinfo=dt.UTC) for day in range(1, 29)] * 3
    frame = pd.DataFrame({"at": at, "tags": [[number] for number in range(84)]})
    source = FrameSource(frame)
    assert 3 == source.page(None, "2026-11-05", 0, 10)[1]
    assert [["2026-11-06 08:30:00+00:00", "[61]"]] == list(map(list, source.page(None, "[61]", 0, 10)[0]))


def test_only_the_columns_that_are_shown_are_searched() -> None:
    """Nobody finds a row by something that they cannot see; columns of one name are two columns."""
    frame = pd.DataFrame([["a", "b", "c"]], columns=["x", "x", "secret"])
    source = FrameSource(frame, columns={"x": "Text"})
    assert ["Text", "Text"] == list(source.columns)
    assert ([("a", "b")], 1) == source.page(None, "b", 0, 10)
    assert ([], 0) == source.page(None, "c", 0, 10)


def test_columns_stand_in_the_order_that_was_asked_for() -> None:
    """Under headings for a person; a column that the frame does not have is no column."""
    frame = pd.DataFrame([["r", "c", "m"]], columns=["row", "code", "message"])
    source = FrameSource(frame, by="code", columns={"message": "Message", "row": "Row", "fix": "Fix"})
    assert ["Message", "Row"] == list(source.columns)
    assert ([("m", "r")], 1) == source.page(None, "", 0, 10)


def test_an_unknown_choice_has_no_rows() -> None:
    """A choice that is gone after a refresh is no error."""
    source = FrameSource(pd.DataFrame({"code": ["a"]}), by="code")
    assert ([], 0) == source.page("b", "", 0, 10)
    assert [("a", 1)] == source.choices()


def test_what_is_missing_is_a_choice_too() -> None:
    """Every row is under some choice; an empty text and a missing one are the same nothing."""
    source = FrameSource(pd.DataFrame({"code": ["a", None, "", float("nan"), "a"]}, dtype=object), by="code")
    assert [("", 3), ("a", 2)] == list(source.choices())
    assert ([("",)] * 3, 3) == source.page("", "", 0, 10)
