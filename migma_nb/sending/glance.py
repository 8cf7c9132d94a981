"""A run at one moment, as a screen shows it: counts, rate, time left, what went wrong; cheap to ask again."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from migma_nb.api.models import BatchStatus
from migma_nb.api.settings import Rate
from migma_nb.api.states import LIVE_STATES, Reason, RunState, State
from migma_nb.ledger import clock, control, glances, journal, queries
from migma_nb.ledger.control import Wish
from migma_nb.ledger.queries import Holder
from migma_nb.ledger.store import Ledger
from migma_nb.sending.allowance import UNKNOWN, Allowance, allowance
from migma_nb.sending.batch_words import batch_counts, batch_rows
from migma_nb.sending.batches import resume_words
from migma_nb.sending.live import LiveRun
from migma_nb.sending.troubles import MOST_KINDS, Trouble, gathered

#: The rate is measured over the last seconds; over the longer while where too few were answered in those.
SHORT_S, LONG_S, ENOUGH = 10.0, 60.0, 10
#: How often the ledger is asked about the pace of a run that this process drives (seconds).
PACE_EVERY_S = 1.0
_OPEN = (State.WAITING, State.SENDING)
_WRONG = (State.REFUSED, State.UNKNOWN)
_BATCH_PARTS = ("total", "queued", "sent", "failed")


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of a run together, by the server's own counts, and its words on how they stand."""

    words: str
    total: int
    queued: int
    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast a run goes and may go, and what is asked of it; `per_minute` is None while it is not known."""

    per_minute: float | None = None
    allowed: Allowance = UNKNOWN
    wanted: Wish = Wish.RUN
    held: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """How a run stands at one moment.

    `detail` says why it is paused or ended; `needs_a_person` that it paused itself; `over` that nothing more
    will happen here: its end is on record, and its batches are followed no longer.
    """

    run_id: str
    mailing: str
    server: str
    sandbox: bool
    ledger: str
    state: RunState
    detail: str
    needs_a_person: bool
    over: bool
    counts: Mapping[State, int]
    pacing: Pacing
    troubles: tuple[Trouble, ...] = ()
    batches: Batches | None = None

    @property
    def size(self) -> int:
        """How many rows it has."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """How many rows have no end yet."""
        return sum(self.counts.get(state, 0) for state in _OPEN)

    @property
    def left_s(self) -> float | None:
        """About how long it will take (seconds) at the rate now; None where that cannot be said."""
        if self.state is not RunState.RUNNING or not self.left:
            return None
        rate = self.pacing.per_minute or self.pacing.allowed.per_minute
        return self.pacing.allowed.held_s + 60.0 * self.left / rate if rate else None


class Watch(Protocol):
    """Where a screen looks at a run."""

    ledger: Ledger
    run_id: str

    def over(self) -> bool:
        """Return whether the run is over, which is soon known however many rows it has."""

    def look(self) -> Glance:
        """Return how the run stands now."""


class LiveWatch:
    """Looks at a run that this process drives: at its own counts, and now and then into the ledger.

    Args:
        run: the run.
    """

    def __init__(self, run: LiveRun) -> None:
        self.ledger, self.run_id = run.ledger, run.run_id
        self._run = run
        self._pacing = Pacing()
        self._asked_at = 0.0

    def over(self) -> bool:
        """Return whether the run is over."""
        return self._run.ended.is_set()

    def look(self) -> Glance:
        """Return how the run stands now.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        run = self._run
        over = run.ended.is_set()  # before all else: what is read after it is the end
        state, detail, person = run.state, run.detail, run.needs_a_person
        if over or time.monotonic() - self._asked_at >= PACE_EVERY_S:
            self._asked_at = time.monotonic()
            self._pacing = _pacing_of(
                self.ledger,
                run.run_id,
                run.settings.origin,
                run.settings.key.fingerprint(),
                run.settings.rate,
            )
        pacing = self._pacing
        return Glance(
            run_id=run.run_id,
            mailing=run.plan.mailing,
            server=run.settings.origin,
            sandbox=run.settings.sandbox,
            ledger=self.ledger.name,
            state=state,
            detail=detail,
            needs_a_person=person,
            over=over,
            counts=run.tally.counts,
            pacing=Pacing(pacing.per_minute, pacing.allowed, pacing.wanted, tuple(run.held)),
            troubles=tuple(run.troubles.found),
            batches=_of_statuses(list(run.tally.batches.values())),
        )


