"""Debian's chromium for the browser tests: found, or installed where that is allowed."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from filelock import FileLock

#: What each of its options keeps away: a sandbox that containers lack, a GPU, news, updates, the world.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq")
#: Several tests begin at once, and apt's lock of its lists is one that it does not wait for itself (seconds).
_ONE_AT_A_TIME = Path(tempfile.gettempdir()) / "migma-nb-chromium.lock"
_LISTS_LOCKED_S = 120.0
_LOOK_AGAIN_S = 3.0


def chromium() -> str:
    """Return the path of a Chromium, installed from Debian if need be and if we are root.

    Without one the tests are skipped with the package's name; where `CI=true` is set they fail.
    """
    found = _on_the_path()
    said = ""
    if found is None and os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        with FileLock(_ONE_AT_A_TIME):
            found = _on_the_path()
            if found is None:
                said = _install() and _install()
                found = _on_the_path()
    if found is not None:
        return found
    words = f"No Chromium: install the package `chromium` to run the browser tests. {said}".strip()
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


def _on_the_path() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def _install() -> str:
    """Install Debian's package; return what went wrong, "" for nothing."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    steps = ("update",), ("install", "-y", "--no-install-recommends", "chromium")
    for step in steps:
        given_up = time.monotonic() + _LISTS_LOCKED_S
        while True:
            done = subprocess.run(
                [*_APT, *step], env=environment, capture_output=True, text=True, check=False, timeout=300
            )
            if "Could not get lock" not in done.stderr or time.monotonic() > given_up:
                break
            time.sleep(_LOOK_AGAIN_S)
        if done.returncode:
            return f"apt-get {step[0]} said: {done.stderr.strip()[-300:]}"
    return ""
