"""What is settled before anything is sent: which rows are ready, and which stand back for which reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from migma_nb.api.states import Reason, State
from migma_nb.planning.bodies import MAX_BODY_BYTES, Bodies
from migma_nb.planning.columns import listed
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.people import People

Preset = tuple[State, Reason, str]
Presets = dict[int, Preset]


@dataclass(frozen=True, slots=True)
class Settled:
    """The rows of a plan, sorted out.

    Args:
        ready: positions to send, in order.
        presets: for every other row its state, reason and words.
        differing: how many rows go to somebody whose first row says something else.
    """

    ready: Sequence[int]
    presets: dict[int, Preset]
    differing: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may be mailed, and what a row of the frame is.

    Args:
        excluded: identities that are not mailed.
        allowed: the only identities that are mailed, or None for all.
        column: the address column's name, for the issues.
        fix_duplicate: what to do where several rows are one person's, for the issues.
        fix_differs: the same where they say different things.
    """

    excluded: frozenset[str]
    allowed: frozenset[str] | None
    column: str
    fix_duplicate: str = (
        'Only the first valid one is sent; if each shall be, tell them apart with key="column".'
    )
    fix_differs: str = 'Write duplicates="first" to send the first only, or key="column" to send both.'


def settle(
    people: People, recipients: Sequence[str | None], bodies: Bodies, rules: Rules, issues: IssueList
) -> Settled:
    """Decide for every row whether it is ready; the first valid row of a person stands for the others.

    Args:
        people: addresses and identities.
        recipients: each row's person in this mailing, key columns joined in; None where there is none.
        bodies: the request bodies.
        rules: exclusion and allow-list.
        issues: what the checks found so far; takes duplicates and bodies that are too large.
    """
    _note_too_large(recipients, bodies, issues)
    presets: dict[int, Preset] = {}
    groups: dict[str, list[int]] = {}
    for row, recipient in enumerate(recipients):
        kept_out = _kept_out(people.identities[row], rules)
        if kept_out:
            presets[row] = kept_out
            continue
        if row in issues.first_errors:
            presets[row] = (State.INVALID, Reason.HAS_ERRORS, issues.first_errors[row])
        if recipient is not None:
            groups.setdefault(recipient, []).append(row)
    differing = 0
    for rows in groups.values():
        if len(rows) > 1:
            _note_group(rows, people, rules, issues)
            first, *others = [row for row in rows if row not in presets] or [-1]
            words = f"same recipient as row {first} ({people.addresses[first]})"
            presets |= dict.fromkeys(others, (State.DUPLICATE, Reason.SAME_RECIPIENT, words))
            differing += sum(_differs(row, first, bodies, rules, issues) for row in others)
    size = len(recipients)
    ready = tuple(row for row in range(size) if row not in presets) if presets else range(size)
    return Settled(ready, presets, differing)


def _kept_out(identity: str | None, rules: Rules) -> Preset | None:
    if identity is None:
        return None
    if identity in rules.excluded:
        return State.EXCLUDED, Reason.EXCLUDE_LIST, f"{identity} is on the exclusion list"
    if rules.allowed is not None and identity not in rules.allowed:
        return State.EXCLUDED, Reason.NOT_ALLOWED, f"{identity} is not on the allow-list"
    return None


def _note_group(rows: list[int], people: People, rules: Rules, issues: IssueList) -> None:
    shown = listed(map(str, rows))
    for row in rows:
        issues.add(
            row,
            IssueCode.DUPLICATE_RECIPIENT,
            f"Row {row}: {people.addresses[row]} is in {len(rows)} rows: {shown}.",
            rules.fix_duplicate,
            column=rules.column,
            value=people.addresses[row],
        )


def _differs(row: int, first: int, bodies: Bodies, rules: Rules, issues: IssueList) -> bool:
    pairs = zip(bodies.variables, bodies.texts, strict=True)
    differing = [name for name, texts in pairs if texts[row] != texts[first]]
    if differing:
        issues.add(
            row,
            IssueCode.DUPLICATE_DIFFERS,
            f"Row {row} goes to the same person as row {first}, but differs in {', '.join(differing)}.",
            rules.fix_differs,
            column=rules.column,
            value=bodies.addresses[row] if bodies.addresses else "",
        )
    return bool(differing)


def _note_too_large(recipients: Sequence[str | None], bodies: Bodies, issues: IssueList) -> None:
    if bodies.certainly_small():
        return
    for row, recipient in enumerate(recipients):
        size = bodies.size(row) if recipient is not None else 0
        if size > MAX_BODY_BYTES:
            issues.add(
                row,
                IssueCode.PAYLOAD_TOO_LARGE,
                f"Row {row} makes a request of {size:,} bytes; at most {MAX_BODY_BYTES:,} are sent.",
                "Shorten the template or the row's values; link to large pictures instead of embedding them.",
                value=f"{size:,} bytes",
            )
