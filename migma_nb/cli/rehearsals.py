"""Which of a command's options count: in a rehearsal, which brings its own server, ledger and pace, fewer."""

from collections.abc import Mapping
from typing import Any

from migma_nb.api.errors import InputError
from migma_nb.api.settings import parse_rate

#: What a job file or the environment says of these is about the live send.
_OF_THE_LIVE_ONE = ("base_url", "account", "ledger", "rate")


def counting(typed: Mapping[str, Any], what: str, *, rehearses: bool = True) -> dict[str, Any]:
    """Return a command's parameters as they count: in a rehearsal a server's only where they are typed.

    Args:
        typed: the parameters by name.
        what: what the command does, such as "send", for the error.
        rehearses: whether the command rehearses where it is not live.

    Raises:
        InputError: a server is typed, and it is a rehearsal.
        ConfigurationError: the rate that counts is none; says where it is from.
    """
    found, on_the_line = dict(typed), typed["line"].typed.keys()
    if rehearses and not typed["live"]:
        if "base_url" in on_the_line:
            raise InputError(
                "A rehearsal brings its own server, so --base-url has no meaning in it.",
                hint=f"Add --live to {what} there, or leave --base-url out.",
            )
        found |= {name: None for name in _OF_THE_LIVE_ONE if name not in on_the_line}
    if found["rate"] is not None:
        parse_rate(found["rate"], _called("rate", typed))
    return found


def _called(name: str, typed: Mapping[str, Any]) -> str:
    """Return what an error calls a value: by its argument, or by where it is from if it was not typed."""
    source = typed["line"].sources.get(name)
    if source == "environment":
        return f"MIGMA_{name.upper()}"
    return f"Job file {typed['config']}: {name}" if source == "job file" else name
