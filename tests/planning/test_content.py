"""What a mailing says and who says it: each argument is checked before anything else happens."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.plan import Plan

Planner = Callable[..., Plan]
NO_CONTENT: dict[str, Any] = {"template": None, "project_id": None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mailing": ""}, "mailing is empty"),
        ({"mailing": 7}, "mailing is an int"),
        ({"sender": None}, "sender is missing"),
        ({"sender": "billing@acme.example"}, r"has no name, which the API requires \(S11\)"),
        ({"sender": "Acme <billing@acme>"}, "of sender is not valid. The part after the @-sign"),
        ({"sender": "Acme <b@acme.example>\nBcc: eve@evil.example"}, "sender has a line break"),
        ({"subject": None}, "subject is missing"),
        ({"subject": "  "}, "subject is empty"),
        ({"subject": "Hi\r\nBcc: eve@evil.example"}, "subject has a line break"),
        ({"subject": "Hi\n"}, "subject has a line break"),
        ({"subject": "Hi \ud800"}, "half of a surrogate pair"),
        ({"reply_to": "a@x.example\0"}, "reply_to has a line break or NUL"),
        ({"reply_to": "Ann <ann@acme.example>"}, "the API takes the address alone"),
        ({"reply_to": "ann"}, "of reply_to is not valid"),
        ({"provider": "sengrid"}, r"does not know \(S16\)"),
        ({"template": None}, r"has no content \(S14\)"),
        ({"template": "  "}, "template is empty"),
        ({"template": 7}, "template is an int"),
        ({"template": "no-such.html"}, "no-such.html cannot be read: No such file"),
        ({"project_id": None}, r"needs the project it belongs to \(S17\)"),
        ({"project_id": ""}, "project_id is empty"),
        ({"conversation_id": "c"}, "given 2 times: template and conversation_id"),
        ({"template": None, "conversation_id": "c", "email_id": "e"}, "conversation_id and email_id"),
        ({**NO_CONTENT, "conversation_id": "c", "subject": None}, "subject is missing"),
        ({"transactional": None}, r"transactional by default \(S4\), which bypasses unsubscribes"),
        ({"transactional": "yes"}, "transactional is 'yes'"),
        ({"duplicates": "last"}, "duplicates is 'last'"),
        ({"overlap": True}, "overlap is True"),
        ({"defaults": ["x"]}, "defaults is a list"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(
    plan: Planner, people: pd.DataFrame, changes: dict[str, Any], words: str
) -> None:
    """The error names the argument and what to write."""
    with pytest.raises(InputError, match=words) as caught:
        plan(people, **changes)
    assert caught.value.hint


def test_a_near_miss_is_answered_with_what_was_meant(plan: Planner, people: pd.DataFrame) -> None:
    """A slip in a provider's name names the provider."""
    with pytest.raises(InputError, match="Did you mean 'sendgrid'"):
        plan(people, provider="sengrid")


def test_a_template_is_html_or_a_file(plan: Planner, people: pd.DataFrame, tmp_path: Path) -> None:
    """Text, a path, and a path as text are the same template; a byte order mark is none of it."""
    path = tmp_path / "mail.html"
    path.write_text("\ufeff<p>Ünï</p>", encoding="utf-8")
    plans = [plan(people, template=form) for form in ("<p>Ünï</p>", path, str(path))]
    assert ["<p>Ünï</p>"] * 3 == [each.constants["template"] for each in plans]


def test_a_template_in_another_encoding_is_refused(
    plan: Planner, people: pd.DataFrame, tmp_path: Path
) -> None:
    """The first wrong byte is named."""
    path = tmp_path / "mail.html"
    path.write_bytes("<p>Ü</p>".encode("cp1252"))
    with pytest.raises(InputError, match="is not UTF-8: byte 3 is 0xDC"):
        plan(people, template=path)


def test_the_constant_fields_are_named_as_on_the_wire(plan: Planner, people: pd.DataFrame) -> None:
    """What is the same for everybody is there once; what was not given is not there (S16)."""
    made = plan(people, reply_to="help@acme.example", provider="ses", topic_id="t1", transactional=False)
    assert {
        "recipientType": "email",
        "from": "billing@acme.example",
        "fromName": "Acme Billing",
        "subject": "Your plan renews",
        "template": "<p>Hello</p>",
        "projectId": "proj_1",
        "transactional": False,
        "replyTo": "help@acme.example",
        "providerType": "ses",
        "topicId": "t1",
    } == dict(made.constants)


@pytest.mark.parametrize("source", ["conversation_id", "email_id"])
def test_stored_content_stands_in_place_of_template_and_project(
    plan: Planner, people: pd.DataFrame, source: str
) -> None:
    """With a conversation or an email neither template nor project is needed (S3, S14, S17)."""
    body = json.loads(plan(people, **{**NO_CONTENT, source: "stored_1"}).body(0))
    assert ({"conversation_id": "conversationId", "email_id": "emailId"}[source] in body) is True
    assert not {"template", "projectId", "variables"} & set(body)


def test_mailings_that_differ_in_outer_space_are_one(plan: Planner, people: pd.DataFrame) -> None:
    """A space that nobody sees does not mail people twice."""
    assert "2026-11" == plan(people, mailing=" 2026-11 ").mailing


def test_overlap_is_kept_and_is_no_part_of_the_id(plan: Planner, people: pd.DataFrame) -> None:
    """It changes what may be sent beside this plan, not what is sent."""
    allowed = plan(people, overlap="allowed")
    assert ("allowed", plan(people).id) == (allowed.overlap, allowed.id)
