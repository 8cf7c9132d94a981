"""The form's lines for placeholders: which column fills each, and what stands in where a cell is empty."""

from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import Checked
from migma_nb.notebook.form_draft import Draft
from migma_nb.notebook.form_fields import NOTHING, Field, shown
from migma_nb.notebook.lines import one_line
from migma_nb.notebook.looks import row
from migma_nb.notebook.masking import masked
from migma_nb.planning.placeholders import matching

_NOTHING = "no column"


class Placeholders:
    """One line for each placeholder; drawn anew only where there are other placeholders or other columns.

    Args:
        bench: the draft.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._drawn: tuple[Any, ...] = ()
        self._lines = widgets.VBox([])
        self._field = Field(self._lines, "placeholders")
        self.widget = self._field.widget
        shown(self.widget, visible=False)

    def show(self, checked: Checked) -> None:
        """Show the lines that a draft needs, and what is wrong about them."""
        recipients = checked.draft.recipients
        columns = recipients.columns if recipients is not None else ()
        by_column = recipients is not None and recipients.by_column
        kind = (checked.placeholders, columns, by_column)
        if kind != self._drawn:
            self._drawn = kind
            draw = self._by_column if by_column else self._by_value
            self._lines.children = [draw(name, columns, checked.draft) for name in checked.placeholders]
            shown(self.widget, bool(checked.placeholders))
        self._field.wrong(checked.wrong.get("variables"))

    def _by_column(self, name: str, columns: tuple[str, ...], draft: Draft) -> Any:
        guard = self._bench.notices.guard
        slot = one_line(f"{{{{{name}}}}}", 24)
        options = [(_NOTHING, NOTHING), *((one_line(masked(one), 32), one) for one in dict.fromkeys(columns))]
        filled = draft.column_of(name)
        column = widgets.Dropdown(
            options=options, value=NOTHING if filled is None else str(filled), description=slot
        )
        column.observe(guard(lambda change: self._fill(name, change["new"] or None)), "value")
        default = self._text(name, draft.default_of(name), "if empty", "a stand-in")
        default.observe(guard(lambda change: self._keep("defaults", name, change["new"])), "value")
        return row(column, default, name="mnb-placeholder")

    def _by_value(self, name: str, _: tuple[str, ...], draft: Draft) -> Any:
        given = draft.arguments.get("variables") or {}
        value = next((given[key] for key in matching(name, given)), None)
        made = self._text(name, value, one_line(f"{{{{{name}}}}}", 24), "the same for everybody")
        made.observe(
            self._bench.notices.guard(lambda change: self._keep("variables", name, change["new"])), "value"
        )
        return row(made, name="mnb-placeholder")

    def _text(self, name: str, value: Any, label: str, hint: str) -> Any:
        return widgets.Text(
            value="" if value is None else str(value),
            description=label,
            placeholder=hint,
            tooltip=f"{hint}: {name}",
        )

    def _fill(self, name: str, column: str | None) -> None:
        def change(draft: Draft) -> Draft:
            return draft.given("variables", {**_without(draft, "variables", name), name: column})

        self._bench.put(change)

    def _keep(self, argument: str, name: str, value: str) -> None:
        def change(draft: Draft) -> Draft:
            given = _without(draft, argument, name)
            if value.strip():
                given[name] = value
            return draft.given(argument, given or None)

        self._bench.put(change)


def _without(draft: Draft, argument: str, name: str) -> dict[str, Any]:
    given = draft.arguments.get(argument) or {}
    same = matching(name, given)
    return {key: value for key, value in given.items() if key not in same}
