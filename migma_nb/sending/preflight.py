"""What can be found out before a send: one check after the other, and what is left out because of them.

Only a clear answer of the API is a "failed" and stops a send; whatever else comes back is "could not be
checked", and the send goes on.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from migma_nb.api import loop
from migma_nb.api.connection import Connection
from migma_nb.api.errors import InputError
from migma_nb.api.settings import Settings
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.planning.settling import Presets
from migma_nb.planning.sources import Target
from migma_nb.sending.checks import Check, Checks, Outcome
from migma_nb.sending.due import standing_as
from migma_nb.sending.gate import SendOptions

#: So many reads are made at most to learn who of a list is unsubscribed; each counts for the rate limit.
MOST_CALLS = 50
#: No send waits longer than this (seconds) for its preflight.
PATIENCE_S = 60.0


@dataclass(slots=True)
class Findings:
    """All checks, and the rows that will not be mailed, each with state, reason and words."""

    checks: list[Check] = field(default_factory=list)
    presets: Presets = field(default_factory=Presets)

    def frame(self) -> pd.DataFrame:
        """Return one line per check: `check`, `outcome`, `detail`, `fix`, `rows` (positions left out)."""
        lines = [(one.name, str(one.outcome), one.detail, one.fix, one.rows) for one in self.checks]
        return pd.DataFrame(lines, columns=["check", "outcome", "detail", "fix", "rows"])

    def refuse_failed(self) -> None:
        """Refuse a send of which a check clearly failed.

        Raises:
            InputError: says what failed and what to do. Nothing was sent.
        """
        failed = [one for one in self.checks if one.outcome is Outcome.FAILED]
        if failed:
            fixes = " ".join(one.fix for one in failed if one.fix)
            raise InputError(
                f"{' '.join(one.detail for one in failed)} Nothing was sent.",
                hint=f"{fixes} plan.preflight(client) shows all checks; preflight=False sends without them.",
            )


def looked_at(plan: Plan, settings: Settings, options: SendOptions, ledger: Ledger, counted: Plan) -> Plan:
    """Return a plan that is about to be sent live without the people whom the account says not to mail.

    A person who was mailed already, or may have been, keeps that account. Where nobody is left to mail
    nothing is asked; a rehearsal asks nothing either, unless `plan.preflight` is called.

    Args:
        plan: what is to be sent.
        settings: the client's settings.
        options: whether to look, and how much.
        ledger: who was mailed already.
        counted: the plan with the counts of its batches as they are now.

    Raises:
        InputError: a check clearly failed. Nothing was sent.
    """
    if settings.sandbox or options.preflight is False:
        return plan
    due = _due(plan, settings, options, ledger)
    if not due:
        return plan
    calls = MOST_CALLS if options.preflight is True else options.preflight
    found = look(plan, settings, due, calls=calls, counted=counted.targets, limit=options.limit)
    findings = loop.call(found)
    findings.refuse_failed()
    return plan.without(findings.presets) if findings.presets else plan


def _due(plan: Plan, settings: Settings, options: SendOptions, ledger: Ledger) -> Sequence[int]:
    wanted = {ClaimState.REFUSED} if options.only_refused else {None, ClaimState.FREE, ClaimState.REFUSED}
    return standing_as(plan, settings, ledger, wanted)


async def look(
    plan: Plan,
    settings: Settings,
    due: Sequence[int],
    *,
    calls: int = MOST_CALLS,
    counted: Sequence[Target] | None = None,
    limit: int | None = None,
) -> Findings:
    """Make all checks of a plan; nothing is posted, and nothing changes at the server.

    Args:
        plan: what is to be sent.
        settings: the client's settings.
        due: the rows that this send would mail.
        calls: so many reads are made at most to learn who is unsubscribed.
        counted: the plan's targets as they were counted right now; None asks for them.
        limit: so many of them will be mailed at most; who they are shows only when some are left out.
    """
    clock = asyncio.get_running_loop()
    until = clock.time() + PATIENCE_S
    made: list[Check] = []
    async with Connection(settings) as connection:
        checks = Checks(connection, plan, due, calls, counted=counted, limit=limit)
        whom = [checks.targets] if plan.targets else []
        whom += [checks.recipients] if plan.singles else []
        for check in (checks.sender_domain, checks.provider, *whom, checks.quota, checks.key):
            try:
                async with asyncio.timeout(max(0.0, until - clock.time())):
                    made.append(await check())
            except TimeoutError:
                words = f"The API took longer than {PATIENCE_S:.0f} seconds to answer."
                made.append(Check(check.__name__, Outcome.UNCLEAR, words))
    return Findings([made[-1], *made[:-1]], checks.presets)
