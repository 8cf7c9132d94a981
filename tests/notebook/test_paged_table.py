"""A table in pages: what a person sees of a long frame, and what of it stays in the notebook."""

import json
import re
import threading
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.notebook.paged_table import FrameSource, PagedTable
from tests.notebook.screen import control, everything, html_of, typed

Tags = Callable[[str], list[tuple[str, dict[str, str | None]]]]


def frame(rows: int) -> pd.DataFrame:
    """Return so many people; every third has a problem of its own kind."""
    return pd.DataFrame(
        {
            "row": range(rows),
            "email": [f"person{number}@acme.example" for number in range(rows)],
            "state": ["refused" if number % 3 == 0 else "accepted" for number in range(rows)],
        }
    )


def table(rows: int = 25, **options: Any) -> PagedTable:
    """Return a table of so many people."""
    return PagedTable(FrameSource(frame(rows), by="state"), label="People", choice_label="State", **options)


def rows(of: PagedTable) -> list[list[str]]:
    """Return the cells of the page."""
    lines = re.findall(r"<tr>(.*?)</tr>", html_of(of).partition("<tbody>")[2])
    return [
        [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in line.split("</td>")[:-1]]
        for line in lines
    ]


def where(of: PagedTable) -> str:
    """Return what the table says about where it is."""
    return str(re.findall(r'<span role="status">([^<]*)</span>', html_of(of))[0])


def test_a_long_table_is_walked_through_page_by_page() -> None:
    """First, next, last and previous; at both ends the buttons that lead nowhere are off."""
    shown = table(25)
    names = ("First", "Previous", "Next", "Last")
    seen = []
    for press in ("", "Next", "Last", "Previous", "First"):
        if press:
            control(shown, press).click()
        off = [name for name in names if control(shown, name).disabled]
        seen.append((where(shown), rows(shown)[0][0], off))
    assert [
        ("1–10 of 25", "0", ["First", "Previous"]),
        ("11–20 of 25", "10", []),
        ("21–25 of 25", "20", ["Next", "Last"]),
        ("11–20 of 25", "10", []),
        ("1–10 of 25", "0", ["First", "Previous"]),
    ] == seen


def test_a_choice_and_a_search_narrow_the_rows() -> None:
    """The choice shows how many rows each has; another question begins on the first page."""
    shown = table(2_500)
    assert ["All (2,500)", "accepted (1,666)", "refused (834)"] == [
        label for label, _ in control(shown, "State").options
    ]
    control(shown, "Last").click()
    control(shown, "State").index = 2
    assert "1–10 of 834" == where(shown)
    typed(shown, "Search", "PERSON24")
    assert {"refused"} == {line[2] for line in rows(shown)}
    assert "1–10 of 39" == where(shown)
    control(shown, "State").index = 0
    typed(shown, "Search", "nobody")
    assert ("No rows", []) == (where(shown), rows(shown))


def test_addresses_are_shortened_and_so_is_what_was_typed() -> None:
    """Neither a cell nor the search box keeps an address; the search goes by the whole of it all the same."""
    shown = table(25)
    typed(shown, "Search", "person17@acme.example")
    assert [["17", "p…@acme.example", "accepted"]] == rows(shown)
    assert "p…@acme.example" == control(shown, "Search").value
    states = json.dumps([part.get_state() for part in everything(shown.widget)], default=str)
    assert "person" not in states


def test_full_addresses_are_shown_to_whoever_asks_and_hidden_again() -> None:
    """The switch works both ways, for the cells and for the search."""
    shown = table(25)
    shown.show_full_addresses = True
    typed(shown, "Search", "person17@acme.example")
    assert [["17", "person17@acme.example", "accepted"]] == rows(shown)
    shown.show_full_addresses = False
    assert [["17", "p…@acme.example", "accepted"]] == rows(shown)
    assert "p…@acme.example" == control(shown, "Search").value


def test_a_table_is_one_that_a_screen_reader_can_read(tags: Tags) -> None:
    """A named region that the keyboard reaches, headers with a scope, a mark beside a state's word."""
    found = tags(html_of(table(2)))
    region = next(attrs for tag, attrs in found if attrs.get("role") == "region")
    assert ("People", "0") == (region["aria-label"], region["tabindex"])
    assert ["col"] * 3 == [attrs["scope"] for tag, attrs in found if tag == "th"]


def test_hostile_cells_and_names_are_text(tags: Tags) -> None:
    """Tags, quotes and tricks of direction in a cell, a column or a label do nothing."""
    bad = "<img src=x onerror=alert(1)>\"'\u202e" + "x" * 90
    source = FrameSource(pd.DataFrame({bad: [bad], "code": [bad]}), by="code")
    shown = PagedTable(source, label=bad)
    found = tags(html_of(shown))
    assert {"div", "table", "thead", "tbody", "tr", "th", "td", "bdi", "span"} == {tag for tag, _ in found}
    assert "\\u202e" in rows(shown)[0][0]


def test_a_refresh_keeps_page_and_choice_as_far_as_there_are_any() -> None:
    """New counts are seen; a page that is gone becomes the last one, a choice that is gone becomes all."""
    shown = table(25)
    control(shown, "State").index = 2
    shown.source = FrameSource(frame(31), by="state")
    assert ("refused (11)", "1–10 of 11") == (control(shown, "State").label, where(shown))
    control(shown, "State").index = 0
    control(shown, "Last").click()
    shown._source = FrameSource(frame(12), by="state")
    shown.refresh()
    assert "11–12 of 12" == where(shown)
    control(shown, "State").index = 2
    shown.source = FrameSource(frame(12).assign(state="accepted"), by="state")
    assert ("All (12)", "1–10 of 12") == (control(shown, "State").label, where(shown))


