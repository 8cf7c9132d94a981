"""What is to be done once somebody imports a module, without importing it ourselves."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def when_imported(module: str, act: "Callable[[], None]") -> None:
    """Act once, as soon as a module has been imported: now, if it already is.

    Args:
        module: its whole name.
        act: what to do; it runs before the import statement is done.
    """
    # wrapt has this too; it takes 0.1 s to import, which is what this is to save (benchmarks/imports.py).
    if module in sys.modules:
        act()
    else:
        sys.meta_path.insert(0, _Herald(module, act))


class _Herald:
    """A finder that finds nothing itself: it lets the others find the one module and sees it through."""

    def __init__(self, module: str, act: "Callable[[], None]") -> None:
        self._module = module
        self._act = act

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Return what the other finders find of our module, with a loader that tells us when it is done."""
        if name != self._module:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            find_spec = getattr(finder, "find_spec", None)  # finders of old have no such method
            spec: ModuleSpec | None = find_spec and find_spec(name, path, target)
            if spec is not None:
                self._attend(spec)
                return spec
        return None

    def _attend(self, spec: "ModuleSpec") -> None:
        loader = spec.loader
        held = getattr(loader, "__dict__", None)
        if loader is None or held is None:  # nothing is executed, or we cannot see it
            return
        execute, before = loader.exec_module, held.get("exec_module")

        def exec_module(module: "ModuleType") -> None:
            # As it was: a loader may serve other modules too.
            held.pop("exec_module") if before is None else held.update(exec_module=before)
            execute(module)
            # An import that failed is tried again by somebody: only now are we done.
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._act()

        held["exec_module"] = exec_module
