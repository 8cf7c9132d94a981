"""What the browser tests share: one server and one browser for all, a page for each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import OPTIONS, chromium
from tests.browser.lab import Lab, LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Start one browser for all tests."""
    playwright = pytest.importorskip("playwright.sync_api")
    pytest.importorskip("jupyterlab")
    path = chromium()
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, browser: "Browser") -> Iterator[LabServer]:  # noqa: ARG001 - no server without a browser
    """Start one JupyterLab for all tests."""
    started = LabServer(tmp_path_factory.mktemp("lab"))
    yield started
    started.end()


@pytest.fixture
def lab(server: LabServer, browser: "Browser") -> Iterator[Lab]:
    """Open a page of Lab; at its end nothing but this Lab has been asked for anything."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = Lab(context.new_page(), server)
    yield opened
    context.close()
    assert [] == opened.elsewhere
