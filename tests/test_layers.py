"""The rooms of the house: imports go down only, files stay short, and names say what they are.

`breaches` reads a package's sources and names everything that breaks the order of the rooms. It is tried
on small made-up packages first: a check that cannot fail is none.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import migma_nb

PACKAGE = Path(migma_nb.__file__).parent

#: From the top down; "" is the package's own `__init__`. A room may import itself and what stands below it.
ROOMS = ("", "cli", "surface", "notebook", "sending", "ledger", "planning", "api")
#: The embedded API stands apart, so that it and the client can disagree: who may import it.
SANDBOX_USERS = {"surface", "cli"}
#: Files, no code: open to every room but the sandbox.
RESOURCES = "data"
#: What a room must never import, from anywhere.
FOREIGN = {
    "api": {"pandas"},
    "planning": {"httpcore", "httpx"},
    "ledger": {"pandas", "httpcore", "httpx"},
    "sending": {"httpcore", "httpx"},
    "notebook": {"httpcore", "httpx"},
    "sandbox": {"httpcore", "httpx", "pandas"},
}
#: Whether a person is mailed twice hangs on these three: no frame and no screen in them.
DECIDING = ("api/meaning.py", "ledger/claims.py", "sending/runner.py")
SCREENS = {"pandas", "tqdm", "ipywidgets", "IPython", "rich", "typer"}
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}
MOST_LINES = 300
#: Files that may be longer, each with its reason.
LONGER: dict[str, str] = {}


def breaches(package: Path) -> list[str]:
    """Return what is wrong with a package's sources, one line each, as `file: what`.

    Args:
        package: the folder of the package, named as it is imported.
    """
    files = sorted(package.rglob("*.py"))
    found = [f"{name}: there is no such file" for name in DECIDING if not (package / name).is_file()]
    for path in files:
        name = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = set(_imports(tree, _dotted(package, path), is_package=path.name == "__init__.py"))
        found += [f"{name}: {what}" for what in _wrong_imports(package, path, imported)]
        found += [f"{name}: {what}" for what in _wrong_shape(path, name, tree)]
        if path.name == "__init__.py":
            found += [f"{name}: {what}" for what in _hidden_modules(path, tree)]
    return found


def _dotted(package: Path, path: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module, module: str, *, is_package: bool) -> Iterator[str]:
    """Yield every module or name that is imported, wherever it stands, relative ones made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                kept = parents[: len(parents) - node.level + is_package]
                base = ".".join([*kept, base] if base else kept)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _is_import_call(node.func):
            yield from (
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and str is type(arg.value)
            )


