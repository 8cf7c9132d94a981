"""A repaired list at a glance: what was changed, what is left, and the line to type next."""

import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd

from migma_nb.notebook.lines import counted, one_line, padded, quoted, safe, width_of
from migma_nb.notebook.theme import MUTED, card, facts, head, named, panel, section, typed

_WIDTH = 100
#: So many changes are shown; `fixed.changes` has all.
_MOST_SHOWN = 8
#: Of so many codes it is shown what to do; `fixed.issues` has all.
_MOST_CODES = 6
_NEXT = (
    ("fixed.changes", "every change, to be read before the list is used"),
    ("plan = mg.plan(fixed.people, …)", "plan again with the repaired copy; yours is as it was"),
)
_NOTHING = "Nothing was changed: no problem of this kind has a repair that is certain."


def fixed_text(changes: pd.DataFrame, left: Mapping[str, int], issues: pd.DataFrame) -> str:
    """Return what was repaired as text, at most 100 columns wide.

    Args:
        changes: repaired cells, as `plan.fix` lists them.
        left: problems without a certain repair, by code.
        issues: the same, line by line.
    """
    lines = textwrap.wrap(_verdict(changes), _WIDTH)
    shown = [
        (f"row {row:,}, {one_line(name, 24)}", before, after) for row, name, before, after in _few(changes)
    ]
    width = max((width_of(where) for where, _, _ in shown), default=0)
    lines += [f"  {padded(where, width)}  {before} → {after}" for where, before, after in shown]
    if len(changes) > _MOST_SHOWN:
        lines.append(f"  and {len(changes) - _MOST_SHOWN:,} more in fixed.changes")
    lines += textwrap.wrap(_stopped(changes), _WIDTH)
    lines += textwrap.wrap(f"Left to you: {_counts(left)}", _WIDTH) if left else []
    for where, todo in _todo(left, issues):
        lines += textwrap.wrap(f"{where}: {todo}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
    if len(changes):
        width = max(width_of(line) for line, _ in _NEXT)
        lines += ["Next", *(f"  {padded(line, width)}  {words}" for line, words in _NEXT)]
    return "\n".join(lines)


def fixed_html(changes: pd.DataFrame, left: Mapping[str, int], issues: pd.DataFrame) -> str:
    """Return what was repaired as a card; arguments as in `fixed_text`."""
    shown = [
        (f"row {row:,}, {one_line(name, 24)}", f"{safe(before, 64)} → {safe(after, 64)}")
        for row, name, before, after in _few(changes, 60)
    ]
    more = len(changes) - len(shown)
    # A count stays beside its code where the line is broken.
    kinds = safe(_kinds(changes), 400).replace(" × ", "&nbsp;×&nbsp;") if len(changes) else ""
    stopped = _stopped(changes)
    todo = "".join(f"<br>{safe(where, 80)}: {safe(words, 160)}" for where, words in _todo(left, issues))
    return card(
        head("Fixed", safe(_how_many(changes) if len(changes) else _NOTHING, 160), ""),
        f"<div>{kinds}</div>" if kinds else "",
        facts(shown) if shown else "",
        f'<div style="{MUTED}">and {more:,} more in {named("fixed.changes")}</div>' if more else "",
        panel(safe(stopped, 200), "error") if stopped else "",
        panel(f"<b>Left to you:</b> {safe(_counts(left), 200)}{todo}", "warning") if left else "",
        section("Next", typed(_NEXT)) if len(changes) else "",
    )


def _verdict(changes: pd.DataFrame) -> str:
    if not len(changes):
        return _NOTHING
    return f"Fixed: {_how_many(changes)}: {_kinds(changes)}."


def _how_many(changes: pd.DataFrame) -> str:
    rows = changes["row"].nunique()
    return f"{counted(len(changes), 'change', 'changes')} in {counted(rows, 'row', 'rows')}"


def _kinds(changes: pd.DataFrame) -> str:
    return _counts(changes["code"].value_counts(sort=False).to_dict())


def _counts(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count:,} × {code}" for code, count in counts.items())


def _stopped(changes: pd.DataFrame) -> str:
    """Say how many rows cannot be sent for what was changed in them; "" for none."""
    stopped = changes[changes["error"] != ""]
    if stopped.empty:
        return ""
    rows = counted(stopped["row"].nunique(), "row has", "rows have")
    counts = _counts(stopped["error"].value_counts(sort=False).to_dict())
    return f"{rows} a new error for it and cannot be sent: {counts}."


def _todo(left: Mapping[str, int], issues: pd.DataFrame) -> list[tuple[str, str]]:
    """Return of each code that is left the first line: where it is, and what to do."""
    first = issues.drop_duplicates("code").set_index("code").loc[list(left)[:_MOST_CODES]]
    told = zip(first.index, first["row"], first["column"], first["fix"], strict=True)
    return [
        (
            f"{code}{'' if pd.isna(row) else f', row {row:,}'}{f', {one_line(name, 24)}' if name else ''}",
            str(fix),
        )
        for code, row, name, fix in told
    ]


def _few(changes: pd.DataFrame, longest: int = 30) -> list[tuple[int, str, str, str]]:
    few = changes.head(_MOST_SHOWN)
    lines = zip(few["row"], few["column"], few["before"], few["after"], few["error"], strict=True)
    return [
        (
            int(row),
            str(name),
            _shown(before, longest),
            _shown(after, longest) + (f", now {error}" if error else ""),
        )
        for row, name, before, after, error in lines
    ]


def _shown(value: Any, longest: int) -> str:
    if value is None:
        return "nothing"
    return quoted(value, longest) if isinstance(value, str) else one_line(repr(value), longest)
