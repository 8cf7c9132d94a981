"""What stands on a screen of widgets, found without a browser as a person finds it."""

from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets


def everything(widget: Any) -> list[Any]:
    """Return a widget and all in it, hidden ones too, from the top down."""
    return [widget, *(part for child in getattr(widget, "children", ()) for part in everything(child))]


def visible_parts(widget: Any) -> Iterator[Any]:
    """Yield a widget and all that is shown in it, from the top down."""
    if widget.layout.display != "none":
        yield widget
        for child in getattr(widget, "children", ()):
            yield from visible_parts(child)


def control(of: Any, name: str) -> Any:
    """Return the one control of a screen with this label."""
    found = [part for part in everything(of.widget) if getattr(part, "description", None) == name]
    assert 1 == len(found), name
    return found[0]


def typed(of: Any, name: str, text: str, *, enter: bool = True) -> None:
    """Type into a search line of a screen, and press Enter or not; wait for what is found."""
    line = control(of, name)
    line.value = text
    if enter:
        line._handle_custom_msg({"event": "submit"}, [])
    of.settle()


def html_of(of: Any) -> str:
    """Return all HTML of a screen but the style sheet."""
    values = [part.value for part in everything(of.widget) if isinstance(part, widgets.HTML)]
    return "".join(value for value in values if not value.startswith("<style>"))
