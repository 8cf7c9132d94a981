"""`role_address`: a mailbox of an office."""

import pandas as pd
import pytest

from tests.checks.lists import plan, rows_of

CODE = "role_address"


@pytest.mark.parametrize(
    "local",
    ["info", "sales", "Support", "NOREPLY", "no-reply", "postmaster", "abuse", "office", "hr", "billing"],
)
def test_an_office_is_named(local: str) -> None:
    """In any case; the mail still goes out."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", f"{local}@acme.org"], "v": 1}))
    assert ([1], 2) == (rows_of(made, CODE), made.people)


@pytest.mark.parametrize(
    "local", ["ann", "infopoint", "ann.sales", "sales.ann", "info+ann", "informer", "hra"]
)
def test_a_person_is_not(local: str) -> None:
    """The whole name counts."""
    assert [] == rows_of(plan(pd.DataFrame({"email": [f"{local}@acme.org"], "v": 1})), CODE)
