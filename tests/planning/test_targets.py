"""Plans for a tag, a segment or an audience: one call, and only what such a call can have."""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.plan import Plan
from migma_nb.planning.targets import Audience, Segment, Tag

Planner = Callable[..., Plan]


@pytest.mark.parametrize(
    ("target", "kind", "recipient"),
    [
        (Tag("t1"), "tag", "tag:t1"),
        (Segment("s1"), "segment", "segment:s1"),
        (Audience(" s1 "), "audience", "segment:s1"),
    ],
)
def test_a_target_is_one_call(plan: Planner, target: Any, kind: str, recipient: str) -> None:
    """The body names type and ID (S9, S12); an audience and a segment of one ID are one recipient."""
    made = plan(target, transactional=None)
    assert (1, None, [0], recipient, target) == (
        made.size,
        made.people,
        list(made.ready),
        made.recipient(0),
        made.target,
    )
    body = json.loads(made.body(0))
    assert (kind, target.id) == (body["recipientType"], body["recipientId"])
    assert "recipientEmail" not in body
    assert target.id == made.address(0)


@pytest.mark.parametrize(("given", "sent"), [(None, False), (False, False), (True, True)])
def test_a_batch_is_marketing_unless_said_otherwise(plan: Planner, given: bool | None, sent: bool) -> None:
    """S5 and S6: false by default, and always said on the wire."""
    assert plan(Segment("s1"), transactional=given).constants["transactional"] is sent


def test_variables_are_the_same_for_everybody(plan: Planner) -> None:
    """One request has one object of variables (S15), so a target takes plain values."""
    made = plan(Tag("t1"), subject="In {{ Season }}", variables={"season": "spring", "n": 7})
    assert {"Season": "spring", "n": 7} == json.loads(made.body(0))["variables"]
    assert made.issues.empty


def test_what_the_contacts_may_fill_is_a_warning(plan: Planner) -> None:
    """Placeholders without value are left to Migma's contact fields, and said."""
    issues = plan(Tag("t1"), subject="Hi {{first_name}}").issues
    assert [("placeholder_unfilled", "first_name")] == list(
        zip(issues["code"], issues["column"], strict=True)
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address": "email"}, "address is for a list of people"),
        ({"key": "k"}, "key is for a list"),
        ({"exclude": ["a@x.example"]}, "exclude is for a list"),
        ({"allow": ["a@x.example"]}, "allow is for a list"),
        ({"defaults": {"x": "y"}}, "defaults is for a list"),
        ({"duplicates": "first"}, "duplicates is for a list"),
        ({"variables": ["first_name"]}, "has no columns"),
        ({"variables": {"x": {1}}}, "cannot be sent"),
        ({"sender": None}, "sender is missing"),
    ],
)
def test_what_only_a_list_can_have_is_refused(plan: Planner, changes: dict[str, Any], words: str) -> None:
    """Who is in a tag only the server knows."""
    with pytest.raises(InputError, match=words):
        plan(Tag("t1"), **changes)


@pytest.mark.parametrize("kind", [Tag, Segment, Audience])
@pytest.mark.parametrize("id_", ["", "  ", None, 7, "a\nb"])
def test_a_target_needs_its_id(kind: Callable[[Any], Any], id_: Any) -> None:
    """An empty or broken ID is refused where it is written (S12)."""
    with pytest.raises(InputError):
        kind(id_)


def test_targets_are_values() -> None:
    """Equal by kind and ID, and shown as they are written."""
    targets: list[object] = [Tag("x"), Tag("x"), Segment("x")]
    assert [True, False] == [targets[0] == other for other in targets[1:]]
    assert "Tag(id='x')" == repr(Tag("x"))


def test_the_id_follows_the_target(plan: Planner) -> None:
    """Another tag is another plan."""
    assert 3 == len({plan(target).id for target in (Tag("a"), Tag("b"), Segment("a"))})
    pd.testing.assert_index_equal(pd.RangeIndex(1), plan(Tag("a")).index)
