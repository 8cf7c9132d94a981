"""The form's fourth part: what is missing, what has to be decided, and every problem as a table."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pandas as pd

from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import WHOLE, Checked
from migma_nb.notebook.form_draft import Draft, Recipients
from migma_nb.notebook.form_fields import dropdown, plain_hint, problem, section, shown
from migma_nb.notebook.form_repair import RepairOffer
from migma_nb.notebook.lines import counted, one_line, safe
from migma_nb.notebook.masking import masked
from migma_nb.notebook.paged_table import FrameSource, PagedTable
from migma_nb.notebook.plan_view import whom_of
from migma_nb.notebook.problems import verdict_of
from migma_nb.planning.frozen import Plan

_WORDS = {
    "people": "a list",
    "content": "the content",
    "subject": "a subject",
    "project_id": "the project",
    "sender": "a sender with name and address",
    "mailing": "a name for the mailing",
    "transactional": "transactional or marketing",
}
#: What says most comes first: on a narrow page the rest is scrolled to.
_COLUMNS = {
    "row": "Row",
    "severity": "Severity",
    "message": "Message",
    "fix": "Fix",
    "code": "Code",
    "value": "Value",
}
#: Choices where several rows of a person say different things.
_OPEN, _FIRST = "decide …", "mail only the first row of each person"


class CheckSection:
    """What was found, and the planner's questions.

    Args:
        bench: the draft.
        skip: called when somebody decides on rows with errors.
        repair: what offers to repair the list.
    """

    def __init__(self, bench: Bench, skip: Any, repair: RepairOffer) -> None:
        self._bench = bench
        self._quiet = False
        guard = bench.notices.guard
        self._said = widgets.HTML()
        self._said.add_class("mnb-verdict")
        self._several = dropdown("Several rows", [_OPEN], _OPEN, guard(self._several_chosen))
        self._several.add_class("mnb-several")
        self._overlap = widgets.Checkbox(
            value=bench.draft.arguments.get("overlap") == "allowed",
            description="Mail them although somebody may be in several of these batches",
            indent=False,
        )
        self._overlap.observe(
            guard(lambda change: bench.give("overlap", "allowed" if change["new"] else None)), "value"
        )
        self.skip = widgets.Checkbox(value=False, description="Leave out the rows with errors", indent=False)
        self.skip.add_class("mnb-skip-invalid")
        self.skip.observe(guard(lambda _: skip()), "value")
        self._table: PagedTable | None = None
        self._place = widgets.VBox([])
        self.full = False
        self._list = bench.draft.recipients
        self._plan: Plan | None = None
        self._repair = repair
        parts = (self._said, self._several, self._overlap, self.skip, self._place, repair.widget)
        self.widget = section(4, "Check", *parts, name="check")
        for one in (self._several, self._overlap, self.skip):
            shown(one, visible=False)

    def list_changed(self, recipients: Recipients | None) -> None:
        """Take back what was decided about the rows of another list, which nobody has looked at yet."""
        if recipients is not self._list:
            self._list = recipients
            self.skip.value = False

    def checking(self, rows: int) -> None:
        """Say that a list is being checked."""
        self._say(f'<span class="mnb-quiet">Checking {counted(rows, "row", "rows")} …</span>')

    def show(self, checked: Checked, issues: pd.DataFrame | None) -> None:
        """Show what was found out.

        Args:
            checked: all of it.
            issues: the problems in the form's own words, None where nothing can be looked at yet.
        """
        plan = checked.seen
        self._say(_verdict(checked))
        self._questions(checked)
        self._repair.show(checked)
        if plan is not self._plan:
            self._plan = plan
            self._problems(plan, issues)

    def show_full_addresses(self, full: bool) -> None:
        """Show addresses in full, or not."""
        self.full = full
        self._repair.show_full_addresses(full)
        if self._table is not None:
            self._table.show_full_addresses = full

    def _problems(self, plan: Plan | None, issues: pd.DataFrame | None) -> None:
        shown(self.skip, plan is not None and plan.has_errors)
        if issues is None or not len(issues):
            shown(self._place, visible=False)
            return
        source = FrameSource(issues, by="code", columns=_COLUMNS, private=_whose(plan, issues))
        if self._table is None:
            self._table = PagedTable(
                source,
                label="Problems",
                size=5,
                choice_label="Problem",
                notices=self._bench.notices,
                two_lines=True,
            )
            self._place.children = [self._table.widget]
        else:
            self._table.source = source
        self._table.show_full_addresses = self.full
        shown(self._place, visible=True)

    def _questions(self, checked: Checked) -> None:
        plan = checked.seen
        given = checked.draft.arguments
        decided = given.get("duplicates") == "first" or "key" in given
        asked = plan is not None and plan.needs_duplicates_choice
        if asked or decided:
            recipients = checked.draft.recipients
            columns = recipients.columns if recipients is not None else ()
            self._offer(list(dict.fromkeys(columns)), given)
        shown(self._several, asked or decided)
        overlapping = plan is not None and bool(plan.overlap_question)
        shown(self._overlap, overlapping or "overlap" in given)

    def _offer(self, columns: list[str], given: Any) -> None:
        key = given.get("key")
        options: list[tuple[str, Any]] = [(_OPEN, _OPEN), (_FIRST, _FIRST)]
        options += [
            (f"mail each row, told apart by {one_line(masked(one), 30)}", ("key", one)) for one in columns
        ]
        chosen: Any = _FIRST if given.get("duplicates") == "first" else _OPEN
        if key is not None:
            chosen = ("key", str(key))
            if chosen not in {value for _, value in options}:
                options.append(("mail each row, told apart as given", chosen))
        self._quiet = True
        try:
            self._several.options = options
            self._several.value = chosen
        finally:
            self._quiet = False

    def _several_chosen(self, value: Any) -> None:
        if self._quiet:
            return

        def change(draft: Draft) -> Draft:
            draft = draft.given("duplicates", "first" if value == _FIRST else None)
            return draft.given("key", value[1] if isinstance(value, tuple) else None)

        self._bench.put(change)

    def _say(self, html: str) -> None:
        value = f'<div role="status" aria-live="polite">{html}</div>'
        if self._said.value != value:
            self._said.value = value


def _whose(plan: Plan | None, issues: pd.DataFrame) -> Callable[[int], str] | None:
    """Return a function that tells what stands in the address cell of the row that an issue is about."""
    if plan is None or plan.address_column is None:
        return None
    rows = issues["row"]

    def address(at: int) -> str:
        row = rows.iloc[at]
        return "" if pd.isna(row) else plan.address(int(row))

    return address


def _verdict(checked: Checked) -> str:
    plan = checked.plan
    if plan is not None:
        found = verdict_of(plan.issues)
        parts = [f"<b>{safe(whom_of(plan), 120)}</b>", safe(found or "no problems", 120)]
        question = problem(_asked(plan), "Decide below.") if plan.question else ""
        return " · ".join(parts) + (f"<div>{question}</div>" if question else "")
    early = verdict_of(checked.sketch.plan.issues) if checked.sketch is not None else ""
    if checked.missing:
        words = ", ".join(_WORDS.get(name, name) for name in checked.missing)
        return f"Still needed: {safe(words, 300)}" + (f" · {safe(early, 120)}" if early else ".")
    if WHOLE in checked.wrong:
        error = checked.wrong[WHOLE]
        return problem(error.message, plain_hint(error))
    return "See the lines marked ⚠ above."


def _asked(plan: Plan) -> str:
    """Return the planner's question without what to write in Python, since the form has a choice for it."""
    question, _, _ = plan.question.partition(" (see duplicate_differs")
    question, _, _ = question.partition(" Write ")
    return question if question.endswith(".") else f"{question}."
