"""Stored content that is read before a plan: its placeholders are checked as a template's are."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.planning.plan import make_plan

HTML = '<p>Dear {{first_name}}, see <a href="https://a.example/?c=%7B%7Bcode%7D%7D">this</a></p>'
PEOPLE = pd.DataFrame({"email": ["a@d.example", "b@d.example"], "First name": ["A", "B"], "code": ["x", "y"]})
OPTIONS: dict[str, Any] = {"mailing": "m", "sender": "Acme <billing@acme.example>", "transactional": True}


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """An account of one project."""
    with mg.Sandbox() as made:
        yield made


@pytest.fixture
def stored(sandbox: mg.Sandbox) -> mg.StoredEmail:
    """An email that the account holds, read."""
    held = sandbox.server.add_email("Your code, {{first_name}}", HTML)
    return sandbox.client().email(str(held["emailId"]))


def test_an_email_shows_its_content_and_its_placeholders(stored: mg.StoredEmail) -> None:
    """Those of the subject first, then those of the HTML, also inside links."""
    assert (HTML, "Your code, {{first_name}}") == (stored.html, stored.subject)
    assert ("first_name", "code") == stored.placeholders
    assert "placeholders: {{first_name}}, {{code}}" in repr(stored)
    assert HTML not in repr(stored)


def test_a_plan_matches_the_placeholders_of_an_email(sandbox: mg.Sandbox, stored: mg.StoredEmail) -> None:
    """Columns fill them, the preview shows them filled, and only the ID goes on the wire."""
    plan = mg.plan(PEOPLE, email_id=stored, **OPTIONS)
    shown = plan.preview(1)
    assert "Your code, B" == shown.subject
    assert shown.html is not None
    assert "Dear B" in shown.html
    assert "?c=y" in shown.html
    run = plan.send(sandbox.client(), progress=False)
    assert {"accepted"} == set(run.frame["state"])
    outbox = sandbox.outbox.set_index("to")
    assert {stored.id} == set(outbox["email_id"])
    assert ["Your code, A", "Your code, B"] == sorted(outbox["subject"])
    assert "?c=y" in outbox["html"]["b@d.example"]
    wire = json.loads(make_plan(PEOPLE, email_id=stored, **OPTIONS).body(0))
    assert {"first_name": "A", "code": "x"} == wire["variables"]
    assert stored.id == wire["emailId"]
    assert not {"template", "html", "projectId", "conversationId"} & wire.keys()


def test_a_placeholder_that_nothing_fills_stops_the_plan(stored: mg.StoredEmail) -> None:
    """As with a template: before the first call, with the name and the columns that there are."""
    with pytest.raises(mg.InputError, match=r"asks for \{\{code\}\}, which no column fills"):
        mg.plan(PEOPLE.drop(columns="code"), email_id=stored, **OPTIONS)


def test_a_missing_value_is_an_error_of_its_row(stored: mg.StoredEmail) -> None:
    """The check goes through every row."""
    plan = mg.plan(PEOPLE.assign(code=pd.Series(["x", None])), email_id=stored, **OPTIONS)
    assert [(1, "missing_variable")] == list(zip(plan.issues["row"], plan.issues["code"], strict=True))


def test_a_subject_of_the_plan_stands_in_place_of_the_emails_own(stored: mg.StoredEmail) -> None:
    """The API sends the subject that the call names, so that the stored one's placeholders do not matter."""
    plan = mg.plan(PEOPLE, email_id=stored, subject="For {{code}}", **OPTIONS)
    assert "For x" == plan.preview().subject


def test_a_conversation_of_one_email_is_content(sandbox: mg.Sandbox, stored: mg.StoredEmail) -> None:
    """It shows what its email shows, and its own ID goes on the wire."""
    conversation = sandbox.client().conversation(str(stored.conversation_id))
    assert (HTML, stored.subject, ("first_name", "code")) == (
        conversation.html,
        conversation.subject,
        conversation.placeholders,
    )
    plan = mg.plan(PEOPLE, conversation_id=conversation, **OPTIONS)
    assert "Dear A" in str(plan.preview().html)
    plan.send(sandbox.client(), progress=False)
    assert ["Your code, A", "Your code, B"] == sorted(sandbox.outbox["subject"])
    wire = json.loads(make_plan(PEOPLE, conversation_id=conversation, **OPTIONS).body(0))
    assert conversation.id == wire["conversationId"]
    assert "emailId" not in wire


def test_a_conversation_of_several_emails_is_a_question(sandbox: mg.Sandbox, stored: mg.StoredEmail) -> None:
    """They are listed with IDs and subjects, and the line to type names one of them."""
    server = sandbox.server
    second = server.add_email("Second", "<p>2</p>", conversation_id=str(stored.conversation_id))["emailId"]
    conversation = sandbox.client().conversation(str(stored.conversation_id))
    assert 2 == len(conversation.emails)
    with pytest.raises(mg.InputError, match=rf"has 2 emails.*{second}.*'Second'.*email_id=client\.email"):
        mg.plan(PEOPLE, conversation_id=conversation, **OPTIONS)
    assert 2 == mg.plan(PEOPLE, email_id=conversation.emails[1], subject="s", **OPTIONS).people


def test_a_plan_of_a_bare_id_says_that_nobody_looked(stored: mg.StoredEmail) -> None:
    """With the line to type; a plan that looked says so too."""
    blind = repr(mg.plan(PEOPLE, email_id=stored.id, subject="s", **OPTIONS))
    assert "stored at Migma, not looked at" in blind
    assert f"email_id=client.email('{stored.id}')" in blind
    seen = repr(mg.plan(PEOPLE, email_id=stored, **OPTIONS))
    assert "stored at Migma, read here" in seen
    assert "client.email" not in seen


def test_inner_spaces_of_a_stored_placeholder_are_noted(sandbox: mg.Sandbox) -> None:
    """A template goes out without them; what Migma holds stays as it is."""
    held = sandbox.server.add_email("s", "<p>{{ First name }}</p>")
    plan = mg.plan(PEOPLE, email_id=sandbox.client().email(str(held["emailId"])), **OPTIONS)
    assert ["suspicious_text"] == plan.issues["code"].tolist()


def test_an_unknown_id_says_so(sandbox: mg.Sandbox) -> None:
    """An email and a conversation that are not there, and what is no ID at all."""
    client = sandbox.client()
    with pytest.raises(mg.InputError, match="no such thing: the email 'nope'"):
        client.email("nope")
    with pytest.raises(mg.InputError, match=r"no such thing: the conversation 'nope/\.\./x'"):
        client.conversation("nope/../x")
    with pytest.raises(mg.InputError, match=r"client\.emails\(\) lists them"):
        client.email(" ")


def test_the_emails_of_a_project_are_a_frame(sandbox: mg.Sandbox, stored: mg.StoredEmail) -> None:
    """One line for each conversation, with the ID to read it by."""
    found = sandbox.client().emails()
    assert [stored.conversation_id] == found["conversation_id"].tolist()
    assert ["completed"] == found["status"].tolist()
