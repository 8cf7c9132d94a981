"""What the tests of packaging share: the project as an archive gives it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Neither git's, nor made by work in the folder.
LEFT_OUT = (".git", ".*cache", ".venv*", ".hypothesis", "__pycache__", "out", "dist", "migma-nb-demo")


@pytest.fixture(scope="session")
def unpack() -> Callable[[Path], Path]:
    """Return a function that puts the project's files, without git, into a new folder."""

    def into(folder: Path) -> Path:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        return folder

    return into
