"""The one style sheet of everything that has controls: visible focus, tables, quiet in both themes."""

from typing import Any

import ipywidgets as widgets

#: Scoped to what `framed` has made; Lab's own colours where there are any, so that both themes are followed.
SHEET = """<style>
.mnb {
  --mnb-text: var(--jp-content-font-color1, #212121);
  --mnb-line: var(--jp-border-color2, rgba(128, 128, 128, .35));
  --mnb-tint: rgba(128, 128, 128, .1);
  --mnb-focus: var(--jp-brand-color1, #1976d2);
  color: var(--mnb-text);
  font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: 13px;
  max-width: 100%;
}
.mnb :focus-visible { outline: 2px solid var(--mnb-focus); outline-offset: 1px; }
</style>"""


def style_sheet() -> Any:
    """Return the style sheet as a widget that takes no room."""
    return widgets.HTML(SHEET, layout=widgets.Layout(display="none"))


def framed(*children: Any, name: str = "") -> Any:
    """Return widgets one below the other, under the style sheet.

    Args:
        children: widgets.
        name: a class of its own, such as "mnb-form", "" for none.
    """
    box = widgets.VBox([style_sheet(), *children])
    box.add_class("mnb")
    if name:
        box.add_class(name)
    return box


def row(*children: Any, name: str = "") -> Any:
    """Return widgets beside each other, on a second line where the page is narrow."""
    box = widgets.HBox(list(children), layout=widgets.Layout(flex_flow="row wrap", align_items="center"))
    box.add_class("mnb-row")
    if name:
        box.add_class(name)
    return box
