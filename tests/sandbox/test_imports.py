"""HTML that becomes an email, the list of emails, and test mails, by plain HTTP (sections 4 and 7)."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]
PATH = "/v1/projects/emails/import-html"
PAGE = "<html><head><title>Spring &amp; sale</title></head><body>Hello {{name}}</body></html>"
EML = "From: a@b.example\nSubject: From a file\nContent-Type: text/html\n\n<p>Hi {{name}}</p>\n"


@pytest.fixture
def begin(post_to: Post) -> Callable[..., str]:
    """Begins an import and returns its conversation's id."""

    def make(server: SandboxServer, **fields: Any) -> str:
        answer = post_to(server, PATH, {"projectId": server.project_id} | fields)
        assert 200 == answer.status_code, answer.text
        assert {"conversationId", "status", "message", "link"} == answer.json()["data"].keys()
        return str(answer.json()["data"]["conversationId"])

    return make


@pytest.fixture
def ended(get: Get) -> Callable[..., dict[str, Any]]:
    """Asks for a conversation's status until it has ended."""

    def wait(server: SandboxServer, conversation_id: str) -> dict[str, Any]:
        end = time.monotonic() + 10
        while True:
            answer = get(server, f"/v1/projects/emails/{conversation_id}/status")
            data: dict[str, Any] = answer.json()["data"]
            if data["status"] in {"completed", "failed"}:
                return data
            assert time.monotonic() < end, data
            time.sleep(0.02)

    return wait


Begin = Callable[..., str]
Ended = Callable[..., dict[str, Any]]


def test_imported_html_becomes_an_email_that_can_be_sent(
    serve: Serve, begin: Begin, ended: Ended, post: Post, single: Body
) -> None:
    """It is at work for a moment, then its email is found by id and by conversation."""
    server = serve(strict=True, domains=["acme.example"], raw_template=False)
    conversation_id = begin(server, html=PAGE, name="spring.html")
    [email] = ended(server, conversation_id)["result"]["emails"]
    assert ("Spring & sale", PAGE, 1) == (email["subject"], email["html"], email["slot"])
    for content in ({"emailId": email["emailId"]}, {"conversationId": conversation_id}):
        body = single(server, template=None, projectId=None, **content)
        assert 200 == post(server, body).status_code
    server.drain()
    assert [PAGE.replace("{{name}}", "Ann")] * 2 == [mail["html"] for mail in server.outbox()]


def test_an_import_is_processing_until_its_time_has_passed(serve: Serve, begin: Begin, get: Get) -> None:
    """By the sandbox's clock; meanwhile there is no result and nothing to send."""
    server = serve(import_seconds=3600)
    conversation_id = begin(server, html=PAGE)
    path = f"/v1/projects/emails/{conversation_id}/status"
    data = get(server, path).json()["data"]
    assert ("processing", False, []) == (data["status"], "result" in data, server.emails())
    server.advance(3601)
    assert "completed" == get(server, path).json()["data"]["status"]
    assert 1 == len(server.emails())


def test_several_files_become_several_emails_of_one_conversation(
    serve: Serve, begin: Begin, ended: Ended, post: Post, single: Body
) -> None:
    """In slots; an .eml brings its own subject, and a send must say which of them it means."""
    server = serve(strict=True, domains=["acme.example"])
    files = [{"name": "one.html", "source": "<p>one</p>"}, {"name": "two.eml", "source": EML}]
    conversation_id = begin(server, htmls=files)
    emails = ended(server, conversation_id)["result"]["emails"]
    assert [(1, "one.html"), (2, "From a file")] == [(each["slot"], each["subject"]) for each in emails]
    assert "<p>Hi {{name}}</p>" == emails[1]["html"].strip()
    body = single(server, template=None, projectId=None, conversationId=conversation_id)
    refused = post(server, body)
    assert (400, True) == (refused.status_code, "emailId" in refused.json()["error"])
    assert 200 == post(server, body | {"emailId": emails[1]["emailId"]}).status_code


def test_an_import_can_fail(serve: Serve, begin: Begin, ended: Ended) -> None:
    """Its status says why and has no result; the next one may fare better."""
    server = serve(import_seconds=0.05)
    server.fail_imports("The HTML could not be read.")
    data = ended(server, begin(server, html=PAGE))
    assert ("failed", "The HTML could not be read.", False) == (
        data["status"],
        data["error"],
        "result" in data,
    )
    server.fail_imports(None)
    assert "completed" == ended(server, begin(server, html=PAGE))["status"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "html"),
        ({"html": PAGE, "htmls": [{"name": "a", "source": "b"}]}, "htmls"),
        ({"htmls": []}, "htmls"),
        ({"htmls": [{"name": "a", "source": "b"}] * 13}, "htmls"),
        ({"html": 7}, "html"),
        ({"html": PAGE, "projectId": None}, "projectId"),
    ],
    ids=["neither", "both", "none", "thirteen", "a number", "no project"],
)
def test_an_import_without_its_fields_is_400(
    serve: Serve, post_to: Post, fields: dict[str, Any], named: str
) -> None:
    """The sentence names the field; nothing is begun."""
    server = serve()
    answer = post_to(server, PATH, {"projectId": server.project_id} | fields)
    assert (400, True) == (answer.status_code, named in answer.json()["error"])