class RecordWatch:
    """Looks at a run as the ledger has it, whoever drives it; one whose process is gone has died.

    Args:
        ledger: the ledger.
        run_id: the run.
    """

    def __init__(self, ledger: Ledger, run_id: str) -> None:
        self.ledger, self.run_id = ledger, run_id
        self._batches: bool | None = None

    def over(self) -> bool:
        """Return whether the run is over.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        return self._settled()["state"] not in LIVE_STATES

    def look(self) -> Glance:
        """Return how the run stands now.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        run = self._settled()
        going = run["state"] in LIVE_STATES
        counts, troubles, batches, held = self.ledger.reading(lambda conn: self._look(conn, run))
        pacing = Pacing()
        if going:
            server = run["server"], run["key_fingerprint"]
            found = _pacing_of(self.ledger, self.run_id, *server, None, elsewhere=self.run_id)
            pacing = Pacing(found.per_minute, found.allowed, found.wanted, tuple(held))
        return Glance(
            run_id=run["run_id"],
            mailing=run["mailing"],
            server=run["server"],
            sandbox=run["sandbox"],
            ledger=self.ledger.name,
            state=RunState(run["state"]),
            detail=run["detail"] or "",
            needs_a_person=run["state"] == RunState.PAUSED and run["reason"] != Reason.PAUSED,
            over=not going,
            counts=_with_held(counts, held),
            pacing=pacing,
            troubles=tuple(troubles),
            batches=batches,
        )

    def _settled(self) -> dict[str, Any]:
        run = self.ledger.reading(self._record)
        if run["state"] in LIVE_STATES and self.run_id in journal.settle_for_a_look(self.ledger):
            run = self.ledger.reading(self._record)
        return run

    def _record(self, conn: sa.Connection) -> dict[str, Any]:
        return queries.run_of(conn, self.run_id)

    def _look(
        self, conn: sa.Connection, run: Mapping[str, Any]
    ) -> tuple[dict[State, int], list[Trouble], Batches | None, list[Holder]]:
        counts = glances.counts(conn, self.run_id)
        found: list[Trouble] = []
        if any(counts.get(state) for state in _WRONG):
            kinds = glances.troubles(conn, self.run_id, _WRONG, 10 * MOST_KINDS)
            found = gathered(Trouble(*kind) for kind in kinds)
        if self._batches is None:
            self._batches = glances.is_of_batches(conn, self.run_id)
        batches = _of_rows(glances.batch_rows_of(conn, self.run_id)) if self._batches else None
        held = glances.held_elsewhere(conn, run) if run["state"] in LIVE_STATES else []
        return counts, found, batches, held


def _pacing_of(
    ledger: Ledger, run_id: str, origin: str, fingerprint: str, rate: Rate | None, *, elsewhere: str = ""
) -> Pacing:
    def look(conn: sa.Connection) -> tuple[float | None, Wish]:
        return _per_minute(conn, run_id), control.wish_of(conn, run_id)

    per_minute, wanted = ledger.reading(look)
    return Pacing(per_minute, allowance(ledger, origin, fingerprint, rate=rate, elsewhere=elsewhere), wanted)


def _per_minute(conn: sa.Connection, run_id: str) -> float | None:
    """Return how many attempts a minute were answered lately; None where that were a guess."""
    now = clock.now(conn)
    for while_s in (SHORT_S, LONG_S):
        count, first = glances.answered(conn, run_id, now - while_s)
        if count >= ENOUGH or (while_s == LONG_S and count > 1):
            return 60.0 * (count - 1) / max(now - first, 0.001)
    return None


def _with_held(counts: Mapping[State, int], held: Iterable[Holder]) -> dict[State, int]:
    """Return the counts with what other runs hold as `sending`, as a run's account has it."""
    waiting = counts.get(State.WAITING, 0)
    flying = min(waiting, sum(one.rows for one in held))
    found = dict(counts) | {
        State.WAITING: waiting - flying,
        State.SENDING: counts.get(State.SENDING, 0) + flying,
    }
    return {state: found[state] for state in State if found.get(state)}


def _of_statuses(statuses: list[BatchStatus]) -> Batches | None:
    if not any(status.total_count for status in statuses):
        return None
    parts = (sum(getattr(status, f"{part}_count") or 0 for status in statuses) for part in _BATCH_PARTS)
    words = (f"{one.status} {resume_words(one) if one.throttled else ''}".strip() for one in statuses)
    return Batches(_counted(words), *parts)


def _of_rows(rows: list[dict[str, Any]]) -> Batches | None:
    counts = batch_counts(rows)
    if not counts:
        return None
    words = (str(row.get("api_status")) for row in batch_rows(rows) if row.get("batch_total") is not None)
    return Batches(_counted(words), *(counts[part] for part in _BATCH_PARTS))


def _counted(words: Iterable[str]) -> str:
    """Return what batches have in common, with how many say so where there are several."""
    found = Counter(words)
    several = found.total() > 1
    return ", ".join(f"{count:,} × {word}" if several else word for word, count in found.most_common())
