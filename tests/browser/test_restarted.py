"""What is left of panels and forms whose kernel is gone: nothing that looks alive, and the way on."""

import re
from html import unescape

import pytest

from tests.browser.account import Account
from tests.browser.form_screen import FormScreen
from tests.browser.kernels import on_both_in_proof
from tests.browser.lab import Lab, errors_of
from tests.browser.screens import inspect
from tests.browser.test_run_panel import PLAN, SLOW, START

pytestmark = pytest.mark.browser
WORDS = "el => getComputedStyle(el, '::before').content"


def test_a_panel_whose_kernel_was_restarted_says_so_and_offers_no_button(lab: Lab, account: Account) -> None:
    """Lab leaves it as it was, "running" with its buttons; the words above it say what that is worth."""
    lab.write("old.ipynb", [account.cell(SLOW), PLAN, START])
    lab.open("old.ipynb")
    for cell in range(3):
        assert [] == errors_of(lab.run(cell))
    seen = lab.seen(2)
    seen.get_by_text("of 450 rows done").wait_for()
    panel = seen.locator(".mnb-run").first
    assert "none" == panel.evaluate(WORDS)
    assert seen.locator(".mnb-run-stop").is_visible()
    lab.restart_kernel()
    seen.locator(".mnb-run.jupyter-widgets-disconnected").wait_for()
    assert "As it was last seen: its kernel has ended or was restarted" in panel.evaluate(WORDS)
    assert "mg.open_run" in panel.evaluate(WORDS)
    assert not seen.locator(".mnb-run-stop").is_visible()


FORM = """
form = mg.form([{"email": "ann@x.example"}], client, mailing="form", sender="A <a@b.example>", subject="Hi",
               template="<p>x</p>", project_id="p", transactional=True)
form
"""
#: How far a cell's outputs reach down (pixels), and how far its first one does.
HEIGHTS = """seen => {
    const [first] = seen.querySelectorAll(".jp-OutputArea-child");
    return [seen.querySelector(".jp-OutputArea").scrollHeight, first.scrollHeight];
}"""


@on_both_in_proof
def test_on_a_page_loaded_anew_a_lost_panel_and_form_say_what_brings_them_back(
    lab: Lab, account: Account
) -> None:
    """Where Lab has no more than "model not found"; while they live these words take no room."""
    lab.write("lost.ipynb", [account.cell(SLOW), PLAN, START, FORM, ""])
    lab.open("lost.ipynb")
    for cell in range(4):
        assert [] == errors_of(lab.run(cell))
    form = FormScreen(lab, 3)
    form.type("confirm", "1")
    form.whole.locator("button.mnb-send:not([disabled])").click()
    form.read("1 of 1 people mailed", "form-run")
    for cell in (2, 3):
        below = lab.page.locator(".jp-Notebook .jp-Cell").nth(cell)
        assert 1 == below.locator(".mnb-lost").count()
        assert not below.locator(".mnb-lost").is_visible()
        whole, live = below.evaluate(HEIGHTS)
        assert whole - live < 20, "what is not seen takes room"
    lab.restart_kernel()
    lab.reload(lost=True)
    mailed = len(account.mailed)

    for cell, (name, words) in {
        2: ("panel", "'news' was running at"),
        3: ("form", "Run the cell again for a new form: that mails nobody."),
    }.items():
        lost = lab.seen(cell).locator(".mnb-lost")
        lost.wait_for()
        assert words in lost.inner_text()
        assert 0 == lab.seen(cell).get_by_text("model not found").count()
        inspect(lab, cell, "lost", name, only=".mnb-lost")
    lines = [lab.seen(cell).locator(".mnb-lost pre").inner_text() for cell in (2, 3)]
    lab.save()
    saved = unescape((lab.server.work / "lost.ipynb").read_text(encoding="utf-8"))
    assert "@x.example" not in re.sub(r'"source": \[.*?\]', "", saved, flags=re.DOTALL)
    assert "sk_" not in saved

    shown = [lab.add(one) for one in lines]
    assert [] == errors_of(lab.run(0))
    for cell, run_id in zip(shown, [account.runs("news")[0], account.runs("form")[0]], strict=True):
        assert [] == errors_of(lab.run(cell))
        lab.seen(cell).locator(".mnb-run-end").wait_for()
        lab.seen(cell).get_by_text(run_id).first.wait_for()
    assert mailed == len(account.mailed)
