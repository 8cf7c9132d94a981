"""The one style sheet of everything that has controls: visible focus, tables, quiet in both themes."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

#: Scoped to what `framed` has made; Lab's own colours where there are any, so that both themes are followed.
SHEET = """<style>
.mnb {
  --mnb-text: var(--jp-content-font-color1, #212121);
  --mnb-muted: color-mix(in srgb, var(--mnb-text) 74%, transparent);
  --mnb-line: rgba(128, 128, 128, .35);
  --mnb-tint: rgba(128, 128, 128, .1);
  --mnb-focus: var(--jp-brand-color1, #1976d2);
  box-sizing: border-box;
  max-width: 100%;
  color: var(--mnb-text);
  font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: 13px;
}
/* Three times, to outdo the widgets' own rule for fields, which takes it away. */
.mnb.mnb.mnb :focus-visible { outline: 2px solid var(--mnb-focus) !important; outline-offset: 1px; }
.mnb .widget-html, .mnb .widget-html > .widget-html-content { line-height: 1.5; height: auto; min-width: 0; }
.mnb > .widget-html > .widget-html-content { width: 100%; }
.mnb .mnb-across { display: flex; flex-flow: row wrap; align-items: center; column-gap: 10px; margin: 0 2px; }
.mnb .mnb-across .widget-radio-box { display: flex; flex-flow: row wrap; column-gap: 12px;
  margin: 0 !important; }
.mnb .mnb-across .widget-radio-box label { display: flex; flex-direction: row-reverse; align-items: center;
  column-gap: 5px; width: auto; height: 28px; margin: 0; line-height: 28px; }
.mnb .mnb-across .widget-radio-box input { margin: 0; }
.mnb .widget-label { color: var(--mnb-text); }
.mnb .widget-checkbox label { display: flex; align-items: center; column-gap: 7px; margin: 0; }
.mnb .widget-checkbox input { flex: none; margin: 0; }
.mnb .jupyter-button { width: auto; min-width: 4em; padding: 0 12px; border-radius: 4px; }
.mnb .jupyter-button:disabled { opacity: .45; cursor: default; }
.mnb :is(input, textarea)::placeholder { color: var(--mnb-muted); opacity: 1; }
/* Without its kernel a widget stays as it was last seen: said once, not by a broken chain at each part. */
.mnb.mnb.mnb .jupyter-widgets-disconnected::before { content: none; }
.mnb.mnb.mnb.jupyter-widgets-disconnected::before { display: block;
  content: "⚠ As it was last seen: its kernel has ended or was restarted, and its buttons do nothing. \
mg.open_run(…) shows a run, its cell a form.";
  height: auto; padding: 0 0 8px; color: inherit; float: none;
  font: 600 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); white-space: normal; }
.mnb.jupyter-widgets-disconnected button { opacity: .45; pointer-events: none; }
/* The widgets' own arrow is grey in both themes, and that of a field with suggestions black. */
[data-jp-theme-light="false"] .mnb { --jp-widgets-dropdown-arrow: url("data:image/svg+xml,%3Csvg \
xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E%3Cpath fill='%23ddd' \
d='M5.2 5.9 9 9.7l3.8-3.8L14 7.1l-5 5-5-5z'/%3E%3C/svg%3E"); }
[data-jp-theme-light="false"] .mnb ::-webkit-calendar-picker-indicator { filter: invert(1); }
.mnb .mnb-row { column-gap: 6px; row-gap: 2px; overflow: visible; }
.mnb .mnb-muted { color: var(--mnb-muted); }
.mnb .mnb-mail :focus-visible, .mnb .mnb-scroll:focus-visible { outline-offset: -2px; }
.mnb .mnb-scroll { overflow-x: auto; scrollbar-width: thin;
  border: 1px solid var(--mnb-line); border-radius: 6px; }
.mnb .mnb-scroll table { border-collapse: collapse; table-layout: auto; width: 100%; margin: 0; border: 0;
  font-size: 1em; color: inherit; }
.mnb .mnb-scroll tr, .mnb .mnb-scroll tr:hover { background: none !important; }
.mnb .mnb-scroll th, .mnb .mnb-scroll td { height: 26px; box-sizing: border-box; padding: 3px 10px; border: 0;
  text-align: left; vertical-align: middle; white-space: nowrap; max-width: 44em; overflow: hidden;
  text-overflow: ellipsis; line-height: 20px; }
.mnb .mnb-scroll td > div { overflow: hidden; text-overflow: ellipsis; }
/* The third and fourth column share what the first two leave of the width; the others are further right. */
.mnb .mnb-two-lines { container-type: inline-size; }
.mnb .mnb-two-lines td { height: 44px; }
.mnb .mnb-two-lines td:is(:nth-child(3), :nth-child(4)) > div { display: -webkit-box;
  -webkit-box-orient: vertical; -webkit-line-clamp: 2; white-space: normal; overflow-wrap: anywhere;
  line-height: 18px; box-sizing: border-box; }
.mnb .mnb-two-lines td:nth-child(3) > div { width: max(150px, (100cqw - 190px) * .56); }
.mnb .mnb-two-lines td:nth-child(4) > div { width: max(120px, (100cqw - 190px) * .44); }
.mnb .mnb-scroll th { font-weight: 600; color: var(--mnb-muted); background: var(--mnb-tint); }
.mnb .mnb-scroll tbody tr + tr > td { border-top: 1px solid rgba(128, 128, 128, .16); }
.mnb .mnb-head { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 1px 14px; margin: 6px 0 0;
  box-sizing: border-box; width: 100%; padding: 8px 14px; border: 1px solid var(--mnb-line);
  border-bottom: 0; border-radius: 6px 6px 0 0; }
.mnb .mnb-head dt { margin: 0; font-weight: 400; color: var(--mnb-muted); }
.mnb .mnb-head dd { margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.mnb .mnb-mail, .mnb .mnb-plain { border: 1px solid var(--mnb-line); border-radius: 0 0 6px 6px; }
.mnb .mnb-mail { overflow: hidden; background: var(--mnb-tint); }
.mnb .mnb-nothing { box-sizing: border-box; margin: 6px 0 0; padding: 36px 14px; text-align: center;
  border: 1px dashed var(--mnb-line); border-radius: 6px; }
.mnb .mnb-plain { box-sizing: border-box; min-height: 200px; max-height: 522px; margin: 0;
  padding: 12px 14px; overflow: auto;
  background: none; color: inherit; font-size: 1em;
  font-family: var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace); line-height: 1.5;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.mnb .mnb-problems { box-sizing: border-box; height: 44px; overflow-y: auto; padding: 2px 10px;
  margin-top: 4px; display: flex; flex-flow: column; justify-content: safe center;
  border-left: 3px solid var(--mnb-line); background: var(--mnb-tint); border-radius: 4px; }
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


def labelled(kind: type[Any], label: str, width: str, **options: Any) -> Any:
    """Return a control whose label takes only the room that its words need.

    Args:
        kind: the widget's class.
        label: the words before it, which are also what a screen reader says.
        width: of label and control together (CSS); a narrow page makes it narrower.
        options: what else the widget's class takes.
    """
    layout = widgets.Layout(width=width, max_width="100%")
    return kind(description=label, style={"description_width": "initial"}, layout=layout, **options)


def radios(label: str, options: Sequence[Any]) -> Any:
    """Return a choice between a few things, all of them beside each other."""
    made = labelled(widgets.RadioButtons, label, "auto", options=list(options), orientation="horizontal")
    made.add_class("mnb-across")
    return made


def button(name: str, meaning: str) -> Any:
    """Return a button with a word on it, and more words on what it does for whoever waits over it."""
    return widgets.Button(description=name, tooltip=meaning)


def on_press(button: Any, pressed: Callable[[], None]) -> None:
    """Do something when a person presses a button; a cell that calls `.click()` does nothing."""

    def heard(_: Any, content: Any, __: Any) -> None:
        if isinstance(content, dict) and content.get("event") == "click":
            pressed()

    button.on_msg(heard)
