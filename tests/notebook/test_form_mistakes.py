"""What the screen shows as chosen is what a click sends, not what was chosen before."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.notebook.form_draft import uploaded_list
from tests.notebook.conftest import COMPLETE
from tests.notebook.test_form import click, complete, control, seen, send, settled, upload

pytest.importorskip("ipywidgets")
PLAIN = {"subject": "s", "template": "<p>x</p>"}


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """Return a rehearsal account."""
    with mg.Sandbox(seed=1) as opened:
        yield opened


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], threading.Event]]:
    """Return a function that makes a file of a name slow to read; it returns what lets it be read."""
    waits: dict[str, threading.Event] = {}

    def reading(name: str, content: bytes) -> Any:
        if name in waits:
            assert waits[name].wait(30)
        return uploaded_list(name, content)

    def slow(name: str) -> threading.Event:
        return waits.setdefault(name, threading.Event())

    monkeypatch.setattr("migma_nb.notebook.form_list.uploaded_list", reading)
    yield slow
    for one in waits.values():
        one.set()


def listed(*names: str) -> bytes:
    """Return a file of these people."""
    return "\n".join(["email,First Name,plan", *(f"{name}@x.org,{name},T" for name in names), ""]).encode()


def test_nobody_is_mailed_while_another_list_is_being_read(
    people: pd.DataFrame, sandbox: mg.Sandbox, slowly: Callable[[str], threading.Event]
) -> None:
    """The number was typed for the list that was there before; the one that comes asks for it again."""
    form = complete(people, sandbox)
    control(form, "mnb-confirm").value = "3"
    read = slowly("new.csv")
    upload(form, "mnb-upload-list", "new.csv", listed("x", "y", "z"))
    assert control(form, "mnb-send").disabled
    click(form, "mnb-send")
    control(form, "mnb-test-to").value = "me@acme.example"
    click(form, "mnb-test")
    # A change of something else, meanwhile, does not offer the old list either.
    control(form, "mnb-subject").value = "{{first_name}}, news"
    form._newest.settle()
    control(form, "mnb-confirm").value = "3"
    assert control(form, "mnb-send").disabled
    read.set()
    settled(form)
    assert ("", True) == (control(form, "mnb-confirm").value, control(form, "mnb-send").disabled)
    assert sandbox.outbox.empty
    send(form, "3")
    assert {"x@x.org", "y@x.org", "z@x.org"} == set(sandbox.outbox["to"])


def test_of_two_files_the_one_that_was_chosen_last_is_the_list(
    people: pd.DataFrame, sandbox: mg.Sandbox, slowly: Callable[[str], threading.Event]
) -> None:
    """However long the first one takes to read."""
    form = complete(people, sandbox)
    read = slowly("long.csv")
    upload(form, "mnb-upload-list", "long.csv", listed("a", "b", "c", "d"))
    upload(form, "mnb-upload-list", "short.csv", listed("x", "y"))
    read.set()
    settled(form)
    assert ("short.csv, 2 rows", 2) == (form.draft.recipients.label, form.plan.people)


def test_a_file_that_is_read_too_late_takes_no_other_choice_away(
    people: pd.DataFrame, sandbox: mg.Sandbox, slowly: Callable[[str], threading.Event]
) -> None:
    """Whoever goes back to the list in hand has it."""
    form = complete(people, sandbox)
    read = slowly("long.csv")
    control(form, "mnb-people-kind").value = "File"
    upload(form, "mnb-upload-list", "long.csv", listed("a", "b", "c", "d"))
    control(form, "mnb-people-kind").value = "In hand"
    read.set()
    settled(form)
    assert 3 == form.plan.people


def test_after_a_file_that_cannot_be_read_no_list_is_chosen(
    people: pd.DataFrame, sandbox: mg.Sandbox, slowly: Callable[[str], threading.Event]
) -> None:
    """It says so, no longer that it reads, and nothing can be sent; a list in hand can be chosen again."""
    form = complete(people, sandbox)
    kind = control(form, "mnb-people-kind")
    kind.value = "File"
    read = slowly("short.csv")
    upload(form, "mnb-upload-list", "short.csv", listed("a", "b"))
    read.set()
    assert 2 == settled(form).plan.people
    control(form, "mnb-confirm").value = "2"
    upload(form, "mnb-upload-list", "broken.xlsx", b"no workbook")
    form.settle()
    assert 1 == len(form.errors)
    assert "Reading broken.xlsx" not in seen(form)
    assert "short.csv" not in seen(form)
    assert "No list is chosen now." in seen(form)
    assert "Still needed: a list" in seen(form)
    assert form.draft.recipients is None
    assert control(form, "mnb-send").disabled
    assert ["found by itself"] == [label for label, _ in control(form, "mnb-address", "Dropdown").options]
    kind.value = "In hand"
    form.settle()
    assert "DataFrame in hand, 3 rows" in seen(form)
    kind.value = "File"
    form.settle()
    assert control(form, "mnb-send").disabled
    kind.value = "In hand"
    form.settle()
    assert 3 == form.plan.people
    assert ("", True) == (control(form, "mnb-confirm").value, control(form, "mnb-send").disabled)


def test_who_is_mailed_is_who_the_screen_shows_as_chosen(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Another kind is nobody until one is chosen; what was chosen of a kind comes back with it."""
    sandbox.server.add_contact("vip@x.org", tags=["VIP"])
    form = complete(people, sandbox, **PLAIN)
    kind = control(form, "mnb-people-kind")
    for name in ("Tag", "Segment", "File"):
        kind.value = name
        settled(form)
        assert (None, "Still needed: a list" in seen(form)) == (form.plan, True), name
        assert control(form, "mnb-send").disabled
    kind.value = "Tag"
    settled(form)
    control(form, "mnb-search-tags", "Select").index = 0
    assert "VIP" in settled(form).draft.recipients.label
    kind.value = "In hand"
    assert 3 == settled(form).plan.people
    kind.value = "Tag"
    assert "VIP" in settled(form).draft.recipients.label
    assert "VIP · 1 person" == control(form, "mnb-search-tags", "Select").label


