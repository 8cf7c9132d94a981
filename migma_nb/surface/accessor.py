"""`df.migma`: what starts from a list of people, at the list itself. It holds nothing but the frame."""

import functools
import types
from typing import TYPE_CHECKING, Any

from migma_nb.surface.imported import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from migma_nb.surface.client import Migma
    from migma_nb.surface.plan import SendPlan
    from migma_nb.surface.preview import Preview

#: What no reader of a mail sees, so that a preview does not ask for it; nothing is sent by these.
_UNSEEN: dict[str, Any] = {"mailing": "preview", "transactional": True}


class _Planning:
    """The method `plan`, made when it is looked at: its signature, as `?` shows it, is that of `mg.plan`."""

    def __get__(self, tools: "FrameTools | None", owner: type) -> "Callable[..., SendPlan]":
        method = _method_plan()
        return method if tools is None else types.MethodType(method, tools)


class FrameTools:
    """Plans, shows and previews a mailing to the people of this frame: `df.migma`.

    Args:
        frame: the people, one a row.
    """

    # Its methods import what they need: pandas makes this object for whoever types `df.` and a tab.

    def __init__(self, frame: "pd.DataFrame") -> None:
        self._frame = frame

    plan = _Planning()

    def form(self, client: "Migma | None" = None, **defaults: Any) -> Any:
        """Show the form with these people: `mg.form(df, client, …)`; arguments and errors are its own."""
        from migma_nb.surface.form import form  # noqa: PLC0415 - with its first use

        return form(self._frame, client, **defaults)

    def preview(self, row: int = 0, **arguments: Any) -> "Preview":
        """Return a row's message as its recipient will read it. Nothing is planned for good or sent.

        Args:
            row: the row's position, from 0.
            arguments: those of `mg.plan`; what no reader sees (mailing, transactional, project) may stay out.

        Raises:
            InputError: there is no such row, or an argument cannot be used.
        """
        unseen = _UNSEEN | ({"project_id": "preview"} if arguments.get("template") is not None else {})
        return self.plan(**unseen | arguments).preview(row)

    def __repr__(self) -> str:
        rows, columns = self._frame.shape
        return f"df.migma: {rows:,} rows × {columns:,} columns; .plan(…), .form(), .preview(row, …)"


@functools.cache
def _method_plan() -> "Callable[..., SendPlan]":
    import inspect  # noqa: PLC0415 - with its first use

    from migma_nb.surface.make import plan as make_plan  # noqa: PLC0415 - with its first use

    def plan(self: FrameTools, **arguments: Any) -> "SendPlan":
        """Plan a mailing to these people: `mg.plan(df, …)`; arguments and errors are its own."""
        return make_plan(self._frame, **arguments)

    shown = inspect.signature(make_plan)
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    plan.__qualname__ = f"{FrameTools.__qualname__}.plan"
    plan.__signature__ = shown.replace(  # type: ignore[attr-defined]  # functions take it, by inspect's own rule
        parameters=[me, *list(shown.parameters.values())[1:]]
    )
    return plan


def register() -> None:
    """Let every DataFrame have `.migma` as soon as pandas is imported, which this does not do itself."""
    when_imported("pandas", _register)


def _register() -> None:
    import pandas as pd  # noqa: PLC0415 - it has been imported; another thread may still be at it

    there = getattr(pd.DataFrame, "migma", None)
    if there is FrameTools:
        return
    if (getattr(there, "__module__", ""), getattr(there, "__qualname__", "")) == (__name__, "FrameTools"):
        # This module was reloaded; the accessor of anybody else deserves pandas' warning.
        delattr(pd.DataFrame, "migma")
    pd.api.extensions.register_dataframe_accessor("migma")(FrameTools)
