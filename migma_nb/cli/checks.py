"""`migma-nb check`: a mailing looked at, and every problem of its list; nothing is sent."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from migma_nb.cli.answering import answered
from migma_nb.cli.effective import settings_of
from migma_nb.cli.exits import Exit
from migma_nb.cli.fixing import place_for
from migma_nb.cli.lists import show_reading
from migma_nb.cli.mailings import Planned, mailing_of, plan_to_check
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import LOOKING, show_next, to_send
from migma_nb.cli.problems import show_first_of_each, tally
from migma_nb.cli.screen import document, heading, say
from migma_nb.cli.wording import for_terminal
from migma_nb.notebook.lines import counted
from migma_nb.planning.fix_looks import has_repairs
from migma_nb.planning.frozen import Plan


@answered
def check(typed: Mapping[str, Any]) -> Exit:
    """Plan a mailing and show the plan and its problems.

    Args:
        typed: the command's parameters by name.
    """
    with meanwhile("planning", typed["log_every"]):
        planned = plan_to_check(mailing_of(typed))
    words, following = _next(planned, typed)
    if typed["as_json"]:
        document({**_as_json(planned), "settings": settings_of(typed), "next": following})
    else:
        _show(planned)
        show_next(following, words)
    errors = bool((planned.held.issues["severity"] == "error").any())
    return Exit.BAD_INPUT if errors else Exit.FINE


def _show(planned: Planned) -> None:
    plan, issues = planned.plan, planned.held.issues
    if planned.list_alone:
        say("The list alone: without --subject and --template only addresses and doubles are checked.")
        say(f"{_could_be(plan)} could be mailed, of {counted(plan.size, 'row', 'rows')}. {plan.address_note}")
        show_reading(plan.reading)
    else:
        say(_plan_head(planned))
    if len(issues):
        heading(f"{tally(issues)}; rows are counted from 0, the header aside")
        show_first_of_each(issues)
    say()
    for line in _next_steps(planned):
        say(line)


def _plan_head(planned: Planned) -> str:
    """Return what a plan will do, as text; its problems and next steps have words of their own here."""
    lines = for_terminal(repr(planned.held).partition("\n\n")[0]).split("\n")
    # What stands in for missing options is part of the id, so that a send would have another one.
    return "\n".join(line for line in lines if not (planned.missing and line.startswith("  Plan id")))


def _next_steps(planned: Planned) -> list[str]:
    plan = planned.plan
    lines = [] if len(planned.held.issues) else ["No problems were found."]
    lines += [
        for_terminal(question) for question in (plan.duplicates_question, plan.overlap_question) if question
    ]
    if plan.has_errors:
        lines.append("Mend the rows with errors, or leave them out by --skip-invalid when you send.")
    if planned.missing:
        lines.append(f"To send it, add {', '.join(planned.missing)}.")
    elif plan.targets:
        lines.append(
            "Only Migma knows who is in it: the send says the number that --confirm wants, and sends nothing "
            f"without it (--confirm {plan.id} where Migma tells none)."
        )
    return lines


def _next(planned: Planned, typed: Mapping[str, Any]) -> tuple[str, str]:
    """Return what comes next, in a few words, and as a line to type."""
    line = typed["line"]
    if has_repairs(planned.plan) and (out := place_for(typed)) is not None:
        add = {"--code": "all", "--out": str(out)}
        return "To repair what has a certain repair:", line.next("fix", keep=LOOKING, add=add)
    return to_send(planned, line)


def _could_be(plan: Plan) -> str:
    people = counted(plan.singles, "person", "people")
    return people if not plan.targets else f"{people} and {counted(len(plan.targets), 'batch', 'batches')}"


def _as_json(planned: Planned) -> dict[str, Any]:
    plan, issues = planned.plan, planned.held.issues
    errors = int((issues["severity"] == "error").sum())
    return {
        "plan_id": None if planned.missing else plan.id,
        "target": None if plan.target is None else plan.target.recipient,
        "rows": plan.size,
        "people": plan.people,
        "address_column": plan.address_column,
        "variables": dict(plan.columns),
        "question": for_terminal(plan.question) or None,
        "batches": {str(row): target.recipient for row, target in plan.batches.items()},
        "per_row": dict(plan.per_row),
        "reading": None if plan.reading is None else dataclasses.asdict(plan.reading),
        "missing": list(planned.missing),
        "list_alone": planned.list_alone,
        "errors": errors,
        "warnings": len(issues) - errors,
        "issues": json.loads(issues.drop(columns="index").to_json(orient="records")),
    }
