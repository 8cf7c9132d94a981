"""`df.migma`: the same functions at the list itself, and no state."""

import copy
import inspect
import pickle
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg

MAILING: dict[str, Any] = {
    "mailing": "m",
    "sender": "Acme <billing@acme.example>",
    "subject": "Hello {{first_name}}",
    "template": "<p>{{first_name}}</p>",
    "project_id": "p",
    "transactional": True,
}


@pytest.fixture
def people() -> pd.DataFrame:
    """Two people."""
    return pd.DataFrame({"email": ["a@x.org", "b@x.org"], "first_name": ["Ann", "Bo"]})


def tools(frame: pd.DataFrame) -> Any:
    """Return a frame's accessor, which pandas' stubs do not know of."""
    return frame.migma


def test_the_frames_plan_is_the_plan(people: pd.DataFrame) -> None:
    """With the same id, and so the same bytes."""
    assert mg.plan(people, **MAILING).id == tools(people).plan(**MAILING).id


def test_a_preview_asks_only_for_what_a_reader_sees(people: pd.DataFrame) -> None:
    """No mailing, project or kind of mail; what is given counts all the same."""
    seen = {name: MAILING[name] for name in ("sender", "subject", "template")}
    shown = tools(people).preview(1, **seen)
    assert ("b@x.org", "Hello Bo", "Bo") == (shown.recipient, shown.subject, shown.text)
    assert "Hello Ann" == tools(people).preview(**MAILING).subject
    with pytest.raises(mg.InputError, match="There is no row 2"):
        tools(people).preview(2, **seen)
    with pytest.raises(mg.InputError, match="mailing is empty"):
        tools(people).preview(**seen, mailing="")


def test_the_form_has_the_frame_in_it(people: pd.DataFrame) -> None:
    """And what it was given to begin with."""
    pytest.importorskip("ipywidgets")
    form = tools(people).form(**MAILING)
    form.settle()
    assert form.plan.id == mg.plan(people, **MAILING).id
    with pytest.raises(mg.InputError, match="subjekt is no argument"):
        tools(people).form(subjekt="Hello")


def test_a_frame_that_changes_is_planned_as_it_is(people: pd.DataFrame) -> None:
    """Nothing is kept from before, neither of rows nor of cells."""
    before = tools(people).plan(**MAILING)
    people.loc[1, "first_name"] = "Bea"
    people.loc[2] = ["c@x.org", "Cy"]
    after = tools(people).plan(**MAILING)
    assert (2, 3) == (before.people, after.people)
    assert "Hello Bea" == after.preview(1).subject


def test_the_frame_stays_an_ordinary_frame(people: pd.DataFrame) -> None:
    """Equal, copied and pickled as without; nothing is put into it or its attrs."""
    plain = people.copy()
    tools(people).plan(**MAILING)
    assert {} == people.attrs
    for other in (people, people.copy(), copy.deepcopy(people), pickle.loads(pickle.dumps(people))):
        pd.testing.assert_frame_equal(plain, other)
        assert tools(other).plan(**MAILING).people == 2
    assert {} == {name: value for name, value in vars(tools(people)).items() if name != "_frame"}


def test_a_copy_has_an_accessor_of_its_own(people: pd.DataFrame) -> None:
    """A part of the list plans that part."""
    tools(people).plan(**MAILING)
    assert 1 == tools(people[people["first_name"] == "Bo"]).plan(**MAILING).people


def test_what_may_be_typed_is_shown_before_it_is_typed() -> None:
    """The signature is that of mg.plan, without the recipients."""
    shown = list(inspect.signature(tools(pd.DataFrame()).plan).parameters)
    assert list(inspect.signature(mg.plan).parameters)[1:] == shown


def test_a_frames_accessor_says_what_it_is(people: pd.DataFrame) -> None:
    """Not an address in memory, and nobody of the list."""
    assert "df.migma: 2 rows × 2 columns; .plan(…), .form(), .preview(row, …)" == repr(tools(people))


def test_importing_registers_it_once_and_warns_of_nothing() -> None:
    """In a process of its own, where a warning is an error; no extra comes with it."""
    code = (
        "import pandas as pd, migma_nb, migma_nb.surface.accessor, sys\n"
        "print(pd.DataFrame({'a': [1]}).migma, 'ipywidgets' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("df.migma: 1 rows")
    assert done.stdout.endswith("False\n")
