"""The check for accessibility finds what shuts people out."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.accessible import assert_accessible

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
GOOD = '<label>Name <input></label><button>Send</button><p style="color: #333; background: white">Hi</p>'


@pytest.mark.parametrize(
    ("screen", "rule"),
    [
        ("<input>", "label"),
        ("<button></button>", "button-name"),
        ('<p style="color: #ccc; background: white">pale</p>', "color-contrast"),
        ('<div role="progressbar"></div>', "aria-progressbar-name"),
    ],
)
def test_what_shuts_people_out_is_found_and_named(browser: "Browser", screen: str, rule: str) -> None:
    """A field and a button without a name, pale text, a bar that says nothing; a good screen passes."""
    page = browser.new_page()
    page.set_content(f"<main>{GOOD}</main>")
    assert_accessible(page, "main")
    page.set_content(f"<main>{GOOD}{screen}</main>")
    with pytest.raises(AssertionError, match=rule):
        assert_accessible(page, "main")
    page.close()


def test_a_screen_that_is_not_there_is_no_pass(browser: "Browser") -> None:
    """A selector that names nothing is an error."""
    page = browser.new_page()
    with pytest.raises(Exception, match="nothing is"):
        assert_accessible(page, "main")
    page.close()
