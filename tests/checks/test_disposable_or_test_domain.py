"""`disposable_or_test_domain`: an address that lives for minutes, or takes no mail at all."""

import pandas as pd
import pytest

from tests.checks.lists import plan, rows_of

CODE = "disposable_or_test_domain"


@pytest.mark.parametrize(
    "domain",
    ["mailinator.com", "YOPMAIL.com", "guerrillamail.com", "trashmail.de", "example.com", "x.example"],
)
def test_a_throw_away_or_reserved_domain_is_named(domain: str) -> None:
    """Among real ones."""
    assert [1] == rows_of(plan(pd.DataFrame({"email": ["ann@acme.org", f"b@{domain}"], "v": 1})), CODE)


@pytest.mark.parametrize(
    "domain", ["gmail.com", "mail.com", "acme.org", "example.co", "notmailinator.com", "examples.com"]
)
def test_an_ordinary_domain_is_not(domain: str) -> None:
    """However alike it looks."""
    assert [] == rows_of(plan(pd.DataFrame({"email": ["ann@acme.org", f"b@{domain}"], "v": 1})), CODE)


def test_a_rehearsal_is_not_told_so_on_every_line() -> None:
    """A list of reserved addresses only is meant so."""
    assert [] == rows_of(plan(pd.DataFrame({"email": ["a@x.example", "b@example.org"], "v": 1})), CODE)
