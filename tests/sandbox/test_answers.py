"""The envelope, authentication, unknown paths, field errors and the rate limit."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def test_a_success_is_in_the_documented_envelope(serve: Serve, post: Post, single: Body) -> None:
    """It has success, data, error and metadata, with a tracking id under both of its names."""
    server = serve()
    answer = post(server, single(server)).json()
    assert (True, None) == (answer["success"], answer["error"])
    assert re.fullmatch(r"req_[0-9a-f]{24}", answer["metadata"]["requestId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["metadata"]["timestamp"])
    assert answer["data"]["id"] == answer["data"]["sendId"]
    assert server.requests()[0]["accepted_id"] == answer["data"]["id"]


def test_an_error_is_in_the_documented_envelope(serve: Serve, post: Post) -> None:
    """It has success false, error as a sentence, and code and metadata beside it."""
    answer = post(serve(), {}).json()
    assert {"success", "error", "code", "metadata"} == answer.keys()
    assert (False, "VALIDATION_ERROR") == (answer["success"], answer["code"])


def test_unknown_paths_are_404_and_wrong_methods_405(serve: Serve, http: httpx.Client) -> None:
    """Both come in the envelope, without redirects, and stand in the request log."""
    server = serve()
    nowhere = http.post(f"{server.url}/v1/sending/", json={})
    wrong = http.put(f"{server.url}/v1/sending", json={})
    assert (404, "NOT_FOUND") == (nowhere.status_code, nowhere.json()["code"])
    assert (405, "METHOD_NOT_ALLOWED", "POST") == (
        wrong.status_code,
        wrong.json()["code"],
        wrong.headers["Allow"],
    )
    assert [404, 405] == [each["status"] for each in server.requests()]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "Bearer {}"),
        ("Authorization", "ApiKey {}"),
        ("authorization", "bearer {}"),
        ("X-API-Key", "{}"),
    ],
)
def test_every_documented_way_to_send_the_key_works(
    serve: Serve, http: httpx.Client, single: Body, header: str, value: str
) -> None:
    """Bearer, ApiKey and X-API-Key, and both base paths."""
    server = serve()
    headers = {header: value.format(server.api_key)}
    for base in ("/v1", "/api/v1"):
        assert (
            200 == http.post(f"{server.url}{base}/sending", json=single(server), headers=headers).status_code
        )


def test_a_wrong_key_is_401_and_accepts_nothing(serve: Serve, post: Post, single: Body) -> None:
    """Another server's key does not open this one."""
    server, other = serve(), serve()
    response = post(server, single(server), api_key=other.api_key, key="k")
    assert (401, "UNAUTHORIZED") == (response.status_code, response.json()["code"])
    assert [] == server.sends()
    assert 200 == post(server, single(server), key="k").status_code


def test_an_unenforced_server_takes_any_domain_project_provider_and_content(
    serve: Serve, post: Post, single: Body
) -> None:
    """People can rehearse their own mailing without telling the sandbox about their account."""
    server = serve()
    changes = {"from": "me@anywhere.example", "projectId": "mine", "providerType": "ses", "topicId": "t"}
    assert 200 == post(server, single(server, **changes)).status_code
    stored = post(server, single(server, template=None, projectId=None, emailId="my-email"))
    assert (200, "my-email") == (stored.status_code, stored.json()["data"]["emailId"])
    server.drain()
    assert "my-email" in server.outbox()[1]["html"]


def test_domains_alone_are_enforced_when_given(serve: Serve, post: Post, single: Body) -> None:
    """A list of domains counts without strict."""
    server = serve(domains=["acme.example"])
    assert 200 == post(server, single(server, projectId="any")).status_code
    response = post(server, single(server, **{"from": "me@anywhere.example"}))
    assert (400, "DOMAIN_NOT_VERIFIED") == (response.status_code, response.json()["code"])


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000], ids=range(7)
)
def test_a_body_that_is_no_json_object_is_400(serve: Serve, http: httpx.Client, content: bytes) -> None:
    """NaN, broken UTF-8 and bottomless nesting included."""
    server = serve()
    headers = {"Authorization": f"Bearer {server.api_key}"}
    assert 400 == http.post(f"{server.url}/v1/sending", content=content, headers=headers).status_code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", None),
        ("subject", 3),
        ("replyTo", "nobody"),
        ("bcc", "one@customer.example"),
        ("bcc", ["one@customer.example", "two"]),
        ("topicId", 4),
        ("recipientEmail", "a b@customer.example"),
        ("recipientEmail", "Ann <ann@customer.example>"),
        ("recipientEmail", "ann@customer..example"),
    ],
)
def test_a_field_that_does_not_fit_is_named(
    serve: Serve, post: Post, single: Body, field: str, value: Any
) -> None:
    """The error begins with the field's name."""
    server = serve()
    response = post(server, single(server, **{field: value}))
    assert (400, True) == (response.status_code, response.json()["error"].startswith(field))


def test_a_conversation_of_several_emails_asks_for_one(serve: Serve, post: Post, single: Body) -> None:
    """Only emailId tells the emails of a series apart."""
    server = serve()
    first = server.add_email("One", "<p>1</p>")
    second = server.add_email("Two", "<p>2</p>", conversation_id=first["conversationId"])
    bare = single(server, template=None, projectId=None)
    assert 400 == post(server, bare | {"conversationId": first["conversationId"]}).status_code
    assert 200 == post(server, bare | {"emailId": second["emailId"]}).status_code
    server.drain()
    assert "<p>2</p>" == server.outbox()[0]["html"]


def test_the_rate_limit_counts_each_key_and_says_when_to_come_back(
    serve: Serve, post: Post, single: Body
) -> None:
    """The third of two allowed requests is 429 with Retry-After; time and other keys open the door again."""
    server = serve(rate="2/minute")
    for left in ("1", "0"):
        response = post(server, single(server))
        assert ("2", left) == (
            response.headers["X-RateLimit-Limit"],
            response.headers["X-RateLimit-Remaining"],
        )
    limited = post(server, single(server), key="k")
    assert (429, "RATE_LIMIT_EXCEEDED") == (limited.status_code, limited.json()["code"])
    assert 1 <= int(limited.headers["Retry-After"]) <= 60
    assert 200 == post(server, single(server), api_key=server.make_key(["email:send"])).status_code
    server.advance(60)
    assert 200 == post(server, single(server), key="k").status_code


def test_a_rate_that_is_not_understood_is_refused(serve: Serve) -> None:
    """The error shows how to write it."""
    for rate in ("100", "0/minute", "5/fortnight"):
        with pytest.raises(ValueError, match="100/minute"):
            serve(rate=rate)


def test_an_unknown_batch_is_404_and_reading_needs_its_permission(
    serve: Serve, get: Get, http: httpx.Client
) -> None:
    """GET /v1/sending/batches asks for email:read."""
    server = serve()
    assert 404 == get(server, "/v1/sending/batches/none").status_code
    headers = {"X-API-Key": server.make_key(["email:send"])}
    assert 403 == http.get(f"{server.url}/v1/sending/batches/none", headers=headers).status_code
