"""A list that is longer than memory becomes a plan piece by piece: the same plan, under the same id.

It is gone through twice: once for what only the whole says, once to be checked by it. What each row sends is
then on disk; in memory stay a few bytes for each row. Names against addresses (`value_shift`) are compared
within a piece: a block of rows that slid across the seam of two is seen where enough of it lies in one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migma_nb.planning.bodies import build_bodies
from migma_nb.planning.issues import ISSUE_TABLE, IssueList, sorted_by_row
from migma_nb.planning.list_checks import PlannedList
from migma_nb.planning.piece_checks import CheckedPiece, Digests
from migma_nb.planning.plan_ids import row_sums, sealed
from migma_nb.planning.presets import DUPLICATE, INVALID, READY, Kinds, PresetRows
from migma_nb.planning.settling import Groups, Rules, Settled, note_differing, note_groups
from migma_nb.planning.spool import Spool
from migma_nb.planning.spooled import (
    ERROR,
    IDENTITY,
    PERSON,
    SpooledBodies,
    SpooledErrors,
    SpooledTexts,
    coded_array,
    row_schema,
)
from migma_nb.planning.text_arrays import Places

#: So many rows are compared at a time with those that stand for them.
_PAIRS = 200_000


@dataclass(frozen=True, slots=True)
class LongPlan:
    """What becomes of a long list.

    Args:
        id: the plan's ID.
        bodies: what each row sends.
        recipients: each row's person in this mailing.
        settled: which rows are ready, and why the others are not.
        problems: `ISSUE_TABLE`, in order of the rows; it lies on disk.
    """

    id: str
    bodies: SpooledBodies
    recipients: SpooledTexts
    settled: Settled
    problems: pa.Table


def settle_pieces(
    planned: PlannedList, rules: Rules, pieces: Iterable[CheckedPiece], issues: IssueList
) -> LongPlan:
    """Settle a list whose pieces were checked.

    Args:
        planned: how the list is planned.
        rules: who may be mailed.
        pieces: the checked pieces, in order; each is asked for once.
        issues: the whole plan's problems so far.
    """
    whole = build_bodies(planned.content.constants, [], {one.name: [] for one in planned.fillings})
    rows, found = Spool(row_schema(len(whole.variables))), Spool(ISSUE_TABLE)
    kinds_of_pieces, persons = [], []
    for piece in pieces:
        rows.add(piece.rows)
        found.add(piece.problems)
        kinds_of_pieces.append(piece.kinds)
        persons.append(piece.persons)
    kinds = np.concatenate(kinds_of_pieces)
    groups = Groups.of(*_repeated(np.concatenate(persons)), kinds)
    del persons
    bodies = SpooledBodies(whole, rows.done())
    doubles, firsts = groups.doubles()
    kinds[doubles] = DUPLICATE
    differing = _differing((doubles, firsts), bodies, rules)
    doubled = _Doubled(groups, differing, bodies, rules)
    problems = _problems(found.done(), issues.table(), doubled)
    presets = PresetRows(
        kinds,
        SpooledErrors(SpooledTexts(rows, ERROR), np.flatnonzero(kinds == INVALID)),
        doubles,
        firsts,
        addresses=bodies.addresses,
        identities=SpooledTexts(rows, IDENTITY),
    )
    settled = Settled(presets.ready(), presets, differing.num_rows)
    plan_id = _plan_id(planned.content.mailing, bodies, kinds, len(settled.ready))
    return LongPlan(plan_id, bodies, SpooledTexts(rows, PERSON), settled, problems)


def _repeated(persons: Digests) -> tuple[Places, Places]:
    """Return the rows whose person is in several, in order, and a number for each one's person."""
    order = np.argsort(persons[:, 0], kind="stable")
    ordered = persons[order, 0]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    rows = np.unique(np.concatenate([order[again], order[again + 1]]))
    rows = rows[persons[rows].any(axis=1)]
    _, numbers = np.unique(persons[rows], axis=0, return_inverse=True)
    return rows, numbers.reshape(-1).astype(np.intp)


def _differing(pairs: tuple[Places, Places], bodies: SpooledBodies, rules: Rules) -> pa.Table:
    """Return the problems of rows that say something else than the one that stands for them."""
    doubles, firsts = pairs
    told = Spool(ISSUE_TABLE)
    for start in range(0, len(doubles), _PAIRS):
        issues = IssueList()
        some = slice(start, start + _PAIRS)
        note_differing((doubles[some], firsts[some]), bodies.addresses, bodies, rules, issues)
        told.add(issues.table())
    return told.done().mapped()


@dataclass(frozen=True, slots=True)
class _Doubled:
    """What is said of rows whose person is in several.

    Args:
        groups: these rows.
        differing: `ISSUE_TABLE` of those that say something else than the one that stands for them.
        bodies: what each row sends.
        rules: words for the issues.
    """

    groups: Groups
    differing: pa.Table
    bodies: SpooledBodies
    rules: Rules

    def problems(self, start: int, end: int) -> list[pa.Table]:
        """Return the problems of the rows from one on and before another."""
        issues = IssueList()
        some = slice(*np.searchsorted(self.groups.rows, (start, end)))
        note_groups(self.groups, some, self.bodies.addresses, self.rules, issues)
        first, last = np.searchsorted(self.differing["row"].to_numpy(), (start, end))
        return [issues.table(), self.differing.slice(first, last - first)]


def _problems(found: Spool, of_plan: pa.Table, doubled: _Doubled) -> pa.Table:
    """Return all problems, the whole plan's first, then by row.

    Args:
        found: those of each piece.
        of_plan: the whole plan's so far; a line that several pieces add to them stands once.
        doubled: what is said of rows whose person is in several.
    """
    every = Spool(ISSUE_TABLE)
    lines = pa.concat_tables([of_plan, *map(_of_the_plan, found)]).to_pylist()
    once = dict.fromkeys(tuple(line.items()) for line in lines)
    every.add(pa.Table.from_pylist(list(map(dict, once)), ISSUE_TABLE))
    for batch, (start, end) in zip(found, doubled.bodies.spool.spans, strict=True):
        own = pa.Table.from_batches([batch]).filter(pc.greater_equal(batch["row"], 0))
        every.add(sorted_by_row(pa.concat_tables([own, *doubled.problems(start, end)])))
    return every.done().mapped()


def _of_the_plan(problems: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([problems]).filter(pc.less(problems["row"], 0))


def _plan_id(mailing: str, bodies: SpooledBodies, kinds: Kinds, count: int) -> str:
    sums = [
        row_sums(
            bodies.of_batch(batch), coded_array(batch[PERSON]), np.flatnonzero(kinds[start:end] == READY)
        )
        for batch, (start, end) in zip(bodies.spool, bodies.spool.spans, strict=True)
    ]
    return sealed(mailing, bodies.whole, np.sum(sums, axis=0, dtype=np.uint64), count)
