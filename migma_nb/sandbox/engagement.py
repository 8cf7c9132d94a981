"""What becomes of a mail, drawn from a seed: it arrives or bounces, is opened, clicked, complained of."""

import random
from dataclasses import dataclass, fields

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
#: What may happen to a mail, with a word of the log or, for the last, without one.
EVENTS = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "suppressed", "unsubscribed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """How many of the mails fare how.

    Attributes:
        seed: The same seed gives an address the same fate with its first mail, with its second and so on.
        opened: Share of all mails that are opened; those that are clicked are opened, too.
        clicked: Share that is clicked.
        bounced: Share that bounces, and so is never delivered.
        complained: Share that somebody complains of.
        unsubscribed: Share whose reader unsubscribes.

    Raises:
        ValueError: A share is none, or more would be clicked than opened.
    """

    seed: int = 0
    opened: float = 0.4
    clicked: float = 0.1
    bounced: float = 0.02
    complained: float = 0.001
    unsubscribed: float = 0.002

    def __post_init__(self) -> None:
        for each in fields(self)[1:]:
            share = getattr(self, each.name)
            if not 0 <= share <= 1:
                raise ValueError(f"{each.name} is {share!r}; it must be a share from 0 to 1.")
        if self.clicked > self.opened:
            raise ValueError("No more mails can be clicked than are opened.")

    def fate(self, address: str, before: int) -> list[tuple[float, str]]:
        """What will happen to a mail, as seconds after it was sent and the event, in order.

        Args:
            address: The recipient.
            before: How many mails to it are in the log already.
        """
        # Not for secrets: a seeded generator is the point.
        chance = random.Random(f"{self.seed}:{address.casefold()}:{before}")  # noqa: S311
        arrival = chance.uniform(1, 30)
        draws = [chance.random() for _ in range(4)]
        opening, click = (arrival + chance.expovariate(1 / hours / _HOUR) for hours in (6, 8))
        late = arrival + chance.uniform(_HOUR, _DAY)
        if draws[0] < self.bounced:
            return [(arrival, "bounced")]
        events = [(arrival, "delivered")]
        if draws[1] < self.opened:
            events.append((opening, "opened"))
        if draws[1] < self.clicked:
            events.append((opening + chance.uniform(5, _MINUTE), "clicked"))
        if draws[2] < self.complained:
            events.append((max(late, opening), "complained"))
        if draws[3] < self.unsubscribed:
            events.append((max(late, click), "unsubscribed"))
        return sorted(events)
