"""Importing costs next to nothing: what is heavy comes with its first use, and `df.migma` with pandas.

Every process here is a fresh one. How long it takes is for benchmarks/imports.py; what it imports, for here.
"""

import ast
import importlib
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import migma_nb as mg

#: What takes long to import, or is an extra that a plain installation lacks.
HEAVY = {
    "IPython",
    "dns",
    "email_validator",
    "filelock",
    "httpcore",
    "httpx",
    "ipywidgets",
    "matplotlib",
    "narwhals",
    "numpy",
    "openpyxl",
    "pandas",
    "platformdirs",
    "psutil",
    "pyarrow",
    "pydantic",
    "rich",
    "sqlalchemy",
    "starlette",
    "tqdm",
    "typer",
    "uvicorn",
}
#: All that our name adds to pandas.
HANDFUL = {"migma_nb", "migma_nb.surface", "migma_nb.surface.accessor", "migma_nb.surface.imported"}
FRAME = "pd.DataFrame({'a': [1]})"


def python(code: str, cwd: Path | None = None) -> str:
    """Run code in a fresh process where a warning is an error; return what it printed."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def imported(*arguments: str) -> set[str]:
    """Return the modules that a fresh Python process imports, by its own account."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        env=os.environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    return set(re.findall(r"(?m)^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", done.stderr))


def tops(modules: set[str]) -> set[str]:
    """Return the packages that these modules are of."""
    return {name.split(".")[0] for name in modules}


# --- what is imported ---


def test_our_name_alone_imports_nothing_heavy() -> None:
    """Not even pandas."""
    found = imported("-c", "import migma_nb")
    assert "migma_nb" in found
    assert set() == HEAVY & tops(found)


@pytest.mark.parametrize("first", ["pandas, migma_nb", "migma_nb, pandas"])
def test_beside_pandas_a_handful_of_modules_is_added(first: str) -> None:
    """Whichever comes first, and `df.migma` with it."""
    ours = imported("-c", f"import {first}; pandas.DataFrame().migma; dir(pandas.DataFrame())")
    pandas = imported("-c", "import pandas; dir(pandas.DataFrame())")
    assert HANDFUL == {name for name in ours if name.startswith("migma_nb")}
    assert tops(ours) & HEAVY == tops(pandas) & HEAVY
    assert len(ours - pandas - HANDFUL) <= 5


@pytest.mark.parametrize(
    "typed",
    [["--help"], [], ["--version"], ["send", "--help"], ["import", "--help"], ["send", "--bogus"], ["sned"]],
)
def test_what_the_command_says_of_itself_imports_nothing_heavy(typed: list[str]) -> None:
    """Neither its help nor its word on a mistyped line; typer is what it is made of."""
    found = imported("-m", "migma_nb.cli", *typed)
    assert "migma_nb.cli.options" in found
    assert {"typer"} == HEAVY & tops(found)


# --- the names ---


