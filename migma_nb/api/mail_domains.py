"""Which domains take mail, as the domain name system says. Asked only by whoever asks for it."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING

from migma_nb.api.errors import InputError

if TYPE_CHECKING:
    from dns.resolver import Resolver

_AT_ONCE = 16
_DNS_PORT = 53


class Delivery(StrEnum):
    """What a domain does with mail."""

    TAKES = "takes mail"
    REFUSES = "takes no mail"
    UNKNOWN = "could not be checked"


@dataclass(frozen=True, slots=True)
class DomainFinding:
    """What was found out about one domain.

    Args:
        domain: as A-label (str).
        delivery: whether it takes mail.
        detail: how that is known, a sentence (str).
    """

    domain: str
    delivery: Delivery
    detail: str


def look_up(
    domains: Iterable[str], *, timeout: float, nameservers: Sequence[str] | None = None
) -> Iterator[DomainFinding]:
    """Ask for each domain whether it takes mail, several at once; yield the answers in the given order.

    Args:
        domains: as A-labels.
        timeout: seconds for all questions about one domain.
        nameservers: whom to ask, as "9.9.9.9" or "127.0.0.1:5353"; None for the machine's own.

    Raises:
        InputError: a name server is no IP address, or the machine has none.
    """
    resolver = _resolver(timeout, nameservers)
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="migma-dns")
    try:
        yield from pool.map(lambda domain: _ask(domain, resolver), domains)
    finally:
        # Whoever stops it in the middle does not wait for the rest.
        pool.shutdown(wait=False, cancel_futures=True)


def _ask(domain: str, resolver: "Resolver") -> DomainFinding:
    from dns.resolver import NXDOMAIN, NoAnswer  # noqa: PLC0415 - as below
    from email_validator import EmailUndeliverableError  # noqa: PLC0415 - as below
    from email_validator.deliverability import validate_email_deliverability  # noqa: PLC0415 - as below

    try:
        known = validate_email_deliverability(domain, domain, dns_resolver=resolver)
    except EmailUndeliverableError as error:
        # Whatever else went wrong is told in the same class.
        sure = error.__cause__ is None or isinstance(error.__cause__, NXDOMAIN | NoAnswer)
        return DomainFinding(domain, Delivery.REFUSES if sure else Delivery.UNKNOWN, str(error))
    unknown = known.get("unknown-deliverability")
    if unknown == "timeout":
        return DomainFinding(domain, Delivery.UNKNOWN, "The name servers did not answer in time.")
    if unknown is not None:
        return DomainFinding(domain, Delivery.UNKNOWN, "The name servers could not answer.")
    servers = ", ".join(name for _, name in known["mx"])
    return DomainFinding(domain, Delivery.TAKES, f"Its mail goes to {servers}.")


def _resolver(timeout: float, nameservers: Sequence[str] | None) -> "Resolver":
    from dns.nameserver import Do53Nameserver  # noqa: PLC0415 - 60 ms that only those pay who ask
    from dns.resolver import LRUCache, NoResolverConfiguration, Resolver  # noqa: PLC0415 - as above

    try:
        resolver = Resolver(configure=nameservers is None)
    except NoResolverConfiguration as error:
        raise InputError(
            "This machine has no name server to ask.", hint='Name one: nameservers=["9.9.9.9"].'
        ) from error
    if nameservers is not None:
        resolver.nameservers = [Do53Nameserver(*_place(one)) for one in nameservers]
    resolver.cache = LRUCache()
    resolver.lifetime = timeout
    return resolver


def _place(nameserver: str) -> tuple[str, int]:
    host, _, port = nameserver.rpartition(":") if nameserver.count(":") == 1 else (nameserver, "", "")
    try:
        return str(ip_address(host)), int(port or _DNS_PORT)
    except ValueError as error:
        raise InputError(
            f"{nameserver!r} is no name server.", hint='Write its IP address: nameservers=["9.9.9.9"].'
        ) from error