def _is_import_call(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in {"import_module", "__import__"}


def _wrong_imports(package: Path, path: Path, imported: set[str]) -> Iterator[str]:
    room = _room(path.relative_to(package).parts)
    known = {*ROOMS, RESOURCES, "sandbox"}
    if room not in known:
        yield f"there is no room {room}"
        return
    name = path.relative_to(package).as_posix()
    for module in sorted(imported):
        top, *rest = module.split(".")
        if top in FOREIGN.get(room, set()) or (name in DECIDING and top in SCREENS):
            yield f"imports {top}"
        if top == package.name:
            other = rest[0] if rest and rest[0] in known else ""
            if not _may_import(room, other):
                yield f"imports {module}, which is not below it"


def _room(parts: tuple[str, ...]) -> str:
    first = parts[0].removesuffix(".py")
    return "" if first in {"__init__", "__main__"} else first


def _may_import(room: str, other: str) -> bool:
    if room == other:
        return True
    if room in {"sandbox", RESOURCES}:
        return False
    if other == "sandbox":
        return room in SANDBOX_USERS
    return other == RESOURCES or ROOMS.index(room) < ROOMS.index(other)


def _wrong_shape(path: Path, name: str, tree: ast.Module) -> Iterator[str]:
    if not (ast.get_docstring(tree) or "").strip():
        yield "says nowhere what it is for"
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > MOST_LINES and name not in LONGER:
        yield f"has {lines} lines"
    if not SAY_NOTHING.isdisjoint(Path(name).with_suffix("").parts):
        yield "has a name that says nothing"


def _hidden_modules(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the modules beside an `__init__` that a name in it would hide."""
    beside = {other.stem for other in path.parent.glob("*.py")} | {
        folder.name for folder in path.parent.iterdir() if any(folder.glob("*.py"))
    }
    branches = [part for node in tree.body if isinstance(node, ast.If) for part in (*node.body, *node.orelse)]
    for node in (*tree.body, *branches):
        names = {getattr(node, "name", "")}
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.endswith(path.parent.name):
            names = {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        yield from (f"{name} hides the module of that name" for name in sorted(names & beside))


# --- the check itself, on made-up packages ---


def made(folder: Path, files: dict[str, str]) -> Path:
    """Make a package of these files (path: source); each has a docstring, and the three that decide exist."""
    package = folder / "migma_nb"
    bare = dict.fromkeys(("__init__.py", *DECIDING), "")
    for name, source in (bare | files).items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(f'"""What it is for."""\n{source}\n', encoding="utf-8")
    return package


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("__init__.py", "from migma_nb.surface.plan import plan"),
        ("cli/work.py", "from migma_nb.surface import run"),
        ("cli/work.py", "from migma_nb.sandbox import Server"),
        ("surface/sandbox.py", "import migma_nb.sandbox"),
        (
            "sending/runner.py",
            "from . import pacing\nfrom ..ledger import claims\nimport migma_nb.api.errors",
        ),
        ("sending/facts.py", "import pandas as pd"),
        ("planning/samples.py", "import migma_nb.data"),
        ("sandbox/app.py", "from migma_nb.sandbox.store import Store\nfrom .rules import check"),
        ("api/client.py", "import httpx"),
        ("surface/history.py", "def history(): ..."),
        ("surface/__init__.py", "from migma_nb.surface import history"),
    ],
)
def test_what_is_allowed_passes(tmp_path: Path, name: str, source: str) -> None:
    """Down the list, within a room, and the sandbox from the two rooms that show it."""
    assert [] == breaches(made(tmp_path, {name: source}))


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("api/client.py", "import migma_nb.ledger.store", "not below"),
        ("ledger/store.py", "from migma_nb.sending import runner", "not below"),
        ("ledger/store.py", "from migma_nb import sending", "not below"),
        ("ledger/store.py", "from ..sending import runner", "not below"),
        ("ledger/store.py", "from .. import sending", "not below"),
        ("ledger/__init__.py", "from ..sending.runner import run", "not below"),
        ("planning/plan.py", "def f():\n    from migma_nb.surface import run", "not below"),
        ("planning/plan.py", "import typing\nif typing.TYPE_CHECKING:\n    import migma_nb.cli", "not below"),
        ("planning/plan.py", "import importlib\nimportlib.import_module('migma_nb.sending')", "not below"),
        ("surface/plan.py", "import migma_nb", "not below"),
        ("surface/plan.py", "from migma_nb import plan", "not below"),
        ("notebook/card.py", "import migma_nb.surface.run", "not below"),
        ("planning/plan.py", "import migma_nb.sandbox", "not below"),
        ("sending/live.py", "from migma_nb.sandbox.app import app", "not below"),
        ("sandbox/app.py", "from migma_nb.api import errors", "not below"),
        ("sandbox/app.py", "import migma_nb.data", "not below"),
        ("sandbox/app.py", "from ..api import errors", "not below"),
        ("api/client.py", "import pandas.api.types", "imports pandas"),
        ("api/client.py", "def f():\n    import pandas as pd", "imports pandas"),
        ("planning/plan.py", "from httpx import Client", "imports httpx"),
        ("ledger/store.py", "import httpx", "imports httpx"),
        ("ledger/store.py", "import pandas", "imports pandas"),
        ("sending/runner.py", "from tqdm.auto import tqdm", "imports tqdm"),
        ("sending/runner.py", "import pandas as pd", "imports pandas"),
        ("api/meaning.py", "import IPython", "imports IPython"),
        ("ledger/claims.py", "import ipywidgets", "imports ipywidgets"),
        ("ledger/claims.py", "x = 1\n" * 300, "has 30"),
        ("attic/old.py", "", "no room attic"),
        ("api/utils.py", "", "says nothing"),
        ("api/helpers/deep.py", "", "says nothing"),
        ("plan.py", "", "no room plan"),
        ("__init__.py", "from migma_nb.surface.plan import api", "api hides the module"),
        (
            "__init__.py",
            "if TYPE_CHECKING:\n    from migma_nb.surface.plan import api",
            "api hides the module",
        ),
        ("surface/__init__.py", "from migma_nb.surface.history import history", "hides the module"),
        ("surface/__init__.py", "def history(): ...", "hides the module"),
        ("surface/__init__.py", "history = 1", "hides the module"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, source: str, words: str) -> None:
    """Every way to climb up, wherever the import stands, and every shape that tires."""
    package = made(tmp_path, {"surface/history.py": "", name: source})
    found = breaches(package)
    assert [True] == [line.startswith(f"{name}: ") and words in line for line in found], found


def test_a_module_without_a_word_about_itself_is_named(tmp_path: Path) -> None:
    """The first line says what a module is for."""
    package = made(tmp_path, {})
    (package / "api" / "mute.py").write_text("x = 1\n")
    assert ["api/mute.py: says nowhere what it is for"] == breaches(package)


def test_a_deciding_file_that_is_gone_is_named(tmp_path: Path) -> None:
    """A renamed file does not slip out of the check."""
    package = made(tmp_path, {})
    (package / "ledger" / "claims.py").unlink()
    assert ["ledger/claims.py: there is no such file"] == breaches(package)


# --- the house ---


def test_the_house_keeps_its_order() -> None:
    """No import climbs, nothing is foreign to its room, no file is too long or without a name that speaks."""
    assert [] == breaches(PACKAGE)


def test_every_room_is_there() -> None:
    """The check reads the real rooms, not an empty folder."""
    there = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert {*ROOMS[1:], RESOURCES, "sandbox"} == there
