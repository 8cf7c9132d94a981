"""What the package shows of itself, and what importing it does: nothing but define names."""

import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import migma_nb as mg

#: Heavy, or an extra that a plain installation lacks.
EXTRAS = {"ipywidgets", "IPython", "ipykernel", "matplotlib", "openpyxl", "pyarrow", "keyring", "jinja2"}

#: Imports one module in a fresh process and says what that did to it.
PROBE = """
import json, os, sys, threading
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "socket.connect" else None)
__import__(sys.argv[1])
print(json.dumps({"modules": sorted({name.split(".")[0] for name in sys.modules}),
                  "threads": threading.active_count(), "connections": opened}))
"""


def probe(module: str, home: Path) -> dict[str, list[str] | int]:
    """Import a module in a fresh process with an empty home and no key, where warnings are errors."""
    env = {"HOME": str(home), "PATH": os.defpath}
    command = [sys.executable, "-W", "error", "-c", PROBE, module]
    found = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)
    assert (0, "") == (found.returncode, found.stderr)
    answer: dict[str, list[str] | int] = json.loads(found.stdout)
    return answer


def test_the_public_names_are_sorted() -> None:
    """`__all__` is read by people."""
    assert sorted(mg.__all__) == mg.__all__
    assert len(set(mg.__all__)) == len(mg.__all__)


def test_the_public_names_are_all_there_is() -> None:
    """What can be reached without an underscore is what is promised; rooms apart."""
    there = {name for name in dir(mg) if not name.startswith("_")}
    rooms = {name for name in there if isinstance(getattr(mg, name), ModuleType)}
    assert there - rooms == set(mg.__all__)


@pytest.mark.parametrize("name", mg.__all__)
def test_each_public_name_says_what_it_is(name: str) -> None:
    """A docstring of its own, not one inherited from Python."""
    value = getattr(mg, name)
    words = value.__doc__ or ""
    assert words.strip()
    inherited = {base.__doc__ for base in getattr(value, "__mro__", ())[1:]}
    assert words not in inherited


@pytest.mark.parametrize("name", mg.__all__)
def test_each_public_method_says_what_it_does(name: str) -> None:
    """What people find by typing a dot is explained."""
    value = getattr(mg, name)
    own = [member for member in vars(value) if not member.startswith("_")] if isinstance(value, type) else []
    defined = [
        member for member in own if callable(vars(value)[member]) or isinstance(vars(value)[member], property)
    ]
    assert [] == [member for member in defined if not (getattr(value, member).__doc__ or "").strip()]


def test_importing_needs_no_key_and_leaves_no_trace(tmp_path: Path) -> None:
    """An empty home stays empty; no thread runs, nobody is called, nothing is warned of."""
    found = probe("migma_nb", tmp_path)
    assert [] == list(tmp_path.rglob("*"))
    assert (1, []) == (found["threads"], found["connections"])


def test_importing_brings_no_extra_with_it(tmp_path: Path) -> None:
    """What pandas imports by itself is pandas' own affair."""
    ours, pandas = probe("migma_nb", tmp_path)["modules"], probe("pandas", tmp_path)["modules"]
    assert isinstance(ours, list)
    assert isinstance(pandas, list)
    assert "migma_nb" in ours
    assert set() == EXTRAS & (set(ours) - set(pandas))


def test_the_version_is_that_of_the_project() -> None:
    """It stands in one place."""
    project = Path(mg.__file__).parent.parent / "pyproject.toml"
    assert f'version = "{version("migma-nb")}"' in project.read_text(encoding="utf-8")


def test_sniffio_is_there() -> None:
    """Without it httpcore retries a failing import inside its locks: a fifth to two fifths slower."""
    assert importlib.util.find_spec("sniffio") is not None
