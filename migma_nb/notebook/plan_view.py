"""What a person wants to know of a plan, in words: the one content of its text and its card."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from migma_nb.api.states import State
from migma_nb.notebook.lines import counted, one_line, quoted
from migma_nb.notebook.problems import Kind, kinds_of, verdict_of
from migma_nb.planning.contacts import CHUNK_ROWS
from migma_nb.planning.fix_looks import has_repairs
from migma_nb.planning.frozen import Plan
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.rendering import RenderedMessage

_MOST_VARIABLES = 8
#: A marketing list of more people than this is told that an import takes fewer calls.
MANY = 1_000


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan in words; everything is plain text that may hold anything a list can hold.

    Args:
        title: the mailing.
        plan_id: the plan's id.
        whom: how many people of how many rows, or the target.
        stand: state ("ready" or a `State`) to rows.
        facts: name and value of what is the same for everybody.
        first: the first message, or None where nobody is mailed.
        first_label: what that message is; a batch has only one.
        verdict: one line on how many errors and warnings there are, "" for none.
        kinds: the most important kinds of problem, errors first.
        more: kinds that are not listed (int).
        question: what has to be decided before the send, "" for nothing.
        steps: what to type next, and what it does.
    """

    title: str
    plan_id: str
    whom: str
    stand: Mapping[str, int]
    facts: tuple[tuple[str, str], ...]
    first: RenderedMessage | None
    first_label: str
    verdict: str
    kinds: tuple[Kind, ...]
    more: int
    question: str
    steps: tuple[tuple[str, str], ...]


def view_plan(plan: Plan) -> PlanView:
    """Return what is to be said of a plan."""
    issues = plan.issues
    first = plan.message(plan.ready[0]) if plan.ready else None
    kinds, more = kinds_of(issues)
    return PlanView(
        title=plan.mailing,
        plan_id=plan.id,
        whom=whom_of(plan),
        stand=_stand(plan),
        facts=tuple(_facts(plan, first)),
        first=first,
        first_label=_first_label(plan),
        verdict=verdict_of(issues),
        kinds=kinds,
        more=more,
        question=plan.question,
        steps=tuple(_steps(plan, issues)),
    )


def _first_label(plan: Plan) -> str:
    if plan.target is not None:
        return "Each mail"
    return "First mail" if not plan.batches else "First row"


def whom_of(plan: Plan) -> str:
    """Return whom a plan mails, in words: how many people of how many rows, or which batches."""
    rows = counted(plan.size, "row", "rows")
    if not plan.batches:
        return f"{counted(len(plan.ready), 'person', 'people')} of {rows}"
    people = "" if plan.people is None else counted(plan.people, "person", "people")
    if plan.target is not None:
        return f"{people}, everybody in {plan.target}" if people else f"everybody in {plan.target}"
    parts = [counted(len(plan.targets), "batch", "batches")]
    parts += [counted(plan.singles, "single recipient", "single recipients")] if plan.singles else []
    return f"{people + ', ' if people else ''}{' and '.join(parts)} of {rows}"


def _stand(plan: Plan) -> dict[str, int]:
    states = plan.stand
    return {"ready": len(plan.ready)} | {str(state): states[state] for state in State if states.get(state)}


def _facts(plan: Plan, first: RenderedMessage | None) -> list[tuple[str, str]]:
    constants = plan.constants
    pairs = [
        ("From", f"{constants['fromName']} <{constants['from']}>"),
        ("Reply-To", constants.get("replyTo", "")),
        ("Subject", constants.get("subject", "")),
        ("Content", _content(plan)),
        ("Kind", _kind(constants)),
        ("Calls", _calls(plan)),
        *read_facts(plan.reading),
        ("Addresses", plan.address_note if plan.batches or plan.size > 1 else ""),
        ("Batches", _batches(plan)),
        ("Per row", ", ".join(_cut([one_line(column, 30) for column in plan.per_row.values()]))),
        ("Variables", _variables(plan, first)),
        ("Defaults", _defaults(plan)),
        ("Provider", constants.get("providerType", "")),
        ("Topic", constants.get("topicId", "")),
    ]
    return [(name, value) for name, value in pairs if value]


def read_facts(report: ReadReport | None) -> list[tuple[str, str]]:
    """Return how a list was read and what was repaired, as names and values; "" where there is nothing."""
    if report is None:
        return []
    more = f"{len(report.repairs)} times, see plan.reading: " if len(report.repairs) > 1 else ""
    return [("Read", report.summary), ("Repaired", report.repaired and more + report.repaired)]


def _fewer(plan: Plan) -> int | None:
    """Return how many calls import the people of a large marketing list; None for any other."""
    people = len(plan.ready)
    large = not plan.targets and not plan.constants["transactional"] and people > MANY
    return math.ceil(people / CHUNK_ROWS) if large else None


def _calls(plan: Plan) -> str:
    fewer = _fewer(plan)
    if fewer is None:
        return ""
    return (
        f"{len(plan.ready):,}, one a person; {counted(fewer, 'call', 'calls')} and a few more import and "
        "mail them by a tag, which honours unsubscribes and fills placeholders from the contacts' fields"
    )


