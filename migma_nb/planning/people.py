"""The address of every row: missing, invalid or fine, and what is odd about it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd  # noqa: TC002 - imported as everywhere here

from migma_nb.planning.address_repairs import meant_address
from migma_nb.planning.address_texts import Parts, ReadAddresses, read_addresses
from migma_nb.planning.addresses import bare_address, check_address
from migma_nb.planning.domains import is_disposable, is_reserved, meant_domain
from migma_nb.planning.issues import IssueCode, IssueList

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
        parts: both sides of the `@` of the different identities, where they were parted.
    """

    addresses: Sequence[str]
    identities: Sequence[str | None]
    parts: Parts | None = None


def read_people(
    cells: "pd.Series[Any]",
    column: str,
    issues: IssueList,
    *,
    only: Collection[int] | None = None,
    rehearsal: bool | None = None,
) -> People:
    """Judge every address, each different one once.

    Args:
        cells: the address column.
        column: its name.
        issues: takes what is wrong.
        only: the rows that have to have an address; None for all. Of the others nothing is said.
        rehearsal: whether all of the list is one (`is_rehearsal`), where this is a piece of it.
    """
    read = read_addresses(cells if only is None else _only(cells, only))
    _note_missing(_asked(read.missing, only), column, issues)
    _note_invalid(read, cells, column, issues)
    parts = Parts.of(read.identities)
    _note_oddities(read, parts, column, issues, rehearsal)
    return People(cast("Sequence[str]", read.wires), read.identities, parts)


def is_rehearsal(domains: Iterable[str]) -> bool:
    """Say whether all domains of a list, or of a piece of one, are reserved for examples.

    Such a list is a rehearsal, and every line would be a warning.
    """
    return all(map(is_reserved, domains))


def _only(cells: "pd.Series[Any]", rows: Collection[int]) -> "pd.Series[Any]":
    asked = np.zeros(len(cells), dtype=bool)
    asked[list(rows)] = True
    return cells.reset_index(drop=True).astype(object).where(asked, None)


def _asked(missing: npt.NDArray[np.intp], only: Collection[int] | None) -> list[int]:
    rows = missing.tolist()
    return rows if only is None else [row for row in rows if row in only]


def _note_missing(rows: list[int], column: str, issues: IssueList) -> None:
    issues.extend(
        rows,
        IssueCode.MISSING_EMAIL,
        [f"Row {issues.start + row} has no email address." for row in rows],
        f"Fill in {column}, or leave the row out.",
        column=column,
    )


def _note_invalid(read: ReadAddresses, cells: "pd.Series[Any]", column: str, issues: IssueList) -> None:
    told = {code: (verdict, _fix(verdict.wire, column)) for code, verdict in read.invalid.items()}
    verdicts = [told[code] for code in read.wires.codes[read.refused].tolist()]
    for code in (IssueCode.INVALID_EMAIL, IssueCode.UNSAFE_HEADER):
        found = [
            (row, verdict, fix)
            for row, (verdict, fix) in zip(read.refused.tolist(), verdicts, strict=True)
            if verdict.unsafe == (code is IssueCode.UNSAFE_HEADER)
        ]
        rows = [row for row, _, _ in found]
        issues.extend(
            rows,
            code,
            [
                f"Row {issues.start + row}: {verdict.wire!r} is no valid email address. {verdict.problem}"
                for row, verdict, _ in found
            ],
            [fix for _, _, fix in found],
            column=column,
            values=cells.iloc[rows].tolist(),
        )


def _fix(wire: str, column: str) -> str:
    bare, meant = bare_address(wire), meant_address(wire)
    if bare != wire and bare == meant:
        return f"Write the address alone: {bare}"
    if meant is not None:
        return f"Did you mean {meant}?"
    # What plan.fix would not dare is still worth a question, as far as it is about the domain.
    local, sign, domain = wire.rpartition("@")
    together = "".join(domain.split()).rstrip(".,;>")
    for guess in dict.fromkeys((together, together.replace(",", "."))):
        if sign and guess != domain and check_address(f"{local}@{guess}").identity:
            return f"Did you mean {local}@{guess}?"
    return f"Correct {column}, or leave the row out."


def _note_oddities(
    read: ReadAddresses, parts: Parts, column: str, issues: IssueList, rehearsal: bool | None
) -> None:
    domains = parts.domains.different.to_pylist()
    rehearsal = is_rehearsal(domains) if rehearsal is None else rehearsal
    odd_domains = {
        at: odd for at, domain in enumerate(domains) if (odd := _odd_domain(domain, rehearsal=rehearsal))
    }
    for code in (IssueCode.LOOKALIKE_DOMAIN, IssueCode.DISPOSABLE_OR_TEST_DOMAIN):
        of_code = [at for at, odd in odd_domains.items() if odd[0] is code]
        people = parts.domains.rows_of(np.array(of_code, dtype=np.intp))
        rows = read.identities.rows_of(people)
        found = [odd_domains[int(at)] for at in parts.domains.codes[read.identities.codes[rows]]]
        issues.extend(
            rows.tolist(),
            code,
            [
                f"Row {issues.start + row}: {words}"
                for row, (_, words, _) in zip(rows.tolist(), found, strict=True)
            ],
            [fix for _, _, fix in found],
            column=column,
            values=read.wires.take(rows),
        )
    rows = read.identities.rows_of(parts.places_of_local(ROLE_NAMES))
    values = read.wires.take(rows)[:]
    issues.extend(
        rows.tolist(),
        IssueCode.ROLE_ADDRESS,
        [
            f"Row {issues.start + row}: {value} is an office's address, not a person's."
            for row, value in zip(rows.tolist(), values, strict=True)
        ],
        "Check that this office wants the mail; such addresses complain more often.",
        column=column,
        values=values,
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
