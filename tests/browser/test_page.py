"""The form as a page for a colleague: `migma-nb form` in a process of its own, seen in a real browser."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

import migma_nb as mg
from tests.browser.accessible import assert_accessible
from tests.browser.screens import ARTEFACTS, WIDTHS
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
#: How far anything of the form sticks out of the page (pixels).
_STICKS_OUT = """() => Math.max(...[...document.querySelectorAll(".mnb-form, .mnb-form *")]
    .filter(part => !part.closest(".mnb-scroll *, .mnb-mail *"))
    .map(part => part.getBoundingClientRect().right)) - document.documentElement.clientWidth"""
#: At one a second, so that the sending outlasts what a kernel is given after its page was closed.
SLOW = 150


@dataclass
class Served:
    """A page that is served.

    Args:
        address: where.
        process: by whom.
    """

    address: str
    process: subprocess.Popen[str]

    def kernels(self) -> set[int]:
        """Return the processes of its kernels."""
        found = set()
        for one in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                found |= {one.pid} if "ipykernel_launcher" in " ".join(one.cmdline()) else set()
        return found

    def await_kernels(self, count: int) -> None:
        """Wait until so many are left."""
        until = time.monotonic() + PATIENCE_MS / 1000
        while len(self.kernels()) != count and time.monotonic() < until:
            time.sleep(0.2)
        assert count == len(self.kernels())


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that serves the page and returns it; at the end it has ended by itself."""
    pytest.importorskip("voila")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Whoever was begun in a shell's background would hand that on, and the page would hear no Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    (tmp_path / "people.csv").write_text("\n".join([*ROWS, ""]))
    (tmp_path / "mail.html").write_text("<p>Hello {{first_name}}</p>")
    begun: list[subprocess.Popen[str]] = []

    def begin(*options: str, **environment: str) -> Served:
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
        return Served(found[0], process)

    yield begin
    for process in begun:
        if process.poll() is None:
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
    page.goto(serve().address)
    page.frame_locator("iframe").get_by_text("Hello Ann").first.wait_for()
    assert 0 == page.get_by_text("os.chdir").count()
    assert (
        "SANDBOX nobody real is mailed · for real mail: migma-nb form … --live"
        == page.locator(".mnb-server").inner_text()
    )
    assert_accessible(page, ".mnb-form")
    page.locator(".mnb-confirm input").fill("3")
    for width in WIDTHS:
        _photograph(page, width, f"page-form-light-{width}")
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
        ).address
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


def test_a_closed_page_ends_what_nobody_needs_and_nothing_that_sends(
    serve: Serve, page: "Page", tmp_path: Path
) -> None:
    """Its kernel ends after a while; one that sends goes on, is shown when reopened, and ends then."""
    from migma_nb.cli.page_kernels import GRACE_S  # noqa: PLC0415 - seconds that all others need not wait for

    with mg.Sandbox() as server:
        served = _slowly(serve, server, tmp_path)
        page.goto(served.address)
        page.locator(".mnb-form").first.wait_for()
        page.reload()
        page.locator(".mnb-confirm input").fill(str(SLOW))
        served.await_kernels(1)
        page.get_by_role("button", name=f"Send to {SLOW} people").click()
        page.locator(".mnb-form-run").get_by_text(f"of {SLOW} rows done").first.wait_for()
        page.goto("about:blank")
        sender = served.kernels()
        time.sleep(GRACE_S + 3)
        assert sender == served.kernels()
        assert 0 < len(server.outbox) < SLOW
        page.goto(served.address)
        again = page.locator(".mnb-going")
        again.get_by_text("This page is mailing already").wait_for()
        for width in WIDTHS:
            _photograph(page, width, f"page-going-light-{width}")
        again.get_by_role("button", name="Stop").click()
        again.get_by_text("stopped").first.wait_for()
        again.get_by_text("What was going on when this page was opened has ended.").wait_for()
        assert 0 == again.get_by_text("This page is mailing already").count()
        assert 0 < server.outbox["to"].nunique() == len(server.outbox) < SLOW
        served.await_kernels(1)
        assert sender.isdisjoint(served.kernels())
        page.goto("about:blank")
        served.await_kernels(0)


