"""A part of a plan, after it went to another process, sends what the whole plan would."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.api.states import State
from migma_nb.planning.parts import PlanPart, part_of
from migma_nb.planning.plan import Plan, make_plan
from tests.planning.conftest import COMPLETE

CELLS = st.none() | st.text(max_size=8) | st.integers() | st.floats(allow_nan=False) | st.decimals(0, 9)
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh").map(lambda who: f"{who}@x.example") | st.just("no address"), CELLS, CELLS
    ),
    min_size=1,
    max_size=12,
)


def gone(part: PlanPart) -> PlanPart:
    """Return a part as another process gets it."""
    found: PlanPart = pickle.loads(pickle.dumps(part))
    return found


def assert_same(whole: Plan, start: int, stop: int) -> None:
    """Compare every row of a part with the whole plan's."""
    part = gone(part_of(whole, start, stop))
    plan = part.plan()
    assert (whole.id, whole.mailing, whole.constants) == (plan.id, plan.mailing, plan.constants)
    assert (stop - start, list(whole.index[start:stop])) == (
        plan.size,
        [whole.index[i + start] for i in range(plan.size)],
    )
    assert [row - start for row in whole.ready if start <= row < stop] == list(plan.ready)
    assert len(plan.ready) == part.people
    for row in range(start, stop):
        here = row - start
        assert (whole.recipient(row), whole.preset(row)) == (plan.recipient(here), plan.preset(here))
        assert (whole.address(row), whole.own_email_id(row)) == (plan.address(here), plan.own_email_id(here))
        if whole.state(row) is not State.INVALID:
            assert whole.body(row) == plan.body(here)
            assert whole.digest_of(whole.body(row)) == plan.digest_of(plan.body(here))
            assert whole.message(row) == plan.message(here)


@given(PEOPLE, st.data())
def test_every_row_of_a_part_is_the_whole_plans(
    people: list[tuple[str, Any, Any]], data: st.DataObject
) -> None:
    """Bytes, person, address, message, and why it stands back, whatever the cells are, wherever it is cut."""
    frame = pd.DataFrame(people, columns=["email", "v", "w"], dtype=object)
    frame.index = pd.Index([f"row {n % 3}" for n in range(len(frame))])
    changes = {"subject": "Hello {{v}}", "template": "<p>{{w}}</p>", "duplicates": "first"}
    whole = make_plan(
        frame, **COMPLETE | changes, defaults={"v": "–", "w": 0}, address="email", exclude={"a@x.example"}
    )
    start = data.draw(st.integers(0, len(people) - 1))
    assert_same(whole, start, data.draw(st.integers(start + 1, len(people))))


def test_words_of_a_row_that_stands_back_name_the_rows_of_the_whole(
    plan: Callable[..., Plan], people: pd.DataFrame
) -> None:
    """The one that stands for a duplicate may be in another part."""
    whole = plan(pd.concat([people, people], ignore_index=True))
    part = part_of(whole, 3, 6).plan()
    assert ([], {State.DUPLICATE: 3}) == (list(part.ready), {s: n for s, n in part.stand.items() if n})
    found = part.preset(1)
    assert found is not None
    assert "same recipient as row 1 (bo@acme.example)" == found[2]


def test_rows_of_people_among_targets_have_content_of_their_own(plan: Callable[..., Plan]) -> None:
    """A frame whose rows name their own stored email and subject."""
    frame = pd.DataFrame(
        {
            "recipientType": ["email"] * 4,
            "recipientEmail": [f"p{n}@x.example" for n in range(4)],
            "subject": [f"News {n}" for n in range(4)],
            "emailId": [f"e{n}" for n in range(4)],
            "variables": [{"amount": "1.10", "n": n} for n in range(4)],
        }
    )
    whole = plan(frame, subject=None, template=None, project_id=None)
    assert whole.own_email_id(2) == "e2"
    assert_same(whole, 1, 4)


def test_a_stored_email_goes_with_its_part(plan: Callable[..., Plan], people: pd.DataFrame) -> None:
    """Its subject is what a mail is looked for by in Migma's log."""
    stored = mg.StoredEmail("e1", None, "Hello {{first_name}}", "<p>{{first_name}}</p>")
    whole = plan(people, subject=None, template=None, project_id=None, email_id=stored)
    assert "Hello Bo" == whole.message(1).subject
    assert_same(whole, 1, 3)


def test_a_part_is_small_and_shows_nobody(plan: Callable[..., Plan]) -> None:
    """It holds its own rows only; what a cluster logs of it names no recipient."""
    frame = pd.DataFrame(
        {"email": [f"p{n}@x.example" for n in range(20_000)], "v": [f"value {n}" for n in range(20_000)]}
    )
    whole = plan(frame, subject="{{v}}")
    part = part_of(whole, 10_000, 10_100)
    assert 30_000 > len(pickle.dumps(part))
    assert b"p10050@x.example" in pickle.dumps(part)
    assert b"p9999@x.example" not in pickle.dumps(part)
    assert f"PlanPart({whole.id}, rows 10,000 to 10,099)" == repr(part) == str(part)


PROGRAM = (
    "import pickle, sys; part = pickle.load(sys.stdin.buffer); sys.stdout.write(part.plan().body(1).hex())"
)


def test_another_process_makes_the_same_bytes(plan: Callable[..., Plan], people: pd.DataFrame) -> None:
    """Nothing hangs on what this process has imported."""
    whole = plan(people, subject="Hello {{first_name}}")
    given = pickle.dumps(part_of(whole, 1, 3))
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=given, capture_output=True, check=True)
    assert whole.body(2).hex() == done.stdout.decode()


@pytest.mark.parametrize("target", [mg.Tag("t"), mg.Audience("a"), mg.Segment("s")])
def test_a_batch_is_no_list_of_people(plan: Callable[..., Plan], target: Any) -> None:
    """One call cannot be cut, nor a list that holds one."""
    with pytest.raises(mg.InputError, match="Only a plan of people"):
        part_of(plan(target), 0, 1)
    frame = pd.DataFrame(
        {
            "recipientType": ["email", "tag"],
            "recipientEmail": ["p@x.example", None],
            "recipientId": [None, "t"],
        }
    )
    with pytest.raises(mg.InputError, match="Only a plan of people"):
        part_of(plan(frame, overlap="allowed"), 0, 1)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (0, 4), (2, 2), (3, 4)])
def test_rows_that_are_not_there_are_refused(
    plan: Callable[..., Plan], people: pd.DataFrame, start: int, stop: int
) -> None:
    """A part has at least one row, all of them the plan's."""
    with pytest.raises(IndexError, match="the plan has rows 0 to 2"):
        part_of(plan(people), start, stop)
