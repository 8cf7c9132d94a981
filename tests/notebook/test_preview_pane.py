"""Walking through the mails of a plan: each row as it goes, and nobody's address kept."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pandas as pd
import pytest

from migma_nb.notebook.preview_pane import PlanPreviews, PreviewPane
from migma_nb.planning.plan import Plan
from migma_nb.planning.rendering import plain_text, start_of
from tests.notebook.screen import control, everything, html_of, typed

Planner = Callable[..., Plan]
Tags = Callable[[str], list[tuple[str, dict[str, str | None]]]]


@pytest.fixture
def made(plan: Planner) -> Plan:
    """Return a plan of 40 people: rows 7 and 30 have a bad address, row 20 is row 3 again."""
    addresses = [f"person{number}@acme.org" for number in range(40)]
    addresses[7], addresses[30], addresses[20] = "jane.doe@@x", "joe.roe@@x", "Person3@acme.org"
    people = pd.DataFrame({"email": addresses, "first_name": [f"Ann {number}" for number in range(40)]})
    people.loc[20, "first_name"] = "Ann 3"
    return plan(people, template="<h1>Hello {{first_name}}</h1><p>This went to {{email}}.</p>")


def head(pane: PreviewPane) -> dict[str, str]:
    """Return the head of the mail by its names."""
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(?:<bdi>)?(.*?)(?:</bdi>)?</dd>", html_of(pane)))


def problems(pane: PreviewPane) -> str:
    """Return what stands in the strip of problems, as text."""
    strip = re.findall(r'<div class="mnb-problems".*?>(.*?)<dl', html_of(pane), re.DOTALL)[0]
    return unescape(re.sub(r"<[^>]+>", "", strip)).strip()


def frame(pane: PreviewPane) -> str:
    """Return what the frame holds."""
    return unescape(re.findall(r'srcdoc="([^"]*)"', html_of(pane))[0])


def test_a_row_is_shown_as_its_recipient_will_see_it(made: Plan) -> None:
    """Sender, subject and HTML are the row's own; its address is shortened everywhere."""
    pane = PreviewPane(PlanPreviews(made))
    pane.show(12)
    expected = {"From": "Acme Billing &lt;billing@acme.example&gt;", "To": "p…@acme.org"}
    assert {**expected, "Subject": "Ann 12, your plan renews"} == head(pane)
    assert frame(pane).endswith("<h1>Hello Ann 12</h1><p>This went to p…@acme.org.</p>")
    assert "No problem in this row." == problems(pane)


def test_the_buttons_walk_and_stop_at_the_ends(made: Plan) -> None:
    """Next and previous go by one; the number goes anywhere and never out of the list."""
    pane = PreviewPane(PlanPreviews(made))
    seen = []
    for press in ("Previous", "Next", "Next", "Previous"):
        control(pane, press).click()
        seen.append((pane.row, control(pane, "Row").value, head(pane)["Subject"][:5]))
    assert [(0, 0, "Ann 0"), (1, 1, "Ann 1"), (2, 2, "Ann 2"), (1, 1, "Ann 1")] == seen
    control(pane, "Row").value = 4_000
    control(pane, "Next").click()
    assert (39, "Ann 39, your plan renews") == (pane.row, head(pane)["Subject"])


def test_problems_are_found_one_after_the_other(made: Plan) -> None:
    """Each row with an error or a warning in its turn, with its words and its fix; then from the top."""
    pane, seen = PreviewPane(PlanPreviews(made)), []
    for _ in range(5):
        control(pane, "Next with a problem").click()
        seen.append(pane.row)
        assert problems(pane) != "No problem in this row."
    assert [3, 7, 20, 30, 3] == seen
    assert "From the first row again." in html_of(pane)
    pane.show(7)
    assert problems(pane).startswith("Not sent. Row 7: 'j…@@x' is no valid email address.")
    assert problems(pane).endswith("leave the row out.")
    pane.show(20)
    assert problems(pane).startswith("Not sent (duplicate). ")


