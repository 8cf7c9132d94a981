"""The form without a browser: a real sandbox, a real ledger, and what stands on the screen."""

import gc
import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ipywidgets import Widget

import migma_nb as mg
from tests.notebook.conftest import COMPLETE
from tests.notebook.screen import everything, visible_parts

pytest.importorskip("ipywidgets")
CLICK = {"event": "click"}
PEOPLE = 3


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """Return a rehearsal account."""
    with mg.Sandbox(seed=1) as opened:
        yield opened


@pytest.fixture
def published() -> Iterator[list[dict[str, Any]]]:
    """Run an IPython, and return what is displayed in it."""
    shells = pytest.importorskip("IPython.core.interactiveshell")
    capturing = pytest.importorskip("IPython.core.displaypub").CapturingDisplayPublisher
    config = pytest.importorskip("traitlets.config").Config(HistoryManager={"enabled": False})
    shell = shells.InteractiveShell.instance(config=config)
    shell.display_pub = capturing()
    yield shell.display_pub.outputs
    shells.InteractiveShell.clear_instance()


def settled(form: Any) -> Any:
    """Return a form that has nothing left to do."""
    form.settle()
    assert [] == form.errors
    return form


def complete(people: pd.DataFrame, sandbox: mg.Sandbox, **changes: Any) -> Any:
    """Return a form with everything filled in."""
    return settled(mg.form(people, sandbox.client(), **{**COMPLETE, **changes}))


def seen(form: Any) -> str:
    """Return what stands on the screen as text, hidden parts left out."""
    texts = (str(widget.value) for widget in visible_parts(form.widget) if type(widget).__name__ == "HTML")
    return html.unescape(
        re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", " ".join(texts), flags=re.DOTALL))
    )


def control(form: Any, name: str, kind: str = "") -> Any:
    """Return a control by its style class, as a person finds it; hidden ones too."""
    for widget in everything(form.widget):
        if name in widget._dom_classes:
            found = [one for one in everything(widget) if not kind or type(one).__name__ == kind]
            return found[0]
    raise AssertionError(name)


def upload(form: Any, name: str, file: str, content: bytes) -> Any:
    """Choose a file, as the front end sends it; return the control."""
    found = control(form, name)
    sent = {
        "name": file,
        "type": "",
        "size": len(content),
        "last_modified": 0,
        "content": memoryview(content),
    }
    found.set_state({"value": [sent]})
    return found


def click(form: Any, name: str) -> None:
    """Press a button as the front end does."""
    control(form, name)._handle_custom_msg(CLICK, [])


def send(form: Any, number: str) -> None:
    """Type the number in, press Send, and wait for the run's end."""
    control(form, "mnb-confirm").value = number
    click(form, "mnb-send")
    form.settle()
    if form.run is not None:
        form.run.wait(progress=False)


