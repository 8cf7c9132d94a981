"""Raw HTML becomes an email that Migma holds: once, checked, and to plan with."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import migma_nb as mg
from migma_nb.sandbox import SandboxServer
from tests.servers.answering import AnsweringServer, Reply, Request

HTML = "<title>Hello {{first_name}}</title><p>Dear {{first_name}}, {{code}}</p>"
OPTIONS: dict[str, Any] = {"mailing": "m", "sender": "Acme <billing@acme.example>", "transactional": True}
PEOPLE = [{"email": "a@d.example", "first_name": "A", "code": "x"}]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll the conversion without long pauses."""
    monkeypatch.setattr("migma_nb.api.html_import.FIRST_WAIT_S", 0.02)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A server of the newest generation, which takes no raw template; a conversion takes a moment."""
    with SandboxServer(raw_template=False, import_seconds=0.1) as made:
        yield made


@pytest.fixture
def client(server: SandboxServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> mg.Migma:
    """A client of it, with a ledger of its own."""
    monkeypatch.setenv("MIGMA_LEDGER", str(tmp_path / "ledger.sqlite3"))
    return mg.Migma(server.api_key, base_url=server.url)


@pytest.fixture
def converting() -> Iterator[Callable[..., tuple[AnsweringServer, mg.Migma]]]:
    """Returns a function that serves an import, as told: what is posted, what is listed, what is made."""
    servers: list[AnsweringServer] = []

    def make(post: Any = None, made: Any = None, listed: Any = ()) -> tuple[AnsweringServer, mg.Migma]:
        def answer(request: Request) -> Reply | None:
            path = urlsplit(request.path).path
            if request.method == "POST":
                reply: Reply | None = post(request) if callable(post) else _data(post)
                return reply
            if path.endswith("/status"):
                return _data(made() if callable(made) else made)
            return _data({"emails": listed() if callable(listed) else list(listed)})

        server = AnsweringServer(answer)
        server.__enter__()
        servers.append(server)
        return server, mg.Migma("key", base_url=server.url, timeout=2)

    yield make
    for one in servers:
        one.__exit__()


def test_html_becomes_an_email_to_plan_with(server: SandboxServer, client: mg.Migma, tmp_path: Path) -> None:
    """From a file, with its subject and its placeholders, and a plan of it is sent where raw HTML is not."""
    path = tmp_path / "renewal.html"
    path.write_text(HTML)
    email = mg.import_html(path, client)
    assert ("Hello {{first_name}}", ("first_name", "code"), ()) == (
        email.subject,
        email.placeholders,
        email.notes,
    )
    assert client.emails()["title"][0].startswith("renewal [")
    run = mg.plan(PEOPLE, email_id=email, **OPTIONS).send(client, confirm=1, progress=False)
    assert ["accepted"] == run.frame["state"].tolist()
    server.drain()
    assert ["Hello A"] == [one["subject"] for one in server.outbox()]


def test_the_same_html_makes_no_second_email(server: SandboxServer, client: mg.Migma) -> None:
    """Also days later, when the server has forgotten the key: it is found in the list."""
    first = mg.import_html(HTML, client)
    server.advance(3 * 86_400.0)
    assert first == mg.import_html(HTML, client)
    assert 1 == len(client.emails())
    other = mg.import_html(HTML + "<p>more</p>", client)
    assert first.id != other.id


def test_html_without_a_title_brings_no_subject(client: mg.Migma) -> None:
    """The name that an import has at Migma must not become the subject of a mail."""
    email = mg.import_html("<p>Hi</p>", client, name="plain")
    assert "" == email.subject
    with pytest.raises(mg.InputError, match="subject"):
        mg.plan(PEOPLE, email_id=email, **OPTIONS)


def test_a_refusal_of_raw_html_names_the_way(client: mg.Migma) -> None:
    """The summary of the run and the error of a direct call say what to type."""
    plan = mg.plan(PEOPLE, template=HTML, subject="s", project_id="p", **OPTIONS)
    run = plan.send(client, confirm=1, progress=False)
    assert ["refused"] == run.frame["state"].tolist()
    assert 'mg.import_html("template.html", client)' in run.summary()
    with pytest.raises(mg.RefusedError, match=r"mg\.import_html"):
        client.send(
            recipient_type="email",
            recipient_email="a@d.example",
            from_="billing@acme.example",
            from_name="Acme",
            subject="s",
            template="<p>x</p>",
            project_id="p",
        )


def test_what_the_conversion_changed_is_said(
    converting: Callable[..., tuple[AnsweringServer, mg.Migma]],
) -> None:
    """A placeholder that was lost or came new stands in the notes, and in the plan's issues."""
    made = _completed("<p>Dear {{first_name}} {{unsubscribe}}</p>")
    _, client = converting({"conversationId": "c1"}, made)
    email = mg.import_html(HTML, client, project_id="p")
    assert [
        "The conversion lost {{code}}: no value is shown there any more.",
        "The conversion brought {{unsubscribe}}, which your HTML does not have.",
    ] == list(email.notes)
    plan = mg.plan(PEOPLE, email_id=email, subject="s", defaults={"unsubscribe": "-"}, **OPTIONS)
    assert list(email.notes) == plan.issues["message"].tolist()


