"""A real JupyterLab as a person has it in front of them: a server, a page, and what can be seen and done."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request, WebSocket

ROOT = Path(__file__).resolve().parents[2]
_NEWS = "@jupyterlab/apputils-extension:announcements"
#: How long anything in the page may take (milliseconds); two busy cores need a multiple of a quiet machine.
PATIENCE_MS = 60_000
_CELL = "jupyterapp.shell.currentWidget.content.widgets[{}]"


class LabServer:
    """A JupyterLab in a process of its own, everything it writes in one temporary folder.

    Args:
        place: that folder.
    """

    def __init__(self, place: Path) -> None:
        self.work = place / "work"
        self.token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = place / "lab.log"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        options = [
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.work}",
            "--expose-app-in-browser",
        ]
        environment = _environment(place, self.token)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *options], env=environment, cwd=self.work, stdout=log, stderr=log
            )
        self._wait_until_it_answers()

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code cells into the server's folder."""
        path = self.work / name
        path.write_text(json.dumps(_notebook(cells)), encoding="utf-8")
        return path

    def end(self) -> None:
        """End the server and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.url}/api", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, self._log.read_text()
                time.sleep(0.1)
        raise AssertionError(self._log.read_text())


class Lab:
    """One page of JupyterLab with one notebook at a time.

    Args:
        page: the browser's page.
        server: whose Lab it shows.
    """

    def __init__(self, page: "Page", server: LabServer) -> None:
        self.page = page
        self.server = server
        self.elsewhere: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.context.on("requestfinished", self._note)
        page.context.on("requestfailed", self._note_unless_forbidden)
        page.on("websocket", self._note)

    def open(self, name: str) -> None:
        """Open a notebook of the server's folder in a workspace of its own, and wait for its kernel."""
        workspace = secrets.token_hex(4)
        self.page.goto(f"{self.server.url}/lab/workspaces/{workspace}/tree/{name}?token={self.server.token}")
        self.page.get_by_text("| Idle").wait_for()

    def command(self, name: str, **args: Any) -> None:
        """Carry out a command of Lab, and wait until Lab says that it is done."""
        self.page.evaluate("([name, args]) => jupyterapp.commands.execute(name, args)", [name, args])

    def run_all(self) -> None:
        """Run every cell, and wait for the last one's end."""
        self.command("notebook:run-all-cells")
        self.page.get_by_text("| Idle").wait_for()

    def begin(self, cell: int) -> None:
        """Set a cell (from 0) going, and return at once."""
        script = """index => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = index;
            void jupyterapp.commands.execute('notebook:run-cell');
        }"""
        self.page.evaluate(script, cell)

    def await_end(self, cell: int) -> None:
        """Wait until a cell that was begun has ended."""
        model = f"{_CELL.format(cell)}.model"
        script = f"() => {model}.executionState === 'idle' && {model}.executionCount !== null"
        self.page.wait_for_function(script)

    def run(self, cell: int) -> list[dict[str, Any]]:
        """Run a cell to its end, and return its outputs."""
        self.begin(cell)
        self.await_end(cell)
        return self.outputs(cell)

    def interrupt(self) -> None:
        """Press the toolbar's ■."""
        self.page.locator("[data-command='notebook:interrupt-kernel']").first.click()

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as a saved notebook has them."""
        found: list[dict[str, Any]] = self.page.evaluate(f"{_CELL.format(cell)}.model.outputs.toJSON()")
        return found

    def text(self, cell: int) -> str:
        """Return what a cell printed."""
        return "".join(_joined(out["text"]) for out in self.outputs(cell) if out["output_type"] == "stream")

    def seen(self, cell: int) -> "Locator":
        """Return a cell's outputs as they stand on the screen."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputWrapper")

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def _note(self, what: "Request | WebSocket") -> None:
        parts = urlsplit(what.url)
        if parts.hostname is not None and f"http://{parts.netloc}" != self.server.url:
            self.elsewhere.append(what.url)

    def _note_unless_forbidden(self, request: "Request") -> None:
        """Leave out what the frame's own policy kept from leaving: Chromium reports that as failed, too."""
        if request.failure != "csp":
            self._note(request)


def errors_of(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outputs that are errors."""
    return [out for out in outputs if out["output_type"] == "error"]


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _environment(place: Path, token: str) -> dict[str, str]:
    """Return an environment in which Jupyter and IPython read and write in one folder only."""
    for name in ("work", "home", "config/labconfig", "data", "runtime", "settings", "workspaces", "ipython"):
        (place / name).mkdir(parents=True)
    page_config = place / "config" / "labconfig" / "page_config.json"
    page_config.write_text(json.dumps({"disabledExtensions": {_NEWS: True}}))
    # All cells stay in the page, also those that are scrolled away.
    tracker = place / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text(json.dumps({"windowingMode": "none"}))
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "HOME": str(place / "home"),
        "XDG_DATA_HOME": str(place / "home" / "data"),
        "TMPDIR": str(place),
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_DIR": str(place / "config"),
        "JUPYTER_DATA_DIR": str(place / "data"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(place / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces"),
        "IPYTHONDIR": str(place / "ipython"),
        "PYTHONPATH": str(ROOT),
    }


def _notebook(cells: Sequence[str]) -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{position}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for position, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
