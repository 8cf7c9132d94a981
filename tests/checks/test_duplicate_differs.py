"""`duplicate_differs`: two rows of one person that say different things."""

from typing import Any

import pandas as pd
import pytest

from tests.checks.lists import plan, rows_of

CODE = "duplicate_differs"


def twice(one: Any, other: Any) -> pd.DataFrame:
    """Return one person in two rows."""
    return pd.DataFrame({"email": ["ann@acme.org", "Ann@acme.org"], "v": [one, other]}, dtype=object)


@pytest.mark.parametrize(("one", "other"), [("Ann", "Anne"), (1, 2), (1, "1"), ("x", "x "), ([1], [2])])
def test_another_value_is_a_question_before_the_send(one: Any, other: Any) -> None:
    """The second row is named, and the plan asks."""
    made = plan(twice(one, other))
    assert [1] == rows_of(made, CODE)
    assert "duplicates=" in repr(made)


def test_the_same_again_is_no_question() -> None:
    """Nor is a column that the mail does not read."""
    assert [] == rows_of(plan(twice("Ann", "Ann")), CODE)
    assert [] == rows_of(plan(twice("Ann", "Anne"), template="<p>x</p>"), CODE)
