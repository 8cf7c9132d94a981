"""Where we run: a Jupyter kernel, or anything else."""

import importlib.util

from migma_nb.sending.kernel import shell_of


def in_notebook() -> bool:
    """Return whether this is a Jupyter kernel, where widgets may be shown."""
    return type(shell_of()).__name__ == "ZMQInteractiveShell"


def has_widgets() -> bool:
    """Return whether this is a Jupyter kernel in which ipywidgets is installed."""
    return in_notebook() and importlib.util.find_spec("ipywidgets") is not None
