"""Each fact S1 to S21 of the specification, against a strict server over its socket."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def people(server: SandboxServer, tag: str) -> str:
    """A tag of 300: 270 subscribed, 20 unsubscribed, 10 bounced; returns its ID."""
    for number in range(300):
        status = "unsubscribed" if number < 20 else "bounced" if number < 30 else "subscribed"
        server.add_contact(f"person{number}@customer.example", status=status, tags=[tag])
    return str(server.add_tag(tag)["id"])


def refused(response: httpx.Response, field: str, rule: str) -> None:
    """The response is a 400 that names the field and the rule."""
    error = response.json()["error"]
    assert (400, True, True) == (response.status_code, error.startswith(field), rule in error), response.text


@pytest.mark.parametrize("kind", ["audience", "segment", "tag"])
def test_s01_one_call_reaches_one_recipient_or_a_whole_batch(
    strict: SandboxServer, post: Post, single: Body, batch: Body, kind: str
) -> None:
    """One call sends to one recipient, and one to an audience, a segment or a tag."""
    for name in ("ann", "ben"):
        strict.add_contact(f"{name}@customer.example", tags=["news"])
    target = strict.add_tag("news") if kind == "tag" else strict.add_segment("readers", tags=["news"])
    assert 200 == post(strict, single(strict, recipientEmail="one@customer.example")).status_code
    assert 200 == post(strict, batch(strict, target["id"], recipientType=kind)).status_code
    strict.drain()
    expected = {"one@customer.example", "ann@customer.example", "ben@customer.example"}
    assert expected == {mail["to"] for mail in strict.outbox()}


def test_s02_a_send_is_queued_and_delivered_in_the_background(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """The call returns with status queued while nothing has been delivered; delivery follows."""
    strict.pause_queue()
    assert "queued" == post(strict, single(strict)).json()["data"]["status"]
    assert [] == strict.outbox()
    strict.resume_queue()
    strict.drain()
    assert 1 == len(strict.outbox())


def test_s03_a_conversation_stands_in_for_template_and_project(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """With conversationId the API finds HTML and project itself."""
    project = strict.add_project("Other")["id"]
    email = strict.add_email("Kept", "<h1>Dear {{name}}</h1>", project_id=project)
    body = single(strict, template=None, projectId=None, conversationId=email["conversationId"])
    assert 200 == post(strict, body).status_code
    strict.drain()
    (mail,) = strict.outbox()
    assert ("<h1>Dear Ann</h1>", project) == (mail["html"], mail["project_id"])


def test_s04_a_single_send_is_transactional_by_default(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """A single reaches an unsubscribed person and bears no List-Unsubscribe."""
    strict.add_contact("ann@customer.example", status="unsubscribed")
    post(strict, single(strict))
    strict.drain()
    (mail,) = strict.outbox()
    assert (True, False) == (mail["transactional"], "List-Unsubscribe" in mail["headers"])


def test_s05_a_batch_is_marketing_by_default(strict: SandboxServer, post: Post, batch: Body) -> None:
    """A batch leaves unsubscribed and bounced people out and bears List-Unsubscribe."""
    post(strict, batch(strict, people(strict, "news")))
    strict.drain()
    mails = strict.outbox()
    headers = {"List-Unsubscribe", "List-Unsubscribe-Post"}
    assert (270, True) == (len(mails), all(headers <= mail["headers"].keys() for mail in mails))
    reasons = [each["reason"] for each in strict.suppressed()]
    assert (20, 10) == (reasons.count("unsubscribed"), reasons.count("bounced"))


def test_s06_an_explicit_transactional_overrides_both_defaults(
    strict: SandboxServer, post: Post, single: Body, batch: Body
) -> None:
    """Said true it makes a batch transactional, false makes a single marketing."""
    post(strict, batch(strict, people(strict, "news"), transactional=True))
    strict.drain()
    mails = strict.outbox()
    assert (290, False) == (len(mails), any("List-Unsubscribe" in mail["headers"] for mail in mails))
    post(strict, single(strict, transactional=False))
    strict.drain()
    assert "List-Unsubscribe" in strict.outbox()[-1]["headers"]


@pytest.mark.parametrize("spelling", ["EMAIL_SEND", "email:send"])
def test_s07_the_key_needs_the_permission_to_send(
    strict: SandboxServer, post: Post, single: Body, spelling: str
) -> None:
    """Either spelling of the permission opens the door; without it the answer is 403."""
    assert 200 == post(strict, single(strict), api_key=strict.make_key([spelling])).status_code
    response = post(strict, single(strict), api_key=strict.make_key(["email:read"]))
    assert (403, "FORBIDDEN") == (response.status_code, response.json()["code"])
    assert "S7" in response.json()["error"]


def test_s08_a_request_without_the_key_is_401(strict: SandboxServer, http: httpx.Client) -> None:
    """Without a bearer key nothing is accepted and the answer bears a challenge."""
    response = http.post(f"{strict.url}/v1/sending", json={})
    assert (401, True) == (
        response.status_code,
        response.headers["WWW-Authenticate"].startswith("Bearer resource_metadata="),
    )


@pytest.mark.parametrize("kind", [None, "list", 3])
def test_s09_the_recipient_type_is_one_of_four(
    strict: SandboxServer, post: Post, single: Body, kind: Any
) -> None:
    """A missing or unknown recipientType is refused."""
    refused(post(strict, single(strict, recipientType=kind)), "recipientType", "S9")


def test_s10_the_sender_must_belong_to_a_verified_domain(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """A sender is required, is an address, and its domain must be verified."""
    refused(post(strict, single(strict, **{"from": None})), "from", "S10")
    refused(post(strict, single(strict, **{"from": "nobody"})), "from", "S10")
    elsewhere = single(strict, **{"from": "me@Other.example"})
    strict.add_domain("other.example", verified=False)
    refused(post(strict, elsewhere), "from", "S10")
    strict.add_domain("other.example")
    assert 200 == post(strict, elsewhere).status_code


def test_s11_the_sender_has_a_display_name(strict: SandboxServer, post: Post, single: Body) -> None:
    """The name is required and stands in the From header."""
    refused(post(strict, single(strict, fromName=None)), "fromName", "S11")
    post(strict, single(strict))
    strict.drain()
    assert "Acme Billing <billing@acme.example>" == strict.outbox()[0]["headers"]["From"]


@pytest.mark.parametrize("kind", ["audience", "segment", "tag"])
def test_s12_a_batch_needs_the_id_of_its_recipients(
    strict: SandboxServer, post: Post, batch: Body, kind: str
) -> None:
    """Without recipientId a batch is refused; an id that does not exist is 404."""
    refused(post(strict, batch(strict, "", recipientType=kind)), "recipientId", "S12")
    assert 404 == post(strict, batch(strict, "0" * 24, recipientType=kind)).status_code


def test_s13_a_single_needs_the_recipients_address(strict: SandboxServer, post: Post, single: Body) -> None:
    """The address is required for singles and must be an address."""
    refused(post(strict, single(strict, recipientEmail=None)), "recipientEmail", "S13")
    refused(post(strict, single(strict, recipientEmail="ann")), "recipientEmail", "S13")


def test_s14_a_template_is_required_without_a_conversation(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """Without template, conversationId or emailId there is nothing to send."""
    refused(post(strict, single(strict, template=None)), "template", "S14")


def test_s15_variables_fill_the_template(strict: SandboxServer, post: Post, single: Body) -> None:
    """They personalise subject and HTML, and must be an object."""
    refused(post(strict, single(strict, variables=["Ann"])), "variables", "S15")
    post(strict, single(strict))
    strict.drain()
    assert ("Hello Ann", "<p>Hello Ann</p>") == (strict.outbox()[0]["subject"], strict.outbox()[0]["html"])


@pytest.mark.parametrize("provider", ["ses", "resend", "sendgrid", "mailgun"])
def test_s16_an_external_provider_must_be_connected(
    strict: SandboxServer, post: Post, single: Body, provider: str
) -> None:
    """The default is migma; another provider is refused until it is connected."""
    assert "migma" == post(strict, single(strict)).json()["data"]["provider"]
    refused(post(strict, single(strict, providerType="smtp")), "providerType", "S16")
    refused(post(strict, single(strict, providerType=provider)), "providerType", "S16")
    strict.connect_provider(provider)
    assert provider == post(strict, single(strict, providerType=provider)).json()["data"]["provider"]
    strict.disconnect_provider(provider)
    refused(post(strict, single(strict, providerType=provider)), "providerType", "S16")


def test_s17_a_project_is_required_without_a_conversation(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """The project is required, and an unknown project is 404."""
    refused(post(strict, single(strict, projectId=None)), "projectId", "S17")
    assert 404 == post(strict, single(strict, projectId="0" * 24)).status_code


def test_s18_the_conversation_must_come_from_a_generated_email(
    strict: SandboxServer, post: Post, single: Body
) -> None:
    """A conversation that no generated email has is 404; so is an unknown emailId."""
    for field in ("conversationId", "emailId"):
        response = post(strict, single(strict, template=None, **{field: "0" * 24}))
        assert (404, True) == (response.status_code, response.json()["error"].startswith(field))


def test_s19_the_default_of_transactional_follows_the_recipient_type(
    strict: SandboxServer, post: Post, single: Body, batch: Body
) -> None:
    """It is true for email, false for audience, segment and tag; anything but a boolean is refused."""
    strict.add_contact("ben@customer.example", tags=["news"])
    segment = strict.add_segment("all")["id"]
    post(strict, single(strict))
    post(strict, batch(strict, strict.add_tag("news")["id"]))
    for kind in ("audience", "segment"):
        post(strict, batch(strict, segment, recipientType=kind))
    strict.drain()
    found = {mail["recipient_type"]: mail["transactional"] for mail in strict.outbox()}
    assert {"email": True, "tag": False, "audience": False, "segment": False} == found
    refused(post(strict, single(strict, transactional="no")), "transactional", "S19")


@pytest.mark.parametrize("transactional", [True, False])
def test_s20_transactional_mail_bypasses_subscription_and_topics(
    strict: SandboxServer, post: Post, batch: Body, *, transactional: bool
) -> None:
    """Unsubscribed people and those who left the topic get transactional mail only."""
    topic = strict.add_topic("Tips")["id"]
    strict.add_contact("in@customer.example", tags=["news"])
    strict.add_contact("left@customer.example", tags=["news"], topics={topic: False})
    strict.add_contact("gone@customer.example", tags=["news"], status="unsubscribed")
    tag = strict.add_tag("news")["id"]
    post(strict, batch(strict, tag, topicId=topic, transactional=transactional))
    strict.drain()
    everybody = {"in@customer.example", "left@customer.example", "gone@customer.example"}
    expected = everybody if transactional else {"in@customer.example"}
    assert expected == {mail["to"] for mail in strict.outbox()}
    reasons = {each["to"]: each["reason"] for each in strict.suppressed()}
    left_out = {"left@customer.example": "topic_opt_out", "gone@customer.example": "unsubscribed"}
    assert ({} if transactional else left_out) == reasons


@pytest.mark.parametrize("transactional", [True, False])
def test_s21_bounced_and_invalid_addresses_are_always_excluded(
    strict: SandboxServer, post: Post, single: Body, *, transactional: bool
) -> None:
    """A bounced or invalid address is accepted into the queue and mailed in no case."""
    strict.add_contact("hard@customer.example", status="bounced")
    for address in ("hard@customer.example", "bounced+7@any.example", "Invalid@any.example"):
        assert (
            200
            == post(strict, single(strict, recipientEmail=address, transactional=transactional)).status_code
        )
    strict.drain()
    assert [] == strict.outbox()
    assert ["bounced", "bounced", "invalid"] == [each["reason"] for each in strict.suppressed()]
