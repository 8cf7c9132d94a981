"""`placeholder_unfilled`: nothing here fills it, and Migma may or may not."""

from typing import Any

import migma_nb as mg
from tests.checks.lists import addressed, count_of, plan, rows_of, to_targets

CODE = "placeholder_unfilled"


def test_a_placeholder_that_was_left_out_is_told_once() -> None:
    """Whoever names the columns leaves the rest open; it is about the mailing, not a row."""
    made = plan(addressed("Ann", "Bo"), template="<p>{{v}} {{w}}</p>", variables=["v"])
    assert (1, []) == (count_of(made, CODE), rows_of(made, CODE))


def test_a_tags_contacts_may_fill_it() -> None:
    """Who they are only Migma knows."""
    made = mg.plan(mg.Tag("t1"), mailing="m", sender="A <a@acme.org>", subject="{{v}}", email_id="e1")
    assert 1 == count_of(made, CODE)


def test_a_row_for_a_tag_names_what_is_open() -> None:
    """In a frame of targets it is a row's own."""
    rows: list[dict[str, Any]] = [{"recipientType": "tag", "recipientId": "t1"}]
    rows[0]["variables"] = {}
    assert [0] == rows_of(to_targets(rows, subject="{{v}}"), CODE)


def test_a_filled_one_is_not_told() -> None:
    """By a column, by a default, by a value for all."""
    assert 0 == count_of(plan(addressed("Ann")), CODE)
    assert 0 == count_of(plan(addressed("Ann"), template="{{w}}", defaults={"w": "x"}), CODE)
    assert 0 == count_of(plan("a@acme.org", template="{{w}}", variables={"w": "x"}), CODE)
