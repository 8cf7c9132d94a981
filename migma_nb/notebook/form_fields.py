"""A control of the form with its label, and below it what there is to say about it."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from migma_nb.api.errors import MigmaError
from migma_nb.notebook.lines import one_line, safe
from migma_nb.notebook.masking import masked

_LONGEST = 300
#: What tells somebody what to write in Python.
PYTHON = re.compile(r"\w=|\bmg\.|pandas|[\w.]\w\(|\.str\.|\ba dict\b")
#: The value of a choice that stands for None.
NOTHING = ""


class Field:
    """A control, and a line for its problem or its note; the line keeps its height while it is empty.

    Args:
        control: the widget.
        name: what it is called in the form's style classes, such as "subject".
        above: the line stands on its own below several controls, which `control` holds.
    """

    def __init__(self, control: Any, name: str) -> None:
        self.control = control
        self._note = widgets.HTML()
        self._note.add_class("mnb-note")
        control.add_class(f"mnb-{name}")
        self.widget = widgets.VBox([control, self._note])
        self.widget.add_class("mnb-field")

    def note(self, words: str) -> None:
        """Say something in passing (plain text); "" says nothing."""
        self._set(f"<span>{safe(words, _LONGEST)}</span>" if words else "")

    def wrong(self, error: MigmaError | None) -> None:
        """Say what is wrong, and what to do; None says nothing."""
        self._set("" if error is None else problem(error.message, plain_hint(error)))

    def _set(self, value: str) -> None:
        if self._note.value != value:
            self._note.value = value


def plain_hint(error: MigmaError) -> str:
    """Return an error's hint, "" where it is what to write in Python: the form has a control for that."""
    hint = error.hint or ""
    return "" if PYTHON.search(hint) else hint


def problem(words: str, hint: str = "") -> str:
    """Return what is wrong as HTML, marked by a word as well as by colour."""
    text = escape(one_line(masked(f"{words} {hint}".strip()), _LONGEST))
    return f'<span class="mnb-wrong" role="alert">⚠ {text}</span>'


def text(label: str, value: str, taken: Callable[[str], None], *, hint: str = "", now: bool = True) -> Any:
    """Return a line to type in.

    Args:
        label: what it is.
        value: what stands in it.
        taken: takes what was typed.
        hint: an example, in grey.
        now: whether each letter counts, or only what stands there at the end.
    """
    made = widgets.Text(value=value, description=label, placeholder=hint, continuous_update=now)
    made.observe(lambda change: taken(str(change["new"])), "value")
    return made


def dropdown(label: str, options: Any, value: Any, taken: Callable[[Any], None]) -> Any:
    """Return a list to choose one of; `NOTHING` stands for None, which widgets show as no choice at all."""
    made = widgets.Dropdown(options=options, value=NOTHING if value is None else value, description=label)
    made.observe(lambda change: taken(None if change["new"] == NOTHING else change["new"]), "value")
    return made


def buttons(label: str, options: Any, value: Any, taken: Callable[[Any], None]) -> Any:
    """Return a row of buttons of which one is chosen, or none yet."""
    made = widgets.ToggleButtons(options=options, value=value, description=label)
    made.observe(lambda change: taken(change["new"]), "value")
    return made


def line(*children: Any) -> Any:
    """Return a control, with what is said below it, as far from the next one as a field is."""
    box = widgets.VBox(list(children))
    box.add_class("mnb-line")
    return box


def section(number: int, title: str, *children: Any, name: str) -> Any:
    """Return a numbered part of the form."""
    head = widgets.HTML(f'<h3 class="mnb-form-head"><span>{number}</span>{escape(title)}</h3>')
    box = widgets.VBox([head, *children])
    box.add_class("mnb-section")
    box.add_class(f"mnb-section-{name}")
    return box


def shown(widget: Any, visible: bool) -> None:
    """Show or hide a widget, which takes no room then."""
    widget.layout.display = None if visible else "none"
