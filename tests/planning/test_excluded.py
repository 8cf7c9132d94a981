"""Who is on an exclusion list or an allow-list, whatever else stands in its entries."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import migma_nb as mg
from tests.mailings import MAIL

PEOPLE = ["ann@acme.org", "bob@acme.org", "o'hara@acme.org"]
BOTH = [
    "ann@acme.org; bob@acme.org",
    "ann@acme.org, bob@acme.org",
    "ann@acme.org\nbob@acme.org",
    "Ann <ann@acme.org>, Bob <bob@acme.org>",
]
ANN = [
    '"Lee <3" <ann@acme.org>',
    "ann@acme.org (Ann)",
    "mailto:ann@acme.org",
    "\u200bann@acme.org",
    "ann@acme.org.",
    "'ann@acme.org'",
    "Ann ann@acme.org",
    "ann@@acme.org",
]


def mailed(**lists: Any) -> list[str]:
    """Return who is mailed."""
    plan = mg.plan(PEOPLE, **MAIL, **lists)
    return [PEOPLE[row] for row in plan._plan.ready]


@pytest.mark.parametrize("entry", BOTH)
def test_each_address_of_an_entry_is_excluded_and_allowed(entry: str) -> None:
    """However they are parted."""
    assert PEOPLE[2:] == mailed(exclude=[entry])
    assert PEOPLE[:2] == mailed(allow=[entry])


@pytest.mark.parametrize("entry", ANN)
def test_what_is_certainly_meant_is_excluded_and_not_let_in(entry: str) -> None:
    """To be left out takes less than to be let in."""
    assert PEOPLE[1:] == mailed(exclude=[entry])
    assert [] == mailed(allow=[entry])


@given(st.lists(st.sampled_from(PEOPLE), min_size=1), st.sampled_from([",", "; ", "\n", " ", "\t", " / "]))
def test_all_of_an_entry_are_excluded(people: list[str], between: str) -> None:
    """An apostrophe is part of an address."""
    assert [one for one in PEOPLE if one not in people] == mailed(exclude=[between.join(people)])


@pytest.mark.parametrize("entry", ["@acme.org", "*@acme.org", " @acme.org"])
def test_a_domain_is_refused_in_a_list_and_in_a_file_too(entry: str, tmp_path: Path) -> None:
    """It would exclude nobody."""
    path = tmp_path / "out.csv"
    pd.DataFrame({"email": ["bob@acme.org", entry]}).to_csv(path, index=False)
    for out in ([entry], {entry}, pd.Series([entry]), path):
        with pytest.raises(mg.InputError, match="which is no address"):
            mailed(exclude=out)


def test_rows_that_were_refused_are_a_list_to_exclude() -> None:
    """As they stand in it: a repair lets none of them in."""
    people = ["ann@acme.org", "no @ address", "bob@@acme.org"]
    plan = mg.plan(people, **MAIL, exclude=people[1:])
    assert (1, 1) == (plan.people, mg.plan(plan.fix().people, **MAIL, exclude=people[1:]).people)
