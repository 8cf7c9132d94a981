"""`contradictory_row`: a row of a frame of targets that says two things at once."""

from typing import Any

import pytest

from tests.checks.lists import rows_of, to_targets

CODE = "contradictory_row"


@pytest.mark.parametrize(
    "row",
    [
        {"recipientType": "tag", "recipientId": "t1", "recipientEmail": "a@acme.org"},
        {"recipientType": "email", "recipientId": "t1", "recipientEmail": "a@acme.org"},
    ],
)
def test_one_person_and_many_is_a_question(row: dict[str, Any]) -> None:
    """Only its author knows which is meant."""
    assert [0] == rows_of(to_targets([row]), CODE)


def test_two_contents_are_a_question() -> None:
    """A stored email and a conversation."""
    row = {"recipientType": "tag", "recipientId": "t1", "emailId": "e1", "conversationId": "c1"}
    assert [0] == rows_of(to_targets([row], email_id=None), CODE)


def test_one_of_each_is_fine() -> None:
    """Empty cells say nothing."""
    row = {"recipientType": "tag", "recipientId": "t1", "emailId": "e1", "conversationId": None}
    assert [] == rows_of(to_targets([row], email_id=None), CODE)
