"""How a file is read: fields for what could not be found out, and what was found and repaired.

Controls by their labels: How the file is read, Encoding, Delimiter, Quote, Sheet, Header line, File in the
zip, Hidden rows. Classes: `mnb-reading` for the whole, `mnb-how-read` for the button, and for a field such as
`mnb-read-encoding`.
"""

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

import ipywidgets as widgets

from migma_nb.api.errors import InputError
from migma_nb.notebook.form_fields import shown
from migma_nb.notebook.lines import safe
from migma_nb.notebook.masking import masked
from migma_nb.notebook.notices import Notices
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import PACKED_SUFFIXES, SHEET_SUFFIXES

#: The arguments of `read_recipients` by what they are called in the form, each with an example.
_LABELS = {
    "encoding": ("Encoding", "such as: cp1252"),
    "delimiter": ("Delimiter", "such as: ; or tab"),
    "quote": ("Quote", "such as: ' or none"),
    "sheet": ("Sheet", "a sheet's name"),
    "header": ("Header line", "its number, from 1; 0 for none"),
    "member": ("File in the zip", "a file's name"),
    "hidden": ("Hidden rows", "read or skip"),
}
_OFFERED = {
    "encoding": ("utf-8", "cp1252", "iso-8859-15", "cp1250", "mac_roman", "utf-16", "shift_jis"),
    "delimiter": (",", ";", "tab", "|"),
    "quote": ('"', "'", "none"),
    "hidden": ("read", "skip"),
}
#: What nobody can type into a field, or would not see there.
_TYPED = {"delimiter": {"tab": "\t", "space": " "}, "quote": {"none": ""}}
_SAID = re.compile(rf"\b({'|'.join(_LABELS)})=(\"[^\"]*\"|'[^']*'|\d+)?")
_MOST = 5


