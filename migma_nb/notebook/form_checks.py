"""What is missing or wrong about a draft, field by field, by the planner's own rules; and its plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError, MigmaError
from migma_nb.notebook.form_draft import Draft, Recipients
from migma_nb.notebook.form_sketch import CONTENTS, STAND_IN, Sketch, sketch_of
from migma_nb.planning.address_column import AddressColumn, find_address_column
from migma_nb.planning.content import read_content
from migma_nb.planning.frozen import Plan
from migma_nb.planning.options import PlanOptions
from migma_nb.planning.placeholders import matching
from migma_nb.planning.questions import transactional_of
from migma_nb.planning.target_columns import brought_by_rows

_LINES = ("mailing", "sender", "reply_to", "provider", "topic_id")
#: Whatever the planner says that belongs to no field.
WHOLE = "plan"


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What was found out about a draft.

    Args:
        draft: the draft.
        missing: the fields that have to be filled yet, in the form's order.
        wrong: field to what the planner says of it.
        placeholders: those of subject and content, each once.
        address: the column with the addresses, where it is known.
        plan: the plan, None where something is missing or wrong.
        sketch: in place of the plan, what can be looked at already.
    """

    draft: Draft
    missing: tuple[str, ...] = ()
    wrong: Mapping[str, MigmaError] = field(default_factory=dict)
    placeholders: tuple[str, ...] = ()
    address: AddressColumn | None = None
    plan: Plan | None = None
    sketch: Sketch | None = None

    @property
    def seen(self) -> Plan | None:
        """The plan whose problems can be looked at; only `plan` can be sent."""
        return self.sketch.plan if self.plan is None and self.sketch is not None else self.plan


Planner = Callable[[Any, dict[str, Any]], Plan]


class Checker:
    """Checks drafts, one after the other; what is dear and has not changed is not done again.

    Args:
        plan: makes a plan of recipients and arguments, as `mg.plan` does.
    """

    def __init__(self, plan: Planner) -> None:
        self._plan = plan
        self._address: tuple[pd.DataFrame, Any, AddressColumn | InputError] | None = None

    def check(self, draft: Draft) -> Checked:
        """Return what is to be said of a draft, and its plan where there can be one."""
        wrong: dict[str, MigmaError] = {}
        brought = _brought(draft.recipients)
        missing = _missing(draft, brought)
        placeholders = _content(draft, brought, missing, wrong)
        address = self._people(draft, placeholders, missing, wrong)
        plan = None
        if not missing and not wrong:
            plan = self._planned(draft, placeholders, wrong)
        sketch = None if plan is not None else sketch_of(draft, placeholders, missing, wrong)
        return Checked(draft, tuple(missing), wrong, placeholders, address, plan, sketch)

    def _people(
        self, draft: Draft, placeholders: tuple[str, ...], missing: list[str], wrong: dict[str, MigmaError]
    ) -> AddressColumn | None:
        recipients = draft.recipients
        if recipients is None or recipients.frame is None:
            return None
        rows = len(recipients.frame)
        try:
            transactional_of(
                PlanOptions(mailing="m", **_only(draft, "transactional")), singles=rows, rows=rows
            )
        except InputError:
            if recipients.by_column:
                missing.append("transactional")
        if not recipients.by_column:
            return None
        wrong |= _unfilled(draft, placeholders)
        found = self._address_of(recipients.frame, draft.arguments.get("address"))
        if isinstance(found, InputError):
            wrong["address"] = found
            return None
        return found

    def _address_of(self, frame: pd.DataFrame, given: Any) -> AddressColumn | InputError:
        if self._address is None or self._address[0] is not frame or self._address[1] != given:
            found: AddressColumn | InputError
            try:
                found = find_address_column(frame, given)
            except InputError as error:
                found = error
            self._address = (frame, given, found)
        return self._address[2]

    def _planned(
        self, draft: Draft, placeholders: tuple[str, ...], wrong: dict[str, MigmaError]
    ) -> Plan | None:
        recipients = draft.recipients
        if recipients is None:
            return None
        try:
            return self._plan(recipients.value, draft.planned(placeholders))
        except MigmaError as error:
            wrong[WHOLE] = error
            return None


def _missing(draft: Draft, brought: frozenset[str]) -> list[str]:
    """Return the fields that the API needs and that nobody filled, in the form's order."""
    given = {*draft.arguments, *brought}
    missing = [] if draft.recipients is not None else ["people"]
    if given.isdisjoint(CONTENTS):
        missing.append("content")
    if "subject" not in given and not _has_own_subject(draft):
        missing.append("subject")
    if "template" in draft.arguments and "project_id" not in given:
        missing.append("project_id")
    return missing + [name for name in ("sender", "mailing") if name not in given]


def _has_own_subject(draft: Draft) -> bool:
    stored = draft.arguments.get("email_id") or draft.arguments.get("conversation_id")
    try:
        return bool(getattr(stored, "subject", ""))
    except InputError:
        return False


def _content(
    draft: Draft, brought: frozenset[str], missing: list[str], wrong: dict[str, MigmaError]
) -> tuple[str, ...]:
    """Note what is wrong about content and lines; return the placeholders as far as they are known."""
    for name in _LINES:
        if name in draft.arguments:
            _tried(name, {**STAND_IN, **_only(draft, name)}, wrong)
    contents = _only(draft, *CONTENTS)
    whole = {**STAND_IN, **_only(draft, "project_id")}
    if contents:
        del whole["template"]
        if not _tried("content", {**whole, **contents}, wrong):
            contents = {}
    base = {**whole, **contents} if contents else dict(STAND_IN)
    if "subject" in draft.arguments:
        if not _tried("subject", {**base, **_only(draft, "subject")}, wrong):
            return ()
        base |= _only(draft, "subject")
    elif "subject" not in missing and contents and "subject" not in brought:
        del base["subject"]
    try:
        return read_content(PlanOptions(**base), None, transactional=True).placeholders
    except InputError:
        return ()


def _tried(name: str, arguments: dict[str, Any], wrong: dict[str, MigmaError]) -> bool:
    try:
        read_content(PlanOptions(**arguments), None, transactional=True)
    except InputError as error:
        wrong[name] = error
    return name not in wrong


def _unfilled(draft: Draft, placeholders: tuple[str, ...]) -> dict[str, MigmaError]:
    """Return one error for the placeholders for which a column or a default has to be chosen."""
    recipients = draft.recipients
    chosen = draft.arguments.get("variables") or {}
    if recipients is None:
        return {}
    asked = [
        name
        for name in placeholders
        if not matching(name, chosen)
        and draft.column_of(name) is None
        and (draft.default_of(name) is None or len(matching(name, recipients.columns)) > 1)
    ]
    if not asked:
        return {}
    slots = ", ".join(f"{{{{{name}}}}}" for name in asked)
    several = any(len(matching(name, recipients.columns)) > 1 for name in asked)
    words = f"Several columns could fill {slots}." if several else f"No column is called {slots}."
    return {"variables": InputError(words, hint="Choose a column, or type what everybody gets.")}


def _brought(recipients: Recipients | None) -> frozenset[str]:
    frame = None if recipients is None else recipients.frame
    return frozenset() if frame is None else brought_by_rows(frame)


def _only(draft: Draft, *names: str) -> dict[str, Any]:
    return {name: draft.arguments[name] for name in names if name in draft.arguments}
