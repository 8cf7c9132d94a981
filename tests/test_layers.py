"""Imports go down the list of rooms only, and the three deciding files stay short and without a screen."""

import ast
from pathlib import Path

import pytest

import migma_nb

ROOT = Path(migma_nb.__file__).parent
ROOMS = ["cli", "surface", "notebook", "sending", "ledger", "planning", "api"]
DECIDING = ["api/meaning.py", "ledger/claims.py", "sending/runner.py"]


def imports(source: str) -> set[str]:
    """Return every module that a source imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "no relative imports"
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def breach(room: str, module: str) -> bool:
    """Return whether a room must not import a module."""
    parts = module.split(".")
    if parts[0] != "migma_nb":
        return False
    other = parts[1] if len(parts) > 1 else ""
    if other in {room, "data"}:
        return False
    if room == "sandbox":
        return True
    if other == "sandbox":
        return room not in {"surface", "cli"}
    return other not in ROOMS or ROOMS.index(other) < ROOMS.index(room)


@pytest.mark.parametrize(
    ("room", "module", "wrong"),
    [
        ("api", "migma_nb.ledger.store", True),
        ("ledger", "migma_nb.api.states", False),
        ("sending", "migma_nb.surface.run", True),
        ("sandbox", "migma_nb.api.errors", True),
        ("planning", "migma_nb.sandbox", True),
        ("cli", "migma_nb.sandbox", False),
        ("surface", "migma_nb", True),
    ],
)
def test_the_check_itself_can_fail(room: str, module: str, wrong: bool) -> None:
    """A check that cannot fail is none."""
    assert wrong is breach(room, module)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    """Each file of a room keeps to the design, has a first line, and at most 300 lines."""
    source = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source))
    assert 300 >= len(source.splitlines())
    assert path.stem not in {"utils", "helpers", "common"}
    if path.parent == ROOT:
        return
    room = path.relative_to(ROOT).parts[0]
    assert [] == [module for module in imports(source) if room != "data" and breach(room, module)]


@pytest.mark.parametrize("name", DECIDING)
def test_what_decides_has_no_screen_and_no_pandas(name: str) -> None:
    """Whether a person is mailed twice hangs on these three."""
    found = {module.split(".")[0] for module in imports((ROOT / name).read_text(encoding="utf-8"))}
    assert found.isdisjoint({"pandas", "tqdm", "ipywidgets", "IPython"})


def test_the_api_knows_no_frames_and_planning_no_network() -> None:
    """Rooms keep to their trade."""
    for room, foreign in (
        ("api", "pandas"),
        ("ledger", "pandas"),
        ("ledger", "httpx"),
        ("planning", "httpx"),
    ):
        for path in (ROOT / room).rglob("*.py"):
            assert foreign not in {
                module.split(".")[0] for module in imports(path.read_text(encoding="utf-8"))
            }