def test_what_is_mailed_is_what_the_screen_shows_as_chosen(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """The box of HTML is not sent while a generated email is asked for, nor the other way round."""
    sandbox.server.add_email("Stored", "<p>stored</p>")
    contents = {"template", "email_id", "conversation_id"}
    form = complete(people, sandbox, **PLAIN, project_id=sandbox.server.project_id)
    kind = control(form, "mnb-content-kind")
    kind.value = "Generated email"
    settled(form)
    assert (None, "Still needed: the content" in seen(form)) == (form.plan, True)
    control(form, "mnb-search-emails", "Select").index = 0
    settled(form)
    (stored,) = contents & set(form.draft.arguments)
    chosen = form.draft.arguments[stored]
    assert "template" != stored
    kind.value = "HTML"
    settled(form)
    assert {"template"} == contents & set(form.draft.arguments)
    assert "<p>x</p>" == form.draft.arguments["template"]
    kind.value = "Generated email"
    settled(form)
    assert {stored} == contents & set(form.draft.arguments)
    assert chosen is form.draft.arguments[stored]


def test_a_tag_that_has_grown_is_counted_again_and_asks_for_its_number(sandbox: mg.Sandbox) -> None:
    """The send that is refused for it says so, and the form goes on with what is true now."""
    sandbox.server.add_contact("ann@x.org", tags=["VIP"])
    form = settled(mg.form(mg.Tag(sandbox.tags["id"][0]), sandbox.client(), **{**COMPLETE, **PLAIN}))
    sandbox.server.add_contact("bo@x.org", tags=["VIP"])
    send(form, "1")
    assert ["This would mail everybody in tag 'VIP'"] == [str(one)[:38] for one in form.errors]
    assert sandbox.outbox.empty
    assert "Send to 2 people" == control(form, "mnb-send").description
    send(form, "1")
    assert sandbox.outbox.empty
    send(form, "2")
    assert {"ann@x.org", "bo@x.org"} == set(sandbox.outbox["to"])


def test_a_list_without_a_header_leaves_nobodys_address_in_the_widgets(sandbox: mg.Sandbox) -> None:
    """Its first line was taken for the names of the columns, which are offered and named in errors."""
    headless = pd.DataFrame({"ann@acme.org": ["bo@acme.org"], "First Name": ["Bo"], "plan": ["Team"]})
    form = mg.form(headless, sandbox.client(), **COMPLETE)
    form.settle()
    widgets = [form.widget]
    for one in widgets:
        widgets.extend(getattr(one, "children", ()))
    state = repr([one.get_state() for one in widgets])
    assert "a…@acme.org" in state
    assert not [who for who in ("ann@acme.org", "bo@acme.org") if who in state]


def test_the_form_keeps_the_list_that_it_shows(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """A cell that changes the frame in place changes nobody's address behind the screen."""
    form = complete(people, sandbox)
    people.loc[0, "email"] = "other@acme.org"
    people["email 2"] = people["email"]
    control(form, "mnb-mailing").value = "another name"
    settled(form)
    send(form, "3")
    assert {"ann@acme.org", "bo@acme.org", "cy@acme.org"} == set(sandbox.outbox["to"])


def test_a_run_that_goes_on_is_shown_by_a_form_that_is_opened_anew(
    people: pd.DataFrame, sandbox: mg.Sandbox
) -> None:
    """Reloading the page leaves no send behind that nobody sees and nobody can stop."""
    many = pd.concat([people.assign(email=f"p{n}" + people["email"]) for n in range(40)])
    form = complete(many, sandbox)
    begun = form.plan.start(sandbox.client(rate="20/second"), progress=False)
    again = complete(many, sandbox)
    assert begun.id == again.run.id
    assert "running" in seen(again)
    click(again, "mnb-run-stop")
    begun.wait(timeout=30, progress=False)
    assert mg.RunState.STOPPED is begun.state
    assert len(sandbox.outbox) == begun.counts[mg.State.ACCEPTED] < len(many)
    assert again.send._panel.ended.wait(20)


def test_a_plan_that_a_change_has_overtaken_is_not_sent(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Also where its check ends in the moment of the change, so that it is offered once more."""
    form = complete(people, sandbox)
    old = form.frozen
    control(form, "mnb-subject").value = "{{first_name}}, something else"
    form.send.offer(old)
    control(form, "mnb-confirm").value = "3"
    click(form, "mnb-send")
    click(form, "mnb-test")
    settled(form)
    assert form.run is None
    assert sandbox.outbox.empty