class ReadingFields:
    """The fields, of which only those are shown that an error asks for, until somebody asks for all.

    Args:
        notices: where errors are shown.
        read: called with the arguments of `read_recipients` that were given, whenever one changes.
        refused: called where what was typed cannot be an argument.
    """

    def __init__(
        self,
        notices: Notices,
        read: Callable[[Mapping[str, Any]], None],
        refused: Callable[[InputError], None],
    ) -> None:
        self._read = read
        self._refused = refused
        self._fitting: tuple[str, ...] = ()
        self._asked: frozenset[str] = frozenset()
        self._quiet = False
        self._fields = {name: _field(name) for name in _LABELS}
        for one in self._fields.values():
            one.observe(notices.guard(self._typed), "value")
        self._all = widgets.ToggleButton(value=False, description="How the file is read", icon="")
        self._all.add_class("mnb-how-read")
        self._all.observe(notices.guard(lambda _: self._draw()), "value")
        self._report: ReadReport | None = None
        self._said = widgets.HTML()
        self._said.add_class("mnb-note")
        self.widget = widgets.VBox([self._all, *self._fields.values(), self._said])
        self.widget.add_class("mnb-reading")
        self._draw()

    def begin(self, name: str, given: Mapping[str, Any]) -> None:
        """Begin with another file.

        Args:
            name: the file's name, "" where nothing is read from a file.
            given: the arguments of `read_recipients` that are given already.
        """
        self._fitting = _fitting(name)
        self._asked = frozenset()
        self._report = None
        self._quiet = True
        try:
            self._all.value = False
            for key, one in self._fields.items():
                one.value = _shown_value(key, given[key]) if key in given else ""
        finally:
            self._quiet = False
        self._draw()

    def ask(self, error: InputError) -> InputError:
        """Show the fields that an error asks for; return it in the form's own words."""
        words = f"{error.message} {error.hint or ''}"
        found: dict[str, list[str]] = {}
        for one in _SAID.finditer(words):
            value = [] if one[2] is None else [_shown_value(one[1], ast.literal_eval(one[2]))]
            found.setdefault(one[1], []).extend(value)
        self._report = None
        self._asked = frozenset(found) & frozenset(self._fitting)
        for name, values in found.items():
            self._fields[name].options = tuple(dict.fromkeys([*values, *_OFFERED.get(name, ())]))
        self._draw()
        return InputError(_in_words(error.message), hint=_in_words(error.hint or ""))

    def tell(self, report: ReadReport | None) -> None:
        """Show what was found out about the file, and every repair; None where nothing was read."""
        self._report = report
        self._asked = frozenset()
        self._draw()

    def _typed(self, _: Any) -> None:
        if self._quiet:
            return
        try:
            given = self._given()
        except InputError as error:
            self._refused(error)
        else:
            self._read(given)

    def _given(self) -> dict[str, Any]:
        """Return what stands in the fields as `read_recipients` takes it.

        Raises:
            InputError: the header's line is no number.
        """
        given: dict[str, Any] = {}
        for name in self._fitting:
            typed = str(self._fields[name].value)
            # A delimiter may be a space; elsewhere spaces are slips.
            value = typed if name == "delimiter" and typed else typed.strip()
            if not value:
                continue
            given[name] = _TYPED.get(name, {}).get(value.strip() or value, value)
            if name == "header":
                if not value.isascii() or not value.isdigit():
                    raise InputError(f"Header line: {value} is no number.", hint="Type 0 for no header.")
                given[name] = int(value)
        return given

    def _draw(self) -> None:
        shown(self.widget, bool(self._fitting))
        for name, one in self._fields.items():
            wanted = name in self._fitting and (bool(self._all.value) or name in self._asked or one.value)
            shown(one, bool(wanted))
        self._said.value = "" if self._report is None else self._words(self._report)

    def _words(self, report: ReadReport) -> str:
        repairs = report.repairs if self._all.value else report.repairs[:_MOST]
        more = len(report.repairs) - len(repairs)
        lines = [f"Read as {report.summary.removeprefix(f'{report.source}: ')}."]
        lines += [f"Repaired: {one}" for one in repairs]
        lines += [f"And {more} more, under “How the file is read”."] if more else []
        items = "".join(f"<div><span>{safe(masked(one), 300)}</span></div>" for one in lines)
        return f'<div role="status">{items}</div>'


def _field(name: str) -> Any:
    label, hint = _LABELS[name]
    made = widgets.Combobox(
        description=label,
        placeholder=hint,
        options=_OFFERED.get(name, ()),
        ensure_option=False,
        continuous_update=False,
    )
    made.add_class(f"mnb-read-{name}")
    return made


def _fitting(name: str) -> tuple[str, ...]:
    """Return which fields say anything about a file of this name."""
    if not name:
        return ()
    suffixes = [one.lower() for one in PurePosixPath(name).suffixes[-2:]]
    last = suffixes[-1] if suffixes else ""
    if last == ".zip":
        return tuple(_LABELS)
    if last in PACKED_SUFFIXES:
        last = suffixes[0] if len(suffixes) > 1 else ""
    if last in SHEET_SUFFIXES:
        return ("sheet", "header", "hidden")
    return () if last == ".parquet" else ("encoding", "delimiter", "quote", "header")


def _shown_value(name: str, value: Any) -> str:
    """Return an argument's value as somebody types it."""
    return next((typed for typed, meant in _TYPED.get(name, {}).items() if meant == value), str(value))


def _in_words(text: str) -> str:
    """Return an error's words with the form's own names in place of arguments."""

    def named(found: re.Match[str]) -> str:
        label = _LABELS[found[1]][0]
        return label if found[2] is None else f"{label}: {_shown_value(found[1], ast.literal_eval(found[2]))}"

    said = re.sub(
        r"\b[Pp]ass (?=\w+=|the one\b)", lambda one: "Choose " if one[0][0] == "P" else "choose ", text
    )
    return _SAID.sub(named, said)
