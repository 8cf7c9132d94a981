"""The lines of Python that do what was chosen in the form; they hold no key and nobody's address."""

import ast
import re
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any

from migma_nb.notebook.form_draft import Draft
from migma_nb.notebook.form_expressions import NotWrittenError, expression
from migma_nb.notebook.lines import one_line
from migma_nb.notebook.masking import masked

#: Lists of addresses are never written out: the lines are kept with the notebook.
_IN_HAND = frozenset({"exclude", "allow"})
_ORDER = (
    "mailing",
    "sender",
    "reply_to",
    "subject",
    "template",
    "conversation_id",
    "email_id",
    "project_id",
    "transactional",
)


#: The expression for a template that came through the browser.
_PATH = re.compile(r"Path\((.*)\)", re.DOTALL)


def python_lines(
    draft: Draft,
    placeholders: tuple[str, ...] = (),
    *,
    client: Sequence[str] = ("client = mg.Migma()",),
    ask: bool = False,
    confirm: int | str | None = None,
    skip_invalid: bool = False,
    plan_id: str | None = None,
) -> str:
    """Return the lines: imports, the list, the plan, the send.

    Args:
        draft: what was chosen.
        placeholders: those of subject and content.
        client: the lines that make the client.
        ask: whether the plan asks the client who its target is.
        confirm: what confirms the send, None while that is open.
        skip_invalid: whether rows with errors are left out.
        plan_id: of the plan that the form has, None while there is none.
    """
    notes: list[str] = []
    arguments = draft.planned(placeholders)
    written = _arguments(draft, arguments, notes)
    if ask:
        written.append("client=client")
    if "mailing" not in arguments:
        written.insert(0, "mailing=...")
    recipients = draft.recipients
    whom = "people" if recipients is None else recipients.code
    before = ("# people: a DataFrame, a file, or mg.Tag(…)",) if recipients is None else recipients.before
    repairs = () if recipients is None else recipients.repairs
    plan = f"plan = {_call(whom, written)}"
    plan += "" if plan_id is None else _check(draft, plan_id)
    sent = ["client"]
    sent += [f"confirm={confirm!r}"] if confirm is not None else []
    sent += ["skip_invalid=True"] if skip_invalid else []
    send = f"run = plan.send({', '.join(sent)})"
    early = ask or any("=client." in one for one in (*written, *repairs))
    making = "\n".join(client)
    imports = ["from pathlib import Path", ""] if any("=Path(" in one for one in (*written, *repairs)) else []
    steps = [*before, *notes, *([making] if early else []), *repairs, plan]
    end = [send] if early else [making, send]
    return "\n".join([*imports, "import migma_nb as mg", "", *steps, "", *end, ""])


def repair_lines(draft: Draft, placeholders: tuple[str, ...]) -> str:
    """Return the lines that repair a draft's list as `plan.fix` does; arguments as in `python_lines`."""
    recipients = draft.recipients
    whom = "people" if recipients is None else recipients.code
    written = _arguments(draft, draft.planned(placeholders), [])
    return f"people = {_call(whom, written)}.fix().people"


def _arguments(draft: Draft, arguments: Mapping[str, Any], notes: list[str]) -> list[str]:
    """Return arguments of `mg.plan` as they are written, in their order; notes are added to."""
    names = sorted(arguments, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return [f"{name}={_written(draft, name, arguments[name], notes)}" for name in names]


def _call(whom: str, written: Sequence[str]) -> str:
    body = "".join(f"    {one},\n" for one in (whom, *written))
    return f"mg.plan(\n{body})"


def _check(draft: Draft, plan_id: str) -> str:
    """Return the lines that stop where a file of the same name is not the one that the form has read."""
    recipients = draft.recipients
    names = [] if recipients is None or recipients.file is None else [recipients.file.name]
    template = draft.arguments.get("template")
    if isinstance(template, PathLike):
        names.append(str(fspath(template)))
    elif written := _PATH.fullmatch(draft.written.get("template", "")):
        names.append(ast.literal_eval(written[1]))
    if not names:
        return ""
    which = " or ".join(dict.fromkeys(one_line(masked(PurePath(name).name), 60) for name in names))
    words = f"This is not what the form had: another file is called {which} here."
    hint = "Look at plan; take these three lines out only if you mean to send that."
    return (
        f"\nif plan.id != {expression(plan_id)}:\n"
        f"    raise mg.InputError(\n        {expression(words)},\n        hint={expression(hint)},\n    )"
    )


def _written(draft: Draft, name: str, value: Any, notes: list[str]) -> str:
    if name in draft.written:
        return draft.written[name]
    try:
        written = None if name in _IN_HAND else expression(value)
    except NotWrittenError:
        written = None
    if written is None:
        notes.append(f"# {name}: the {type(value).__name__} that you passed to mg.form")
    return written or name
