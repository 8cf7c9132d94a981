"""The form's repair of what is certain: shown first, then used, taken back, and said in Python."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from tests.notebook.conftest import COMPLETE
from tests.notebook.screen import everything, html_of, visible_parts
from tests.notebook.test_form import complete, control, settled, upload
from tests.notebook.test_form_reading import run_in

pytest.importorskip("ipywidgets")
MESSY = b"email,first_name,plan\nAnn Lee <annlee@acme.org>,nan,T\nbo@acme.org,Bo,T\njanedoe at acme,Cy,T\n"
REPAIR, USE, LEAVE, BACK = (
    "Repair what is certain",
    "Use the repaired list",
    "Leave it as it was",
    "Take the repair back",
)


def buttons(form: Any) -> set[str]:
    """Return which of its buttons can be seen."""
    shown = {getattr(part, "description", "") for part in visible_parts(form.widget)}
    return shown & {REPAIR, USE, LEAVE, BACK}


def press(form: Any, name: str) -> None:
    """Press one of them, and wait for what it does."""
    (found,) = (part for part in everything(form.widget) if getattr(part, "description", None) == name)
    found._handle_custom_msg({"event": "click"}, [])
    settled(form)


def test_a_repair_is_shown_used_and_written_in_python(
    people: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing changes before a click says so; the lines make the same plan, also after other changes."""
    with mg.Sandbox(seed=1) as sandbox:
        form = complete(people, sandbox, defaults={"first_name": "there"})
        control(form, "mnb-people-kind").value = "File"
        upload(form, "mnb-upload-list", "a.csv", MESSY)
        settled(form)
        (tmp_path / "a.csv").write_bytes(MESSY)
        before = form.plan.id
        assert {REPAIR} == buttons(form)
        press(form, REPAIR)
        assert {USE, LEAVE} == buttons(form)
        assert before == form.plan.id
        assert "Would change 2 cells in 1 row; nothing has changed yet." in html_of(form)
        assert "Left to you: 1 × invalid_email." in html_of(form)
        press(form, LEAVE)
        assert ({REPAIR}, before) == (buttons(form), form.plan.id)
        press(form, REPAIR)
        press(form, USE)
        assert {BACK} == buttons(form)
        assert ["annlee@acme.org", None] == [
            None if pd.isna(cell) else cell
            for cell in form.draft.recipients.frame[["email", "first_name"]].iloc[0]
        ]
        control(form, "mnb-subject").value = "Other, {{first_name}}"
        settled(form)
        assert {BACK} == buttons(form)
        assert form.plan.id == run_in(tmp_path, form.lines, monkeypatch).id
        press(form, BACK)
        assert {REPAIR} == buttons(form)
        assert ".fix()" not in form.lines
        assert [] == form.errors
        assert 0 == len(sandbox.outbox)


def test_a_repaired_list_stays_the_list_of_its_kind(people: pd.DataFrame) -> None:
    """Whoever looks at the tags meanwhile finds the repaired list again, not the broken one."""
    with mg.Sandbox(seed=1) as sandbox:
        form = complete(people.assign(**{"First Name": "nan"}), sandbox, defaults={"first_name": "there"})
        press(form, REPAIR)
        press(form, USE)
        repaired = form.plan.id
        control(form, "mnb-people-kind").value = "Tag"
        settled(form)
        assert set() == buttons(form)
        control(form, "mnb-people-kind").value = "In hand"
        settled(form)
        assert repaired == form.plan.id


def test_no_repair_is_offered_where_there_is_none(people: pd.DataFrame) -> None:
    """Neither for a clean list nor for problems that nobody can repair with certainty."""
    with mg.Sandbox(seed=1) as sandbox:
        for list_ in (people, people.assign(email=["bo@", "x", "ann@acme.org"])):
            assert set() == buttons(complete(list_, sandbox))


def test_what_would_change_holds_no_full_address(people: pd.DataFrame) -> None:
    """Broken or mended, in what is kept with the notebook; who asks sees it."""
    broken = ["Jane Doe <janedoe@acme.org>", "mailto:bobroe@acme.org", "cyfoe@@acme.org"]
    with mg.Sandbox(seed=1) as sandbox:
        form = complete(people.assign(email=broken), sandbox)
        press(form, REPAIR)
        kept = " ".join(str(part.get_state()) for part in everything(form.widget))
        assert not [one for one in ("janedoe", "bobroe", "cyfoe") if one in kept]
        control(form, "mnb-full-addresses").value = True
        assert "bobroe@acme.org" in html_of(form)


def test_arguments_that_only_a_call_brings_are_in_the_lines_of_a_repair() -> None:
    """A list that the sandbox's form was given has no file to be read from."""
    frame = pd.DataFrame({"email": ["Ann <ann@acme.org>"], "first_name": ["Ann"], "plan": ["T"]})
    with mg.Sandbox(seed=1) as sandbox:
        form = settled(mg.form(frame, sandbox.client(), **COMPLETE, exclude=["x@acme.org"]))
        press(form, REPAIR)
        press(form, USE)
        assert "people = mg.plan(\n    people,\n" in form.lines
        assert form.lines.count("    exclude=exclude,\n") == 2
        assert form.lines.index("# exclude") < form.lines.index(".fix().people")