def test_what_is_filled_in_is_planned_previewed_and_sent(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """From an empty form to the outbox, by the controls alone."""
    form = settled(mg.form(people, sandbox.client()))
    assert "Still needed: the content, a subject" in seen(form)
    control(form, "mnb-mailing").value = "2026-11 renewal notice"
    control(form, "mnb-subject").value = "{{first_name}}, your plan renews"
    control(form, "mnb-template").value = "<p>Hello {{first_name}}, you have {{plan}}.</p>"
    control(form, "mnb-sender-name").value = "Acme Billing"
    control(form, "mnb-sender-address").value = "billing@acme.example"
    control(form, "mnb-kind").value = True
    settled(form)
    assert "3 people of 3 rows · no problems" in re.sub(r"\s+", " ", seen(form))
    assert "Ann, your plan renews" in seen(form)
    assert form.plan.people == PEOPLE
    assert sandbox.outbox.empty
    send(form, "3")
    assert [] == form.errors
    assert set(people["email"]) == set(sandbox.outbox["to"])
    assert PEOPLE == len(sandbox.outbox)


def test_send_needs_the_number_also_in_the_sandbox(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Neither without it nor with another one is anything sent."""
    form = complete(people, sandbox)
    for number in ("", "2", "33", "three", plan_id(form)):
        send(form, number)
        assert control(form, "mnb-send").disabled
    assert form.run is None
    assert sandbox.outbox.empty


def plan_id(form: Any) -> str:
    """Return the id of a form's plan."""
    return str(form.plan.id)


def test_a_cell_cannot_press_send(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Only the front end's own message counts: running a cell again mails nobody."""
    form = complete(people, sandbox)
    control(form, "mnb-confirm").value = "3"
    assert not control(form, "mnb-send").disabled
    control(form, "mnb-send").click()
    control(form, "mnb-test-to").value = "me@acme.example"
    control(form, "mnb-test").click()
    settled(form)
    assert form.run is None
    assert sandbox.outbox.empty


def test_pressing_twice_sends_once(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Also before the first press has come to anything, and after it with the number typed again."""
    form = complete(people, sandbox)
    control(form, "mnb-confirm").value = "3"
    click(form, "mnb-send")
    click(form, "mnb-send")
    settled(form)
    form.run.wait(progress=False)
    assert PEOPLE == len(sandbox.outbox)
    send(form, "3")
    assert {mg.State.ALREADY_SENT: PEOPLE} == form.run.counts
    assert PEOPLE == len(sandbox.outbox)


def test_what_was_changed_after_the_number_was_typed_is_not_sent(
    people: pd.DataFrame, sandbox: mg.Sandbox
) -> None:
    """The number confirms what was on the screen: it has to be typed again for anything else."""
    form = complete(people, sandbox)
    control(form, "mnb-confirm").value = "3"
    control(form, "mnb-subject").value = "Something else"
    click(form, "mnb-send")
    settled(form)
    assert form.run is None
    assert "" == control(form, "mnb-confirm").value
    click(form, "mnb-send")
    settled(form)
    assert sandbox.outbox.empty


def test_rows_with_errors_are_sent_around_only_when_told(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """The form asks; the choice stands in the lines, too."""
    people.loc[1, "email"] = "bo@@acme.org"
    form = complete(people, sandbox)
    assert "First mend the rows with errors" in seen(form)
    send(form, "2")
    assert form.run is None
    control(form, "mnb-skip-invalid").value = True
    assert "skip_invalid=True" in form.lines
    send(form, "2")
    assert {"ann@acme.org", "cy@acme.org"} == set(sandbox.outbox["to"])


def test_the_same_person_twice_is_a_choice(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Only the first row, or each told apart by a column; the planner's question is gone then."""
    people.loc[2, "email"] = "ann@acme.org"
    form = complete(people, sandbox)
    assert "Decide below" in seen(form)
    choice = control(form, "mnb-several")
    assert choice.layout.display != "none"
    choice.value = ("key", "plan")
    settled(form)
    assert (PEOPLE, "plan") == (form.plan.people, form.draft.arguments["key"])
    choice.value = choice.options[1][1]
    settled(form)
    assert 2 == form.plan.people
    assert 'duplicates="first"' in form.lines


def test_a_test_goes_to_the_address_alone_and_is_not_kept(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """The real mailing is untouched, and the address stands in no widget."""
    form = complete(people, sandbox)
    control(form, "mnb-test-to").value = "me@acme.example"
    click(form, "mnb-test")
    settled(form)
    assert {"me@acme.example"} == set(sandbox.outbox["to"])
    assert "" == control(form, "mnb-test-to").value
    assert "m…@acme.example" in control(form, "mnb-test-to").placeholder
    sent = len(sandbox.outbox)
    click(form, "mnb-test")
    settled(form)
    assert sent == len(sandbox.outbox)
    assert "Nothing was mailed now" in seen(form)
    assert "again=True" not in seen(form)
    send(form, "3")
    assert sent + PEOPLE == len(sandbox.outbox)


def test_a_test_that_was_sent_is_sent_once_more_only_when_told(
    people: pd.DataFrame, sandbox: mg.Sandbox
) -> None:
    """There is a button for that, after the second click on the first one, and until something changes."""
    form = complete(people, sandbox)
    again = control(form, "mnb-test-again")
    control(form, "mnb-test-to").value = "me@acme.example"
    click(form, "mnb-test")
    settled(form)
    assert "none" == again.layout.display
    sent = len(sandbox.outbox)
    click(form, "mnb-test")
    settled(form)
    assert again.layout.display is None
    again.click()
    assert sent == len(sandbox.outbox)
    click(form, "mnb-test-again")
    click(form, "mnb-test-again")
    settled(form)
    assert 2 * sent == len(sandbox.outbox)
    assert {"me@acme.example"} == set(sandbox.outbox["to"])
    click(form, "mnb-test")
    settled(form)
    control(form, "mnb-subject").value = "Another, {{first_name}}"
    settled(form)
    assert "none" == again.layout.display


def test_a_test_that_is_refused_says_why(people: pd.DataFrame) -> None:
    """The sentence beside the button has the server's reason, not only that nothing was sent."""
    with mg.Sandbox(domains=["acme.example"]) as sandbox:
        form = complete(people, sandbox, sender="Acme <billing@other.example>")
        control(form, "mnb-test-to").value = "me@acme.example"
        click(form, "mnb-test")
        settled(form)
        assert sandbox.outbox.empty
        assert "0 of 3 tests" in seen(form)
        assert "other.example" in seen(form).split("0 of 3 tests")[1]


def test_what_to_do_about_a_problem_is_said_without_python(sandbox: mg.Sandbox) -> None:
    """In the table and in the preview, for each code that the planner answers with an argument."""
    people = pd.DataFrame(
        {
            "email": ["ann@acme.org", "ann@acme.org", "bo@acme.org", "cy@acme.org", "di@acme.org"],
            "first_name": ["Ann", "Anna", None, "Cy", "Di"],
            "plan": [1.0, 2.0, 3.0, 4.0, 5.0],
            "zip": ["00501", "00502", "501", "00503", "00504"],
        }
    )
    form = complete(people, sandbox, template="<p>{{first_name}} {{plan}} {{zip}}</p>")
    table = form.check._table
    codes = {"missing_variable", "duplicate_recipient", "duplicate_differs"}
    assert codes <= set(form.plan.issues["code"])
    shown, total = table.source.page(None, "", 0, 100)
    assert len(form.plan.issues) == total
    fixes = [line[list(table.source.columns).index("Fix")] for line in shown]
    assert "Decide at “Several rows” above." in fixes
    previews = [line for row in range(len(people)) for line in form.preview.source.problems(row)]
    for words in (*fixes, *previews):
        assert words
        assert not re.search(r"\w=|mg\.|\.str|dict", words), words


def test_an_upload_is_the_list_and_is_not_kept(sandbox: mg.Sandbox) -> None:
    """What came through the browser is in no widget any more."""
    form = settled(mg.form(None, sandbox.client(), **COMPLETE))
    content = b"email,first_name,plan\nann@acme.org,Ann,Team\nbo@acme.org,Bo,Starter\n"
    chosen = upload(form, "mnb-upload-list", "people.csv", content)
    settled(form)
    assert () == chosen.value
    assert 2 == form.plan.people
    assert 'people = mg.read_recipients("people.csv")' in form.lines


def test_a_file_that_cannot_be_read_is_a_sentence(sandbox: mg.Sandbox) -> None:
    """It stands in the form, and is kept."""
    form = settled(mg.form(None, sandbox.client(), **COMPLETE))
    upload(form, "mnb-upload-list", "a.csv", b"\xff\xff")
    form.settle()
    assert "a.csv" in seen(form)
    assert [mg.InputError] == [type(error) for error in form.errors]


def test_an_uploaded_template_is_shown_and_may_be_changed(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """The lines name the file as long as its text is as it came."""
    form = complete(people, sandbox)
    upload(form, "mnb-upload-template", "card.html", b"<h1>{{first_name}}</h1>")
    settled(form)
    assert "<h1>{{first_name}}</h1>" == control(form, "mnb-template").value
    assert 'template=Path("card.html")' in form.lines
    control(form, "mnb-template").value += "!"
    settled(form)
    assert 'template="<h1>{{first_name}}</h1>!"' in form.lines


def test_a_tag_is_found_by_its_name(sandbox: mg.Sandbox) -> None:
    """The account's own tags are offered with their sizes, and the search narrows them."""
    project = sandbox.client().projects()["id"][0]
    for at in range(4):
        sandbox.server.add_contact(f"p{at}@acme.org", tags=["VIP", "News"] if at else ["VIP"])
    form = settled(
        mg.form(
            None,
            sandbox.client(),
            **{**COMPLETE, "project_id": project, "template": "<p>Hi</p>", "subject": "Hi"},
        )
    )
    control(form, "mnb-people-kind").value = "Tag"
    settled(form)
    found = control(form, "mnb-search-tags", "Select")
    assert 2 == len(found.options)
    control(form, "mnb-search-tags", "Text").value = "vi"
    assert ["VIP · 4 people"] == [label for label, _ in found.options]
    found.value = found.options[0][1]
    settled(form)
    assert 4 == form.plan.people
    assert re.search(r"To\s+everybody in tag 'VIP'", seen(form))
    # Who was mailed by another way is mailed with the batch.
    assert "Whoever was mailed" not in seen(form)
    assert "A batch that was sent in it already is not sent again." in seen(form)
    assert "mg.Tag(" in form.lines
    assert "client=client" in form.lines
    send(form, "4")
    assert 4 == len(sandbox.outbox)


def test_what_is_typed_while_the_tags_are_loading_is_looked_for(
    sandbox: mg.Sandbox,
) -> None:
    """The account answers when it can; nothing that was typed meanwhile is lost."""
    for tag in ("VIP", "News"):
        sandbox.server.add_contact(f"{tag}@acme.org", tags=[tag])
    form = settled(mg.form(None, sandbox.client(), **COMPLETE))
    sandbox.server.latency = 1.0
    control(form, "mnb-people-kind").value = "Tag"
    control(form, "mnb-search-tags", "Text").value = "v"
    assert "Loading" in seen(form)
    settled(form)
    assert "v" == control(form, "mnb-search-tags", "Text").value
    assert ["VIP · 1 person"] == [label for label, _ in control(form, "mnb-search-tags", "Select").options]


def test_a_mailing_that_exists_is_told(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Its name says how many people it has mailed; another name is new."""
    mg.plan(people.head(2), **COMPLETE).send(sandbox.client(), progress=False)
    form = complete(people, sandbox)
    assert "2 people were mailed in it" in seen(form)
    control(form, "mnb-mailing").value = "another"
    settled(form)
    assert "were mailed in it" not in seen(form)
    control(form, "mnb-mailing").value = " "
    settled(form)
    assert "Still needed: a name for the mailing" in seen(form)


def test_problems_stand_at_their_field(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """And are gone once they are mended."""
    form = complete(people, sandbox)
    control(form, "mnb-sender-address").value = "billing@"
    control(form, "mnb-template").value = "<p>{{town}}</p>"
    settled(form)
    assert "of sender is not valid" in seen(form)
    assert "No column is called {{town}}" in seen(form)
    assert form.plan is None
    (column,) = (one for one in visible_parts(form.widget) if getattr(one, "description", "") == "{{town}}")
    column.value = "plan"
    control(form, "mnb-sender-address").value = "billing@acme.example"
    settled(form)
    assert "plan" == form.frozen.columns["town"]
    assert "⚠" not in seen(form)


def test_where_mails_go_is_always_said(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """LIVE and the server, or the sandbox; without a client the form rehearses and says how to go live."""
    assert "SANDBOX" in seen(complete(people, sandbox))
    own = settled(mg.form(people))
    assert "mg.form(people, mg.Migma())" in seen(own)
    assert "mg.Sandbox().client()" in own.lines
    live = mg.Migma("mgma_sk_test_0123456789", base_url=sandbox.url)
    form = mg.form(people, live, **COMPLETE)
    form.settle()
    assert f"LIVE {sandbox.url}" in re.sub(r"\s+", " ", seen(form))
    assert f'client = mg.Migma(base_url="{sandbox.url}/v1")' in form.lines


def test_a_live_send_from_the_form_is_confirmed_by_the_number(
    people: pd.DataFrame, sandbox: mg.Sandbox
) -> None:
    """A client that is not the sandbox's own sends by the same way."""
    form = mg.form(people, mg.Migma(sandbox.server.api_key, base_url=sandbox.url), **COMPLETE)
    settled(form)
    send(form, "3")
    assert PEOPLE == len(sandbox.outbox)


def test_an_argument_that_is_none_of_the_plans_is_named(people: pd.DataFrame) -> None:
    """The nearest one is offered."""
    with pytest.raises(mg.InputError, match="Did you mean 'subject'"):
        mg.form(people, subjekt="Hi")


def test_no_widget_holds_an_address_of_the_list_or_the_key(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """What is saved with the notebook names nobody, unless the box is ticked."""
    people.loc[1, "email"] = "bo@@acme.org"
    Widget.close_all()
    form = complete(people, sandbox)
    control(form, "mnb-skip-invalid").value = True
    send(form, "2")
    settled(form)
    state = json.dumps([widget.get_state() for widget in visible_parts(form.widget)], default=str)
    for address in people["email"]:
        assert address not in state
    assert sandbox.server.api_key not in state
    form.full.value = True
    shown = json.dumps([widget.get_state() for widget in visible_parts(form.widget)], default=str)
    assert "ann@acme.org" in shown


def test_the_planned_arguments_fill_their_fields(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Whatever `mg.plan` takes can be given, and is there to be changed."""
    form = complete(people, sandbox, reply_to="answers@acme.example", provider="ses", address="email")
    assert "answers@acme.example" == control(form, "mnb-reply-to").value
    assert "ses" == control(form, "mnb-provider").value
    assert "email" == control(form, "mnb-address").value
    assert mg.plan(people, **COMPLETE, reply_to="answers@acme.example", provider="ses").id == form.plan.id
    control(form, "mnb-provider").value = ""
    settled(form)
    assert mg.plan(people, **COMPLETE, reply_to="answers@acme.example").id == form.plan.id


def test_a_page_without_widgets_has_words(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """The form's output has a text and an HTML twin."""
    bundle = complete(people, sandbox)._repr_mimebundle_()
    assert {"text/plain", "text/html"} <= set(bundle)
    assert "ann@acme.org" not in str(bundle)


def test_where_its_kernel_has_gone_a_form_names_what_it_sent(
    people: pd.DataFrame, tmp_path: Path, published: list[dict[str, Any]]
) -> None:
    """And how to get another; nothing of it is seen while the form lives, and nobody's address is in it."""
    with mg.Sandbox(path=tmp_path) as sandbox:
        form = complete(people, sandbox, mailing="News for ann@acme.org")
        form._ipython_display_()
        live, below = (one["data"] for one in published)
        name = published[1]["transient"]["display_id"]
        assert "application/vnd.jupyter.widget-view+json" in live
        assert below["text/html"].startswith('<div class="mnb-lost" style="display:none">')
        assert "Run the cell again" in below["text/html"]
        assert "open_run" not in below["text/html"]
        send(form, "3")
        assert (name, True) == (published[2]["transient"]["display_id"], published[2]["update"])
        below = published[2]["data"]
        (line,) = re.findall(r"mg\.open_run\(.*\)", html.unescape(below["text/html"]))
        assert form.run.id in line
        assert 3 == eval(line, {"mg": mg}).counts[mg.State.ACCEPTED]
    assert "ann@" not in str(published)


def test_no_thread_of_the_form_outlives_its_work(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Nothing goes on when nothing is typed."""
    complete(people, sandbox)
    gc.collect()
    assert not [one for one in threading.enumerate() if one.name.startswith("mnb-form")]


def test_a_form_leaves_nothing_in_the_folder(
    people: pd.DataFrame, sandbox: mg.Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening it writes no file."""
    monkeypatch.chdir(tmp_path)
    complete(people, sandbox)
    assert [] == list(tmp_path.iterdir())


def test_a_generated_email_is_chosen_from_the_account(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """It brings its subject and its placeholders, is previewed, and named by its ID in the lines."""
    made = sandbox.server.add_email("Spring, {{first_name}}", "<h1>For {{plan}}</h1>")
    arguments = {name: COMPLETE[name] for name in ("mailing", "sender", "transactional")}
    form = settled(mg.form(people, sandbox.client(), **arguments))
    control(form, "mnb-content-kind").value = "Generated email"
    settled(form)
    (found,) = control(form, "mnb-search-emails", "Select").options
    control(form, "mnb-search-emails", "Select").value = found[1]
    settled(form)
    assert form.plan.people == PEOPLE
    assert {"first_name": "First Name", "plan": "plan"} == dict(form.frozen.columns)
    assert "Spring, Ann" in seen(form)
    assert "client.email(" in form.lines or "client.conversation(" in form.lines
    assert made["emailId"] in form.lines or made["conversationId"] in form.lines
    send(form, "3")
    assert PEOPLE == len(sandbox.outbox)


def test_an_account_that_cannot_be_listed_leaves_the_form_usable(people: pd.DataFrame) -> None:
    """The project is typed then; what could not be read stands beside its field, and is no error."""
    with mg.Sandbox() as sandbox:
        client = mg.Migma("mgma_sk_test_of_nobody", base_url=sandbox.url)
        form = settled(mg.form(people, client, **{**COMPLETE, "project_id": None}))
        assert "Type its ID; the projects could not be listed" in seen(form)
        assert "Still needed: the project" in seen(form)
        control(form, "mnb-project").value = "proj_1"
        settled(form)
        assert PEOPLE == form.plan.people


def test_a_long_list_says_that_it_is_being_checked(sandbox: mg.Sandbox) -> None:
    """Until its plan is there nothing can be sent, whatever was there before."""
    many = pd.DataFrame({"email": [f"p{at}@acme.org" for at in range(6_000)], "first_name": "A", "plan": "T"})
    form = complete(many, sandbox)
    control(form, "mnb-confirm").value = "6000"
    assert not control(form, "mnb-send").disabled
    control(form, "mnb-subject").value = "Other words"
    assert "Checking 6,000 rows …" in seen(form)
    assert control(form, "mnb-send").disabled
    settled(form)
    assert "6,000 people of 6,000 rows" in seen(form)


def test_what_a_kind_does_is_said_of_the_chosen_one(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Of both while none is chosen; in one sentence then."""
    form = complete(people, sandbox, transactional=None)
    both = ("receipts and notices reach the unsubscribed too", "news and offers skip the unsubscribed")
    assert [True, True] == [words in seen(form) for words in both]
    control(form, "mnb-kind").value = False
    settled(form)
    assert [False, True] == [words in seen(form).replace("News", "news") for words in both]
    assert "Receipts" not in seen(form)


def test_a_segment_is_found_by_its_name_and_mailed(sandbox: mg.Sandbox) -> None:
    """As a tag is; an audience is the same at Migma, and the form says so."""
    for at in range(3):
        sandbox.server.add_contact(f"p{at}@acme.org", tags=["VIP"])
    sandbox.server.add_segment("Spring buyers", tags=["VIP"])
    sandbox.server.add_segment("Autumn buyers")
    form = settled(mg.form(None, sandbox.client(), **of_a_target(sandbox)))
    control(form, "mnb-people-kind").value = "Segment"
    assert "An audience is a segment" in seen(form)
    settled(form)
    control(form, "mnb-search-segments", "Text").value = "spring"
    (found,) = control(form, "mnb-search-segments", "Select").options
    control(form, "mnb-search-segments", "Select").value = found[1]
    settled(form)
    assert form.plan.people == PEOPLE
    assert "mg.Segment(" in form.lines
    send(form, "3")
    assert [] == form.errors
    assert PEOPLE == len(sandbox.outbox)


def test_an_audience_in_hand_is_mailed(sandbox: mg.Sandbox) -> None:
    """The form counts its people, and Send asks for their number."""
    for at in range(3):
        sandbox.server.add_contact(f"p{at}@acme.org", tags=["VIP"])
    audience = mg.Audience(sandbox.server.add_segment("Buyers", tags=["VIP"])["id"])
    form = settled(mg.form(audience, sandbox.client(), **of_a_target(sandbox)))
    assert form.plan.people == PEOPLE
    assert "mg.Audience(" in form.lines
    send(form, "3")
    assert PEOPLE == len(sandbox.outbox)


def of_a_target(sandbox: mg.Sandbox) -> dict[str, Any]:
    """Return a mailing to a tag or segment, with everything filled in."""
    project = sandbox.client().projects()["id"][0]
    return {**COMPLETE, "project_id": project, "template": "<p>Hi</p>", "subject": "Hi"}


def test_a_topic_is_offered_where_the_account_has_any(people: pd.DataFrame, sandbox: mg.Sandbox) -> None:
    """Chosen it is an argument of the plan, taken back it is none."""
    assert "none" == control(complete(people, sandbox), "mnb-topic").layout.display
    topic = sandbox.server.add_topic("News")["id"]
    form = complete(people, sandbox, transactional=False)
    found = control(form, "mnb-topic")
    assert (None, ["none", "News"]) == (found.layout.display, [label for label, _ in found.options])
    found.value = topic
    settled(form)
    assert f'topic_id="{topic}"' in form.lines
    assert topic in form.frozen.body(0).decode()
    found.value = found.options[0][1]
    settled(form)
    assert "topic_id" not in form.lines


def test_a_conversation_with_several_emails_is_a_choice_between_them(
    people: pd.DataFrame, sandbox: mg.Sandbox
) -> None:
    """The list then has the emails; the one that is chosen is the one that is mailed."""
    first = sandbox.server.add_email("One, {{first_name}}", "<h1>One</h1>")
    sandbox.server.add_email("Two, {{first_name}}", "<h1>Two</h1>", conversation_id=first["conversationId"])
    arguments = {name: COMPLETE[name] for name in ("mailing", "sender", "transactional")}
    form = settled(mg.form(people, sandbox.client(), **arguments))
    control(form, "mnb-content-kind").value = "Generated email"
    settled(form)
    listed = control(form, "mnb-search-emails", "Select")
    for _ in range(2):
        if len(listed.options) == 1:
            listed.value = listed.options[0][1]
            settled(form)
    labels = [label for label, _ in listed.options]
    assert ["One, {{first_name}}", "Two, {{first_name}}"] == sorted(label.split(" · ")[0] for label in labels)
    listed.value = next(value for label, value in listed.options if label.startswith("Two"))
    settled(form)
    assert "Two, Ann" in seen(form)
    send(form, "3")
    assert {"Two, Ann", "Two, Bo", "Two, Cy"} == set(sandbox.outbox["subject"])