def test_a_refresh_that_changes_nothing_sends_nothing() -> None:
    """A panel refreshes several times a second; the page is left in peace until there is news."""
    shown, told = table(25), list[object]()
    for part in everything(shown.widget):
        part.observe(told.append)
    shown.refresh()
    assert [] == told


def test_the_last_page_is_as_high_as_the_others() -> None:
    """What stands below the table stays where it is while a person turns pages."""
    shown = table(25)
    heights = {re.findall(r"min-height:(\d+)px", html_of(shown))[0]}
    for press in ("Last", "First"):
        control(shown, press).click()
        heights |= {re.findall(r"min-height:(\d+)px", html_of(shown))[0]}
    assert {"298"} == heights


def test_an_export_is_made_beside_the_screen_and_told(tmp_path: Path) -> None:
    """The callable gets what is chosen and typed; the button waits for it; the place of the file is shown."""
    asked, go = list[tuple[str | None, str]](), threading.Event()

    def export(choice: str | None, search: str) -> Path:
        asked.append((choice, search))
        assert go.wait(10)
        return tmp_path / "people.csv"

    shown = table(25, export=export)
    control(shown, "State").index = 2
    typed(shown, "Search", "person1@acme.example")
    control(shown, "Export").click()
    control(shown, "Export").click()
    assert "Writing …" in html_of(shown)
    go.set()
    assert shown.exporting is not None
    shown.exporting.join(10)
    assert [("refused", "person1@acme.example")] == asked
    assert "people.csv" in html_of(shown)
    assert not control(shown, "Export").disabled


def test_an_export_that_fails_says_so() -> None:
    """The sentence stands in the table's own notices, and the button works again."""

    def export(choice: str | None, search: str) -> Path:
        raise InputError(f"Nothing to write for {choice}, {search!r}.", hint="Choose another state.")

    shown = table(25, export=export)
    control(shown, "Export").click()
    assert shown.exporting is not None
    shown.exporting.join(10)
    assert "Choose another state." in html_of(shown)
    assert "Writing" not in html_of(shown)
    assert not control(shown, "Export").disabled
    assert ["InputError"] == [type(error).__name__ for error in shown.notices.errors]


def test_without_an_export_there_is_no_such_button() -> None:
    """Never a dead one; and without choices there is no filter to be seen."""
    assert [] == [
        part for part in everything(table(3).widget) if getattr(part, "description", "") == "Export"
    ]
    plain = PagedTable(FrameSource(frame(3)), label="People")
    assert "none" == control(plain, "Show").layout.display


def test_a_source_that_fails_is_told_and_the_table_goes_on() -> None:
    """An error in a callback stands below the table; the next page that can be read takes it away."""
    shown = table(25)
    good = shown._source

    class Broken(FrameSource):
        def page(self, *_: Any) -> Any:
            raise InputError("The record cannot be read now.")

    shown._source = Broken(frame(25), by="state")
    control(shown, "Next").click()
    assert "The record cannot be read now." in html_of(shown)
    shown._source = good
    control(shown, "Next").click()
    assert "The record cannot be read now." not in html_of(shown)
    assert "11–20 of 25" == where(shown)


@pytest.mark.parametrize("count", [0, 1, 10, 11])
def test_every_row_is_on_some_page(count: int) -> None:
    """None is lost at an edge, none is shown twice; an empty table says so."""
    shown, found = table(count), list[str]()
    while True:
        found += [line[0] for line in rows(shown)]
        if control(shown, "Next").disabled:
            break
        control(shown, "Next").click()
    assert [str(number) for number in range(count)] == found


def test_a_table_of_one_page_has_no_buttons_to_turn_it() -> None:
    """A search that leaves one page of a longer table keeps them, so that nothing comes and goes."""

    def turned(of: PagedTable) -> set[bool]:
        return {control(of, name).layout.display != "none" for name in ("First", "Previous", "Next", "Last")}

    assert {False} == turned(table(10))
    shown = table(11)
    assert {True} == turned(shown)
    typed(shown, "Search", "person7")
    assert ("1–1 of 1", {True}) == (where(shown), turned(shown))
    shown.source = FrameSource(frame(3), by="state")
    assert {False} == turned(shown)


def test_a_search_begins_as_it_is_typed_and_leaves_the_line_to_who_types() -> None:
    """No Enter is needed; an address is shortened on Enter alone, and more can then be typed behind it."""
    shown = table(25)
    typed(shown, "Search", "person1@acme", enter=False)
    assert ("1–1 of 1", "person1@acme") == (where(shown), control(shown, "Search").value)
    typed(shown, "Search", "person1@acme")
    assert "p…@acme" == control(shown, "Search").value
    typed(shown, "Search", "p…@acme.example", enter=False)
    assert "1–1 of 1" == where(shown)
    typed(shown, "Search", "p…@acme.ex", enter=False)
    assert "1–1 of 1" == where(shown)
    typed(shown, "Search", "person2", enter=False)
    assert "1–6 of 6" == where(shown)
