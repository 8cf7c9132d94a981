"""Single targets are checked and repaired as the same list of people is, whether by columns or by dicts."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import migma_nb as mg
from tests.checks.lists import KINDS, bare, plan, plan_as, told, value_at
from tests.checks.test_fix import READS, WORDS, equal, messy
from tests.checks.test_value_shift import listed, shifted

TO_ALL: dict[str, Any] = {"duplicates": "first", "overlap": "allowed"}


def problems(made: mg.SendPlan) -> Counter[tuple[Any, str, str]]:
    """Return row, column and code of every line, the columns as in a list of people."""
    issues = made.issues
    rows = [None if pd.isna(row) else int(row) for row in issues["row"]]
    return Counter(zip(rows, map(bare, issues["column"]), issues["code"], strict=True))


@pytest.mark.parametrize("kind", KINDS[1:])
@settings(max_examples=30, deadline=None)
@given(messy())
def test_what_is_told_of_people_is_told_of_single_targets(kind: str, people: pd.DataFrame) -> None:
    """Row by row and code by code; and every repair that people have they have too."""
    # Rows without a code count among people, not among targets: there are none, nor after a repair.
    people = people.assign(zip=people["zip"].fillna("70116").replace("nan", "70116"))
    one, other = plan_as("people", people, **READS), plan_as(kind, people, **READS)
    assert problems(one) == problems(other)
    expected, found = one.fix(), other.fix()
    lines = [(row, bare(column), was, now, code) for row, column, was, now, code in told(found)]
    assert sorted(map(repr, told(expected))) == sorted(map(repr, lines))
    assert dict(expected.left) == dict(found.left)
    for column in ("first_name", "zip", "v"):
        named = column if kind == "targets" else f"variables.{column}"
        for row in range(len(people)):
            assert equal(expected.people[column].iloc[row], value_at(found.people, row, named))


TYPES = st.sampled_from(["email", "email", "tag", "segment", "audience", "Tag ", "tags", None])
IDS = st.sampled_from([None, None, "t1", "s1", "nan", "None", "#REF!", b"t2", b"\xff", "x\ny", 7, "{{x}}"])
ADDRESSES = st.sampled_from(
    [
        None,
        None,
        "ann@acme.org",
        "Bo <bo@acme.org>",
        "cy@gmial.com",
        "nan",
        "",
        "x\0@acme.org",
        "e f@acme.org",
    ]
)
SUBJECTS = st.sampled_from(
    [
        "News",
        "nan",
        "None",
        None,
        "Hi #REF!",
        "MÃ¼ller {{v}}",
        "a\nb {{ v }}",
        b"News",
        b"{{v}}",
        "{{oops",
        "{{{v}}}",
    ]
)
DICTS = st.one_of(
    st.sampled_from([None, float("nan"), "", "{", "[1]", [1], '{"v": "nan"}', '{"V": "a", "v": "nan"}']),
    st.sampled_from(['{"v": "M\\u00c3\\u00bcller", "zip": 501}', '{"v": "x\\ny", "w": 1}']),
    st.dictionaries(st.sampled_from(["v", "V", "zip", "first_name"]), WORDS, max_size=3),
)


@st.composite
def targets(draw: st.DrawFn) -> pd.DataFrame:
    """Return a frame of targets with everything wrong in it, under any index."""
    size = draw(st.integers(1, 8))
    fields = {
        "recipientType": TYPES,
        "recipientId": IDS,
        "recipientEmail": ADDRESSES,
        "subject": SUBJECTS,
        "emailId": IDS,
        "conversationId": IDS,
        **draw(st.sampled_from([{"variables": DICTS}, {"v": WORDS}])),
    }
    columns = {}
    for name, cells in fields.items():
        column = np.empty(size, dtype=object)
        for row in range(size):
            column[row] = draw(cells)
        columns[name] = pd.Series(column, dtype=object)
    return pd.DataFrame(columns).set_axis(pd.Index([(at % 2, "x") for at in range(size)]), axis=0)


def plan_targets(frame: pd.DataFrame) -> mg.SendPlan:
    """Plan a mailing to a frame of targets that bring subject and content themselves."""
    return plan(frame, **TO_ALL, subject=None, template=None, project_id=None, defaults={"v": "you"})


@settings(max_examples=40, deadline=None)
@given(targets())
def test_after_all_repairs_of_targets_nothing_is_left_that_has_one(frame: pd.DataFrame) -> None:
    """Planned again, a second fix changes nothing; what was changed is listed, and not a cell more."""
    before = frame.copy()
    made = plan_targets(frame)
    fixed = made.fix()
    pd.testing.assert_frame_equal(before, frame)
    assert list(frame.columns) == list(fixed.people.columns)
    assert frame.index.equals(fixed.people.index)
    again = plan_targets(fixed.people)
    assert again.fix().changes.empty
    assert dict(again.fix().left) == dict(fixed.left)
    assert ("fix()" in repr(made)) is not fixed.changes.empty
    changed = {(row, column.partition(".")[0]) for row, column, *_ in told(fixed)}
    for column in map(str, frame.columns):
        for row in range(len(frame)):
            if (row, column) not in changed:
                assert equal(frame[column].iloc[row], fixed.people[column].iloc[row])
    last = {(row, column): now for row, column, _, now, _ in told(fixed)}
    for (row, column), now in last.items():
        # Two spellings of a variable in one dict are two where no subject asks for it.
        assert equal(now, value_at(fixed.people, row, column)) or (now is None and column == "variables.v")


@settings(max_examples=30, deadline=None)
@given(targets())
def test_no_repair_names_another_tag_and_every_new_error_is_told(frame: pd.DataFrame) -> None:
    """An ID is emptied or read as text, never another one; a row that its repair has stopped is listed so."""
    made = plan_targets(frame)
    fixed = made.fix()
    for _, column, was, now, _ in told(fixed):
        if column in {"recipientId", "emailId", "conversationId"}:
            assert now is None or (isinstance(was, bytes) and now == was.decode())
    again = plan_targets(fixed.people)
    sent = [row for row in range(len(frame)) if made._plan.state(row) != "invalid"]
    stopped = {row for row in sent if again._plan.state(row) == "invalid"}
    assert stopped <= set(fixed.changes.loc[fixed.changes["error"] != "", "row"])


# --- names that slid ---


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("offset", [1, -2])
def test_names_that_slid_are_told_and_set_back_for_single_targets(kind: str, offset: int) -> None:
    """As in a list of people."""
    people = listed(60)
    reads = {"template": "<p>Dear {{first_name}}!</p>", "defaults": {"first_name": "friend"}}
    slid = shifted(people, offset, 0, 60)
    one, other = plan_as("people", slid, **reads), plan_as(kind, slid, **reads)
    assert [row for row, _, code in problems(other) if code == "value_shift"]
    assert problems(one) == problems(other)
    back = other.fix("value_shift").people
    named = "first_name" if kind == "targets" else "variables.first_name"
    assert people["first_name"].tolist() == [value_at(back, row, named) for row in range(60)]


@pytest.mark.parametrize("every", [7, 20, 59])
def test_no_name_is_moved_to_a_tag(every: int) -> None:
    """Tags among the people are no part of what slid; a name there would go out to everybody."""
    people = shifted(listed(60), 1, 0, 60).assign(recipientType="email", recipientId=None)
    frame = people.rename(columns={"email": "recipientEmail"})
    tags = pd.DataFrame(
        {
            "recipientType": "tag",
            "recipientId": [f"t{at}" for at in range(0, 60, every)],
            "first_name": "all of you",
        },
        index=[at + 0.5 for at in range(0, 60, every)],
    )
    mixed = pd.concat([frame, tags]).sort_index().reset_index(drop=True)
    made = plan(mixed, **TO_ALL, template="<p>Dear {{first_name}}!</p>", transactional=False)
    rows = {row for row, _, code in problems(made) if code == "value_shift"}
    of_tags = set(np.flatnonzero(mixed["recipientType"] == "tag"))
    assert rows
    assert rows.isdisjoint(of_tags)
    fixed = made.fix("value_shift")
    assert of_tags.isdisjoint(fixed.changes["row"])
    singles = fixed.people[fixed.people["recipientType"] == "email"]
    assert listed(60)["first_name"].tolist() == singles["first_name"].tolist()
