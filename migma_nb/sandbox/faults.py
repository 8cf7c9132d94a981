"""The named faults: what each does, which come before the send is accepted, and which request gets one."""

import math
import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "accept_then_drop": "the send is accepted and the connection closed without an answer",
        "drop_before_accept": "nothing is accepted and the connection closed without an answer",
        "error_500_before_accept": "nothing is accepted; 500 in the API's envelope",
        "error_500_after_accept": "the send is accepted; 500 in the API's envelope, not stored under the key",
        "rate_limited_seconds": "nothing is accepted; 429 with Retry-After in seconds",
        "rate_limited_date": "nothing is accepted; 429 with Retry-After as an HTTP date",
        "unavailable": "nothing is accepted; 503 in the API's envelope with Retry-After",
        "unavailable_bare": "nothing is accepted; 503 in the API's envelope without Retry-After",
        "html_error": "nothing is accepted; a gateway's 502 page in HTML",
        "html_error_after_accept": "the send is accepted; a gateway's 502 page in HTML",
        "cut_json": "the send is accepted; the answer's body ends before its Content-Length",
        "garbled_json": "the send is accepted; the answer's body is complete but no JSON",
        "silence_before_accept": "nothing is accepted and no answer comes until the client gives up",
        "silence_after_accept": "the send is accepted and no answer comes until the client gives up",
    }
)

BEFORE_ACCEPT = frozenset(
    {
        "drop_before_accept",
        "error_500_before_accept",
        "rate_limited_seconds",
        "rate_limited_date",
        "unavailable",
        "unavailable_bare",
        "html_error",
        "silence_before_accept",
    }
)


class FaultPlan:
    """Which request gets which fault: a function of the seed and of the request's ordinal alone.

    A request gets at most one fault, each with exactly the probability it was given.

    Args:
        faults: Probability, from 0 to 1, by name of fault.
        seed: Two plans of one seed put the same faults into the same requests.

    Raises:
        ValueError: An unknown name, a number that is no probability, or a sum above 1.
    """

    def __init__(self, faults: Mapping[str, float], seed: int) -> None:
        self.faults = _checked(faults)
        self._seed = seed

    def draw(self, ordinal: int) -> str | None:
        """The fault of the request with that ordinal (1, 2, …), or None."""
        if not self.faults:
            return None
        # Not for secrets: a seeded generator is the point.
        left = random.Random(f"{self._seed}:{ordinal}").random()  # noqa: S311
        for name, probability in self.faults.items():
            if left < probability:
                return name
            left -= probability
        return None


def _checked(faults: Mapping[str, Any]) -> dict[str, float]:
    known = ", ".join(FAULTS)
    for name, probability in faults.items():
        if name not in FAULTS:
            raise ValueError(f"The sandbox has no fault {name!r}. It has: {known}.")
        is_number = isinstance(probability, int | float) and not isinstance(probability, bool)
        if not is_number or not 0 <= probability <= 1:
            raise ValueError(
                f"The probability of {name!r} is {probability!r}; it must be a number from 0 to 1. "
                f"The sandbox's faults are: {known}."
            )
    total = math.fsum(faults.values())
    if total > 1 + 1e-9:
        raise ValueError(
            f"The probabilities of the faults add up to {total:g}; a request gets at most one fault, "
            "so they may add up to 1 at most."
        )
    # One order, whatever the order in which they were named, so that a seed means the same everywhere.
    return {name: float(faults[name]) for name in FAULTS if faults.get(name)}
