"""A run's panel whose kernel is gone does not look as if it were alive."""

import pytest

from tests.browser.account import Account
from tests.browser.lab import Lab, errors_of
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
