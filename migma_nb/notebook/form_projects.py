"""The form's field for the project, offered by name, taken by name or ID."""

from collections.abc import Sequence

import ipywidgets as widgets

from migma_nb.api.errors import MigmaError
from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import Checked
from migma_nb.notebook.form_desk import Choice
from migma_nb.notebook.form_fields import Field


class ProjectField:
    """The project that the content belongs to; the account's only one is taken by itself.

    Args:
        bench: the draft, and whom to ask.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._ids: dict[str, str] = {}
        self._no_list = ""
        given = bench.draft.arguments.get("project_id") or ""
        control = widgets.Combobox(
            value=given, description="Project", placeholder="its name or ID", ensure_option=False
        )
        self.field = Field(control, "project")
        control.observe(bench.notices.guard(self._chosen), "value")
        bench.in_background(lambda: bench.desk.choices("projects", None), self._offer, self._none_offered)

    def show(self, checked: Checked) -> None:
        """Show what was found out about the project."""
        self.field.wrong(checked.wrong.get("project_id"))
        named = self._ids.get(self.field.control.value.strip())
        if "project_id" not in checked.wrong:
            self.field.note(f"ID {named}" if named else self._no_list)

    def _offer(self, found: Sequence[Choice]) -> None:
        names = [one.name for one in found]
        self._ids = {
            one.name if names.count(one.name) == 1 else f"{one.name} ({one.id})": one.id for one in found
        }
        self.field.control.options = tuple(self._ids)
        if len(found) == 1 and not self.field.control.value:
            self.field.control.value = next(iter(self._ids))

    def _none_offered(self, error: MigmaError) -> None:
        self._no_list = f"Type its ID; the projects could not be listed: {error.message}"
        self.field.note(self._no_list)

    def _chosen(self, _: object) -> None:
        typed = self.field.control.value.strip()
        self._bench.give("project_id", self._ids.get(typed, typed))
