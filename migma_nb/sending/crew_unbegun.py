"""The rows of a part of which no run began: as the plan has them, and earlier runs of its mailing."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from migma_nb.api.states import State
from migma_nb.ledger import clock, journal
from migma_nb.ledger.schema import ACCOUNT_COLUMNS, Settled, Standing
from migma_nb.ledger.standings import standings
from migma_nb.sending import doubts
from migma_nb.sending.crew import Crew, Part
from migma_nb.sending.roll import WINDOW
from migma_nb.sending.sorting import Sorter, closed

#: So many kinds of rows are told at most, as of a run.
_MOST_KINDS = 100


class Line(NamedTuple):
    """A row as an account has it, and how its person stands in the ledger, where that was looked up."""

    row: dict[str, Any]
    seen: Standing | None = None


def lines(conn: sa.Connection, crew: Crew, part: Part) -> Iterator[Line]:
    """Yield the rows of a part of which no run began, in order.

    While the part may yet begin its rows wait. Once it is over each stands as it does for a run that ends
    before the row's turn: by what earlier runs came to, and else as not sent.
    """
    plan, end = crew.plan, crew.ends.get(part.number)
    if end is None and crew.ended.is_set():
        end = crew.end
    sorter = None if end is None else _sorter(conn, crew)
    for start in range(part.start, part.stop, WINDOW):
        rows = range(start, min(start + WINDOW, part.stop))
        found: dict[str, Standing] = {}
        if sorter is not None:
            whom = [plan.recipient(row) for row in rows if plan.preset(row) is None]
            found = standings(conn, crew.settings.scope, plan.mailing, whom)
        for row in rows:
            if (preset := plan.preset(row)) is not None:
                state, reason, detail = preset
                yield _line(crew, part, Settled(row, state, reason, detail))
            elif end is None or sorter is None:
                yield _line(crew, part, Settled(row, State.WAITING, None, None))
            else:
                seen = found.get(plan.recipient(row))
                yield _line(crew, part, closed(sorter.sort(row, seen), end.reason, end.detail), seen)


def unknown(conn: sa.Connection, crew: Crew, part: Part, labels: pd.Index) -> pd.DataFrame:
    """Return the unknown rows among them, as `doubts.unknown` does; each is settled in the run it is of."""
    found = [line for line in lines(conn, crew, part) if line.row["state"] == State.UNKNOWN]
    now = clock.now(conn)
    options = [
        doubts.options_for(row, now=now, logged=False, run=f'mg.open_run("{seen.run_id}")' if seen else "run")
        for row, seen in found
    ]
    return doubts.told([row for row, _ in found], options, labels[[row["position"] for row, _ in found]])


def kept(found: Iterable[Line], plan_id: str) -> int:
    """Return how many rows were mailed before with the content of another plan."""
    return sum(
        row["state"] == State.ALREADY_SENT and seen is not None and seen.plan_id != plan_id
        for row, seen in found
    )


def kinds(found: Iterable[Line], states: Container[State]) -> list[dict[str, Any]]:
    """Return what a summary tells of rows in these states, by kind, as `queries.kinds_of` does of a run."""
    told = ((row["state"], row["reason"], row["detail"]) for row, _ in found)
    sizes = Counter(kind for kind in told if kind[0] in states)
    return [
        {"state": state, "reason": reason, "detail": detail, "rows": rows}
        for (state, reason, detail), rows in sizes.most_common(_MOST_KINDS)
    ]


def _sorter(conn: sa.Connection, crew: Crew) -> Sorter:
    settings, now = crew.settings, clock.now(conn)
    fingerprint = settings.key.fingerprint()
    sorter = Sorter(crew.crew_id, crew.plan, settings, fingerprint)
    sorter.prepare(
        proven=journal.is_proven(conn, settings.origin, fingerprint, now),
        newest=journal.newest_entry(conn),
        now=now,
        ledger=crew.ledger,
    )
    return sorter


def _line(crew: Crew, part: Part, settled: Settled, seen: Standing | None = None) -> Line:
    row = dict.fromkeys(ACCOUNT_COLUMNS) | dict(settled.account)
    row |= {"state": settled.state, "reason": settled.reason, "detail": settled.detail}
    at = settled.position
    person = crew.plan.recipient(at) or None
    return Line(
        row | {"position": at - part.start, "address": crew.plan.address(at), "recipient": person}, seen
    )
