"""The demo and the quickstart, each in a clean place of its own: no file that they leave has the key."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.sweeping import files_with, files_with_a_sandbox_key

ROOT = Path(__file__).resolve().parents[2]
#: Loaded by every Python below: it notes each sandbox's key outside the place that is searched, and keeps
#: what a sandbox would delete at its end.
WATCH = """
import os, shutil
import migma_nb.sandbox as sandbox

made, gone = sandbox.SandboxServer, shutil.rmtree

def server(**options):
    new = made(**options)
    with open(os.environ["NOTED_KEYS"], "a") as noted:
        noted.write(new.api_key + "\\n")
    return new

def rmtree(path, *args, **options):
    if os.path.exists(path) and "migma_nb-sandbox-" in str(path):
        shutil.copytree(path, os.path.join(os.environ["KEPT"], os.path.basename(path)))
    gone(path, *args, **options)

sandbox.SandboxServer, shutil.rmtree = server, rmtree
"""


class Place:
    """A home, a working folder and a place for temporary files, all to be searched afterwards.

    Args:
        folder: where to make them.
    """

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self._keys, watch = folder / "key", folder / "watch"
        for made in (watch, *(self.tree / name for name in ("home", "work", "tmp", "kept"))):
            made.mkdir(parents=True)
        (watch / "sitecustomize.py").write_text(WATCH)
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._environment = kept | {
            "HOME": str(self.tree / "home"),
            "TMPDIR": str(self.tree / "tmp"),
            "PYTHONPATH": os.pathsep.join([str(watch), str(ROOT)]),
            "NOTED_KEYS": str(self._keys),
            "KEPT": str(self.tree / "kept"),
        }

    def run(self, *command: str) -> None:
        """Run Python there; what it prints goes to a file that is searched, too."""
        with (self.tree / "work" / "printed").open("wb") as printed:
            subprocess.run(
                [sys.executable, *command],
                cwd=self.tree / "work",
                env=self._environment,
                stdout=printed,
                stderr=printed,
                check=True,
                timeout=120,
            )

    @property
    def keys(self) -> set[str]:
        """The keys of all sandboxes that were made there."""
        return set(self._keys.read_text().split())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Make a clean place."""
    return Place(tmp_path)


@pytest.mark.proof
def test_the_demo_writes_its_key_nowhere(place: Place) -> None:
    """Not into the result, the screen, the home, nor the sandbox's folder, ledger and locks."""
    place.run("-m", "migma_nb.cli", "demo")
    names = {path.name for path in place.tree.rglob("*")}
    assert {"sent.csv", "printed", "ledger.sqlite3"} <= names
    assert 1 == len(place.keys)
    assert [] == files_with(place.keys, place.tree)


@pytest.mark.proof
def test_the_quickstart_writes_its_key_nowhere(place: Place) -> None:
    """Not into the saved notebook with its outputs either, nor into what Jupyter and IPython keep."""
    pytest.importorskip("nbclient")
    notebook = place.tree / "work" / "01_quickstart.ipynb"
    shutil.copy(ROOT / "notebooks" / notebook.name, notebook)
    run = (
        "import sys, nbformat, nbclient\n"
        "notebook = nbformat.read(sys.argv[1], 4)\n"
        "nbclient.NotebookClient(notebook, timeout=60).execute()\n"
        "nbformat.write(notebook, sys.argv[1])\n"
    )
    before = notebook.read_text()
    place.run("-c", run, notebook.name)
    assert before != notebook.read_text()
    assert "ledger.sqlite3" in {path.name for path in place.tree.rglob("*")}
    assert 1 == len(place.keys)
    assert [] == files_with(place.keys, place.tree)


@pytest.mark.parametrize(
    "hide",
    [
        str,
        quote,
        lambda key: quote(key).replace("_", "%5F"),
        lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
        lambda key: base64.b64encode(f"a{key}b".encode()).decode(),
        lambda key: base64.urlsafe_b64encode(f"user:{key}\n".encode()).decode(),
        lambda key: f'{{"Authorization": "Bearer {key}"}}',
        lambda key: key.encode().hex(),
    ],
)
def test_the_search_would_find_a_key(tmp_path: Path, hide: Callable[[str], str]) -> None:
    """In every form that a file is likely to have; another key is not taken for it."""
    key, other = f"mgma_sk_test_{'0123456789abcdef' * 3}", f"mgma_sk_test_{'fedcba9876543210' * 3}"
    (tmp_path / "below").mkdir()
    path = tmp_path / "below" / "log"
    path.write_text(f"before {hide(key)} after")
    assert [path] == files_with({key}, tmp_path)
    assert [] == files_with({other}, tmp_path)
    path.write_text(key)
    assert [path] == files_with_a_sandbox_key(tmp_path)
    path.unlink()
