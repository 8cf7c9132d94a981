"""How a plan is cut for several workers, and how one of them sends its part: an ordinary run of the part."""

import secrets
from dataclasses import dataclass, replace
from math import ceil

from migma_nb.api.errors import LedgerError
from migma_nb.api.settings import Rate, Settings
from migma_nb.api.states import Reason, RunState
from migma_nb.ledger import crews
from migma_nb.ledger.store import Ledger
from migma_nb.planning.parts import PlanPart
from migma_nb.sending import live
from migma_nb.sending.gate import SendOptions

#: A part has as many rows as give each worker several parts, within these bounds: a lost one is soon caught
#: up with, and a run's own beginning and end cost little.
FEWEST_ROWS, MOST_ROWS, PARTS_EACH = 50, 10_000, 4
#: How often a worker looks whether its run waits for a person (seconds).
_TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class Terms:
    """What all workers of a send are told: how to make the client. Neither key nor ledger is among it.

    Args:
        crew_id: the send's id.
        version: of the package, which each worker must have.
        base_url, scope, rate, timeout, workers, sandbox: as in the client's settings.
        fingerprint: of the API key that each worker must have.
        confirmed: whether the number of people was confirmed.
    """

    crew_id: str
    version: str
    base_url: str
    scope: str
    rate: Rate | None
    timeout: float
    workers: int
    sandbox: bool
    fingerprint: str
    confirmed: bool

    @classmethod
    def of(cls, settings: Settings, crew_id: str, version: str, *, confirmed: bool) -> "Terms":
        """Return the terms of a client's settings."""
        return cls(
            crew_id,
            version,
            settings.base_url,
            settings.scope,
            settings.rate,
            settings.timeout,
            settings.workers,
            settings.sandbox,
            settings.key.fingerprint(),
            confirmed,
        )

    def settings(self, made: Settings) -> Settings:
        """Return what a worker sends with, of a client that it made with its own key."""
        return replace(made, scope=self.scope, rate=self.rate, sandbox=self.sandbox, ledger=None)


@dataclass(frozen=True, slots=True)
class PartEnd:
    """What a part came to: as its run ended, or, where `failed`, why none came to its end."""

    state: RunState
    reason: Reason | None = None
    detail: str = ""
    failed: bool = False


def rows_each(size: int, workers: int) -> int:
    """Return how many rows a part has.

    Args:
        size: rows of the plan.
        workers: how many parts are sent at a time.
    """
    return min(MOST_ROWS, max(FEWEST_ROWS, ceil(size / (PARTS_EACH * workers))))


def send(part: PlanPart, number: int, terms: Terms, settings: Settings, ledger: Ledger) -> PartEnd:
    """Send a part as a run of its own, and wait for its end.

    Args:
        part: the part.
        number: which of the send it is, from 0.
        terms: what its workers were told.
        settings: with this worker's own key.
        ledger: which this worker opened.

    Raises:
        LedgerError: the ledger, or its connection, was lost; another try may fare better.
    """
    plan = part.plan()
    options = SendOptions(
        confirm=len(plan.ready) if terms.confirmed else None, skip_invalid=True, preflight=False
    )
    try:
        run = live.start(
            plan,
            settings,
            options,
            ledger=ledger.place,
            run_id=crews.run_id_of(terms.crew_id, number, secrets.token_hex(3)),
            may_begin=lambda conn: crews.require(conn, terms.crew_id),
        )
    except LedgerError:
        if ledger.reading(lambda conn: crews.is_going(conn, terms.crew_id)):
            raise
        return PartEnd(RunState.STOPPED, Reason.STOPPED, "the send was stopped before its turn")
    while not run.ended.wait(_TICK_S):
        if run.needs_a_person:
            # Nobody sits before a worker: the whole send ends for this reason.
            run.halt_paused()
    run.future.result()
    if run.reason is Reason.LEDGER:
        raise LedgerError(run.detail)
    return PartEnd(run.state, run.reason, run.detail)
