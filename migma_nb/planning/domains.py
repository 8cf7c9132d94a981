"""Domains worth a second look: slips for a well-known provider, throw-away ones, those kept for examples."""

from functools import lru_cache

_PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "protonmail.com",
)
#: One letter away from a provider above, and somebody's own all the same.
_REAL = frozenset({"mail.com", "ymail.com", "hotmail.co", "rmail.com", "gail.com", "yaho.com.br"})
_WRONG_ENDINGS = ("con", "cmo", "ocm", "cm", "om", "comm", "vom", "xom", "cpm", "coom")

_DISPOSABLE = frozenset(
    {
        "10minutemail.com",
        "discard.email",
        "dispostable.com",
        "fakeinbox.com",
        "getnada.com",
        "grr.la",
        "guerrillamail.com",
        "guerrillamail.net",
        "mailcatch.com",
        "maildrop.cc",
        "mailinator.com",
        "mailnesia.com",
        "mintemail.com",
        "sharklasers.com",
        "spam4.me",
        "temp-mail.org",
        "tempmail.com",
        "throwawaymail.com",
        "trashmail.com",
        "trashmail.de",
        "yopmail.com",
        "yopmail.fr",
    },
)
_RESERVED = ("example", "example.com", "example.net", "example.org")
_BELOW_RESERVED = tuple(f".{name}" for name in _RESERVED)


def meant_domain(domain: str) -> str | None:
    """Return the provider that a domain is most likely a slip for (`gmial.com`), or None."""
    return _slips().get(domain)


def is_disposable(domain: str) -> bool:
    """Say whether a domain gives out throw-away addresses."""
    return domain in _DISPOSABLE


def is_reserved(domain: str) -> bool:
    """Say whether a domain is kept for examples (RFC 2606), so that nobody reads mail there."""
    return domain in _RESERVED or domain.endswith(_BELOW_RESERVED)


@lru_cache(maxsize=1)
def _slips() -> dict[str, str]:
    slips: dict[str, str] = {}
    for provider in _PROVIDERS:
        name, _, ending = provider.partition(".")
        wrong = {f"{slip}.{ending}" for slip in _misspelt(name)}
        wrong |= {f"{name}.{slip}" for slip in _WRONG_ENDINGS}
        for slip in wrong - _REAL - set(_PROVIDERS):
            slips.setdefault(slip, provider)
    return slips


def _misspelt(name: str) -> set[str]:
    """Return a name with two letters swapped, one left out, or one doubled; its first letter stays."""
    inner = range(1, len(name))
    swapped = {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in inner if at + 1 < len(name)}
    left_out = {name[:at] + name[at + 1 :] for at in inner}
    doubled = {name[:at] + name[at] + name[at:] for at in inner}
    return (swapped | left_out | doubled) - {name}
