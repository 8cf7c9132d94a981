"""`missing_recipient_id`: a row for a tag, segment or audience that does not say which."""

from typing import Any

import pytest

from tests.checks.lists import rows_of, to_targets

CODE = "missing_recipient_id"


@pytest.mark.parametrize("kind", ["tag", "segment", "audience"])
@pytest.mark.parametrize("cell", [None, "", "  ", float("nan")])
def test_a_batch_without_an_id_is_an_error(kind: str, cell: Any) -> None:
    """It would be for everybody, or for nobody."""
    rows = [{"recipientType": "tag", "recipientId": "t1"}, {"recipientType": kind, "recipientId": cell}]
    assert [1] == rows_of(to_targets(rows), CODE)


def test_an_id_is_enough() -> None:
    """And a single recipient needs none."""
    rows: list[dict[str, Any]] = [
        {"recipientType": "tag", "recipientId": "t1", "recipientEmail": None},
        {"recipientType": "email", "recipientId": None, "recipientEmail": "a@acme.org"},
    ]
    assert [] == rows_of(to_targets(rows, overlap="allowed"), CODE)