def test_a_search_finds_address_and_value_and_keeps_neither(made: Plan) -> None:
    """It begins with the row on the screen; what was typed is shortened, and goes on being looked for."""
    pane = PreviewPane(PlanPreviews(made))
    typed(pane, "Find", "PERSON1@acme.org")
    assert (1, "P…@acme.org") == (pane.row, control(pane, "Find").value)
    typed(pane, "Find", "ann 1")
    assert 1 == pane.row
    seen = []
    for _ in range(3):
        control(pane, "Find next").click()
        seen.append(pane.row)
    assert [10, 11, 12] == seen
    typed(pane, "Find", "nobody")
    assert 12 == pane.row
    assert "Not in any row." in html_of(pane)
    typed(pane, "Find", "")
    assert "Not in any row." not in html_of(pane)
    typed(pane, "Find", "Ann 39")
    control(pane, "Find next").click()
    assert (39, True) == (pane.row, "No other row." in html_of(pane))


def test_no_address_is_kept_in_the_state_of_a_widget(made: Plan) -> None:
    """Whatever is pressed, a saved notebook has nobody's address, unless it was asked for."""
    pane = PreviewPane(PlanPreviews(made))
    for row in range(made.size):
        pane.show(row)
        for view in ("Text", "Phone", "Desktop"):
            control(pane, "View").value = view
            state = json.dumps([part.get_state() for part in everything(pane.widget)], default=str).casefold()
            assert not re.search(r"person\d|jane|joe", state)
    pane.show_full_addresses = True
    assert "person39@acme.org" == head(pane)["To"]
    pane.show_full_addresses = False
    assert "p…@acme.org" == head(pane)["To"]


def test_a_mail_is_shown_as_wide_as_a_desktop_a_phone_and_as_text(made: Plan) -> None:
    """The frame is the same, only its width differs; the text twin can be read without any frame."""
    pane = PreviewPane(PlanPreviews(made))
    assert "min-width:640px" in html_of(pane)
    control(pane, "View").value = "Phone"
    assert "min-width:375px;max-width:375px" in html_of(pane)
    control(pane, "View").value = "Text"
    assert "<iframe" not in html_of(pane)
    assert "Hello Ann 0\n\nThis went to p…@acme.org.</pre>" in html_of(pane)


def test_a_hostile_mail_stays_in_its_frame(plan: Planner, tags: Tags) -> None:
    """Scripts, frames and quotes in template, subject and values; in a frame without any permission."""
    bad = "<script>x()</script>\"'></iframe><img src=x onerror=y()>"
    people = pd.DataFrame({"email": ["ann@acme.org"], "first_name": [bad]})
    pane = PreviewPane(PlanPreviews(plan(people, template="<p>{{first_name}}</p></iframe>" + bad)))
    for view in ("Desktop", "Text"):
        control(pane, "View").value = view
        found = tags(html_of(pane).replace("<dd><bdi>", "<dd>").replace("</bdi></dd>", "</dd>"))
        frames = [attrs for tag, attrs in found if tag == "iframe"]
        assert (1 if view == "Desktop" else 0) == len(frames)
        for attrs in frames:
            assert (None, "no-referrer") == (attrs["sandbox"] or None, attrs["referrerpolicy"])
            assert (attrs["srcdoc"] or "").startswith('<meta http-equiv="Content-Security-Policy"')


def test_content_that_migma_holds_is_said_to_be_there(plan: Planner, people: pd.DataFrame) -> None:
    """There is nothing to put into a frame; a sentence stands in its place."""
    made = plan(people, template=None, conversation_id="c_1")
    pane = PreviewPane(PlanPreviews(made))
    assert "<iframe" not in html_of(pane)
    assert "The content is stored at Migma and cannot be shown here." in html_of(pane)


def test_without_a_plan_the_controls_rest(made: Plan) -> None:
    """Nothing to walk through, nothing to press; a plan that arrives later sets them going."""
    pane = PreviewPane()
    walking = ("Previous", "Next", "Next with a problem", "Row", "Find", "Find next")
    assert {True} == {control(pane, name).disabled for name in walking}
    assert "Nothing to show yet." in html_of(pane)
    pane.source = PlanPreviews(made)
    assert {False} == {control(pane, name).disabled for name in walking}
    pane.show(30)
    pane.source = PlanPreviews(made)
    assert (30, "joe", False) == (pane.row, made.address(30)[:3], "joe" in html_of(pane))
    pane.source = None
    assert "Nothing to show yet." in html_of(pane)


