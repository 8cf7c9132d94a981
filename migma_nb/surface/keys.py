"""Where the API key comes from when nobody passes one."""

import getpass
import importlib
import os

from migma_nb.api.errors import ConfigurationError
from migma_nb.api.secret import ApiKey
from migma_nb.surface.whereabouts import in_notebook

_SERVICE = "migma_nb"


def find_key() -> ApiKey:
    """Return the key from `MIGMA_API_KEY`, the OS keyring, or a prompt that does not echo.

    Raises:
        ConfigurationError: none was found, and there is nobody to ask.
    """
    # Not by os.environ: a traceback that shows what a line speaks of would show all of it, the key included.
    if os.getenv("MIGMA_API_KEY"):
        return ApiKey(os.getenv("MIGMA_API_KEY", ""))
    return _from_keyring() or _from_prompt() or _give_up()


def _from_keyring() -> ApiKey | None:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        found = keyring.get_password(_SERVICE, "api_key")
    except Exception:  # noqa: BLE001 - any backend may be broken; then there is no key there
        return None
    try:
        return ApiKey(found) if found else None
    finally:
        # No local variable of any frame holds the key as text, also where it is no key.
        found = None


def _from_prompt() -> ApiKey | None:
    """Ask in a notebook: a script has nobody to ask, and must not wait for ever."""
    if not in_notebook():
        return None
    try:
        return ApiKey(getpass.getpass("Migma API key (not shown): "))
    except (ConfigurationError, EOFError, KeyboardInterrupt, RuntimeError, NotImplementedError):
        # A notebook run without a screen cannot ask.
        return None


def _give_up() -> ApiKey:
    raise ConfigurationError(
        "No API key was given.",
        hint="Pass mg.Migma(api_key=…) or set MIGMA_API_KEY; keys are in Settings → API Integration. "
        "To rehearse without one: mg.Sandbox().client().",
    )
