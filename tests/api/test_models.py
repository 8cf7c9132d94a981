"""The wire models: what leaves, and what is refused before it leaves."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.api.errors import InputError
from migma_nb.api.models import BatchStatus, SendAnswer, checked_request, encode

SINGLE: dict[str, Any] = {
    "recipient_type": "email",
    "recipient_email": "ann@acme.example",
    "from_": "billing@acme.example",
    "from_name": "Acme",
    "subject": "Hello",
    "template": "<p>Hi</p>",
    "project_id": "p1",
}


def test_every_field_of_the_documents_goes_out_under_its_name() -> None:
    """All of S9 to S19 and the newer fields, in the API's own spelling."""
    fields = SINGLE | {
        "reply_to": "r@acme.example",
        "variables": {"a": 1},
        "provider_type": "ses",
        "conversation_id": "c1",
        "email_id": "e1",
        "transactional": False,
        "topic_id": "t1",
        "bcc": ["b@acme.example"],
    }
    expected = {
        "recipientType": "email",
        "recipientEmail": "ann@acme.example",
        "from": "billing@acme.example",
        "fromName": "Acme",
        "subject": "Hello",
        "template": "<p>Hi</p>",
        "projectId": "p1",
        "replyTo": "r@acme.example",
        "variables": {"a": 1},
        "providerType": "ses",
        "conversationId": "c1",
        "emailId": "e1",
        "transactional": False,
        "topicId": "t1",
        "bcc": ["b@acme.example"],
    }
    assert expected == checked_request(fields).wire()


def test_unset_fields_stay_at_home_so_that_the_apis_defaults_hold() -> None:
    """S4, S5, S16: what the user did not say is not said."""
    wire = checked_request(SINGLE).wire()
    assert {"transactional", "providerType", "variables", "bcc"}.isdisjoint(wire)


def test_the_wires_own_names_are_taken_too() -> None:
    """Fields may be written as the API's documents write them."""
    wire = checked_request(SINGLE).wire()
    assert wire == checked_request(wire).wire()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipient_email": None}, "recipientEmail: required for a single send (S13)"),
        ({"recipient_id": "x"}, "recipientId: only for audience, segment and tag (S12)"),
        ({"recipient_type": "tag", "recipient_email": None}, "recipientId: required for audience"),
        ({"recipient_type": "tag", "recipient_id": "t"}, "recipientEmail: only for a single send (S13)"),
        ({"template": None}, "template: required unless conversationId or emailId is given (S14)"),
        ({"project_id": None}, "projectId: required unless conversationId or emailId is given (S17)"),
        ({"recipient_type": "list"}, "recipient_type: "),
        ({"recipient_email": "ann"}, "recipient_email: "),
        ({"from_": "billing"}, "from"),
        ({"from_name": ""}, "from_name: is empty"),
        ({"subject": "a\r\nBcc: x@y.example"}, "subject: has a line break"),
        ({"from_name": "a\nb"}, "from_name: has a line break"),
        ({"provider_type": "pigeon"}, "provider_type: "),
        ({"bcc": ["nobody"]}, "bcc.0"),
        ({"reply_to": "x"}, "reply_to: "),
        ({"cc": "x@y.example"}, "cc: is no field of this endpoint"),
        ({"transactional": "perhaps"}, "transactional"),
    ],
)
def test_a_broken_rule_is_refused_with_field_and_rule(change: dict[str, Any], words: str) -> None:
    """Nothing leaves that the API's own rules forbid, and the error says which."""
    with pytest.raises(InputError) as caught:
        checked_request(SINGLE | change)
    assert words in str(caught.value)
    assert "Nothing was sent." in str(caught.value)


@pytest.mark.parametrize("stored", [{"conversation_id": "c"}, {"email_id": "e"}])
def test_a_stored_email_stands_in_for_template_and_project(stored: dict[str, Any]) -> None:
    """S3, S14, S17."""
    request = checked_request(SINGLE | {"template": None, "project_id": None} | stored)
    assert {"template", "projectId"}.isdisjoint(request.wire())


def test_an_error_never_repeats_what_was_in_the_fields() -> None:
    """A message names field and rule; whole values stay out of logs."""
    with pytest.raises(InputError) as caught:
        checked_request(SINGLE | {"template": None, "variables": "s3cret-value"})
    assert "s3cret-value" not in str(caught.value)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), values, max_size=5))
def test_the_bytes_do_not_depend_on_the_order_of_keys(found: dict[str, Any]) -> None:
    """The same content is the same bytes, so that a repeat under its key is a repeat."""
    turned = dict(reversed(list(found.items())))
    assert encode(found) == encode(turned)
    assert found == json.loads(encode(found))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_is_never_encoded(value: float) -> None:
    """json.dumps would write NaN."""
    with pytest.raises(ValueError, match="JSON"):
        encode({"a": value})


def test_answers_may_lack_every_part_and_keep_what_is_new() -> None:
    """All parts of the answer's shape are optional, unknown ones are kept."""
    assert SendAnswer().message_id is None
    assert "x" == (SendAnswer.model_validate({"novel": "x"}).model_extra or {})["novel"]
    assert "b1" == SendAnswer.model_validate({"id": "i", "sendId": "s", "batchId": "b1"}).message_id


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        *((waiting, False) for waiting in ("pending", "queued", "processing", "throttled", "odd")),
        *((end, True) for end in ("completed", "failed", "partial")),
    ],
)
def test_both_generations_of_batch_statuses_are_known(status: str, ended: bool) -> None:
    """Unknown words are waited on, not taken for an end."""
    assert ended is BatchStatus.model_validate({"status": status, "totalCount": 3}).ended
