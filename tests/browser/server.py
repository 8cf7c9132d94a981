"""A JupyterLab in a process of its own, whose every file lies in one temporary folder."""

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
from typing import Any

from tests.browser.kernels import KERNELS, NEWEST, ROOT, Kernel

_NEWS = "@jupyterlab/apputils-extension:announcements"
#: How long anything in the page may take (milliseconds); two busy cores need a multiple of a quiet machine.
PATIENCE_MS = 120_000


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

    def write(self, name: str, cells: Sequence[str], kernel: Kernel = NEWEST) -> Path:
        """Write a notebook of code cells, for one of the kernels, into the server's folder."""
        return self._save(name, {"cells": [_cell(*numbered) for numbered in enumerate(cells)]}, kernel)

    def copy(self, notebook: Path, kernel: Kernel = NEWEST) -> Path:
        """Copy a notebook, for one of the kernels, into the server's folder."""
        return self._save(notebook.name, json.loads(notebook.read_text(encoding="utf-8")), kernel)

    def _save(self, name: str, notebook: dict[str, Any], kernel: Kernel) -> Path:
        spec = {"name": kernel.name, "display_name": kernel.name, "language": "python"}
        path = self.work / name
        whole = notebook | {"metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
        path.write_text(json.dumps(whole), encoding="utf-8")
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
    for kernel in KERNELS:
        kernel.register(place / "data")
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


def _cell(position: int, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"cell-{position}",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }
