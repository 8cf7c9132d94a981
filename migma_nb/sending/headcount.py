"""How many people a plan's batches hold: asked when it is planned, and again right before a live send.

What the API clearly says is wrong (no such tag, a segment's ID, nobody in it) stops a send before anything is
posted. Anything but a clear answer never does.
"""

import asyncio
from collections.abc import Collection

from migma_nb.api import loop
from migma_nb.api.connection import Connection
from migma_nb.api.crowds import Crowd, CrowdReader
from migma_nb.api.errors import InputError
from migma_nb.api.settings import Settings
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.standings import standings
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.planning.sources import Target

#: So long (seconds) the API is asked at most; what is not told by then counts as not told.
LONGEST_LOOK_S = 15.0
_SETTLED = (ClaimState.ACCEPTED, ClaimState.ALREADY_SENT)
_Key = tuple[str, str]


def told_of(plan: Plan, settings: Settings) -> Plan:
    """Return a plan with the names and counts of its targets; those that it knows already are not asked for.

    Args:
        plan: the plan.
        settings: of the client to ask with.

    Raises:
        InputError: the API knows no such tag or segment. Nothing was sent.
    """
    return _counted(plan, settings, [target for target in plan.targets if target.count is None])


def counted_again(plan: Plan, settings: Settings, ledger: Ledger) -> Plan:
    """Return a plan with the counts of its batches as they are now, right before it is sent.

    A batch that the mailing has mailed already is not mailed again, so that its count need not be the present
    one, nor need it exist any more.

    Args:
        plan: the plan.
        settings: of the client to send with.
        ledger: which batches the mailing has mailed.

    Raises:
        InputError: the API knows no such tag or segment, or it holds nobody. Nothing was sent.
    """
    whom = [target.recipient for target in plan.targets]
    found = ledger.reading(lambda conn: standings(conn, settings.scope, plan.mailing, whom))
    mailed = {who for who, standing in found.items() if standing.state in _SETTLED}
    again = [one for one in plan.targets if one.recipient not in mailed or one.count is None]
    made = _counted(plan, settings, again, mailed=mailed)
    for target in made.targets:
        if target.count == 0 and target.recipient not in mailed:
            raise InputError(
                f"{_where(plan, target)}The {target} holds nobody. Nothing was sent.",
                hint="Add people to it first, or leave the row out; Migma may count new ones with a delay.",
            )
    return made


def _counted(
    plan: Plan, settings: Settings, asked: list[Target], *, mailed: Collection[str] = frozenset()
) -> Plan:
    if not asked:
        return plan
    found = loop.call(_ask(settings, [key_of(target) for target in asked], plan.constants.get("projectId")))
    known, unclear = [], ""
    for target in asked:
        crowd = found[key_of(target)]
        if crowd.problem and target.recipient not in mailed:
            raise InputError(
                f"{_where(plan, target)}{crowd.problem[0].upper()}{crowd.problem[1:]}. Nothing was sent.",
                hint=crowd.hint,
            )
        known.append(target.known_as(crowd.name or target.name, crowd.count))
        if crowd.count is None:
            unclear = unclear or crowd.unclear or "the API does not tell it"
    return plan.knowing(known, unclear)


async def _ask(settings: Settings, keys: list[_Key], project_id: str | None) -> dict[_Key, Crowd]:
    """Return what the API tells of each; what it does not tell in time is unclear."""
    found: dict[_Key, Crowd] = {}
    try:
        async with asyncio.timeout(LONGEST_LOOK_S), Connection(settings) as connection:
            reader = CrowdReader(connection, project_id)
            found = reader.found
            await reader.read(keys)
    except TimeoutError:
        pass
    late = Crowd(unclear=f"no clear answer came within {LONGEST_LOOK_S:.0f} s")
    return {key: found.get(key, late) for key in keys}


def key_of(target: Target) -> tuple[str, str]:
    """Return a target as the API's reads have it: an audience is a segment there."""
    kind, _, _ = target.recipient.partition(":")
    return kind, target.id


def _where(plan: Plan, target: Target) -> str:
    """Return which row a target is in, where there are several."""
    if plan.size == 1:
        return ""
    rows = [row for row, other in plan.batches.items() if other == target]
    return f"Row {rows[0]}: "
