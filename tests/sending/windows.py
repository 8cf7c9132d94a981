"""Sends whose rows are looked up a few at a time, as those of a list of millions are by thousands."""

import time

import migma_nb as mg
from migma_nb.ledger.schema import RunRecord
from migma_nb.sending import live
from migma_nb.sending.gate import SendOptions
from migma_nb.surface.client import settings_of


def start_in_windows(
    plan: mg.SendPlan,
    client: mg.Migma,
    window: int,
    *,
    ledger: str,
    limit: int | None = None,
    only_refused: bool = False,
) -> mg.Run:
    """Start a plan with so many rows looked up at a time, confirmed.

    Args:
        plan: what to send.
        client: with which client.
        window: how many rows are looked up at a time.
        ledger: the ledger's place.
        limit: begin with at most so many rows.
        only_refused: as `plan.retry` does.
    """
    options = SendOptions(
        confirm=plan.people, limit=limit, only_refused=only_refused, confirmed=True, window=window
    )
    begun = live.start(plan._plan, settings_of(client), options, ledger=ledger)
    return mg.Run(begun.ledger, begun.run_id, index=plan._plan.index, live=begun)


def record_of(plan: mg.SendPlan, client: mg.Migma, run_id: str) -> RunRecord:
    """Return the record of a run of a plan that is about to begin."""
    settings, frozen = settings_of(client), plan._plan
    return RunRecord(
        run_id=run_id,
        scope=settings.scope,
        mailing=frozen.mailing,
        plan_id=frozen.id,
        server=settings.origin,
        sandbox=settings.sandbox,
        key_fingerprint=settings.key.fingerprint(),
        size=frozen.size,
        people=len(frozen.ready),
        target=None,
        started_at=time.time(),
    )
