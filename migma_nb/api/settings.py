"""What a client is set to: server, key, rate, time-out, workers; checked when it is made."""

import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import httpx

from migma_nb.api.errors import ConfigurationError
from migma_nb.api.proxies import proxy_for
from migma_nb.api.secret import ApiKey

#: The Node SDK's default (migma-api.md, section 1).
DEFAULT_BASE_URL = "https://api.migma.ai/v1"
_LAST_PORT = 65_535
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(second|minute|day)\s*")
_SECONDS = {"second": 1.0, "minute": 60.0, "day": 86_400.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: float
    seconds: float

    @property
    def per_minute(self) -> float:
        """The same in requests a minute."""
        return 60.0 * self.requests / self.seconds

    def __str__(self) -> str:
        unit = {seconds: name for name, seconds in _SECONDS.items()}[self.seconds]
        return f"{self.requests:g}/{unit}"


@dataclass(frozen=True, slots=True)
class Settings:
    """A client's settings, frozen.

    `rate` is None for "auto"; `timeout` is in seconds; `scope` is what a person's identity in the ledger
    hangs on: the server's origin, or the account's name, never the key. `sandbox` is True only for clients
    that a sandbox made; `ledger` is the ledger such a client brings along.
    """

    base_url: str
    key: ApiKey
    scope: str
    rate: Rate | None = None
    timeout: float = 30.0
    workers: int = 8
    sandbox: bool = False
    ledger: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return origin_of(self.base_url)

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine."""
        return _is_loopback(_host(httpx.URL(self.base_url)))


def make_settings(
    key: ApiKey,
    *,
    base_url: str | None = None,
    account: str | None = None,
    rate: str | None = None,
    timeout: float = 30.0,
    workers: int = 8,
) -> Settings:
    """Check what a client is given, and return it as settings.

    Args:
        key: the API key.
        base_url: with or without `/v1`; None takes `MIGMA_BASE_URL`, else Migma's own address.
        account: a name for the account that stands in place of the server's origin as scope; None takes
            `MIGMA_ACCOUNT`, and "" is none.
        rate: "N/second", "N/minute", "N/day" or "auto"; None takes `MIGMA_RATE`, else "auto".
        timeout: seconds for each step of a request (connect, write, read), as in httpx.
        workers: how many requests may be in flight (1 to 64).

    Raises:
        ConfigurationError: names the argument or the variable, and what it may be; or the proxy that this
            computer names cannot be used.
    """
    base = _checked_base_url(base_url or os.getenv("MIGMA_BASE_URL") or DEFAULT_BASE_URL)
    if not _is_within(timeout, (int, float), 0.001, 3600):
        raise ConfigurationError(f"timeout={timeout!r} is not a number of seconds between 0.001 and 3600.")
    if not _is_within(workers, (int,), 1, 64):
        raise ConfigurationError(f"workers={workers!r} is not a whole number from 1 to 64.")
    # In one place for every face: what the command line mails, Python must find under the same scope.
    named = os.getenv("MIGMA_ACCOUNT") if account is None else account
    scope = f"account:{named}" if named else origin_of(base)
    made = Settings(base, key, scope, _rate_of(rate), float(timeout), workers)
    if not made.loopback:
        proxy_for(httpx.URL(base))  # one that cannot be used is told now, and not once for each row
    return made


def _rate_of(rate: str | None) -> Rate | None:
    from_outside = os.getenv("MIGMA_RATE") if rate is None else None
    if from_outside:
        return parse_rate(from_outside, "MIGMA_RATE")
    return None if rate is None else parse_rate(rate)


def parse_rate(rate: Any, called: str = "rate") -> Rate | None:
    """Return the rate that a text like "100/minute" means; None for "auto".

    Args:
        rate: the text.
        called: what the error calls it.

    Raises:
        ConfigurationError: the text is no rate.
    """
    if rate == "auto":
        return None
    found = _RATE.fullmatch(rate) if isinstance(rate, str) else None
    if not found or float(found[1]) <= 0:
        raise ConfigurationError(
            f"{called}={rate!r} is no rate.", hint='Use "N/second", "N/minute", "N/day" or "auto".'
        )
    return Rate(float(found[1]), _SECONDS[found[2]])


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL as they are called, the port always written out."""
    parts = httpx.URL(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{_host(parts)}:{port}"


def _checked_base_url(text: str) -> str:
    """Return a base URL with `/v1`, its host spelled in one way, so that a server has one name as scope.

    It is read by the parser that the calls go through, so that both mean the same server.
    """
    hint = "Use an address like https://api.migma.ai/v1."
    bare = text.strip()
    try:
        parts = httpx.URL(bare)
        port_exists = parts.port is None or 0 < parts.port <= _LAST_PORT
        usable = parts.scheme in {"http", "https"} and bool(parts.host) and port_exists
    except (httpx.InvalidURL, ValueError):
        usable = False
    odd = any(char.isspace() or not char.isprintable() or char == "\\" for char in bare)
    if not usable or odd or "%" in parts.host or not _host(parts):
        raise ConfigurationError("The base URL is no http(s) address.", hint=hint)
    if parts.userinfo or "?" in bare or "#" in bare or "@" in bare:
        raise ConfigurationError("The base URL holds a user, a query or a fragment.", hint=hint)
    encrypted = parts.scheme == "https" or _is_loopback(_host(parts))
    if not encrypted and os.getenv("MIGMA_ALLOW_HTTP") != "1":
        raise ConfigurationError(
            f"{origin_of(bare)} is plain http: the API key would cross the network unencrypted.",
            hint="Use https, or set MIGMA_ALLOW_HTTP=1 if that is really meant.",
        )
    path = parts.raw_path.decode("ascii").rstrip("/")
    if not path.endswith("/v1"):
        path += "/v1"
    return f"{parts.scheme}://{_host(parts)}{'' if parts.port is None else f':{parts.port}'}{path}"


def _host(parts: httpx.URL) -> str:
    """Return a host as it is asked for: lower case, A-labels, without the dot that may end it."""
    host = parts.raw_host.decode("ascii").rstrip(".")
    return f"[{host}]" if ":" in host else host


def _is_within(value: Any, kinds: type | tuple[type, ...], low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, kinds):
        return False
    number: Any = value
    return bool(low <= number <= high)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
