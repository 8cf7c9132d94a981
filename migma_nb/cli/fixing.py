"""`migma-nb fix`: a list's certain repairs, written as a list of the same kind; nothing is sent."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.cli.answering import answered
from migma_nb.cli.exits import Exit
from migma_nb.cli.mailings import Planned, mailing_of, plan_to_check
from migma_nb.cli.meanwhile import meanwhile
from migma_nb.cli.next_steps import LOOKING, show_next
from migma_nb.cli.records import check_apart
from migma_nb.cli.screen import document, say
from migma_nb.notebook.lines import counted, one_line
from migma_nb.notebook.masking import masked
from migma_nb.planning.cell_repairs import REPAIRABLE
from migma_nb.planning.paths import is_same_file, look_at
from migma_nb.planning.rewriting import backed_up, kind_for, rewrite
from migma_nb.surface.fixed import Fixed

_ALL = "all"
_FIRST = 5
_LONGEST = 60
#: Bytes of a file's name.
_LONGEST_NAME = 255


@answered
def fix(typed: Mapping[str, Any]) -> Exit:
    """Plan a list, make the repairs that were asked for, and write the repaired list.

    Args:
        typed: the command's parameters by name.
    """
    codes = _codes(typed)
    place = _place(typed)
    with meanwhile("planning", typed["log_every"]):
        planned = plan_to_check(mailing_of(typed), whole=True)
        fixed = planned.held.fix(None if _ALL in codes else codes)
    changes, backup = fixed.changes, None
    writes = place is not None and not (typed["in_place"] and changes.empty)
    if writes and place is not None:
        if typed["in_place"]:
            backup = backed_up(place)
        _write(fixed, planned, typed, place)
    line, words = _next(typed, place, changes)
    if typed["as_json"]:
        document(_document(fixed, place if writes else None, backup, line))
        return Exit.FINE
    _show(changes, fixed.left)
    if backup is not None:
        say(f"\nThe list as it was: {backup}")
    say(f"{'' if backup else chr(10)}Repaired list: {place}" if writes else "\nNothing was written.")
    show_next(line, words)
    return Exit.FINE


def place_for(typed: Mapping[str, Any]) -> Path | None:
    """Return where a repaired list would lie: beside the list, a name that is free; None for no list."""
    if typed["file"] is None:
        return None
    source = Path(typed["file"])
    ending = kind_for(source)
    stem = source.name.partition(".")[0]
    while len(os.fsencode(f"{stem}.fixed999{ending}")) > _LONGEST_NAME:
        stem = stem[:-1]
    names = (f"{stem}.fixed{'' if number == 1 else number}{ending}" for number in range(1, 1000))
    return next(place for name in names if not look_at(place := source.with_name(name)).there)


def _codes(typed: Mapping[str, Any]) -> list[str]:
    if typed["file"] is None:
        raise InputError("No list was named.", hint="Write migma-nb fix FILE --code all --out FILE.")
    if not typed["code"]:
        raise InputError(
            "It is open which problems are to be repaired.",
            hint=f"Add --code all, or one or more of {', '.join(map(str, REPAIRABLE))}.",
        )
    return list(typed["code"])


def _place(typed: Mapping[str, Any]) -> Path | None:
    """Return the file to be written, None for a dry run.

    Raises:
        InputError: none was named, two were, it is the list itself, or of another kind than the list.
    """
    source, out = Path(typed["file"]), typed["out"]
    if typed["in_place"] and out is not None:
        raise InputError("--in-place and --out both say where it is written.", hint="Keep one of them.")
    if not (typed["in_place"] or out or typed["dry_run"]):
        raise InputError(
            "It is open where the repaired list is written.",
            hint="Add --out FILE; --in-place writes over the list, with a backup; --dry-run writes nothing.",
        )
    place = source if typed["in_place"] else out
    if place is not None:
        if out is not None and is_same_file(source, out):
            raise InputError(
                f"{out} is the list itself, which is not written over.",
                hint="Give --out another file, or --in-place in its stead: that keeps a backup.",
            )
        kind_for(source, place, in_place=typed["in_place"])
    if out is not None:
        check_apart(out, typed)
    return None if typed["dry_run"] else place


def _write(fixed: Fixed, planned: Planned, typed: Mapping[str, Any], place: Path) -> None:
    reading = planned.plan.reading
    if reading is None:
        raise InputError("How the list was read is not known, so that it cannot be written the same way.")
    rewrite(fixed.people, reading, Path(typed["file"]), place, encoding=typed["encoding"])


def _show(changes: pd.DataFrame, left: Mapping[str, int]) -> None:
    if changes.empty:
        say("Nothing to repair: no problem of the chosen kind has a certain repair.")
    else:
        _show_changes(changes)
    if left:
        say("\nLeft to you, since no repair of them is certain:")
        for code, count in left.items():
            say(f"  {count:,} × {code}", bold=True)


def _show_changes(changes: pd.DataFrame) -> None:
    cells = counted(len(changes), "cell", "cells")
    say(f"{cells} repaired; rows are counted from 0, the header aside, and addresses are shortened here.")
    for code, group in changes.groupby("code", sort=False):
        say(f"\n  {len(group):,} × {code}", bold=True)
        for _, change in group.head(_FIRST).iterrows():
            before, after = _cell(change["before"]), _cell(change["after"])
            say(f"    row {change['row']:,}  {one_line(change['column'], 40)}: {before} → {after}")
        if len(group) > _FIRST:
            say(f"    … and {len(group) - _FIRST:,} more; --json lists all")


def _cell(value: Any) -> str:
    return one_line(masked(str(value)), _LONGEST) if value is not None and not pd.isna(value) else "(nothing)"


def _next(typed: Mapping[str, Any], place: Path | None, changes: pd.DataFrame) -> tuple[str, str]:
    line = typed["line"]
    if place is None and not changes.empty:
        out = place_for(typed)
        keep = LOOKING | {"code"}
        return line.next("fix", keep=keep, add={"--out": str(out)}), "To write the repaired list:"
    if place is None or typed["in_place"]:
        return line.next("check", keep=LOOKING), "To check it:"
    # It is written as the list was, but with plain quotation marks, and nothing above its header.
    keep = LOOKING - {"file", "quote", "member", "header", "hidden"}
    add: dict[str, Any] = {} if typed["quote"] is None else {"--quote": '"'}
    if typed["header"] is not None:
        add |= {"--header": 1 if typed["header"] else 0}
    return line.next("check", str(place), keep=keep, add=add), "To check the repaired list:"


def _document(fixed: Fixed, place: Path | None, backup: Path | None, line: str) -> dict[str, Any]:
    changes = fixed.changes
    told = json.loads(changes.drop(columns="index").to_json(orient="records", date_format="iso"))
    return {
        "changed": len(changes),
        "by_code": {str(code): int(count) for code, count in changes["code"].value_counts().items()},
        "changes": told,
        "left": dict(fixed.left),
        "out": None if place is None else str(place),
        "backup": None if backup is None else str(backup),
        "next": line,
    }