def test_a_lost_answer_is_looked_up_and_not_repeated(
    converting: Callable[..., tuple[AnsweringServer, mg.Migma]],
) -> None:
    """The list tells whether the email was made; where it does not, calling again looks first."""
    titles: list[str] = []

    def taken(request: Request) -> None:
        titles.append(json.loads(request.body)["name"])

    def listed() -> list[dict[str, str]]:
        return [{"conversationId": "c1", "title": title, "status": "completed"} for title in titles]

    server, client = converting(taken, _completed(HTML), listed)
    assert "e1" == mg.import_html(HTML, client, project_id="p").id
    assert ["POST"] == [one.method for one in server.requests if one.method == "POST"]

    server, client = converting(lambda _: None, _completed(HTML))
    with pytest.raises(mg.UnknownError, match=r"Nobody was mailed\. Call mg\.import_html again"):
        mg.import_html(HTML, client, project_id="p")
    assert ["POST"] == [one.method for one in server.requests if one.method == "POST"]


def test_the_key_of_an_import_is_made_of_its_content(
    converting: Callable[..., tuple[AnsweringServer, mg.Migma]],
) -> None:
    """So that a repeat of the call is the same call to a server, and other HTML is another one."""
    server, client = converting({"conversationId": "c1"}, _completed(HTML))
    for html in (HTML, HTML, HTML + "<p>more</p>"):
        mg.import_html(html, client, project_id="p")
    keys = [one.headers["idempotency-key"] for one in server.requests if one.method == "POST"]
    assert keys[0] == keys[1] != keys[2]
    assert max(map(len, keys)) <= 100


def test_a_refusal_that_is_stored_under_the_key_is_not_for_ever(
    converting: Callable[..., tuple[AnsweringServer, mg.Migma]],
) -> None:
    """A missing permission is stored for a day; once it is given, the next call goes through."""
    given: list[bool] = []

    def post(request: Request) -> Reply:
        if given and request.headers["idempotency-key"].endswith("-0-1"):
            return Reply(200, b'{"success":true,"data":{"conversationId":"c1"}}')
        stored = {"Idempotent-Replayed": "true"} if given else {}
        return Reply(403, b'{"success":false,"error":"no","code":"FORBIDDEN"}', stored)

    _, client = converting(post, _completed(HTML))
    with pytest.raises(mg.AccountError, match="needs the permission email:write"):
        mg.import_html(HTML, client, project_id="p")
    given.append(True)
    assert "e1" == mg.import_html(HTML, client, project_id="p").id


def test_a_conversion_that_fails_says_why(
    converting: Callable[..., tuple[AnsweringServer, mg.Migma]],
) -> None:
    """With the API's reason; and one that lasts too long says how to go on."""
    _, client = converting({"conversationId": "c1"}, {"status": "failed", "error": "too wide"})
    with pytest.raises(mg.CallError, match=r"could not make an email of the HTML.*too wide"):
        mg.import_html(HTML, client, project_id="p")
    _, client = converting({"conversationId": "c1"}, {"status": "processing"})
    with pytest.raises(mg.CallError, match=r"still at work.*after 0\.1 seconds.*makes no second email"):
        mg.import_html(HTML, client, project_id="p", wait=0.1)


def test_a_missing_file_makes_nothing(server: SandboxServer, client: mg.Migma) -> None:
    """Every mistake that can be seen here is found before the first call."""
    with pytest.raises(mg.InputError, match=r"nothere\.html cannot be read"):
        mg.import_html("nothere.html", client)
    with pytest.raises(mg.InputError, match="wait=-1"):
        mg.import_html(HTML, client, wait=-1)
    assert [] == server.requests()


def _data(data: Any) -> Reply:
    return Reply(200, json.dumps({"success": True, "data": data}).encode())


def _completed(html: str) -> dict[str, Any]:
    emails = [{"emailId": "e1", "subject": "s", "html": html, "status": "ready", "slot": 1}]
    return {"conversationId": "c1", "status": "completed", "result": {"emails": emails}}
