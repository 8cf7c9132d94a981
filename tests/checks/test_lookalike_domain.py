"""`lookalike_domain`: a slip for a well-known provider; the repair writes the provider."""

import pandas as pd
import pytest

from tests.checks.lists import plan, rows_of, to_targets, told

CODE = "lookalike_domain"


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("bo@gmial.com", "bo@gmail.com"),
        ("Bo.Lee@GMAL.com", "Bo.Lee@gmail.com"),
        ("bo@gmail.con", "bo@gmail.com"),
        ("bo@gmaill.com", "bo@gmail.com"),
        ("bo@hotmial.com", "bo@hotmail.com"),
        ("bo@hotmail.cm", "bo@hotmail.com"),
        ("bo@yahooo.com", "bo@yahoo.com"),
        ("bo@outlok.com", "bo@outlook.com"),
        (" bo@iclod.com ", "bo@icloud.com"),
        ("bo@protonmal.com", "bo@protonmail.com"),
    ],
)
def test_a_slip_is_named_and_the_repair_is_listed(slip: str, meant: str) -> None:
    """It changes who is mailed, so that it stands in the changes, before and after."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", slip], "v": 1}))
    assert [1] == rows_of(made, CODE)
    fixed = made.fix(CODE)
    assert [(1, "email", slip, meant, CODE)] == told(fixed)
    assert [] == rows_of(plan(fixed.people), CODE)


def test_who_is_allowed_as_it_stands_is_not_repaired_out_of_the_list() -> None:
    """Only where the repaired address may be mailed too."""
    people = pd.DataFrame({"email": ["bo@gmial.com", "cy@acme.org"], "v": 1})
    made = plan(people, allow=people["email"])
    assert [] == told(made.fix())
    assert 2 == plan(made.fix().people, allow=people["email"]).people
    both = [*people["email"], "bo@gmail.com"]
    assert [(0, "email", "bo@gmial.com", "bo@gmail.com", CODE)] == told(plan(people, allow=both).fix())


def test_of_a_frame_of_targets_only_who_is_mailed_is_looked_at() -> None:
    """A single recipient's address is repaired; excluded as it stands, it stays so."""
    rows = [{"recipientType": "email", "recipientEmail": one} for one in ("bo@gmial.com", "cy@acme.org")]
    made = to_targets(rows)
    assert [0] == rows_of(made, CODE)
    assert [(0, "recipientEmail", "bo@gmial.com", "bo@gmail.com", CODE)] == told(made.fix(CODE))
    assert [] == told(to_targets(rows, exclude=["bo@gmial.com"]).fix())


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "mail.com",
        "ymail.com",
        "gmx.com",
        "googlemail.com",
        "hotmail.co.uk",
        "yahoo.fr",
        "email.com",
        "gail.com",
    ],
)
def test_a_domain_of_its_own_is_left_alone(domain: str) -> None:
    """Near is not the same as wrong."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", f"bo@{domain}"], "v": 1}))
    assert ([], []) == (rows_of(made, CODE), told(made.fix(CODE)))
