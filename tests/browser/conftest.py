"""What the browser tests share: one server and one browser for all, a page for each."""

import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.account import Account
from tests.browser.chromium import OPTIONS, chromium
from tests.browser.kernels import NEWEST, Kernel, needed
from tests.browser.lab import VIEWPORT, Lab
from tests.browser.screens import ARTEFACTS, README_PICTURES, for_the_readme, readme_picture
from tests.browser.server import LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


#: How long one test may take (seconds): the longest of them takes three minutes on a busy machine.
_LONGEST_S = 900
#: Whether a test's call has failed, for the fixtures that come after it.
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],  # noqa: ARG001 - pytest's own signature
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note that a test has failed."""
    report = yield
    if report.failed and report.when == "call":
        item.stash[FAILED] = True
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the README's pictures of those that the tests took, where `make pictures` asked for them."""
    if session.config.getoption("--pictures", default=False):
        for taken, (name, _) in README_PICTURES.items():
            for_the_readme(readme_picture(taken), name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test in a browser the time that it needs on a busy machine."""
    for item in items:
        if item.get_closest_marker("browser") is not None:
            item.add_marker(pytest.mark.timeout(_LONGEST_S))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make pictures` ask for the README's."""
    parser.addoption("--pictures", action="store_true", help="also write the README's pictures into docs/")


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
def kernel(request: pytest.FixtureRequest) -> Kernel:
    """Return what the test's notebooks run on: the newest ipykernel, where the test says nothing else."""
    return needed(getattr(request, "param", NEWEST))


@pytest.fixture
def lab(
    server: LabServer, browser: "Browser", kernel: Kernel, request: pytest.FixtureRequest
) -> Iterator[Lab]:
    """Open a page of Lab; at its end nothing but this Lab has been asked for anything.

    Of a test that failed a picture is kept.
    """
    context = browser.new_context(viewport=VIEWPORT)
    opened = Lab(context.new_page(), server, kernel)
    yield opened
    if request.node.stash.get(FAILED, False):
        name = re.sub(r"\W+", "-", request.node.name)
        opened.page.screenshot(path=ARTEFACTS / f"failed-{name}.png", full_page=True)
    context.close()
    assert [] == opened.elsewhere


@pytest.fixture
def account(server: LabServer, request: pytest.FixtureRequest) -> Iterator[Account]:
    """Open an account in the tests' own process, and a ledger, that outlive the kernels."""
    opened = Account(server, re.sub(r"\W+", "-", request.node.name))
    yield opened
    opened.close()
