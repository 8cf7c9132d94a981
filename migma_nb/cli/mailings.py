"""A mailing as the command line has it becomes a plan; what was left out and stood in for is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.cli.lists import left_out, list_of, reading_of
from migma_nb.planning.pieces import Pieces
from migma_nb.planning.plan import Plan, make_plan
from migma_nb.planning.target_columns import all_are_batches, brought_by_rows
from migma_nb.planning.targets import Audience, Segment, Tag
from migma_nb.surface.plan import SendPlan

_CONTENT = ("template", "conversation_id", "email_id")
#: Stands in for the content while a list is checked alone; it is never sent.
_STAND_IN = {"subject": "-", "template": "<p>-</p>"}
_STAND_INS = {
    "sender": ("--sender", "Nobody <nobody@migma.example>"),
    "mailing": ("--mailing", "check"),
    "project_id": ("--project", "check"),
}


_TARGETS = {"tag": Tag, "segment": Segment, "audience": Audience}
_PAIRED = ("variables", "defaults", "formats")
_PLAIN = (
    "mailing",
    "sender",
    "subject",
    "template",
    "conversation_id",
    "email_id",
    "project_id",
    "transactional",
    "address",
    "key",
    "exclude",
    "duplicates",
    "overlap",
    "reply_to",
    "provider",
    "topic_id",
)


@dataclass(frozen=True, slots=True)
class Mailing:
    """What was typed: whom to mail (files and targets, as many as were named), and arguments of `mg.plan`.

    `reading` says how a file is read.
    """

    recipients: tuple[Path | Tag | Segment | Audience, ...]
    options: Mapping[str, Any]
    reading: Mapping[str, Any] = field(default_factory=dict)


def mailing_of(typed: Mapping[str, Any]) -> Mailing:
    """Return a command's parameters as a mailing.

    Args:
        typed: parameter to value, None where nothing was typed; its pairs are `name=value` texts.
    """
    targets: list[Any] = [kind(typed[name]) for name, kind in _TARGETS.items() if typed[name] is not None]
    files = [] if typed["file"] is None else [typed["file"]]
    options = {name: typed.get(name) for name in _PLAIN}
    options["key"] = options["key"] or None
    options["exclude"] = left_out(options["exclude"])
    options |= {name: pairs_of(typed[name] or (), name) or None for name in _PAIRED}
    return Mailing((*files, *targets), options, reading_of(typed))


@dataclass(frozen=True, slots=True)
class Planned:
    """A frozen plan, the same for people to hold, and what stood in for options that were not given.

    `notes` are sentences; `missing` are the options that a send would still want, so that the plan has no id
    of its own yet; `list_alone` says that no mailing was typed at all.
    """

    plan: Plan
    held: SendPlan
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    list_alone: bool = False


def plan_to_send(mailing: Mailing, *, live: bool) -> Planned:
    """Plan a mailing; a rehearsal needs no project."""
    options, notes = dict(mailing.options), []
    if not live and options["project_id"] is None and options["template"] is not None:
        options["project_id"] = "rehearsal"
        notes.append('No --project was given: the rehearsal goes to one called "rehearsal".')
    plan = make_plan(_recipient(mailing), **options)
    return Planned(plan, SendPlan(plan), tuple(notes))


def plan_to_check(mailing: Mailing, *, whole: bool = False) -> Planned:
    """Plan a mailing that is only looked at: what is missing and changes no check is stood in for.

    Args:
        mailing: the mailing.
        whole: a file is read whole, however long it is, so that it can be repaired.
    """
    options, missing = dict(mailing.options), []
    recipients = _recipient(mailing, whole=whole)
    some = next(iter(recipients)) if isinstance(recipients, Pieces) else recipients
    frame = some if isinstance(some, pd.DataFrame) else None
    brought = frozenset() if frame is None else brought_by_rows(frame)
    typed = [name for name in ("subject", *_CONTENT) if options[name] is not None or name in brought]
    alone = not typed
    if alone or (brought and "subject" not in typed):
        options["subject"] = _STAND_IN["subject"]
        missing.append("--subject")
    if alone or (brought and typed == ["subject"]):
        options["template"] = _STAND_IN["template"]
        missing.append("--template")
    for name, (option, value) in _STAND_INS.items():
        if options[name] is None and (name != "project_id" or options["template"] is not None):
            options[name] = value
            missing.append(option)
    if options["transactional"] is None and frame is not None and not all_are_batches(frame):
        options["transactional"] = False
        missing.append("--transactional or --marketing")
    plan = make_plan(recipients, **options)
    return Planned(plan, SendPlan(plan), missing=tuple(missing), list_alone=alone)


def _recipient(mailing: Mailing, *, whole: bool = False) -> pd.DataFrame | Pieces | Tag | Segment | Audience:
    if len(mailing.recipients) != 1:
        raise InputError(
            "The recipients are given more than once." if mailing.recipients else "Nobody to mail was named.",
            hint="Name one FILE, or one of --tag, --segment and --audience.",
        )
    (whom,) = mailing.recipients
    if not isinstance(whom, Path):
        return whom
    return list_of(whom, mailing.reading, whole=whole)


_EXAMPLES = {
    "variables": "--var first_name=Given",
    "defaults": "--default first_name=there",
    "formats": '--format "renews_on=%d %B %Y"',
    "faults": "--fault accept_then_drop=0.1",
    "field": "--field firstName=Vorname",
}


def pairs_of(texts: Sequence[str], what: str) -> dict[str, str]:
    """Return `name=value` texts as a dict.

    Args:
        texts: the texts, as typed.
        what: `variables`, `defaults`, `formats`, `faults` or `field`, for the error.

    Raises:
        InputError: a text has no name, no `=`, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or name.strip() in found:
            why = "gives the same name again" if name.strip() in found else "is no name=value"
            raise InputError(f"{text!r} {why}.", hint=f"Write such a pair like {_EXAMPLES[what]}.")
        found[name.strip()] = value
    return found
