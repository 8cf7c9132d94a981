"""`unknown_recipient_type`: a row of a frame of targets that is for nobody knows whom."""

from typing import Any

import pytest

from tests.checks.lists import rows_of, to_targets

CODE = "unknown_recipient_type"
FINE = {"recipientType": "tag", "recipientId": "t1"}


@pytest.mark.parametrize("cell", ["tags", "list", "everybody", "", None, "e-mail", "tag;segment"])
def test_a_type_that_the_api_does_not_know_is_an_error(cell: Any) -> None:
    """The row goes to nobody."""
    made = to_targets([FINE, {"recipientType": cell, "recipientId": "t2"}])
    assert [1] == rows_of(made, CODE)


@pytest.mark.parametrize("cell", ["tag", "TAG", " segment ", "audience"])
def test_the_apis_own_words_are_fine(cell: str) -> None:
    """In any case."""
    assert [] == rows_of(to_targets([{"recipientType": cell, "recipientId": "t2"}]), CODE)


def test_a_near_miss_is_named() -> None:
    """What was probably meant stands in the line, and is not done by itself: it is for many people."""
    made = to_targets([FINE, {"recipientType": "segmnet", "recipientId": "s1"}])
    (fix,) = made.issues.loc[made.issues["code"] == CODE, "fix"]
    assert "segment" in fix
    fixed = made.fix(CODE)
    assert (True, {CODE: 1}) == (fixed.changes.empty, dict(fixed.left))
    assert ["segmnet"] == fixed.people["recipientType"].tolist()[1:]
