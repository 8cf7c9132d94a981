"""What is settled before anything is sent: which rows are ready, and which stand back for which reason.

Who is whose double only the whole list tells: of a list in pieces it takes every recipient seen so far, with
the first valid row. All else here is decided row by row.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from migma_nb.api.states import State
from migma_nb.planning.bodies import MAX_BODY_BYTES, AnyBodies
from migma_nb.planning.coded_texts import CodedTexts
from migma_nb.planning.columns import listed
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.people import People
from migma_nb.planning.presets import (
    DUPLICATE,
    EXCLUDED,
    INVALID,
    NOT_ALLOWED,
    READY,
    Kinds,
    Preset,
    PresetRows,
)
from migma_nb.planning.text_arrays import Places, array_of


class Texts(Protocol):
    """A text for each row of a list."""

    def take(self, rows: Any) -> CodedTexts:
        """Return the texts of these rows, in their order."""


class Compared(Protocol):
    """What can say in what rows differ."""

    def differences(self, rows: Places, others: Places) -> dict[int, list[str]]:
        """Return in what rows differ from the others beside them, by place, if in anything."""


#: What is found out of rows later, by row.
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
    presets: PresetRows
    differing: int

    @classmethod
    def all_ready(cls, size: int) -> "Settled":
        """Return so many rows of which each is to be sent."""
        return cls(range(size), PresetRows.none(size), 0)

    @property
    def stand(self) -> Counter[State]:
        """How many rows stand back in which state."""
        return self.presets.states()

    @property
    def has_errors(self) -> bool:
        """Whether a row that is not excluded has an error."""
        return bool(self.stand[State.INVALID])

    def without(self, others: Mapping[int, Preset]) -> "Settled":
        """Return the same with these rows standing back too."""
        presets = self.presets.overlaid(others)
        return Settled(presets.ready(), presets, self.differing)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may be mailed, and what a row of the frame is.

    Args:
        excluded: identities that are not mailed.
        allowed: the only identities that are mailed, or None for all.
        column: the address column's name, for the issues.
        fix_duplicate: what to do where several rows are one person's, for the issues.
        fix_differs: the same where they say different things.
        same: how such rows are related, for the issues.
    """

    excluded: frozenset[str]
    allowed: frozenset[str] | None
    column: str
    fix_duplicate: str = (
        'Only the first valid one is sent; if each shall be, tell them apart with key="column".'
    )
    fix_differs: str = 'Write duplicates="first" to send the first only, or key="column" to send both.'
    same: str = "goes to the same person as"


def settle(
    people: People, recipients: Sequence[str | None], bodies: AnyBodies, rules: Rules, issues: IssueList
) -> Settled:
    """Decide for every row whether it is ready; the first valid row of a person stands for the others.

    Args:
        people: addresses and identities.
        recipients: each row's person in this mailing, key columns joined in; None where there is none.
        bodies: the request bodies.
        rules: exclusion and allow-list.
        issues: what the checks found so far; takes duplicates and bodies that are too large.
    """
    persons, identities = CodedTexts.of(recipients), CodedTexts.of(people.identities)
    kinds = kinds_of(identities, persons, bodies, rules, issues)
    groups = Groups.of(np.arange(len(persons)), persons.codes, kinds)
    addresses = CodedTexts.coded(people.addresses)
    note_groups(groups, slice(None), addresses, rules, issues)
    doubles, firsts = groups.doubles()
    kinds[doubles] = DUPLICATE
    differing = note_differing((doubles, firsts), addresses, bodies, rules, issues)
    presets = PresetRows(
        kinds, issues.first_errors, doubles, firsts, addresses=people.addresses, identities=identities
    )
    return Settled(presets.ready(), presets, differing)


def kinds_of(
    identities: CodedTexts, persons: CodedTexts, bodies: AnyBodies, rules: Rules, issues: IssueList
) -> Kinds:
    """Return what each row is by itself: ready, invalid or kept out; note bodies that are too large."""
    _note_too_large(persons, bodies, issues)
    kinds: Kinds = np.full(len(persons), READY, dtype=np.uint8)
    kinds[list(issues.first_errors)] = INVALID
    _keep_out(identities, rules, kinds)
    return kinds


def _keep_out(identities: CodedTexts, rules: Rules, kinds: Kinds) -> None:
    """Mark who is not mailed, whatever else is said of the row."""
    if rules.allowed is not None:
        kinds[identities.rows_of(np.flatnonzero(~_among(identities, rules.allowed)))] = NOT_ALLOWED
    if rules.excluded:
        kinds[identities.rows_of(np.flatnonzero(_among(identities, rules.excluded)))] = EXCLUDED


