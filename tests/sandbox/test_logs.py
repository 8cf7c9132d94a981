"""The log of a stored email, and the email itself, by plain HTTP (migma-api.md section 6)."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]
COLUMNS = {
    "id",
    "tracking_id",
    "domain",
    "from_email",
    "to_email",
    "subject",
    "status",
    "opened_at",
    "clicked_at",
    "open_count",
    "click_count",
    "bounce_type",
    "complaint_type",
    "created_at",
}


@pytest.fixture(params=[True, False], ids=["strict", "permissive"])
def server(request: pytest.FixtureRequest, serve: Serve) -> SandboxServer:
    """A strict and a permissive server on which the sound body is accepted."""
    return serve(strict=True, domains=["acme.example"]) if request.param else serve()


@pytest.fixture
def stored(server: SandboxServer) -> str:
    """The id of an email that the account holds."""
    return str(server.add_email("Generated", "<p>Hello {{name}}, {{plan}}</p>")["emailId"])


@pytest.fixture
def send(server: SandboxServer, post: Post, single: Body) -> Callable[..., dict[str, Any]]:
    """Sends a stored email and returns what the API said, once the queue is empty."""

    def make(email_id: str, **changes: Any) -> dict[str, Any]:
        body = single(server, template=None, projectId=None, emailId=email_id, **changes)
        answer = post(server, body)
        assert 200 == answer.status_code, answer.text
        server.drain()
        found: dict[str, Any] = answer.json()["data"]
        return found

    return make


@pytest.fixture
def log(server: SandboxServer, http: httpx.Client) -> Callable[..., httpx.Response]:
    """Asks for an email's log."""

    def ask(email_id: str, api_key: str | None = None, **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {api_key or server.api_key}"}
        return http.get(f"{server.url}/v1/emails/{email_id}/logs", params=query, headers=headers)

    return ask


Send = Callable[..., dict[str, Any]]
Log = Callable[..., httpx.Response]


def test_a_send_by_email_id_is_rendered_and_logged(
    server: SandboxServer, stored: str, send: Send, log: Log
) -> None:
    """The line has the documented columns, the subject as it was read, and the send's own id."""
    answer = send(stored, variables={"name": "Ann", "plan": "Pro"})
    assert "<p>Hello Ann, Pro</p>" == server.outbox()[0]["html"]
    data = log(stored).json()["data"]
    assert {"emails", "nextCursor", "hasMore"} == data.keys()
    assert (None, False) == (data["nextCursor"], data["hasMore"])
    [line] = data["emails"]
    assert COLUMNS == line.keys()
    assert (answer["sendId"], "ann@customer.example", "Hello Ann", "delivered") == (
        line["tracking_id"],
        line["to_email"],
        line["subject"],
        line["status"],
    )
    assert ("acme.example", "billing@acme.example") == (line["domain"], line["from_email"])
    assert isinstance(line["id"], int)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["created_at"])


def test_a_raw_template_has_no_log(server: SandboxServer, stored: str, post: Post, single: Body) -> None:
    """No line is written anywhere, whatever else was sent."""
    assert 200 == post(server, single(server)).status_code
    server.drain()
    assert [] == _lines(server, stored)


def test_a_conversation_of_one_email_is_logged_under_it(
    server: SandboxServer, stored: str, post: Post, single: Body, log: Log
) -> None:
    """The API resolves the conversation to its email (S3, S18)."""
    conversation = next(each for each in server.emails() if each["emailId"] == stored)["conversationId"]
    body = single(server, template=None, projectId=None, conversationId=conversation)
    assert 200 == post(server, body).status_code
    server.drain()
    assert 1 == len(log(stored).json()["data"]["emails"])


def test_pages_hold_what_was_asked_for_newest_first(stored: str, send: Send, log: Log) -> None:
    """Following the cursor shows every line once; each page says whether there is more."""
    sent = [send(stored, recipientEmail=f"p{n}@customer.example")["sendId"] for n in range(7)]
    found, cursor, sizes = [], None, []
    for _ in range(4):
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        data = log(stored, **query).json()["data"]
        found += [line["tracking_id"] for line in data["emails"]]
        sizes.append((len(data["emails"]), data["hasMore"]))
        cursor = data["nextCursor"]
        if cursor is None:
            break
    assert sent[::-1] == found
    assert [(3, True), (3, True), (1, False)] == sizes


