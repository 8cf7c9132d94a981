"""Where the API key comes from when nobody passes one."""

import getpass
import importlib
import os

from migma_nb.api.errors import ConfigurationError
from migma_nb.api.secret import ApiKey
from migma_nb.surface.whereabouts import in_notebook

_SERVICE = "migma_nb"


def find_key(*, ask: bool = True) -> ApiKey:
    """Return the key from `MIGMA_API_KEY`, the OS keyring, or a prompt that does not echo.

    Args:
        ask: whether somebody may be asked for it.

    Raises:
        ConfigurationError: none was found, and there is nobody to ask; or what was found is no key.
    """
    # Not by os.environ: a traceback that shows what a line speaks of would show all of it, the key included.
    if os.getenv("MIGMA_API_KEY"):
        return ApiKey(os.getenv("MIGMA_API_KEY", ""))
    key, trouble = _from_keyring()
    key = key or (_from_prompt() if ask else None)
    if key is None:
        raise ConfigurationError(
            f"No API key was given{trouble}.",
            hint="Pass mg.Migma(api_key=…) or set MIGMA_API_KEY; keys are in Settings → API Integration. "
            "To rehearse without one: mg.Sandbox().client().",
        )
    return key


def _from_keyring() -> tuple[ApiKey | None, str]:
    """Return the key of the OS keyring, and what kept it from being read ("" for nothing)."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None, ""
    try:
        return _key_of([keyring.get_password(_SERVICE, "api_key")]), ""
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - any backend may be broken or locked; then there is no key there
        return None, f", and the OS keyring could not be read ({type(error).__name__})"


def _from_prompt() -> ApiKey | None:
    """Ask in a notebook: a script has nobody to ask, and must not wait for ever."""
    if not in_notebook():
        return None
    try:
        return _key_of([getpass.getpass("Migma API key (not shown): ")])
    except (EOFError, KeyboardInterrupt, RuntimeError, NotImplementedError):
        # A notebook run without a screen cannot ask.
        return None


def _key_of(found: list[str | None]) -> ApiKey | None:
    """Return what was found as a key; it is taken out of the list, so that no frame holds it as text."""
    return ApiKey(found.pop() or "") if (found[0] or "").strip() else None
