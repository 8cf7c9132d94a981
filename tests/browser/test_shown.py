"""What Lab makes of what we show: hostile mail stays harmless, errors are sentences."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import Lab, errors_of

pytestmark = pytest.mark.browser

HOSTILE = """<!doctype html><html><head>
<meta http-equiv="refresh" content="0; url={place}/refresh">
<link rel="preconnect" href="{place}"><link rel="dns-prefetch" href="{place}">
<link rel="stylesheet" href="{place}/sheet.css">
<style>@import url("{place}/import.css"); p {{ background: url("{place}/back.png") }}</style>
<script>document.title = "owned"; top.owned = true; parent.location = "{place}/script"</script>
</head><body onload="fetch('{place}/onload')">
<p>Dear {{{{name}}}}, all is well.</p>
<img src="{place}/pixel.gif" onerror="top.owned = true"><iframe src="{place}/frame"></iframe>
<object data="{place}/object"></object><embed src="{place}/embed"><video poster="{place}/poster"></video>
<form action="{place}/form" method="post"><input name="x" autofocus onfocus="this.form.submit()"></form>
<svg><image href="{place}/svg.png"/><script>top.owned = true</script></svg>
</body></html>"""
PREVIEW = """
import migma_nb as mg
plan = mg.plan(
    [{{"email": "ann@x.example", "name": "<img src='{place}/name.png' onerror='top.owned=true'>Ann"}}],
    mailing="<script>top.owned = true</script>", sender="A <a@b.example>", subject="Hi {{{{name}}}}",
    template={template!r}, project_id="p", transactional=True,
)
plan.preview(0)
"""
BARE = """
from html import escape
from IPython.display import HTML
HTML('<iframe sandbox srcdoc="' + escape({template!r}) + '"></iframe>')
"""


class Canary:
    """A port on the loopback that notes whoever connects, asks for something or not.

    It stands for every other server: no name leads out of the tests' browser.
    """

    def __init__(self) -> None:
        self.visits: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(0.5)
                try:
                    self.visits.append(visitor.recv(200))
                except TimeoutError:
                    self.visits.append(b"connected")

    def close(self) -> None:
        """Close the port."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Open a port where nobody should come by."""
    opened = Canary()
    yield opened
    opened.close()


def test_a_hostile_mail_does_nothing_in_a_preview(lab: Lab, canary: Canary) -> None:
    """Nothing is fetched, no script runs, Lab stays where it is, and its reader sees the mail."""
    template = HOSTILE.format(place=canary.url)
    cells = [PREVIEW.format(place=canary.url, template=template), "plan", BARE.format(template=template)]
    lab.write("hostile.ipynb", cells)
    lab.open("hostile.ipynb")
    place, title = lab.page.url, lab.page.title()
    assert [] == errors_of([*lab.run(0), *lab.run(1)])
    frame = lab.seen(0).locator("iframe")
    frame.content_frame.get_by_text("all is well").wait_for()
    # The longest of what could still come is a refresh after no time at all.
    lab.page.wait_for_timeout(1500)
    assert [] == canary.visits
    assert (place, title) == (lab.page.url, lab.page.title())
    assert lab.page.evaluate("() => window.owned === undefined")

    lab.save()
    _sent_by_somebody_else(lab.server.work / "hostile.ipynb", lab.server.work / "received.ipynb")
    lab.open("received.ipynb")
    assert 0 == lab.seen(0).locator("iframe").count()
    lab.seen(0).get_by_text("As text").click()
    lab.seen(0).locator("pre").get_by_text("all is well").wait_for()
    assert [] == canary.visits
    assert lab.page.evaluate("() => window.owned === undefined")

    # In a bare frame the same mail does call: whatever came by above would have been seen.
    lab.run(2)
    lab.until(lambda: canary.visits, "nobody came by")
    # Gone from the page it calls no more, and what it has called is meant.
    lab.page.goto("about:blank")
    lab.elsewhere.clear()


def _sent_by_somebody_else(path: Path, copy: Path) -> None:
    """Copy a notebook so that Lab cannot know its outputs: it trusts what it has signed, to the letter."""
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] += "\n# received by mail"
    copy.write_text(json.dumps(notebook))


def test_an_error_is_a_sentence_and_a_hint(lab: Lab) -> None:
    """No traceback, neither on the screen nor in the saved notebook."""
    path = lab.write("error.ipynb", ["import migma_nb as mg\nmg.plan('no.csv', mailing='m')"])
    lab.open("error.ipynb")
    (error,) = errors_of(lab.run(0))
    assert "InputError" == error["ename"]
    lab.seen(0).get_by_text("no.csv").wait_for()
    lab.seen(0).get_by_text("→").wait_for()
    assert 0 == lab.seen(0).get_by_text("Traceback").count()
    lab.save()
    (saved,) = json.loads(path.read_text())["cells"][0]["outputs"]
    assert len(saved["traceback"]) <= 2


def test_the_question_for_the_key_shows_and_saves_nothing(lab: Lab) -> None:
    """Lab asks in a password field, and keeps dots; the key is not on the page nor in the saved notebook."""
    key = "mgma_sk_test_not_a_real_key"
    path = lab.write("key.ipynb", ["import migma_nb as mg\nclient = mg.Migma()\nclient", "client.settings"])
    lab.open("key.ipynb")
    lab.begin(0)
    field = lab.page.locator(".jp-Stdin-input")
    field.wait_for()
    assert "password" == field.get_attribute("type")
    field.fill(key)
    field.press("Enter")
    lab.await_end(0)
    assert "key hidden" in str(lab.outputs(0))
    lab.run(1)
    lab.save()
    assert "key hidden" in path.read_text()
    assert key not in path.read_text()
    assert key not in lab.page.content()
