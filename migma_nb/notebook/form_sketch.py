"""The mails and problems of a draft that is not complete yet, to be looked at early; it is never sent."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from migma_nb.api.errors import MigmaError
from migma_nb.notebook.form_draft import Draft
from migma_nb.notebook.form_fixes import with_own_fixes
from migma_nb.notebook.plan_previews import PlanPreviews
from migma_nb.planning.frozen import Plan
from migma_nb.planning.plan import make_plan
from migma_nb.planning.rendering import RenderedMessage

CONTENTS = ("template", "conversation_id", "email_id")
#: In place of what is not given yet; nothing of it is shown.
STAND_IN: dict[str, Any] = {
    "mailing": "m",
    "sender": "A <a@example.com>",
    "subject": "s",
    "template": "<p></p>",
    "project_id": "p",
    "transactional": True,
}
_OPEN = "(not chosen yet)"


class Sketch(PlanPreviews):
    """The mails of a draft that is not complete.

    Args:
        plan: the draft's plan, with something else in place of what is missing.
        missing: the fields that are not the draft's own.
    """

    def __init__(self, plan: Plan, missing: Collection[str]) -> None:
        super().__init__(plan, with_own_fixes(plan.issues))
        self.plan = plan
        self._missing = missing

    def message(self, i: int) -> RenderedMessage:
        """Return a row's message, with words where something is missing."""
        found = super().message(i)
        if "sender" in self._missing:
            found = replace(found, sender=_OPEN)
        if "subject" in self._missing:
            found = replace(found, subject=_OPEN)
        return found


def sketch_of(
    draft: Draft, placeholders: tuple[str, ...], missing: Collection[str], wrong: Collection[str]
) -> Sketch | None:
    """Return the mails of a draft as far as it goes, None where there is nobody yet or too little.

    Args:
        draft: what was chosen.
        placeholders: those of subject and content.
        missing: the fields that have to be filled yet.
        wrong: the fields that have something wrong in them.
    """
    recipients = draft.recipients
    if recipients is None or {"people", "address"} & {*missing, *wrong}:
        return None
    arguments = {name: value for name, value in draft.planned(placeholders).items() if name not in wrong}
    if "content" in wrong:
        arguments = {name: value for name, value in arguments.items() if name not in CONTENTS}
    if "variables" in wrong:
        # Given by hand, so that the planner does not refuse the ones that nothing fills yet.
        filled = {name: draft.column_of(name) for name in placeholders}
        arguments["variables"] = {name: column for name, column in filled.items() if column is not None}
    open_fields = {*missing, *wrong}
    needed = {"template": "content" in open_fields, "transactional": recipients.target is None}
    for name, value in STAND_IN.items():
        if name not in arguments and needed.get(name, name in open_fields or name == "project_id"):
            arguments[name] = value
    try:
        return Sketch(make_plan(recipients.value, **arguments), open_fields)
    except MigmaError:
        # Too little is there; what is wrong is told at its field.
        return None
