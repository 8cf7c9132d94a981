"""What the package shows of itself."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import migma_nb


def test_the_public_names_are_sorted_and_complete() -> None:
    """`__all__` is what there is, and each has a docstring."""
    there = {
        name
        for name, value in vars(migma_nb).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert sorted(migma_nb.__all__) == migma_nb.__all__
    assert there == set(migma_nb.__all__)
    assert all(getattr(migma_nb, name).__doc__ for name in migma_nb.__all__)


def test_importing_does_nothing(tmp_path: Path) -> None:
    """No key is needed, no file is made, no extra is imported."""
    code = "import sys, migma_nb; print({'ipywidgets', 'IPython', 'openpyxl'} & set(sys.modules))"
    env = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert "set()" == found.stdout.strip()
    assert [] == list(tmp_path.iterdir())


def test_sniffio_is_there() -> None:
    """Without it httpcore is a third slower."""
    assert importlib.util.find_spec("sniffio") is not None
