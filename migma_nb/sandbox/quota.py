"""How many mails an account may send in a day and in a month (UTC), and how many it has sent."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from migma_nb.sandbox.clock import Clock
from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.records import Message, Progress


class Quota:
    """Counts what was delivered, blind copies apart, and what is queued. The account's lock guards it.

    A mail that is left out uses none (section 2). What the API answers beyond the limit no source says: here
    it is a 402 with ``SEND_QUOTA_EXCEEDED``, and a batch is refused as a whole.

    Args:
        clock: Tells the day.
        messages: What was delivered so far.
        queued: The sends that are under way, by their id.

    Attributes:
        daily_limit: Mails a day; None for no limit.
        monthly_limit: Mails a month; None for no limit.
    """

    def __init__(self, clock: Clock, messages: Iterable[Message], queued: Iterable[Progress]) -> None:
        self._clock = clock
        self._sent_on: Counter[str] = Counter()
        self._under_way = list(queued)
        self.daily_limit: int | None = None
        self.monthly_limit: int | None = None
        for message in messages:
            self.count(message)

    def count(self, message: Message) -> None:
        """Count a delivered message."""
        self._sent_on[message.delivered_at[:10]] += not message.is_bcc

    def queue(self, progress: Progress) -> None:
        """Reserve what a send will need, for as long as it is under way."""
        self._under_way.append(progress)

    @property
    def today(self) -> str:
        """The day by the sandbox's clock, as ``2026-11-24``."""
        return datetime.fromtimestamp(self._clock.now(), UTC).date().isoformat()

    @property
    def reserved(self) -> int:
        """Mails that are queued and not yet dealt with."""
        self._under_way = [progress for progress in self._under_way if not progress.finished]
        return sum(progress.total - progress.done for progress in self._under_way)

    def sent_in(self, period: str) -> int:
        """Mails delivered in a day (``2026-11-24``) or a month (``2026-11``)."""
        return sum(number for day, number in self._sent_on.items() if day.startswith(period))

    def require(self, wanted: int) -> None:
        """Refuse a send that goes beyond a limit.

        Args:
            wanted: The mails that it will need.

        Raises:
            Refusal: 402 that names the limit.
        """
        limits = {"daily": (self.daily_limit, 10), "monthly": (self.monthly_limit, 7)}
        for name, (limit, length) in limits.items():
            if limit is None or wanted == 0:
                continue
            sent, reserved = self.sent_in(self.today[:length]), self.reserved
            if sent + reserved + wanted > limit:
                message = (
                    f"The {name} sending limit of {limit} emails is used up: {sent} sent, {reserved} queued, "
                    f"and this send needs {wanted}."
                )
                raise Refusal(402, "SEND_QUOTA_EXCEEDED", message)
