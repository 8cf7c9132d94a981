"""What is settled before anything is sent: which rows are ready, and which stand back for which reason.

Who is whose double only the whole list tells: of a list in pieces it takes every recipient seen so far, with
the first valid row. All else here is decided row by row.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    _note_too_large(persons, bodies, issues)
    kinds: Kinds = np.full(len(persons), READY, dtype=np.uint8)
    kinds[list(issues.first_errors)] = INVALID
    _keep_out(identities, rules, kinds)
    groups = _Groups.of(persons, kinds)
    _note_groups(groups, people, rules, issues)
    doubles, firsts = groups.doubles()
    kinds[doubles] = DUPLICATE
    differing = _note_differing((doubles, firsts), people, bodies, rules, issues)
    presets = PresetRows(
        kinds, issues.first_errors, doubles, firsts, addresses=people.addresses, identities=identities
    )
    return Settled(presets.ready(), presets, differing)


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
class _Groups:
    """The rows of persons who are in several, group by group.

    Args:
        rows: in order within each group.
        starts: where each group begins among them.
        sizes: how many rows each has.
        firsts: the first valid row of each, -1 where none is.
        valid: of each row whether it is.
    """

    rows: Places
    starts: Places
    sizes: Places
    firsts: Places
    valid: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, persons: CodedTexts, kinds: Kinds) -> "_Groups":
        rows = np.flatnonzero((persons.codes >= 0) & ((kinds == READY) | (kinds == INVALID)))
        codes = persons.codes[rows]
        many = np.bincount(codes, minlength=1)[codes] > 1
        rows, codes = rows[many], codes[many]
        order = np.argsort(codes, kind="stable")
        rows, codes = rows[order], codes[order]
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        valid = kinds[rows] == READY
        nowhere = len(kinds)
        firsts = np.minimum.reduceat(np.where(valid, rows, nowhere), starts) if len(starts) else starts
        sizes = np.diff(np.append(starts, len(rows)))
        return cls(rows, starts, sizes, np.where(firsts == nowhere, -1, firsts), valid)

    def doubles(self) -> tuple[Places, Places]:
        """Return the valid rows that another one stands for, in order, and that one of each."""
        firsts = np.repeat(self.firsts, self.sizes)
        others = self.valid & (self.rows != firsts)
        order = np.argsort(self.rows[others])
        return self.rows[others][order], firsts[others][order]


def _note_groups(groups: _Groups, people: People, rules: Rules, issues: IssueList) -> None:
    rows = groups.rows.tolist()
    addresses = CodedTexts.coded(people.addresses).take(groups.rows)[:]
    told: list[str] = []
    for start, size in zip(groups.starts.tolist(), groups.sizes.tolist(), strict=True):
        shown = listed(map(str, rows[start : start + size]))
        told += [f"is in {size} rows: {shown}."] * size
    issues.extend(
        rows,
        IssueCode.DUPLICATE_RECIPIENT,
        [f"Row {row}: {address} {words}" for row, address, words in zip(rows, addresses, told, strict=True)],
        rules.fix_duplicate,
        column=rules.column,
        values=addresses,
    )


def _note_differing(
    pairs: tuple[Places, Places], people: People, bodies: AnyBodies, rules: Rules, issues: IssueList
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
        values=[people.addresses[row] for row in rows],
    )
    return len(rows)


def _note_too_large(persons: CodedTexts, bodies: AnyBodies, issues: IssueList) -> None:
    for row in bodies.maybe_large():
        size = bodies.size(row) if persons.codes[row] >= 0 else 0
        if size > MAX_BODY_BYTES:
            issues.add(
                row,
                IssueCode.PAYLOAD_TOO_LARGE,
                f"Row {row} makes a request of {size:,} bytes; at most {MAX_BODY_BYTES:,} are sent.",
                "Shorten the template or the row's values; link to large pictures instead of embedding them.",
                value=f"{size:,} bytes",
            )