def test_each_name_is_where_the_type_checker_sees_it() -> None:
    """The list that is read when a name is used, and the imports that mypy and editors read, are one."""
    tree = ast.parse(Path(mg.__file__).read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert set(mg.__all__) == set(homes)
    for name, module in homes.items():
        assert getattr(importlib.import_module(module), name) is getattr(mg, name)


def test_a_star_brings_the_public_names_and_no_other() -> None:
    """As before any of them was used."""
    code = "before = {*globals(), 'before'}\nfrom migma_nb import *\nprint(*sorted(set(globals()) - before))"
    assert mg.__all__ == python(code).split()


def test_a_name_that_is_not_ours_is_an_attribute_error() -> None:
    """In Python's own words, so that `hasattr` and completion work."""
    with pytest.raises(AttributeError, match="module 'migma_nb' has no attribute 'plann'"):
        _ = mg.plann  # type: ignore[attr-defined]  # the checker finds it too
    assert not hasattr(mg, "np")


def test_rooms_are_still_imported_by_their_names() -> None:
    """`from migma_nb import surface` is a module, `mg.plan` the function."""
    code = "from migma_nb import surface, plan\nprint(surface.__name__, plan.__name__)"
    assert "migma_nb.surface plan\n" == python(code)


def test_what_was_pickled_is_read_in_a_process_that_has_used_nothing_yet(tmp_path: Path) -> None:
    """A pickle names the module in which a class lives."""
    (tmp_path / "tag").write_bytes(pickle.dumps([mg.Tag("vip"), mg.State.ACCEPTED]))
    code = "import pickle, pathlib\nprint(*pickle.loads(pathlib.Path('tag').read_bytes()))"
    assert f"{mg.Tag('vip')} accepted\n" == python(code, tmp_path)


def test_help_of_the_package_shows_every_name() -> None:
    """As `help(mg)` prints it, in a fresh process."""
    shown = python("import migma_nb as mg, pydoc\nprint(pydoc.render_doc(mg, renderer=pydoc.plaintext))")
    assert [] == [name for name in mg.__all__ if not re.search(rf"\b{name}\b", shown)]


# --- df.migma ---


ORDERS = (
    "import pandas as pd, migma_nb",
    "import migma_nb, pandas as pd",
    "import migma_nb\nfrom pandas import DataFrame\nimport pandas as pd",
    "import migma_nb, importlib.util\nimportlib.util.find_spec('pandas')\nimport pandas as pd",
    "import migma_nb, migma_nb.planning.reading, pandas as pd",
    "import pandas as pd, migma_nb, importlib\nimportlib.reload(migma_nb)",
    "import migma_nb, importlib\nimportlib.reload(migma_nb)\nimport pandas as pd",
    "import pandas as pd, migma_nb, importlib\nimportlib.reload(pd)",
    "import migma_nb, importlib, pandas as pd\nimportlib.reload(pd)",
    "import pandas as pd, migma_nb.surface.accessor as a, importlib\nimportlib.reload(a)",
    "import migma_nb.surface.accessor as a, importlib\nimportlib.reload(a)\nimport pandas as pd",
)
#: A process each: the first few at once.
_AT_ONCE = 3


@pytest.mark.parametrize(
    "code", [*ORDERS[:_AT_ONCE], *(pytest.param(code, marks=pytest.mark.proof) for code in ORDERS[_AT_ONCE:])]
)
def test_frames_have_our_name_in_whichever_order(code: str) -> None:
    """Also after a reload, without a warning; pandas' own loader is left as it was."""
    left = "print('exec_module' in vars(pd.__loader__), [f for f in sys.meta_path if 'migma' in repr(f)])"
    assert "df.migma: 1 rows" in python(f"import sys\n{code}\nprint({FRAME}.migma)")
    assert "False []\n" == python(f"import sys\n{code}\n{left}")


def test_a_frame_made_before_has_our_name_too() -> None:
    """And one that was pickled before."""
    made = f"import pandas as pd, pickle\nframe = {FRAME}\nheld = pickle.dumps(frame)\n"
    shown = python(f"{made}import migma_nb\nprint(frame.migma)\nprint(pickle.loads(held).migma)")
    assert 2 == shown.count("df.migma: 1 rows × 1 columns")


def test_pandas_that_comes_at_the_second_attempt_has_our_name(tmp_path: Path) -> None:
    """An import that failed is forgotten, as Python forgets it."""
    broken = tmp_path / "broken" / "pandas.py"
    broken.parent.mkdir()
    broken.write_text("raise ImportError('broken')\n")
    code = (
        "import sys, migma_nb\n"
        "sys.path.insert(0, 'broken')\n"
        "try:\n    import pandas\nexcept ImportError as error:\n    print(error)\n"
        "del sys.path[0]\n"
        f"import pandas as pd\nprint({FRAME}.migma)"
    )
    said, shown = python(code, tmp_path).splitlines()
    assert "broken" == said
    assert shown.startswith("df.migma: 1 rows")


def test_python_without_pandas_says_so_itself() -> None:
    """Our waiting changes nothing of the error."""
    code = (
        "import sys, migma_nb\n"
        "sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n"
        "try:\n    import pandas\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    assert "No module named 'pandas'\n" == python(code)


def test_two_threads_that_import_both_at_once_do_not_trip() -> None:
    """The one may find the other half imported."""
    code = (
        "import threading\n"
        "def both(first, second):\n    __import__(first), __import__(second)\n"
        "names = ('pandas', 'migma_nb')\n"
        "ways = [threading.Thread(target=both, args=order) for order in (names, names[::-1])]\n"
        "[way.start() for way in ways], [way.join() for way in ways]\n"
        f"import pandas as pd\nprint({FRAME}.migma)"
    )
    assert python(code).startswith("df.migma: 1 rows")


def test_an_accessor_of_that_name_by_somebody_else_is_warned_of() -> None:
    """By pandas, as for any accessor: who comes last has the name."""
    code = (
        "import pandas as pd, warnings\n"
        "pd.api.extensions.register_dataframe_accessor('migma')(type('Theirs', (), {}))\n"
        "with warnings.catch_warnings(record=True) as heard:\n"
        "    warnings.simplefilter('always')\n    import migma_nb\n"
        f"print(len(heard), {FRAME}.migma)"
    )
    assert python(code).startswith("1 df.migma: 1 rows")
