"""What is checked before a run with the ledger and the network, and what the run is called."""

import secrets
from datetime import UTC, datetime

from migma_nb.api.settings import Settings
from migma_nb.ledger import journal
from migma_nb.ledger.store import Ledger
from migma_nb.planning.frozen import Plan
from migma_nb.sending import gate, headcount
from migma_nb.sending.preflight import looked_at


def new_id(now: float) -> str:
    """Return a new run's id: when it began (UTC), and six digits by chance.

    Args:
        now: the present, by the ledger's clock (seconds since the epoch).
    """
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def prepared(plan: Plan, settings: Settings, options: gate.SendOptions, opened: Ledger) -> tuple[Plan, Plan]:
    """Make the checks before a send that take the ledger or the network; nothing is put on record.

    Returns:
        The plan without those whom the account says not to mail, and with the counts of its batches.

    Raises:
        As `start`.
    """
    gate.check_ledger(settings, opened)
    journal.settle_the_dead(opened)
    gate.check_other_hosts(plan, settings, opened)
    counted = headcount.counted_again(plan, settings, opened) if plan.targets else plan
    if options.only_refused:
        gate.check_retry(plan, settings, options, opened, counted)
    elif plan.targets and not options.confirmed:
        gate.check_confirm(plan, settings, options, counted)
    return looked_at(plan, settings, options, opened, counted), counted
