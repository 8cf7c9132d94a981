"""The form as a person works it: what is typed, pressed and read, by where it stands."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.lab import Lab, counts_in

if TYPE_CHECKING:
    from playwright.sync_api import Locator


class FormScreen:
    """The form below one cell.

    Args:
        lab: whose page.
        cell: below which, from 0.
    """

    def __init__(self, lab: Lab, cell: int) -> None:
        self.lab = lab
        self.selector = f".jp-Notebook .jp-Cell:nth-child({cell + 1}) .jp-Cell-outputWrapper .mnb-form"
        self.whole = lab.page.locator(self.selector)

    def part(self, name: str) -> "Locator":
        """Return what bears one of the form's style classes, without its `mnb-`."""
        return self.whole.locator(f".mnb-{name}")

    def type(self, name: str, text: str) -> None:
        """Type into the field of a style class."""
        self.part(name).locator("input, textarea").first.fill(text)

    def press(self, name: str, part: str = "") -> None:
        """Press a button by its name, in a part of the form if several have that name."""
        within = self.part(part) if part else self.whole
        within.get_by_role("button", name=name, exact=True).click()

    def upload(self, name: str, path: Path) -> None:
        """Choose a file at the button of a style class."""
        self.lab.upload(self.part(name), path)

    def read(self, text: str, part: str = "") -> None:
        """Wait until a text stands in the form, or in a part of it."""
        within = self.part(part) if part else self.whole
        within.get_by_text(text).first.wait_for()

    def run_says(self, text: str) -> None:
        """Wait until a text stands in the panel of the run."""
        self.whole.locator(".mnb-run-head, .mnb-run-hint").get_by_text(text).first.wait_for()

    @property
    def send(self) -> "Locator":
        """The button that sends."""
        return self.whole.locator("button.mnb-send")

    @property
    def mail(self) -> "Locator":
        """The page within the preview's frame."""
        return self.part("preview").locator("iframe").content_frame.locator("body")

    def await_mail_as_wide_as(self, width: int) -> None:
        """Wait until the preview's frame has a width in pixels, its border left out."""
        self.lab.page.wait_for_function(
            "([selector, width]) => document.querySelector(selector)?.clientWidth === width",
            arg=[f"{self.selector} .mnb-preview iframe", width],
        )

    def await_counts(self, truth: Callable[[], dict[str, int]]) -> dict[str, int]:
        """Wait until the run's panel shows the counts that the ledger has, none in flight; return them."""
        bar = self.whole.locator(".mnb-run-head svg[role=img]").first
        shown: dict[str, int] = {}

        def agree() -> bool:
            nonlocal shown
            bar.wait_for()
            shown = counts_in(bar.get_attribute("aria-label") or "")
            return "sending" not in shown and shown == truth()

        self.lab.until(agree, "the panel does not come to say what the ledger says")
        return shown
