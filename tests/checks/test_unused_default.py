"""`unused_default`: a default whose name is a slip, so that it would stand in for nothing."""

import pytest

from tests.checks.lists import addressed, count_of, plan, to_targets

CODE = "unused_default"


@pytest.mark.parametrize("name", ["first_nam", "w", "", "v2"])
def test_a_default_of_no_variable_is_told_once(name: str) -> None:
    """It is about the mailing, not a row."""
    assert 1 == count_of(plan(addressed("Ann", "Bo"), defaults={name: "friend"}), CODE)


@pytest.mark.parametrize("name", ["v", "V", " v "])
def test_a_default_of_a_variable_is_used(name: str) -> None:
    """Case and spaces are set aside, as in the matching of columns."""
    assert 0 == count_of(plan(addressed("Ann", None), defaults={name: "friend"}), CODE)


def test_a_near_miss_is_named() -> None:
    """The line says what was probably meant."""
    people = addressed("Ann", name="first_name")
    made = plan(people, template="<p>{{first_name}}</p>", defaults={"frist_name": "friend"})
    (fix,) = made.issues.loc[made.issues["code"] == CODE, "fix"]
    assert "first_name" in fix


def test_among_targets_too() -> None:
    """A frame of targets has defaults for its single recipients."""
    rows = [{"recipientType": "email", "recipientEmail": "a@acme.org"}]
    assert 1 == count_of(to_targets(rows, defaults={"x": "y"}, transactional=True), CODE)
