"""Where we run: a Jupyter kernel, or anything else."""

import importlib.util
import sys


def in_notebook() -> bool:
    """Return whether this is a Jupyter kernel, where widgets may be shown."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"


def has_widgets() -> bool:
    """Return whether this is a Jupyter kernel in which ipywidgets is installed."""
    return in_notebook() and importlib.util.find_spec("ipywidgets") is not None
