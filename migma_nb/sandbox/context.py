"""What every route works with: the account, what is enforced, faults, limits, and whether we close."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from migma_nb.sandbox.acceptance import Policy
from migma_nb.sandbox.account import Account
from migma_nb.sandbox.campaigns import Campaigns
from migma_nb.sandbox.contact_imports import ContactImports
from migma_nb.sandbox.conversations import Conversations
from migma_nb.sandbox.delivery import Delivery
from migma_nb.sandbox.faults import FaultPlan
from migma_nb.sandbox.idempotency import IdempotencyKeys
from migma_nb.sandbox.rate import RateLimit


@dataclass(slots=True)
class Context:
    """The server's parts.

    Attributes:
        idempotency: The keys, or None if the header is ignored.
        latency: Seconds that every authorised request takes before its work is done.
        closing: Set when the server closes.
        sendings: How many ``POST /v1/sending`` have come; the ordinal that faults are drawn by.
    """

    account: Account
    policy: Policy
    delivery: Delivery
    conversations: Conversations
    campaigns: Campaigns
    contact_imports: ContactImports
    faults: FaultPlan
    limit: RateLimit | None
    idempotency: IdempotencyKeys | None
    latency: float
    sendings: int
    base_url: str
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def draw_fault(self) -> str | None:
        """The fault of the next ``POST /v1/sending``."""
        self.sendings += 1
        return self.faults.draw(self.sendings)

    async def think(self) -> bool:
        """Let the latency pass; False if the server closed meanwhile."""
        if self.latency:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), self.latency)
        return not self.closing.is_set()
