"""Rate headers, as far as any are sent and make sense: what a server says of its limit.

No source shows that Migma sends any (migma-api.md, section 2, 2026-11). Nothing may depend on them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

_PREFIXES = ("x-ratelimit-", "x-rate-limit-", "ratelimit-")
_NUMBER = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*s?\s*(?:[,;]|$)")
_PARAMETER = re.compile(r";\s*([a-z]+)\s*=\s*\"?(\d{1,15})")
_NAME = re.compile(r"\s*\"?([^\";,]*)")
#: Numbers from here on are times since the epoch, in seconds or in milliseconds, not seconds ahead.
_EPOCH, _EPOCH_MS = 1e9, 1e12
#: No limit beyond this is believed.
_MOST = 1e9


@dataclass(frozen=True, slots=True)
class RateWord:
    """What a server says: so many requests in a window, so many left, until the reset; None where it doesn't.

    `reset_s` and `window_s` are in seconds.
    """

    limit: float | None = None
    remaining: float | None = None
    reset_s: float | None = None
    window_s: float | None = None


def rate_word(headers: Mapping[str, str], now: datetime) -> RateWord:
    """Read the rate headers of an answer, in the forms seen in the field.

    Args:
        headers: with lower-case names.
        now: the present (aware datetime), for a reset that is a time; the answer's own `Date` goes before it.
    """
    limit = _first(headers, "limit")
    reset = _first(headers, "reset")
    word = RateWord(
        _sane(limit),
        _number(_first(headers, "remaining")),
        _ahead(reset, headers.get("date", ""), now),
        _parameters(limit).get("w"),
    )
    return _newer(headers, word)


def _newer(headers: Mapping[str, str], word: RateWord) -> RateWord:
    """Read `RateLimit` and `RateLimit-Policy` of the newer draft, where they are sent."""
    service = _items(headers.get("ratelimit", ""))
    policies = _items(headers.get("ratelimit-policy", ""))
    name = next(iter(service), next(iter(policies), None))
    state, policy = service.get(name or "", {}), policies.get(name or "", {})
    quota = policy.get("q")
    return RateWord(
        quota or word.limit,
        state.get("r", word.remaining),
        state.get("t", word.reset_s),
        policy.get("w") or word.window_s or None,
    )


def _items(value: str) -> dict[str, dict[str, float]]:
    """Return the parameters of each item of a list, by the item's name."""
    found = {}
    for item in value.split(","):
        name = _NAME.match(item)
        parameters = _parameters(item)
        if name and parameters:
            found[name[1].strip()] = parameters
    return found


def _parameters(value: str) -> dict[str, float]:
    return {name: float(number) for name, number in _PARAMETER.findall(value)}


def _first(headers: Mapping[str, str], name: str) -> str:
    return next((headers[prefix + name] for prefix in _PREFIXES if prefix + name in headers), "")


def _number(value: str) -> float | None:
    found = _NUMBER.match(value)
    return float(found[1]) if found else None


def _sane(value: str) -> float | None:
    found = _number(value)
    return found if found is not None and 1 <= found <= _MOST else None


def _ahead(value: str, date: str, now: datetime) -> float | None:
    """Return how far ahead a reset is (seconds): told so, or as a time."""
    found = _number(value)
    if found is None:
        until = _date(value)
        return None if until is None else max(0.0, (until - (_date(date) or now)).total_seconds())
    if found >= _EPOCH:
        seconds = found / 1000 if found >= _EPOCH_MS else found
        return max(0.0, seconds - (_date(date) or now).timestamp())
    return found


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else None
