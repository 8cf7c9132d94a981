"""`make` sets everything up by itself: from an archive, with an empty home, after a kill, after a move."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

MADE = "Nobody was mailed: all 481"

pytestmark = pytest.mark.proof


@pytest.fixture
def clone(tmp_path: Path, unpack: Callable[[Path], Path]) -> Path:
    """Unpack the project in a folder whose name has a space."""
    return unpack(tmp_path / "a clone")


@pytest.fixture(scope="session")
def cache() -> str:
    """Return the folder of uv's downloads, before each test gets an empty home."""
    command = [sys.executable, "-m", "uv", "cache", "dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def empty(tmp_path: Path, cache: str) -> dict[str, str]:
    """Return an environment with an empty home, no uv, and Python by the name python3 only."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    for name in ("make", "sh", "cat", "rm", "touch", "mkdir"):
        (commands / name).symlink_to(str(shutil.which(name)))
    home = tmp_path / "home"
    home.mkdir()
    return {"HOME": str(home), "PATH": str(commands), "UV_CACHE_DIR": cache}


def make(folder: Path, env: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder."""
    return subprocess.run(["make", *args], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_demo_from_nothing_after_a_kill_and_after_a_move(clone: Path, empty: dict[str, str]) -> None:
    """A setup killed halfway is begun anew; so is one whose folder has moved; a whole one is kept."""
    half = subprocess.Popen(
        ["make", "demo"], cwd=clone, env=empty, start_new_session=True, stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while not (clone / ".venv" / ".busy").exists() and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(half.pid, signal.SIGKILL)
    half.wait()
    assert not (clone / ".venv" / ".run").exists()

    again = make(clone, empty, "demo")
    assert MADE in again.stdout, again.stdout + again.stderr
    assert "Setting up" in again.stdout
    second = make(clone, empty, "demo")
    assert MADE in second.stdout, second.stdout + second.stderr
    assert "Setting up" not in second.stdout

    moved = clone.rename(clone.with_name("moved"))
    third = make(moved, empty, "demo")
    assert MADE in third.stdout, third.stdout + third.stderr
    assert "Setting up" in third.stdout


def test_without_a_python_it_says_what_to_install(clone: Path, empty: dict[str, str]) -> None:
    """A sentence, and nothing left behind that a second try would believe in."""
    (Path(empty["PATH"]) / "python3").unlink()
    found = make(clone, empty, "demo")
    assert 0 != found.returncode
    assert "Python 3.11 or newer" in found.stderr
    assert not (clone / ".venv").exists()
