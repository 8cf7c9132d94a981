"""`missing_content`: a row of a frame of targets that says nothing, or has no subject."""

from typing import Any

import pytest

from tests.checks.lists import rows_of, to_targets

CODE = "missing_content"


@pytest.mark.parametrize("cell", [None, "", "  "])
@pytest.mark.parametrize(("column", "argument"), [("subject", "subject"), ("emailId", "email_id")])
def test_an_empty_subject_or_content_is_an_error(cell: Any, column: str, argument: str) -> None:
    """Each row has to say it, where the column is there at all."""
    rows = [
        {"recipientType": "tag", "recipientId": "t1", column: "e1"},
        {"recipientType": "tag", "recipientId": "t2", column: cell},
    ]
    assert [1] == rows_of(to_targets(rows, **{argument: None}), CODE)


def test_what_the_arguments_say_need_not_be_said_by_a_row() -> None:
    """One subject and one content for all."""
    assert [] == rows_of(to_targets([{"recipientType": "tag", "recipientId": "t1"}]), CODE)
