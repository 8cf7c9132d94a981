"""One address: is it valid by email-validator's rules, and whose is it?"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import email_validator
from email_validator import EmailNotValidError, validate_email

from migma_nb.api.models import UNSAFE_IN_HEADER

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: Shapes that email-validator accepts for certain, save for special-use domains and "--" in a domain.
_PLAIN = re.compile(
    rf"[a-z0-9_!#$%&'*+/=?^`{{|}}~-]+(?:\.[a-z0-9_!#$%&'*+/=?^`{{|}}~-]+)*"
    rf"@(?P<domain>(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z])?)",
    re.IGNORECASE | re.ASCII,
)
#: Without any sign that parts an address or a name from one, all of which email-validator refuses alike.
_LONELY = re.compile(r"[ !#-;=?A-~]+", re.ASCII)
_LONGEST = 254
_LONGEST_DOMAIN = 253
_WITH_NAME = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AddressVerdict:
    """What is known of one address.

    Args:
        wire: the address as it goes on the wire: as given, trimmed (str).
        identity: who it is (see `identity`), or None where it is not valid.
        problem: why it is not valid (str), or None.
        unsafe: it has a line break or NUL in it, which a mail header cannot hold.
    """

    wire: str
    identity: str | None
    problem: str | None = None
    unsafe: bool = False


def check_address(text: str) -> AddressVerdict:
    """Judge one address exactly as email-validator does, without asking the network.

    Args:
        text: the address; space around it does not count.
    """
    wire = text.strip()
    if UNSAFE_IN_HEADER.intersection(wire):
        return AddressVerdict(wire, None, "It has a line break or NUL in it.", unsafe=True)
    if _certainly_valid(wire):
        return AddressVerdict(wire, wire.lower())
    if _LONELY.fullmatch(wire):
        return AddressVerdict(wire, None, _lonely_problem())
    try:
        known = validate_email(wire, check_deliverability=False)
    except EmailNotValidError as error:
        return AddressVerdict(wire, None, str(error))
    except (UnicodeError, ValueError) as error:
        return AddressVerdict(wire, None, f"It cannot be read as an address ({error}).")
    return AddressVerdict(wire, _folded(f"{known.local_part}@{known.ascii_domain}"))


def identity(text: str) -> str:
    """Return who an address belongs to: without display name and outer space, NFC, A-label, case-folded.

    Dots and +tags are kept. Text that is no valid address is folded as it stands, so that it equals itself.
    """
    bare = bare_address(text)
    return check_address(bare).identity or _folded(bare)


def bare_address(text: str) -> str:
    """Return the address of `Ann <ann@x.example>` or of `ann@x.example`, trimmed."""
    match = _WITH_NAME.fullmatch(text)
    return (match["address"] if match else text).strip()


def split_sender(text: str) -> tuple[str, str]:
    """Split `Ann <ann@x.example>` into display name ("" if there is none) and address."""
    match = _WITH_NAME.fullmatch(text)
    if not match:
        return "", text.strip()
    name = match["name"].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return name, match["address"].strip()


def _certainly_valid(wire: str) -> bool:
    match = _PLAIN.fullmatch(wire)
    if not match or len(wire) > _LONGEST:
        return False
    domain = match["domain"].lower()
    return len(domain) <= _LONGEST_DOMAIN and "--" not in domain and not is_special(domain)


@lru_cache(maxsize=4096)
def is_special(domain: str) -> bool:
    """Say whether a domain, in lower case, ends as a special-use one, which email-validator may refuse."""
    return domain.endswith(tuple(email_validator.SPECIAL_USE_DOMAIN_NAMES))


@lru_cache(maxsize=1)
def _lonely_problem() -> str:
    """Return what email-validator, in the version that is there, says of a text without an `@`."""
    try:
        validate_email("nobody", check_deliverability=False)
    except EmailNotValidError as error:
        return str(error)
    raise AssertionError("email-validator takes a text without an @ for an address.")


def _folded(text: str) -> str:
    # Folding can undo the normal form and the other way round: repeat until both hold.
    text = unicodedata.normalize("NFC", text)
    while (again := unicodedata.normalize("NFC", text.casefold())) != text:
        text = again
    return text