def _batches(plan: Plan) -> str:
    """Return how many people each batch holds, as far as that is known."""
    if not plan.targets:
        return ""
    parts = [
        f"{target}" + ("" if target.count is None else f": {counted(target.count, 'person', 'people')}")
        for target in plan.targets
    ]
    unknown = any(target.count is None for target in plan.targets)
    why = f" ({plan.people_note})" if plan.people_note else "; mg.plan(…, client=client) asks Migma"
    return ", ".join(_cut(parts)) + (f"; how many people is not known{why}" if unknown else "")


def _content(plan: Plan) -> str:
    constants = plan.constants
    own = [plan.per_row[field] for field in ("conversationId", "emailId") if field in plan.per_row]
    if own:
        return f"what each row names in {' or '.join(own)}, stored at Migma"
    project = f", project {one_line(constants['projectId'], 30)}" if "projectId" in constants else ""
    if "template" in constants:
        return f"HTML template, {_size(constants['template'])}{project}"
    seen = "not looked at" if plan.stored is None else f"read here, {_size(plan.stored.html)}"
    if "conversationId" in constants:
        return f"conversation {one_line(constants['conversationId'], 40)}, stored at Migma, {seen}{project}"
    return f"email {one_line(constants['emailId'], 40)}, stored at Migma, {seen}{project}"


def _size(html: str) -> str:
    size = len(html.encode())
    return f"{size / 1000:,.1f} kB" if size >= 1000 else counted(size, "byte", "bytes")  # noqa: PLR2004 - kilo


def _look(plan: Plan) -> list[tuple[str, str]]:
    """Return what to type where the content that Migma holds was not looked at."""
    own = {"conversationId", "emailId"} & set(plan.per_row)
    if own or "template" in plan.constants or plan.stored is not None:
        return []
    kind = "conversation" if "conversationId" in plan.constants else "email"
    one = one_line(plan.constants[f"{kind}Id"], 40)
    words = "looks at its content, so that its placeholders are checked too"
    return [(f"mg.plan(…, {kind}_id=client.{kind}({one!r}))", words)]


def _kind(constants: Mapping[str, Any]) -> str:
    # Facts S5, S6, S20 and S21.
    if constants["transactional"]:
        return "transactional: reaches unsubscribed people too, carries no unsubscribe header"
    return "marketing: leaves out unsubscribed people, carries an unsubscribe header"


def _variables(plan: Plan, first: RenderedMessage | None) -> str:
    same = [name for name, column in plan.columns.items() if name == column]
    parts = [
        f"{_slot(name)} ← {one_line(column, 30)}" for name, column in plan.columns.items() if name != column
    ]
    if first is not None:
        values = json.loads(plan.body(plan.ready[0])).get("variables", {})
        constant = {name: value for name, value in values.items() if name not in plan.columns}
        parts += [f"{_slot(name)} = {quoted(value, 30)}" for name, value in constant.items()]
        parts += [f"{_slot(name)} stays open" for name in first.unfilled]
    if same:
        slots = " ".join(_cut([_slot(name) for name in same]))
        parts.insert(0, f"{slots} ← same-named column{'s' * (len(same) > 1)}")
    return "; ".join(_cut(parts))


def _defaults(plan: Plan) -> str:
    parts = _cut([f"{_slot(name)} = {quoted(json.loads(text), 30)}" for name, text in plan.defaults.items()])
    return f"{', '.join(parts)} where the cell is empty" if parts else ""


def _slot(name: str) -> str:
    return f"{{{{{one_line(name, 30)}}}}}"


def _cut(items: list[str]) -> list[str]:
    rest = len(items) - _MOST_VARIABLES
    return items if rest <= 0 else [*items[:_MOST_VARIABLES], f"{rest} more"]


def _steps(plan: Plan, issues: pd.DataFrame) -> list[tuple[str, str]]:
    steps = [("plan.issues", "every problem")] if len(issues) else []
    if has_repairs(plan):
        steps.append(("fixed = plan.fix()", "repairs a copy where it is certain how"))
    steps += _look(plan)
    if not plan.ready:
        return steps
    shown = plan.ready[0]
    steps.append((f"plan.preview({shown})", "the first mail"))
    if plan.question:
        return steps
    skip = ", skip_invalid=True" if plan.has_errors else ""
    confirm = repr(plan.id) if plan.people is None else plan.people
    whom = whom_of(plan) if plan.batches else counted(len(plan.ready), "person", "people")
    if (fewer := _fewer(plan)) is not None:
        words = f"{counted(fewer, 'call', 'calls')} for all, then mg.plan(mg.Tag(…), …)"
        steps.append(('mg.import_contacts(people, mg.Migma(), tag="…")', words))
    if not plan.batches:  # a sandbox of one's own has nobody in the tag
        steps.append((f"plan.send(mg.Sandbox().client(){skip})", "rehearsal: nobody real is mailed"))
    steps.append((f"plan.send(mg.Migma(), confirm={confirm}{skip})", f"live: mails {one_line(whom, 40)}"))
    return steps