def test_another_plan_keeps_the_row_as_far_as_there_is_one(made: Plan, plan: Planner) -> None:
    """A plan that was made anew while somebody typed does not throw them back to the first row."""
    pane = PreviewPane(PlanPreviews(made))
    pane.show(30)
    few = pd.DataFrame({"email": ["a@acme.org", "b@acme.org"], "first_name": ["A", "B"], "plan": ["x", "y"]})
    pane.source = PlanPreviews(plan(few))
    assert (1, 1, "B, your plan renews") == (pane.row, control(pane, "Row").value, head(pane)["Subject"])


def test_a_row_that_cannot_be_shown_shows_no_other_ones_mail(made: Plan) -> None:
    """The error stands in the pane, the old mail is gone, and the next row is shown again."""

    class Broken(PlanPreviews):
        def message(self, i: int) -> Any:
            if i == 1:
                raise ValueError("odd row")
            return super().message(i)

    pane = PreviewPane(Broken(made))
    control(pane, "Next").click()
    assert (1, True, False) == (pane.row, "ValueError: odd row" in html_of(pane), "<iframe" in html_of(pane))
    control(pane, "Next").click()
    assert (2, False, True) == (pane.row, "ValueError: odd row" in html_of(pane), "<iframe" in html_of(pane))
    assert ["odd row"] == [str(error) for error in pane.notices.errors]


def test_a_short_mail_has_a_low_frame_that_does_not_shrink_from_row_to_row(plan: Planner) -> None:
    """What stands below the frame does not jump; a mail with pictures, whose height nobody knows, has all."""
    people = pd.DataFrame(
        {
            "email": ["a@acme.org", "b@acme.org"],
            "first_name": ["A", "B"],
            "words": ["Few.", "Many words. " * 60],
        }
    )

    def heights(template: str) -> list[int]:
        pane = PreviewPane(PlanPreviews(plan(people, template=template, subject="Hi")))
        found = []
        for row in (0, 1, 0):
            pane.show(row)
            found.append(int(re.findall(r"height:(\d+)px;resize", html_of(pane))[0]))
        return found

    first, second, again = heights("<p>{{words}}</p>")
    assert first < second == again <= 520
    assert [520] * 3 == heights('<img alt="x" src="data:,"><p>{{words}}</p>')


def test_a_long_mails_text_is_read_only_where_it_is_looked_at(plan: Planner) -> None:
    """Of a mail of some hundred kilobytes it takes longer than moving to another row may."""
    people = pd.DataFrame({"email": ["a@acme.org", "b@acme.org"], "first_name": ["Ann 0", "Ann 1"]})
    made = plan(people, template="<p>Hello {{first_name}}</p>" + "<p>More.</p>" * 1_000)
    seen: list[Any] = []

    class Kept(PlanPreviews):
        def message(self, i: int) -> Any:
            seen.append(super().message(i))
            return seen[-1]

    pane = PreviewPane(Kept(made))
    control(pane, "Next").click()
    assert [False, False] == ["text" in vars(message) for message in seen]
    control(pane, "View").value = "Text"
    # Only its beginning is read then, too.
    assert "text" not in vars(seen[-1])
    assert "Hello Ann 1" in html_of(pane)
    assert len(html_of(pane)) < len(seen[-1].html)


@pytest.mark.parametrize(
    "before", ["", f"<style>{'p { color: red } ' * 2_000}</style>", "<!-- " + "x" * 9_000 + " -->"]
)
def test_the_text_of_a_long_mail_begins_as_all_of_it_does(before: str) -> None:
    """Wherever the HTML is cut: no tag, no style and no half of an address is taken for text."""
    html = before + "".join(
        f'<p title="{at}">Line {at}, to <a href="https://x.example/{at}">it</a></p>' for at in range(3_000)
    )
    whole = plain_text(html)
    for most in (1, 500, 12_000, len(whole) + 1):
        start = plain_text(start_of(html, most))
        assert whole.startswith(start)
        assert len(start) >= min(most, len(whole)) * 0.8
    assert len(start_of(html, 500)) < len(before) + 20_000
