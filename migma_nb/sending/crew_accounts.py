"""What became of the rows of a send by several workers: the runs of each part, told as one."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from migma_nb.api.states import Reason, State
from migma_nb.ledger import crews, journal, queries, standings
from migma_nb.sending import accounts, crew_unbegun, doubts
from migma_nb.sending.crew import Crew, Part
from migma_nb.sending.summary import RunFacts

#: How a row stands that a later run of the same part may yet have to look at.
_OPEN = (State.WAITING, State.NOT_SENT)


class Book:
    """The account of one send; while it goes on, a part that has ended is not counted again.

    Args:
        crew: the send.
    """

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._counted: dict[int, Counter[State]] = {}

    def counts(self) -> dict[State, int]:
        """Return how many rows of the whole plan are in which state."""
        crew = self._crew
        over, ended = crew.ended.is_set(), set(crew.ends)

        def look(conn: sa.Connection) -> Counter[State]:
            runs, total = _runs(conn, crew), Counter[State]()
            for part in crew.parts:
                found = None if over else self._counted.get(part.number)
                if found is None:
                    found = _counts(conn, crew, part, runs.get(part.number, ()))
                    if not part.sends or (part.number in ended and not _going(found)):
                        self._counted[part.number] = found
                total += found
            return total

        found = crew.ledger.reading(look)
        return {state: found[state] for state in State if found[state]}

    def frame(self) -> pd.DataFrame:
        """Return one line per row of the whole plan, as `accounts.account` does for one run."""
        crew = self._crew
        journal.settle_for_a_look(crew.ledger)

        def look(conn: sa.Connection) -> pd.DataFrame:
            runs = _runs(conn, crew)
            lines = (
                line for part in crew.parts for line in _rows(conn, crew, part, runs.get(part.number, ()))
            )
            return accounts.frame_of(lines, crew.plan.index)

        return crew.ledger.reading(look)

    def newest(self) -> list[tuple[Part, str]]:
        """Return each part that has begun, with its last run, in which open doubts can be settled."""
        found = self._crew.ledger.reading(lambda conn: _runs(conn, self._crew))
        return [(part, found[part.number][-1]) for part in self._crew.parts if part.number in found]

    def unknown(self) -> pd.DataFrame:
        """Return the unknown rows with what is uncertain about each, as `doubts.unknown` does."""
        journal.settle_for_a_look(self._crew.ledger)
        crew = self._crew

        def unbegun(part: Part, labels: pd.Index) -> pd.DataFrame:
            return crew.ledger.reading(lambda conn: crew_unbegun.unknown(conn, crew, part, labels))

        begun = {part.number: run_id for part, run_id in self.newest()}
        found = []
        for part in crew.parts:
            labels, run_id = crew.plan.index[part.start : part.stop], begun.get(part.number)
            if run_id is not None:
                found.append(self._doubtful(part, run_id, labels))
            elif part.sends:
                found.append(unbegun(part, labels))
        told = [frame for frame in found if len(frame)] or found[:1]
        return pd.concat(told) if told else pd.DataFrame(columns=list(doubts.COLUMNS))

    def _doubtful(self, part: Part, run_id: str, labels: pd.Index) -> pd.DataFrame:
        """Return the unknown rows of a part's last run, but those whose end another run of the part knows."""
        crew = self._crew
        frame = doubts.unknown(crew.ledger, run_id, None)
        if len(frame):

            def look(conn: sa.Connection) -> set[int]:
                rows = _rows(conn, crew, part, _runs(conn, crew)[part.number])
                return {row["position"] for row in rows if row["state"] == State.UNKNOWN}

            frame = frame[frame.index.isin(crew.ledger.reading(look))]
        return frame.set_axis(labels[frame.index])

    def facts(self) -> RunFacts:
        """Return everything a summary needs."""
        crew = self._crew
        journal.settle_for_a_look(crew.ledger)
        counts = self.counts()
        newest = {part.number: run_id for part, run_id in self.newest()}
        unbegun = [part for part in crew.parts if part.sends and part.number not in newest]
        failed = {state for state in (State.REFUSED, State.UNKNOWN) if state in counts}

        def look(conn: sa.Connection) -> dict[str, Any]:
            kept, rows, first = 0, [], None
            if State.ALREADY_SENT in counts:
                kept = sum(queries.kept_from_other_plans(conn, one) for one in newest.values())
            if failed:
                rows = [kind for one in newest.values() for kind in queries.kinds_of(conn, one, list(failed))]
            for part in unbegun if failed or State.ALREADY_SENT in counts else ():
                lines = list(crew_unbegun.lines(conn, crew, part))
                kept += crew_unbegun.kept(lines, crew.plan.id)
                rows += crew_unbegun.kinds(lines, failed)
            if State.ACCEPTED not in counts:
                first = queries.first_accepted(conn, crew.settings.scope, crew.plan.mailing)
            return {
                "rows": rows,
                "kept": kept,
                "first_sent_on": None if first is None else f"{datetime.fromtimestamp(first, UTC):%Y-%m-%d}",
            }

        return RunFacts(
            run_id=crew.crew_id,
            mailing=crew.plan.mailing,
            server=crew.settings.origin,
            sandbox=crew.settings.sandbox,
            state=crew.state,
            detail=crew.detail,
            ledger=crew.ledger.name,
            batches=0,
            counts=counts,
            **crew.ledger.reading(look),
        )


def _runs(conn: sa.Connection, crew: Crew) -> dict[int, list[str]]:
    """Return the ids of the runs of each part that has begun, in their order."""
    found: dict[int, list[str]] = {}
    for run in crews.runs_of(conn, crew.crew_id):
        found.setdefault(run.number, []).append(run.run_id)
    return found


def _going(counts: Mapping[State, int]) -> bool:
    return any(counts.get(state) for state in (State.WAITING, State.SENDING))


def _counts(conn: sa.Connection, crew: Crew, part: Part, runs: Sequence[str]) -> Counter[State]:
    if len(runs) == 1:
        return Counter(queries.counts_of(conn, runs[0]))
    return Counter(State(line["state"]) for line in _rows(conn, crew, part, runs))


def _rows(conn: sa.Connection, crew: Crew, part: Part, runs: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield what became of each row of a part: as its last run has it, and what runs before it did."""
    if not runs:
        yield from (line.row for line in crew_unbegun.lines(conn, crew, part))
        return
    told = queries.run_rows(conn, runs[0])
    for run_id in runs[1:]:
        later = queries.run_rows(conn, run_id)
        held = [row["recipient"] for row in later if _is_elsewhere(row)]
        known = standings.standings(conn, crew.settings.scope, crew.plan.mailing, held)
        ours = {whom for whom, seen in known.items() if seen.run_id in runs}
        told = [_later(before, after, ours) for before, after in zip(told, later, strict=True)]
    yield from told


def _later(before: dict[str, Any], after: dict[str, Any], ours: Container[str]) -> dict[str, Any]:
    """Return how a row stands after a further run of its part.

    What the send itself had accepted stays so, where the further run has it as sent by an earlier one; and
    what is known of a row stands until the further run has looked at it. Where that one found it held by
    another run, and that was one of the same part, the latter's word counts: these are `ours`.
    """
    if before["state"] == State.ACCEPTED or (_is_elsewhere(after) and after["recipient"] in ours):
        return before
    return before if after["state"] == State.WAITING and before["state"] not in _OPEN else after


def _is_elsewhere(row: Mapping[str, Any]) -> bool:
    return (row["state"], row["reason"]) == (State.UNKNOWN, Reason.ELSEWHERE)
