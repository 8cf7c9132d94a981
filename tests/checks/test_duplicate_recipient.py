"""`duplicate_recipient`: one person in several rows."""

import pandas as pd
import pytest

from tests.checks.lists import plan, rows_of

CODE = "duplicate_recipient"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@acme.org", "ann@acme.org"),
        ("ann@acme.org", " Ann@ACME.org "),
        ("ann@müller.de", "ann@xn--mller-kva.de"),
    ],
)
def test_every_row_of_a_person_is_named(one: str, other: str) -> None:
    """And one mail goes out."""
    made = plan(pd.DataFrame({"email": [one, "bo@acme.org", other], "v": 1}))
    assert ([0, 2], 2) == (rows_of(made, CODE), made.people)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann.lee@gmail.com", "annlee@gmail.com"),
        ("ann+news@acme.org", "ann@acme.org"),
        ("ann@acme.org", "ann@acme.com"),
    ],
)
def test_who_may_be_two_people_is_two(one: str, other: str) -> None:
    """Dots and +tags are kept: what they mean is each provider's own affair."""
    made = plan(pd.DataFrame({"email": [one, other], "v": 1}))
    assert ([], 2) == (rows_of(made, CODE), made.people)


def test_a_key_tells_mails_to_one_person_apart() -> None:
    """An invoice each."""
    people = pd.DataFrame({"email": ["ann@acme.org"] * 2, "v": ["INV-1", "INV-2"]})
    assert [] == rows_of(plan(people, key="v"), CODE)


def test_no_row_is_dropped() -> None:
    """There is no repair: the first valid row stands for the person anyway."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org"] * 2, "v": 1}))
    assert {CODE: 2} == dict(made.fix(CODE).left)
    assert 2 == len(made.fix(CODE).people) == len(made.fix().people)


def test_a_repaired_address_can_make_two_rows_one_persons() -> None:
    """Which is said of the repaired list, where it was asked for."""
    made = plan(pd.DataFrame({"email": ["ann@acme.org", "Ann <ann@acme.org>"], "v": 1}))
    assert {} == dict(made.fix(CODE).left)
    assert {CODE: 2} == dict(made.fix([CODE, "invalid_email"]).left)
