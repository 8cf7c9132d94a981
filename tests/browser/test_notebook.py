"""`make notebook`: JupyterLab at the quickstart, for somebody who has just cloned the project."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.kernels import ROOT
from tests.browser.server import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Run `make notebook` with a home of its own, and return the address that it prints."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    command = ["make", "notebook"]
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=kept | {"HOME": str(tmp_path), "BROWSER": "true"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            yield _printed(process, tmp_path / "said")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                # Jupyter's server waits for a thread of its own for ever where its kernel was just starting.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)


def _printed(process: "subprocess.Popen[bytes]", said: Path) -> str:
    for _ in range(PATIENCE_MS // 100):
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\S+", said.read_text())
        if found is not None:
            return found.group()
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(said.read_text())


def test_make_notebook_opens_lab_at_the_quickstart(browser: "Browser", address: str) -> None:
    """It prints an address with a token; there is the quickstart, with a kernel."""
    assert "/lab/tree/01_quickstart.ipynb?token=" in address
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_role("heading", name="From a list to accounted people").wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    page.close()
