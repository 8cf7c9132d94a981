"""The one place that decides whether a live send may leave from here: from no notebook that nobody watches.

papermill, nbconvert, nbclient and nbval run a notebook from top to bottom with nobody at the keyboard, and
say so with each cell: it may ask nothing (`allow_stdin` is false). A click is a message of its own, and a
script is no notebook.
"""

import os
from typing import Any

from migma_nb.api.errors import ConfigurationError
from migma_nb.sending.kernel import shell_of


def check_headless(origin: str, *, sandbox: bool) -> None:
    """Refuse a live send from a notebook that runs with nobody watching, unless that was allowed.

    Args:
        origin: the server's address.
        sandbox: whether it is a sandbox, which is always free.

    Raises:
        ConfigurationError: says how to allow it. Nothing was sent.
    """
    if sandbox or os.getenv("MIGMA_ALLOW_HEADLESS") == "1" or not is_headless():
        return
    raise ConfigurationError(
        "This notebook is run with nobody watching (by papermill, nbconvert or the like), and the client is "
        f"LIVE at {origin}. Nothing was sent.",
        hint="Set MIGMA_ALLOW_HEADLESS=1 in the environment where that is meant; mg.Sandbox() needs nothing.",
    )


def is_headless() -> bool:
    """Return whether this is a Jupyter kernel at work on a cell of which nobody can be asked anything."""
    kernel = getattr(shell_of(), "kernel", None)
    if kernel is None or not hasattr(kernel, "get_parent"):
        return False
    request: dict[str, Any] = kernel.get_parent("shell") or {}
    content = request.get("content", {})
    # Some other message, such as that of a click, comes from somebody in front of a screen.
    if request.get("header", {}).get("msg_type") != "execute_request":
        return _is_by_itself(content.get("data", {}))
    return not content.get("allow_stdin", False)


def _is_by_itself(told: Any) -> bool:
    """Return whether a widget's message is about what an output shows: nbclient sends that by itself."""
    if not isinstance(told, dict) or told.get("method") != "update":
        return False
    return set(told.get("state", {})) <= {"outputs", "msg_id"}