def test_an_interrupt_of_the_page_lets_what_is_in_flight_come_back(
    serve: Serve, page: "Page", tmp_path: Path
) -> None:
    """Nothing new begins, every mail's outcome is on record, and the terminal says so."""
    with mg.Sandbox() as server:
        served = _slowly(serve, server, tmp_path)
        page.goto(served.address)
        page.locator(".mnb-confirm input").fill(str(SLOW))
        page.get_by_role("button", name=f"Send to {SLOW} people").click()
        page.locator(".mnb-form-run").get_by_text(re.compile(f"[2-9] of {SLOW} rows done")).first.wait_for()
        served.process.send_signal(signal.SIGINT)
        said, _ = served.process.communicate(timeout=90)
        mailed = len(server.outbox)
        assert 0 < mailed < SLOW
        (line,) = (line for line in said.splitlines() if line.startswith("Stopped by you"))
        assert f"Stopped by you: {mailed} mails accepted, all on record." in line
        assert "come back first" in said
        assert said.endswith("Ended.\n")
        run = mg.open_run(
            mg.history(ledger=tmp_path / "ledger.sqlite3")["run_id"].iloc[0],
            ledger=tmp_path / "ledger.sqlite3",
        )
        assert {"accepted": mailed, "not_sent": SLOW - mailed} == {
            str(state): count for state, count in run.counts.items() if count
        }


def _slowly(serve: Serve, server: mg.Sandbox, folder: Path) -> Served:
    """Serve a live page whose mails take a while to go out."""
    rows = [f"p{row}@x.example,P{row}" for row in range(SLOW)]
    (folder / "people.csv").write_text("\n".join(["email,first_name", *rows, ""]))
    return serve(
        "--live",
        "--rate=1/second",
        f"--ledger={folder / 'ledger.sqlite3'}",
        MIGMA_API_KEY=server.server.api_key,
        MIGMA_BASE_URL=server.url,
    )


def test_the_page_follows_the_systems_theme(serve: Serve, page: "Page") -> None:
    """Also while it is open; what its address asks for comes first; everybody can read it in both."""
    address = serve().address
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    page.frame_locator("iframe").get_by_text("Hello Ann").first.wait_for()
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        light = "true" if theme == "light" else "false"
        page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)
        assert _is_dark(page) is (theme == "dark")
        assert_accessible(page, ".mnb-form")
        for width in WIDTHS:
            _photograph(page, width, f"page-theme-{theme}-{width}")
            assert page.evaluate(_STICKS_OUT) <= 0
    page.goto(f"{address}&theme=dark")
    page.locator(".mnb-form").first.wait_for()
    assert _is_dark(page)


def _photograph(page: "Page", width: int, name: str) -> None:
    """Take a picture of the whole page, which scrolls in a part of itself, being so many pixels wide."""
    page.set_viewport_size({"width": width, "height": 900})
    high = page.locator(".mnb-form").first.evaluate("form => form.getBoundingClientRect().height")
    page.set_viewport_size({"width": width, "height": max(900, int(high) + 60)})
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, animations="disabled")


def _is_dark(page: "Page") -> bool:
    """Say whether the page's ground is darker than its text."""
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    text = page.evaluate("getComputedStyle(document.querySelector('.mnb-form')).color")
    brightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ground, text)]
    return brightness[0] < brightness[1]


def test_the_page_is_refused_without_its_token(serve: Serve, page: "Page") -> None:
    """Nor is there a form to log in; and whoever has opened it with the token may reload it without."""
    address = serve().address
    bare = address.partition("?")[0]
    assert [403, 403] == [answer.status for url in (bare, f"{bare}?token=no") if (answer := page.goto(url))]
    page.goto(address)
    page.locator(".mnb-form").first.wait_for()
    page.goto(bare)
    page.locator(".mnb-form").first.wait_for()
