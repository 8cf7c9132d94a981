"""Which settings a send with the same line would have, and where each is from; never a secret."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migma_nb.cli.job_files import key_of, values_for
from migma_nb.cli.lines import Line, without_password
from migma_nb.cli.parameters import SHARED, variable_of

#: What has a default that counts.
_DEFAULTS = {"rate": "auto"}


def settings_of(typed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each option's value and source ("command line", "environment", "job file" or "default").

    Args:
        typed: a command's parameters by name; options that only a send has are looked up as the send would.
    """
    line: Line = typed["line"]
    job = {} if typed["config"] is None else values_for("send", typed["config"])
    found = {}
    for name, (_, default) in SHARED.items():
        if name in line.sources:
            value, source = typed[name], line.sources[name]
        else:
            value, source = _looked_up(name, job, _DEFAULTS.get(name, default))
        found[key_of(name)] = {"value": _shown(value), "from": source}
    found["api-key"] = {"value": None, "from": "environment" if os.getenv("MIGMA_API_KEY") else "default"}
    return found


def _looked_up(name: str, job: Mapping[str, Any], default: Any) -> tuple[Any, str]:
    variable = variable_of(SHARED[name])
    if variable and os.getenv(variable):
        return os.environ[variable], "environment"
    return (job[name], "job file") if name in job else (default, "default")


def _shown(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return without_password(value) if isinstance(value, str) else value