def test_lines_that_come_between_two_pages_are_neither_repeated_nor_shifted(
    stored: str, send: Send, log: Log
) -> None:
    """The cursor stands at a line, not at a number of lines."""
    sent = [send(stored, recipientEmail=f"p{n}@customer.example")["sendId"] for n in range(4)]
    first = log(stored, limit=2).json()["data"]
    send(stored, recipientEmail="late@customer.example")
    second = log(stored, limit=2, cursor=first["nextCursor"]).json()["data"]
    seen = [line["tracking_id"] for page in (first, second) for line in page["emails"]]
    assert sent[::-1] == seen


def test_who_was_left_out_is_in_the_log_as_suppressed(
    server: SandboxServer, stored: str, send: Send, log: Log
) -> None:
    """Bounced ones always (S21), unsubscribed ones from marketing; a bounce says of which kind."""
    server.add_contact("gone@customer.example", status="unsubscribed")
    send(stored, recipientEmail="bounced@customer.example")
    send(stored, recipientEmail="gone@customer.example", transactional=False)
    send(stored, recipientEmail="gone@customer.example", transactional=True)
    lines = log(stored).json()["data"]["emails"][::-1]
    assert ["suppressed", "suppressed", "delivered"] == [line["status"] for line in lines]
    assert ["Permanent", None, None] == [line["bounce_type"] for line in lines]


def test_a_batch_is_logged_for_each_contact(
    server: SandboxServer, stored: str, post: Post, batch: Body, log: Log
) -> None:
    """Each with an id of its own; those who were left out at once are in it as well."""
    tag = server.add_tag("vip")
    for name in ("ann", "bob", "bounced"):
        server.add_contact(f"{name}@customer.example", tags=["vip"], first_name=name.title())
    body = batch(server, tag["id"], template=None, projectId=None, emailId=stored, subject="Hi {{firstName}}")
    assert 200 == post(server, body).status_code
    server.drain()
    lines = log(stored).json()["data"]["emails"]
    assert {
        ("ann@customer.example", "Hi Ann", "delivered"),
        ("bob@customer.example", "Hi Bob", "delivered"),
        ("bounced@customer.example", "Hi Bounced", "suppressed"),
    } == {(line["to_email"], line["subject"], line["status"]) for line in lines}
    assert 3 == len({line["tracking_id"] for line in lines})


def test_the_status_filter_knows_the_documented_words(
    server: SandboxServer, stored: str, send: Send, log: Log
) -> None:
    """What becomes of a mail changes its line, and the filter finds it there."""
    ids = {}
    for name in ("opened", "clicked", "bounced", "delivered", "sent", "complained"):
        to = f"{name if name == 'complained' else name + '.person'}@customer.example"
        ids[name] = send(stored, recipientEmail=to)["sendId"]
        if name not in {"delivered", "complained"}:
            server.note_event(ids[name], name)
    for name, tracking_id in ids.items():
        [line] = log(stored, status=name).json()["data"]["emails"]
        assert tracking_id == line["tracking_id"]
    assert [] == log(stored, status="suppressed").json()["data"]["emails"]
    clicked = log(stored, status="clicked").json()["data"]["emails"][0]
    assert (1, 1) == (clicked["open_count"], clicked["click_count"])
    assert clicked["opened_at"] is not None


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "ten"},
        {"limit": "-1"},
        {"limit": "²"},
        {"limit": ""},
        {"cursor": "nonsense"},
        {"cursor": "before-x"},
        {"status": "spam_report"},
    ],
)
def test_a_query_that_is_none_is_400(stored: str, log: Log, query: dict[str, Any]) -> None:
    """The sentence names the parameter."""
    answer = log(stored, **query)
    assert (400, "VALIDATION_ERROR") == (answer.status_code, answer.json()["code"])
    assert next(iter(query)) in answer.json()["error"]


