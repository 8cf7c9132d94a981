"""A plan at a glance: whom it mails, what with, what is wrong, and the line to type next."""

import textwrap
from collections.abc import Sequence

from migma_nb.notebook.lines import one_line, padded, quoted, safe, width_of
from migma_nb.notebook.plan_view import PlanView, view_plan
from migma_nb.notebook.problems import Kind
from migma_nb.notebook.theme import (
    MUTED,
    apart,
    bar,
    card,
    dot,
    facts,
    head,
    named,
    panel,
    section,
    small_bar,
    typed,
)
from migma_nb.planning.frozen import Plan

#: Columns of a terminal that a line may take.
_WIDTH = 100


def plan_text(plan: Plan) -> str:
    """Return a plan as text for a terminal, at most 100 columns wide."""
    view = view_plan(plan)
    whom = one_line(view.whom, 50)
    lines = [f"Plan {quoted(view.title, _WIDTH - 9 - width_of(whom))}: {whom}"]
    lines += _fact_lines(view)
    if view.verdict:
        lines += ["", f"Problems: {view.verdict}", *kind_lines(view.kinds, view.more)]
    if not view.first:
        lines += ["", "Nobody is left to mail: every row is invalid, a duplicate or excluded."]
    if view.question:
        lines += ["", *textwrap.wrap(f"To decide: {view.question}", _WIDTH)]
    return "\n".join([*lines, "", *_step_lines(view)] if view.steps else lines)


def plan_html(plan: Plan) -> str:
    """Return a plan as a card: inline styles only, no scripts, nothing from elsewhere, at most 20 kB."""
    view = view_plan(plan)
    return card(
        head("Plan", safe(view.title, 120), f'<span style="{MUTED}">plan id {named(view.plan_id)}</span>'),
        f'<div style="font-size:1.08em"><b>{safe(view.whom, 120)}</b></div>',
        bar(view.stand) if len(view.stand) > 1 else "",
        facts((name, safe(value, 240)) for name, value in view.facts),
        _first_html(view),
        section(f"Problems: {view.verdict}", kinds_html(view.kinds, view.more)) if view.verdict else "",
        panel(f"<b>To decide:</b> {safe(view.question, 400)}", "warning") if view.question else "",
        section("Next", typed(view.steps)) if view.steps else "",
    )


def _fact_lines(view: PlanView) -> list[str]:
    pairs = list(view.facts)
    if len(view.stand) > 1:
        pairs.insert(0, ("Rows", ", ".join(f"{count:,} {name}" for name, count in view.stand.items())))
    if view.first:
        pairs.append((view.first_label, f"{quoted(view.first.subject, 52)} to {view.first.recipient}"))
    pairs.append(("Plan id", view.plan_id))
    width = max(len(name) for name, _ in pairs)
    return [line for name, value in pairs for line in _fact(f"  {name:<{width}}  ", value)]


def _fact(start: str, value: str) -> list[str]:
    """Return a fact on one line, or on two where it does not fit."""
    room = _WIDTH - len(start)
    lines = textwrap.wrap(one_line(value, 2 * room), room, max_lines=2, placeholder=" …")
    starts = (start, " " * len(start))
    return [begin + one_line(line, room) for begin, line in zip(starts, lines, strict=False)]


def kind_lines(kinds: Sequence[Kind], more: int) -> list[str]:
    """Return kinds of problems as lines of text, each with its first example; `more` are not among them."""
    digits = max(len(f"{kind.count:,}") for kind in kinds)
    codes = max(len(kind.code) for kind in kinds)
    starts = [f"  {kind.severity:<7}  {kind.count:>{digits},} × {kind.code:<{codes}}  " for kind in kinds]
    lines = [
        start + one_line(_example(kind), _WIDTH - len(start))
        for start, kind in zip(starts, kinds, strict=True)
    ]
    return [*lines, f"  and {more} more kinds in plan.issues"] if more else lines


def _example(kind: Kind) -> str:
    if not kind.where.startswith("row"):
        return kind.message
    return f"{kind.where}: {quoted(kind.value, 40) if kind.value else 'nothing there'}"


def _step_lines(view: PlanView) -> list[str]:
    width = max(width_of(line) for line, _ in view.steps)
    return ["Next", *(f"  {padded(line, width)}  {words}" for line, words in view.steps)]


def _first_html(view: PlanView) -> str:
    if view.first is None:
        return panel("<b>Nobody is left to mail:</b> every row is invalid, a duplicate or excluded.", "error")
    muted = f'<span style="{MUTED}">{view.first_label}, to {safe(view.first.recipient, 80)}</span>'
    return panel(f"{muted}<br><b>{safe(view.first.subject, 160)}</b>")


def kinds_html(kinds: Sequence[Kind], more: int) -> str:
    """Return kinds of problems as HTML, each with its first message; `more` are not among them."""
    digits = max(len(f"{kind.count:,}") for kind in kinds)
    most = max(kind.count for kind in kinds)
    # On a wide page the example stands beside the code, on a narrow one below it.
    row = "display:flex;flex-wrap:wrap;align-items:baseline;gap:0 14px;padding:2px 0"
    fixed = "display:inline-block;min-width"
    lines = apart(
        f'<div style="{row}"><span style="flex:0 0 28em;white-space:nowrap">{dot(kind.severity)} '
        f'<span style="{fixed}:4.2em">{kind.severity}</span> {small_bar(kind.count, most, kind.severity)}'
        f'<b style="{fixed}:{digits}ch;text-align:right">{kind.count:,}</b> × {named(kind.code)}</span> '
        f'<span style="flex:1 1 24em;{MUTED}">{_message_html(kind)}</span></div>'
        for kind in kinds
    )
    rest = f'<div style="{MUTED}">and {more} more kinds in plan.issues</div>' if more else ""
    return lines + rest


def _message_html(kind: Kind) -> str:
    known = kind.value.rstrip("…") in kind.message
    return safe(kind.message, 150) + ("" if known else f" {safe(quoted(kind.value, 40), 42)}")
