"""The form as a page for a colleague: `migma-nb form` in a process of its own, seen in a real browser."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import migma_nb as mg
from tests.browser.accessible import assert_accessible
from tests.browser.screens import ARTEFACTS
from tests.browser.server import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
ROWS = ["email,first_name", "ann@x.example,Ann", "bo@y.example,Bo", "cy@z.example,Cy"]
WHAT = [
    "people.csv",
    "--mailing=spring",
    "--subject=Hi {{first_name}}",
    "--template=mail.html",
    "--sender=Acme <news@acme.example>",
    "--project=p",
    "--transactional",
]
Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that serves the page and returns its address; at the end it has ended by itself."""
    pytest.importorskip("voila")
    (tmp_path / "people.csv").write_text("\n".join([*ROWS, ""]))
    (tmp_path / "mail.html").write_text("<p>Hello {{first_name}}</p>")
    begun: list[subprocess.Popen[str]] = []

    def begin(*options: str, **environment: str) -> str:
        command = [sys.executable, "-m", "migma_nb.cli", "form", *WHAT, *options]
        with (tmp_path / "said").open("w") as said:
            process = subprocess.Popen(
                command,
                cwd=tmp_path,
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        begun.append(process)
        assert process.stdout is not None
        found = next((one for line in process.stdout if (one := re.search(r"http://\S+", line))), None)
        assert found is not None, (tmp_path / "said").read_text()
        return found[0]

    yield begin
    for process in begun:
        process.terminate()
        process.communicate(timeout=60)
        assert 0 == process.returncode


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """Open an empty page; at its end no request has gone anywhere but to the loopback."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    elsewhere: list[str] = []

    def note(url: str) -> None:
        if urlsplit(url).hostname not in {None, "127.0.0.1"}:
            elsewhere.append(url)

    context.on("requestfinished", lambda request: note(request.url))
    # Chromium tells of what a policy kept from leaving as of what failed.
    context.on("requestfailed", lambda request: note(request.url) if request.failure != "csp" else None)
    opened = context.new_page()
    opened.on("websocket", lambda socket: note(socket.url))
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    context.close()
    assert [] == elsewhere


def test_a_colleague_sends_from_a_page_that_asks_nobody_else(serve: Serve, page: "Page") -> None:
    """The form alone, usable by everybody; what is typed is sent, to the page's own sandbox."""
    page.goto(serve())
    page.frame_locator("iframe").get_by_text("Hello Ann").first.wait_for()
    assert 0 == page.get_by_text("os.chdir").count()
    assert (
        "SANDBOX nobody real is mailed · for real mail: migma-nb form … --live"
        == page.locator(".mnb-server").inner_text()
    )
    assert_accessible(page, ".mnb-form")
    page.locator(".mnb-confirm input").fill("3")
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "page-form-light-1400.png", full_page=True)
    page.get_by_role("button", name="Send to 3 people").click()
    page.locator(".mnb-form-run").get_by_text("3 of 3 people mailed").first.wait_for()


def test_a_live_page_mails_by_a_click_and_by_nothing_else(serve: Serve, page: "Page", tmp_path: Path) -> None:
    """Not by opening or reloading it; the test goes to one address, the send to each person once."""
    with mg.Sandbox() as server:
        address = serve(
            "--live",
            f"--ledger={tmp_path / 'ledger.sqlite3'}",
            MIGMA_API_KEY=server.server.api_key,
            MIGMA_BASE_URL=server.url,
        )
        page.goto(address)
        page.get_by_text("LIVE").first.wait_for()
        page.reload()
        page.locator(".mnb-test-to input").fill("me@acme.example")
        assert 0 == len(server.outbox)
        page.get_by_role("button", name="Send a test").click()
        page.get_by_text("tests of 'spring' sent").first.wait_for()
        assert {"me@acme.example"} == set(server.outbox["to"])
        tests = len(server.outbox)
        page.locator(".mnb-confirm input").fill("3")
        page.get_by_role("button", name="Send to 3 people").click()
        page.locator(".mnb-form-run").get_by_text("3 of 3 people mailed").first.wait_for()
        page.reload()
        page.get_by_text("3 people were mailed in it").first.wait_for()
        assert 1 == page.get_by_role("button", name="Send to 3 people").count()
        assert tests + 3 == len(server.outbox)
        assert {row.partition(",")[0] for row in ROWS[1:]} < set(server.outbox["to"])


def test_the_page_is_refused_without_its_token(serve: Serve, page: "Page") -> None:
    """Nor is there a form to log in; and whoever has opened it with the token may reload it without."""
    address = serve()
    bare = address.partition("?")[0]
    assert [403, 403] == [answer.status for url in (bare, f"{bare}?token=no") if (answer := page.goto(url))]
    page.goto(address)
    page.locator(".mnb-form").first.wait_for()
    page.goto(bare)
    page.locator(".mnb-form").first.wait_for()
