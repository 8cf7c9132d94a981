"""The table in pages and the preview in a real JupyterLab: by keyboard, in both themes, at both widths."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.kernels import on_both_in_proof
from tests.browser.keyboard import assert_reached_by_tab
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser
ROWS = 5_000
PLAN = f"""
import pandas as pd
from migma_nb.notebook.notices import Notices
from migma_nb.notebook.paged_table import FrameSource, PagedTable
from migma_nb.notebook.preview_pane import PlanPreviews, PreviewPane
from migma_nb.planning.plan import make_plan
addresses = [f"person{{at}}@d{{at % 97}}.acme.org" if at % 50 else f"p{{at}}@@x" for at in range({ROWS})]
people = pd.DataFrame({{"email": addresses, "first_name": [f"Ann {{at}}" for at in range({ROWS})]}})
body = "<style>@media (max-width: 480px) {{ i {{ display: none }} }}</style>"
body += "<p>Hello {{{{first_name}}}}, this is for {{{{email}}}}. <i>Only on wide screens.</i></p>"
plan = make_plan(
    people, mailing="news", sender="Acme <news@acme.org>", subject="News for {{{{first_name}}}}",
    template=body, project_id="p", transactional=True,
)
"""
TABLE = """
def export(choice, search):
    raise ValueError("the disk is full")
PagedTable(FrameSource(plan.issues, by="code"), label="Problems", choice_label="Code", export=export).widget
"""
PANE = "PreviewPane(PlanPreviews(plan)).widget"


def _opened(lab: Lab, name: str, *cells: str) -> None:
    """Run these cells of a new notebook, none of which fails."""
    lab.write(name, [PLAN, *cells])
    lab.open(name)
    for cell in range(len(cells) + 1):
        assert [] == errors_of(lab.run(cell))


def _top(of: "Locator", selector: str) -> float:
    """Return how far down something stands on the page (pixels)."""
    box = of.locator(selector).first.bounding_box()
    assert box is not None
    return box["y"]


@on_both_in_proof
def test_a_table_is_turned_and_searched_by_keyboard(lab: Lab) -> None:
    """Enter and Space press what Tab reaches; nothing below jumps; an export that fails says so."""
    _opened(lab, "table.ipynb", TABLE)
    shown, keys = lab.seen(1), lab.page.keyboard
    shown.get_by_text("1–10 of 100").wait_for()
    assert_reached_by_tab(lab.page, ".mnb-paged-table")
    height = _top(shown, "button:has-text('Next')") - _top(shown, "table")
    shown.get_by_role("button", name="Next", exact=True).focus()
    keys.press("Enter")
    shown.get_by_text("11–20 of 100").wait_for()
    shown.get_by_role("button", name="Last", exact=True).focus()
    keys.press("Space")
    shown.get_by_text("91–100 of 100").wait_for()
    shown.get_by_label("Search").focus()
    keys.type("p4950@@x")
    keys.press("Enter")
    shown.get_by_text("1–1 of 1", exact=True).wait_for()
    lab.until(lambda: shown.get_by_label("Search").input_value() == "p…@@x", "the address stays in full")
    assert height == _top(shown, "button:has-text('Next')") - _top(shown, "table")
    shown.get_by_label("Code").select_option("invalid_email (100)")
    shown.get_by_role("button", name="Export", exact=True).click()
    shown.get_by_role("alert").get_by_text("ValueError: the disk is full").wait_for()
    inspect(lab, 1, "pieces", "table", only=".mnb-paged-table")


def test_a_preview_shows_a_row_at_each_width_and_nothing_jumps(lab: Lab) -> None:
    """By number, by search, by problem; a phone's mail is laid out for a phone; the text needs no frame."""
    _opened(lab, "preview.ipynb", PANE)
    shown, keys = lab.seen(1), lab.page.keyboard
    shown.get_by_text("News for Ann 0").wait_for()
    assert_reached_by_tab(lab.page, ".mnb-preview")
    top = _top(shown, "iframe") - _top(shown, ".mnb-preview")
    shown.get_by_label("Row", exact=True).focus()
    keys.press("Control+a")
    keys.type("777")
    keys.press("Enter")
    shown.get_by_text("News for Ann 777").wait_for()
    shown.get_by_label("Find", exact=True).focus()
    keys.type("person4242@")
    keys.press("Enter")
    shown.get_by_text("News for Ann 4242").wait_for()
    frame = shown.locator("iframe").content_frame
    frame.get_by_text("Hello Ann 4242, this is for p…@d71.acme.org.").wait_for()
    frame.get_by_text("Only on wide screens.").wait_for()
    shown.get_by_role("button", name="Next with a problem", exact=True).focus()
    keys.press("Space")
    shown.get_by_text("Row 4250: 'p…@@x' is no valid email address.").wait_for()
    assert top == _top(shown, "iframe") - _top(shown, ".mnb-preview")
    inspect(lab, 1, "pieces", "desktop", only=".mnb-preview")
    shown.get_by_role("radio", name="Phone").check()
    frame.get_by_text("Only on wide screens.").wait_for(state="hidden")
    assert top == _top(shown, "iframe") - _top(shown, ".mnb-preview")
    inspect(lab, 1, "pieces", "phone", only=".mnb-preview")
    shown.get_by_role("radio", name="Text").check()
    shown.get_by_role("group", name="The mail as text").get_by_text("Hello Ann 4250").wait_for()
    inspect(lab, 1, "pieces", "text", only=".mnb-preview")