def test_an_import_is_begun_once_under_a_key(serve: Serve, post_to: Post) -> None:
    """The same body again is answered with the same conversation."""
    server = serve()
    body = {"projectId": server.project_id, "html": PAGE}
    first, second = (post_to(server, PATH, body, key="k1") for _ in range(2))
    assert first.content == second.content
    assert "true" == second.headers["Idempotent-Replayed"]


def test_an_import_needs_the_right_to_write_and_a_known_project(serve: Serve, post_to: Post) -> None:
    """`email:write`, or `email:send` which holds it; 404 for a project that is none."""
    server = serve(strict=True)
    body = {"projectId": server.project_id, "html": PAGE}
    for permission, status in (("email:write", 200), ("EMAIL_SEND", 200), ("email:read", 403)):
        answer = post_to(server, PATH, body, api_key=server.make_key([permission]))
        assert status == answer.status_code
    assert 404 == post_to(server, PATH, body | {"projectId": "0" * 24}).status_code


def test_an_import_at_work_is_ended_after_a_restart(serve: Serve, begin: Begin, tmp_path: Path) -> None:
    """It is in the account's file with its HTML."""
    first = serve(path=tmp_path / "account.sqlite3", import_seconds=3600)
    begin(first, html=PAGE)
    first.close()
    again = serve(path=tmp_path / "account.sqlite3")
    again.advance(3601)
    assert ["Spring & sale"] == [each["subject"] for each in again.emails()]


def test_the_list_shows_a_projects_conversations_in_pages(serve: Serve, begin: Begin, get: Get) -> None:
    """Newest first, imports at work among them; it can be searched and filtered, and ends."""
    server = serve(import_seconds=3600)
    server.add_email("Older", "<p>x</p>", project_id=server.add_project("Other")["id"])
    for number in range(3):
        server.add_email(f"Letter {number}", "<p>x</p>")
        time.sleep(0.002)  # their times are in milliseconds
    begin(server, html=PAGE, name="spring.html")
    path = f"/v1/projects/emails?projectId={server.project_id}"
    data = get(server, f"{path}&limit=3").json()["data"]
    assert ["spring.html", "Letter 2", "Letter 1"] == [each["title"] for each in data["emails"]]
    assert {"total": 4, "page": 1, "limit": 3, "hasMore": True} == data["pagination"]
    rest = get(server, f"{path}&limit=3&page=2").json()["data"]
    assert (["Letter 0"], False) == (
        [each["title"] for each in rest["emails"]],
        rest["pagination"]["hasMore"],
    )
    processing = get(server, f"{path}&status=processing").json()["data"]
    assert ["spring.html"] == [each["title"] for each in processing["emails"]]
    assert 1 == get(server, f"{path}&search=letter%200").json()["data"]["pagination"]["total"]
    assert 400 == get(server, "/v1/projects/emails").status_code


def test_an_email_that_a_person_put_there_has_a_status_too(serve: Serve, get: Get) -> None:
    """It was never at work; a conversation that is none is 404."""
    server = serve()
    email = server.add_email("Generated", "<p>x</p>")
    data = get(server, f"/v1/projects/emails/{email['conversationId']}/status").json()["data"]
    assert ("completed", email["emailId"]) == (data["status"], data["result"]["emails"][0]["emailId"])
    assert 404 == get(server, f"/v1/projects/emails/{'0' * 24}/status").status_code


def test_a_test_mail_is_really_delivered_and_in_no_log(serve: Serve, post_to: Post, get: Get) -> None:
    """Transactional, its placeholders unfilled; a bounced address gets none (S21)."""
    server = serve(strict=True)
    email = server.add_email("Hello {{name}}", "<p>{{name}}</p>")
    for content in ({"emailId": email["emailId"]}, {"conversationId": email["conversationId"]}):
        answer = post_to(server, "/v1/emails/test/send", {"to": "me@acme.example"} | content)
        data = answer.json()["data"]
        assert (200, "me@acme.example", "Hello {{name}}", email["emailId"], email["conversationId"]) == (
            answer.status_code,
            data["sentTo"],
            data["subject"],
            data["emailId"],
            data["conversationId"],
        )
    post_to(server, "/v1/emails/test/send", {"to": "bounced@a.example", "emailId": email["emailId"]})
    server.drain()
    assert [("me@acme.example", "Hello {{name}}", "<p>{{name}}</p>", True)] * 2 == [
        (mail["to"], mail["subject"], mail["html"], mail["transactional"]) for mail in server.outbox()
    ]
    assert [] == get(server, f"/v1/emails/{email['emailId']}/logs").json()["data"]["emails"]


def test_a_test_mail_needs_an_address_an_email_and_the_right_to_send(serve: Serve, post_to: Post) -> None:
    """400 without the fields, 404 for an unknown email, 403 without `email:send`."""
    server = serve()
    email_id = server.add_email("S", "<p>x</p>")["emailId"]
    path = "/v1/emails/test/send"
    for body in ({"emailId": email_id}, {"to": "me@acme.example"}, {"to": "nobody", "emailId": email_id}):
        assert 400 == post_to(server, path, body).status_code
    sound = {"to": "me@acme.example", "emailId": email_id}
    assert 404 == post_to(server, path, sound | {"emailId": "0" * 24}).status_code
    assert 403 == post_to(server, path, sound, api_key=server.make_key(["email:read"])).status_code
