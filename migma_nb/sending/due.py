"""Which rows of a plan stand so in their mailing: looked up a window at a time, eight bytes a row."""

from array import array
from collections.abc import Collection, Sequence

from migma_nb.api.settings import Settings
from migma_nb.ledger.schema import ClaimState
from migma_nb.ledger.standings import is_begun, states_of
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending.roll import WINDOW


def standing_as(
    plan: Plan, settings: Settings, ledger: Ledger, wanted: Collection[ClaimState | None]
) -> Sequence[int]:
    """Return the ready rows whose people stand in one of these ways, in order; None stands for nobody's."""
    if not ledger.reading(lambda conn: is_begun(conn, settings.scope, plan.mailing)):
        return plan.ready if None in wanted else ()
    found = array("q")
    for start in range(0, len(plan.ready), WINDOW):
        positions = plan.ready[start : start + WINDOW]
        whom = [plan.recipient(at) for at in positions]
        states = ledger.reading(
            lambda conn, whom=whom: states_of(conn, settings.scope, plan.mailing, whom)  # type: ignore[misc]
        )
        found.extend(at for at, who in zip(positions, whom, strict=True) if states.get(who) in wanted)
    return found
