"""A plan at a glance: whom it mails, what with, what is wrong, and the line to type next."""

from collections import Counter
from dataclasses import dataclass

from migma_nb.notebook.theme import MUTED, bar, card, clean, facts, safe
from migma_nb.planning.frozen import Plan

#: So many kinds of problem are shown with an example; the rest is in plan.issues.
MOST_KINDS = 8


@dataclass(frozen=True, slots=True)
class _Kind:
    severity: str
    code: str
    count: int
    example: str


def plan_text(plan: Plan) -> str:
    """Return a plan as text for a terminal."""
    pairs = _facts(plan)
    width = max(len(name) for name, _ in pairs)
    lines = [f"Plan {plan.mailing!r}", *(f"  {name:<{width}}  {clean(value, 86)}" for name, value in pairs)]
    kinds = _kinds(plan)
    if kinds:
        lines += ["", "Problems"]
        lines += [f"  {k.severity:<7}  {k.count:>4} × {k.code:<20}  {clean(k.example, 64)}" for k in kinds]
    return "\n".join([*lines, "", *_next(plan)])


def plan_html(plan: Plan) -> str:
    """Return a plan as a card."""
    pairs = [(safe(name), safe(value, 160)) for name, value in _facts(plan)]
    kinds = "".join(
        f'<div style="margin:2px 0"><b>{k.severity}</b> · {k.count:,} × <code>{safe(k.code)}</code> '
        f'<span style="{MUTED}">{safe(k.example, 120)}</span></div>'
        for k in _kinds(plan)
    )
    steps = "".join(f'<div style="{MUTED}">{safe(line, 200)}</div>' for line in _next(plan))
    problems = f'<div style="margin-bottom:10px">{kinds}</div>' if kinds else ""
    return card(f"Plan “{safe(plan.mailing)}”", bar(_stand(plan)), facts(pairs), problems, steps)


def _stand(plan: Plan) -> dict[str, int]:
    counts = Counter(str(preset[0]) for i in range(plan.size) if (preset := plan.preset(i)) is not None)
    return {"ready": len(plan.ready), **dict(sorted(counts.items()))}


def _facts(plan: Plan) -> list[tuple[str, str]]:
    constants = plan.constants
    whom = (
        f"{plan.people:,} people of {plan.size:,} rows"
        if plan.target is None
        else f"everybody in {plan.target}"
    )
    left = ", ".join(f"{count:,} {name}" for name, count in _stand(plan).items() if name != "ready" and count)
    kind = (
        "transactional: unsubscribes are passed over, no List-Unsubscribe (S20)"
        if constants.get("transactional")
        else "marketing: unsubscribed people are left out, List-Unsubscribe is added"
    )
    first = plan.message(plan.ready[0]) if plan.ready else None
    pairs = [
        ("mails", whom + (f" ({left})" if left else "")),
        ("sender", f"{constants.get('fromName')} <{constants.get('from')}>"),
        ("subject", str(constants.get("subject", ""))),
        ("first", f"{first.recipient}: {first.subject}" if first else "nobody"),
        ("content", _content(plan)),
        ("kind", kind),
    ]
    if plan.address_note:
        pairs.append(("address", plan.address_note))
    if plan.columns:
        filled = ", ".join(f"{{{{{name}}}}} ← {column}" for name, column in plan.columns.items())
        pairs.append(("variables", filled))
    return [*pairs, ("plan id", plan.id)]


def _content(plan: Plan) -> str:
    template = plan.constants.get("template")
    if isinstance(template, str):
        return f"HTML template of {len(template.encode()) / 1000:,.1f} kB"
    for name in ("conversationId", "emailId"):
        if name in plan.constants:
            return f"{name} {plan.constants[name]}, stored at Migma"
    return "none"


def _kinds(plan: Plan) -> list[_Kind]:
    issues = plan.issues
    found = []
    for (severity, code), group in issues.groupby(["severity", "code"], sort=False):
        first = group.iloc[0]
        found.append(_Kind(str(severity), str(code), len(group), str(first["message"])))
    found.sort(key=lambda kind: (kind.severity != "error", -kind.count))
    return found[:MOST_KINDS]


def _next(plan: Plan) -> list[str]:
    lines = []
    if plan.duplicates_question:
        lines.append(plan.duplicates_question)
    if len(plan.issues):
        lines.append("See plan.issues for every problem, row by row; plan.preview(0) for a message.")
    skip = ", skip_invalid=True" if plan.has_errors else ""
    confirm = repr(plan.id) if plan.target else plan.people
    lines.append(f"Rehearse: plan.send(mg.Sandbox().client(){skip})")
    lines.append(f"Live: plan.send(mg.Migma(), confirm={confirm}{skip})")
    return lines