def _among(identities: CodedTexts, people: frozenset[str]) -> npt.NDArray[np.bool_]:
    found = pc.is_in(identities.different, value_set=array_of(sorted(people)))
    among: npt.NDArray[np.bool_] = found.to_numpy(zero_copy_only=False)
    return among


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The rows of persons who are in several.

    Args:
        rows: in order.
        valid: of each whether it is.
        group: of each the number of its group.
        members: the rows again, group by group.
        starts: where each group begins among them, and where the last one ends.
        firsts: the first valid row of each group, -1 where none is.
    """

    rows: Places
    valid: npt.NDArray[np.bool_]
    group: Places
    members: Places
    starts: Places
    firsts: Places

    @classmethod
    def of(cls, rows: Places, persons: npt.NDArray[Any], kinds: Kinds) -> "Groups":
        """Group rows by their persons.

        Args:
            rows: the rows that may be in a group, in order.
            persons: the number of each one's person, below that of the rows; -1 for nobody.
            kinds: what each row of the whole list is; those that are kept out are in no group.
        """
        own = kinds[rows]
        kept = (persons >= 0) & ((own == READY) | (own == INVALID))
        rows, codes = rows[kept], persons[kept]
        many = np.bincount(codes, minlength=1)[codes] > 1
        rows, codes = rows[many], codes[many]
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        sizes = np.diff(np.append(starts, len(rows)))
        group = np.empty(len(rows), dtype=np.intp)
        group[order] = np.repeat(np.arange(len(starts)), sizes)
        valid, members, nowhere = kinds[rows] == READY, rows[order], len(kinds)
        firsts = np.where(valid[order], members, nowhere)
        firsts = np.minimum.reduceat(firsts, starts) if len(starts) else starts
        firsts = np.where(firsts == nowhere, -1, firsts)
        return cls(rows, valid, group, members, np.append(starts, len(rows)), firsts)

    def doubles(self) -> tuple[Places, Places]:
        """Return the valid rows that another one stands for, in order, and that one of each."""
        firsts = self.firsts[self.group]
        others = self.valid & (self.rows != firsts)
        return self.rows[others], firsts[others]

    def listed(self, group: int) -> str:
        """Return how many rows a group has, and which, in words."""
        rows = self.members[self.starts[group] : self.starts[group + 1]].tolist()
        return f"is in {len(rows)} rows: {listed(map(str, rows))}."


def note_groups(groups: Groups, some: slice, addresses: Texts, rules: Rules, issues: IssueList) -> None:
    """Note that rows go to a person who is in several.

    Args:
        groups: the groups of the whole list.
        some: which of their rows to note.
        addresses: the addresses of all rows.
        rules: words for the issues.
        issues: takes them.
    """
    rows, group = groups.rows[some], groups.group[some]
    shown = addresses.take(rows)[:]
    told = {at: groups.listed(at) for at in np.unique(group).tolist()}
    issues.extend(
        rows.tolist(),
        IssueCode.DUPLICATE_RECIPIENT,
        [
            f"Row {row}: {address} {told[at]}"
            for row, address, at in zip(rows.tolist(), shown, group.tolist(), strict=True)
        ],
        rules.fix_duplicate,
        column=rules.column,
        values=shown,
    )


def note_differing(
    pairs: tuple[Places, Places],
    addresses: Texts,
    bodies: Compared,
    rules: Rules,
    issues: IssueList,
) -> int:
    """Note the rows that say something else than the one that stands for them; return how many these are."""
    doubles, firsts = pairs
    names = bodies.differences(doubles, firsts)
    at = sorted(names)
    rows = doubles[at].tolist()
    issues.extend(
        rows,
        IssueCode.DUPLICATE_DIFFERS,
        [
            f"Row {row} {rules.same} row {first}, but differs in {', '.join(names[place])}."
            for place, row, first in zip(at, rows, firsts[at].tolist(), strict=True)
        ],
        rules.fix_differs,
        column=rules.column,
        values=addresses.take(rows)[:],
    )
    return len(rows)


def _note_too_large(persons: CodedTexts, bodies: AnyBodies, issues: IssueList) -> None:
    for row in bodies.maybe_large():
        size = bodies.size(row) if persons.codes[row] >= 0 else 0
        if size > MAX_BODY_BYTES:
            issues.add(
                row,
                IssueCode.PAYLOAD_TOO_LARGE,
                f"Row {issues.start + row} makes a request of {size:,} bytes; "
                f"at most {MAX_BODY_BYTES:,} are sent.",
                "Shorten the template or the row's values; link to large pictures instead of embedding them.",
                value=f"{size:,} bytes",
            )
