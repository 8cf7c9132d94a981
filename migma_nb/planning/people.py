"""The address of every row: missing, invalid or fine, and what is odd about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from migma_nb.api.kinds import kind_of
from migma_nb.planning.address_repairs import meant_address
from migma_nb.planning.addresses import AddressVerdict, bare_address, check_address
from migma_nb.planning.domains import is_disposable, is_reserved, meant_domain
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.values import is_missing

#: Mailboxes that belong to an office, not to a person (RFC 2142 and what is common beside it).
ROLE_NAMES = frozenset(
    {
        "abuse",
        "accounts",
        "accounting",
        "admin",
        "administrator",
        "billing",
        "contact",
        "enquiries",
        "ftp",
        "help",
        "helpdesk",
        "hostmaster",
        "hr",
        "info",
        "inquiries",
        "jobs",
        "mailer-daemon",
        "marketing",
        "news",
        "newsletter",
        "no-reply",
        "noc",
        "noreply",
        "office",
        "orders",
        "postmaster",
        "press",
        "privacy",
        "reception",
        "root",
        "sales",
        "security",
        "service",
        "spam",
        "support",
        "sysadmin",
        "team",
        "uucp",
        "webmaster",
        "www",
    }
)


@dataclass(frozen=True, slots=True)
class People:
    """Who the rows are.

    Args:
        addresses: as they go on the wire; what stood there for invalid ones, "" for missing ones.
        identities: who each is, None where the address is missing or invalid.
    """

    addresses: list[str]
    identities: list[str | None]


def read_people(
    cells: Sequence[Any], column: str, issues: IssueList, *, only: Collection[int] | None = None
) -> People:
    """Judge every address, each different one once.

    Args:
        cells: the address column's cells.
        column: its name.
        issues: takes what is wrong.
        only: the rows that have to have an address; None for all. Of the others nothing is said.
    """
    known: dict[str, AddressVerdict] = {}
    addresses: list[str] = []
    identities: list[str | None] = []
    for row, cell in enumerate(cells):
        if only is not None and row not in only:
            addresses.append("")
            identities.append(None)
            continue
        verdict = _verdict(cell, known)
        addresses.append(verdict.wire)
        identities.append(verdict.identity)
        if verdict.identity is None:
            _note_problem(row, cell, column, verdict, issues)
    people = People(addresses, identities)
    _note_oddities(people, column, issues)
    return people


def _verdict(cell: Any, known: dict[str, AddressVerdict]) -> AddressVerdict:
    if type(cell) is str and cell in known:
        return known[cell]
    if is_missing(cell):
        return AddressVerdict("", None)
    if not isinstance(cell, str):
        return AddressVerdict(str(cell), None, f"It is {kind_of(cell)}, not a text.")
    verdict = check_address(cell)
    known[cell] = verdict
    return verdict


def _note_problem(row: int, cell: Any, column: str, verdict: AddressVerdict, issues: IssueList) -> None:
    if verdict.problem is None:
        issues.add(
            row,
            IssueCode.MISSING_EMAIL,
            f"Row {row} has no email address.",
            f"Fill in {column}, or leave the row out.",
            column=column,
        )
        return
    code = IssueCode.UNSAFE_HEADER if verdict.unsafe else IssueCode.INVALID_EMAIL
    issues.add(
        row,
        code,
        f"Row {row}: {verdict.wire!r} is no valid email address. {verdict.problem}",
        _fix(verdict.wire, column),
        column=column,
        value=cell,
    )


def _fix(wire: str, column: str) -> str:
    bare, meant = bare_address(wire), meant_address(wire)
    if bare != wire and bare == meant:
        return f"Write the address alone: {bare}"
    if meant is not None:
        return f"Did you mean {meant}?"
    # What plan.fix would not dare is still worth a question.
    together = "".join(wire.split()).rstrip(".,;>").lstrip("<").removeprefix("mailto:")
    for guess in (together, together.replace("@@", "@"), together.replace(",", ".")):
        if guess != wire and check_address(guess).identity:
            return f"Did you mean {guess}?"
    return f"Correct {column}, or leave the row out."


def _note_oddities(people: People, column: str, issues: IssueList) -> None:
    valid = {identity for identity in people.identities if identity}
    domains = {identity.rpartition("@")[2] for identity in valid}
    # A list that lives in the reserved domains altogether is a rehearsal, and every line would be a warning.
    rehearsal = all(is_reserved(domain) for domain in domains)
    odd_domains = {domain: odd for domain in domains if (odd := _odd_domain(domain, rehearsal=rehearsal))}
    for row, identity in enumerate(people.identities):
        if identity is None:
            continue
        local, _, domain = identity.rpartition("@")
        value = people.addresses[row]
        if domain in odd_domains:
            code, words, fix = odd_domains[domain]
            issues.add(row, code, f"Row {row}: {words}", fix, column=column, value=value)
        if local in ROLE_NAMES:
            issues.add(
                row,
                IssueCode.ROLE_ADDRESS,
                f"Row {row}: {value} is an office's address, not a person's.",
                "Check that this office wants the mail; such addresses complain more often.",
                column=column,
                value=value,
            )


def _odd_domain(domain: str, *, rehearsal: bool) -> tuple[IssueCode, str, str] | None:
    if meant := meant_domain(domain):
        return (
            IssueCode.LOOKALIKE_DOMAIN,
            f"{domain} looks like a slip for {meant}.",
            f"Did you mean {meant}?",
        )
    if is_disposable(domain):
        words = f"{domain} gives out addresses that live for minutes."
        return IssueCode.DISPOSABLE_OR_TEST_DOMAIN, words, "Leave the row out unless you know the person."
    if is_reserved(domain) and not rehearsal:
        words = f"{domain} is reserved for examples and takes no mail."
        return IssueCode.DISPOSABLE_OR_TEST_DOMAIN, words, "Leave the row out, or correct its address."
    return None