def test_lines_are_kept_for_thirty_days(server: SandboxServer, stored: str, send: Send, log: Log) -> None:
    """By the sandbox's clock."""
    send(stored)
    server.advance(29 * 24 * 3600)
    send(stored)
    assert 2 == len(log(stored).json()["data"]["emails"])
    server.advance(2 * 24 * 3600)
    assert 1 == len(log(stored).json()["data"]["emails"])


def test_a_line_comes_only_once_the_queue_has_dealt_with_the_mail(
    server: SandboxServer, stored: str, post: Post, single: Body, log: Log
) -> None:
    """That there is none soon after a send proves nothing."""
    server.pause_queue()
    body = single(server, template=None, projectId=None, emailId=stored)
    assert 200 == post(server, body).status_code
    assert [] == log(stored).json()["data"]["emails"]
    server.resume_queue()
    server.drain()
    assert 1 == len(log(stored).json()["data"]["emails"])


def test_log_and_email_need_the_permission_to_read(server: SandboxServer, stored: str, log: Log) -> None:
    """`email:read`; one that may only send is told what it lacks, no key at all is 401."""
    refused = log(stored, api_key=server.make_key(["email:send"]))
    assert (403, True) == (refused.status_code, "email:read" in refused.json()["error"])
    assert 200 == log(stored, api_key=server.make_key(["EMAIL_READ"])).status_code
    assert 401 == log(stored, api_key="nobody's").status_code


def test_an_unknown_email_is_404_where_it_must_exist(serve: Serve, http: httpx.Client) -> None:
    """In a rehearsal any email may be sent from, so there it has an empty log."""
    for strict, expected in ((True, 404), (False, 200)):
        server = serve(strict=strict)
        headers = {"Authorization": f"Bearer {server.api_key}"}
        answer = http.get(f"{server.url}/v1/emails/{'0' * 24}/logs", headers=headers)
        assert expected == answer.status_code
        assert 404 == http.get(f"{server.url}/v1/emails/{'0' * 24}", headers=headers).status_code


def test_an_email_is_shown_as_it_is_stored(server: SandboxServer, stored: str, http: httpx.Client) -> None:
    """`GET /v1/emails/{id}`, its placeholders not filled."""
    headers = {"Authorization": f"Bearer {server.api_key}"}
    data = http.get(f"{server.url}/v1/emails/{stored}", headers=headers).json()["data"]
    assert {
        "emailId",
        "conversationId",
        "status",
        "subject",
        "preheader",
        "html",
        "warnings",
        "updatedAt",
    } == data.keys()
    assert (stored, "Generated", "<p>Hello {{name}}, {{plan}}</p>") == (
        data["emailId"],
        data["subject"],
        data["html"],
    )


def test_the_log_outlives_the_server(serve: Serve, tmp_path: Path, post: Post, single: Body) -> None:
    """It is in the account's file with everything else, events included."""
    first = serve(path=tmp_path / "account.sqlite3")
    stored = first.add_email("S", "<p>x</p>")["emailId"]
    tracking_id = post(first, single(first, template=None, emailId=stored)).json()["data"]["sendId"]
    first.drain()
    first.note_event(tracking_id, "opened")
    first.close()
    again = serve(path=tmp_path / "account.sqlite3")
    assert ["opened"] == [line["status"] for line in _lines(again, stored)]


def test_an_event_of_no_mail_or_no_status_is_refused(server: SandboxServer, stored: str, send: Send) -> None:
    """Neither changes a line."""
    tracking_id = send(stored)["sendId"]
    with pytest.raises(ValueError, match="spam_report"):
        server.note_event(tracking_id, "spam_report")
    with pytest.raises(LookupError, match="nobody"):
        server.note_event("nobody", "opened")
    assert ["delivered"] == [line["status"] for line in _lines(server, stored)]


def _lines(server: SandboxServer, email_id: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {server.api_key}"}
    answer = httpx.get(f"{server.url}/v1/emails/{email_id}/logs", headers=headers, trust_env=False)
    found: list[dict[str, Any]] = answer.json()["data"]["emails"]
    return found
