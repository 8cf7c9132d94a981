"""`df.migma`: what starts from a list of people, at the list itself. It holds nothing but the frame."""

import inspect
from typing import Any

import pandas as pd

from migma_nb.surface.client import Migma
from migma_nb.surface.form import form
from migma_nb.surface.make import plan
from migma_nb.surface.plan import SendPlan
from migma_nb.surface.preview import Preview

#: What no reader of a mail sees, so that a preview does not ask for it; nothing is sent by these.
_UNSEEN: dict[str, Any] = {"mailing": "preview", "transactional": True}


@pd.api.extensions.register_dataframe_accessor("migma")
class FrameTools:
    """Plans, shows and previews a mailing to the people of this frame: `df.migma`.

    Args:
        frame: the people, one a row.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def plan(self, **arguments: Any) -> SendPlan:
        """Plan a mailing to these people: `mg.plan(df, …)`; arguments and errors are its own."""
        return plan(self._frame, **arguments)

    def form(self, client: Migma | None = None, **defaults: Any) -> Any:
        """Show the form with these people: `mg.form(df, client, …)`; arguments and errors are its own."""
        return form(self._frame, client, **defaults)

    def preview(self, row: int = 0, **arguments: Any) -> Preview:
        """Return a row's message as its recipient will read it. Nothing is planned for good or sent.

        Args:
            row: the row's position, from 0.
            arguments: those of `mg.plan`; what no reader sees (mailing, transactional, project) may stay out.

        Raises:
            InputError: there is no such row, or an argument cannot be used.
        """
        unseen = _UNSEEN | ({"project_id": "preview"} if arguments.get("template") is not None else {})
        return plan(self._frame, **unseen | arguments).preview(row)

    def __repr__(self) -> str:
        rows, columns = self._frame.shape
        return f"df.migma: {rows:,} rows × {columns:,} columns; .plan(…), .form(), .preview(row, …)"


# What a person sees by typing a bracket, or ?.
_OF_PLAN = list(inspect.signature(plan).parameters.values())[1:]
FrameTools.plan.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # functions take it, by inspect's own rule
    [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *_OF_PLAN],
    return_annotation=SendPlan,
)
