"""`mg.form`: a mailing without code; what it does is what `mg.plan`, `plan.test` and `plan.start` do."""

import importlib.util
import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migma_nb.api.errors import ConfigurationError, InputError
from migma_nb.notebook.form_draft import ListFile, draft_of
from migma_nb.planning.columns import near_matches
from migma_nb.surface.client import Migma
from migma_nb.surface.desk import AccountDesk
from migma_nb.surface.make import plan as make_plan
from migma_nb.surface.page_runs import own_folder

_CALL = "mg.form(people, mg.Migma())"
_ARGUMENTS = tuple(
    name for name in inspect.signature(make_plan).parameters if name not in {"recipients", "client"}
)


def form(people: Any = None, client: Migma | None = None, **defaults: Any) -> Any:
    """Show a form that composes a mailing, checks it, tests it and sends it; needs ipywidgets.

    Nothing is mailed by showing the form or by running its cell: only a click does, after the number of
    people was typed in. *As Python* shows the lines that do the same.

    Args:
        people: whom to mail, as in `mg.plan`; None leaves the choice to the form.
        client: a `Migma` for real mail; None rehearses in a sandbox of the form's own.
        defaults: any argument of `mg.plan`, to begin with.

    Returns:
        The form, which shows itself as the last line of a cell; `.plan` is the plan as it stands, `.run`
        what was sent last.

    Raises:
        ConfigurationError: ipywidgets is not installed.
        InputError: the people or an argument cannot be used.
    """
    return _form(people, client, defaults, _CALL)


def page_form(
    people: Any = None,
    client: Migma | None = None,
    *,
    reading: Mapping[str, Any] | None = None,
    rate: str | None = None,
    **defaults: Any,
) -> Any:
    """Return the form as `migma-nb form` serves it; errors as for `form`.

    Args:
        people: a file, None leaves the choice to the page.
        client: as for `form`.
        reading: arguments of `mg.read_recipients` for the file.
        rate: the pace of a rehearsal, as in `Sandbox.client`.
        defaults: as for `form`.
    """
    if people is not None and reading:
        people = ListFile(os.fspath(people), how=reading)
    return _form(people, client, defaults, "migma-nb form … --live", runs=own_folder(), rate=rate)


def _form(
    people: Any,
    client: Migma | None,
    defaults: dict[str, Any],
    for_real: str,
    *,
    runs: Path | None = None,
    rate: str | None = None,
) -> Any:
    if importlib.util.find_spec("ipywidgets") is None:
        raise ConfigurationError("The form needs ipywidgets.", hint="Run: pip install 'migma-nb[notebook]'")
    for name in defaults:
        if name not in _ARGUMENTS:
            raise InputError(
                f"{name} is no argument of mg.plan, which the form fills in.",
                hint=near_matches(name, _ARGUMENTS, "argument"),
            )
    from migma_nb.notebook.form import Form  # noqa: PLC0415 - needs ipywidgets, which is an extra

    return Form(AccountDesk(client, for_real, runs, rate), draft_of(people, defaults))
