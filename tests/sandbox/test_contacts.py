"""Contacts one by one, and lists of them, over HTTP (section 5)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Ask = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]

ANN = {"email": "ann@customer.example", "firstName": "Ann", "tags": ["news"], "customFields": {"plan": "pro"}}


def emails(answer: httpx.Response) -> list[str]:
    """The addresses of a list of contacts."""
    return [each["email"] for each in answer.json()["data"]]


def test_a_contact_is_added_read_changed_and_taken_out(strict: SandboxServer, ask: Ask) -> None:
    """Each step answers with the contact as it then is; afterwards there is none."""
    added = ask(strict, "POST", "/contacts", ANN).json()["data"]
    assert ANN.items() <= added.items()
    assert "subscribed" == added["status"]
    path = f"/contacts/{added['id']}"
    assert added == ask(strict, "GET", path).json()["data"]
    changed = ask(strict, "PATCH", path, {"lastName": "Lee", "tags": ["vip"], "customFields": {"seats": 3}})
    fields = {"plan": "pro", "seats": 3}
    expected = {"firstName": "Ann", "lastName": "Lee", "tags": ["vip"], "customFields": fields}
    assert expected.items() <= changed.json()["data"].items()
    assert {"id": added["id"], "deleted": True} == ask(strict, "DELETE", path).json()["data"]
    assert 404 == ask(strict, "GET", path).status_code
    assert [] == strict.contacts()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ann"),
        ("email", None),
        ("projectId", None),
        ("phone", "1" * 31),
        ("country", "Germany"),
        ("language", "d"),
        ("tags", "news"),
        ("customFields", []),
        ("status", "asleep"),
    ],
)
def test_a_field_that_does_not_fit_is_named(strict: SandboxServer, ask: Ask, field: str, value: Any) -> None:
    """Nobody is added."""
    answer = ask(strict, "POST", "/contacts", ANN | {field: value})
    assert (400, True) == (answer.status_code, answer.json()["error"].startswith(field)), answer.text
    assert [] == strict.contacts()


def test_a_list_has_pages_and_says_how_long_it_is(strict: SandboxServer, ask: Ask) -> None:
    """Twenty by default, at most a hundred; the count stands beside the data."""
    everybody = [f"person{number}@customer.example" for number in range(45)]
    for address in everybody:
        strict.add_contact(address)
    pages = [ask(strict, "GET", "/contacts", page=page) for page in (1, 2, 3, 4)]
    assert [20, 20, 5, 0] == [len(emails(page)) for page in pages]
    assert everybody == [address for page in pages for address in emails(page)]
    assert {45} == {page.json()["count"] for page in pages}
    assert everybody == emails(ask(strict, "GET", "/contacts", limit=100))
    for wrong in ({"limit": 101}, {"limit": 0}, {"page": 0}, {"page": "x"}):
        assert 400 == ask(strict, "GET", "/contacts", **wrong).status_code


def test_a_list_is_narrowed_by_tag_status_and_search(strict: SandboxServer, ask: Ask) -> None:
    """Tags go by name or ID, several mean any of them; search looks at address and names in any case."""
    strict.add_contact("ann@customer.example", tags=["news"], first_name="Anna")
    strict.add_contact("ben@customer.example", tags=["news", "vip"], status="unsubscribed")
    strict.add_contact("cem@customer.example", tags=["vip"])
    strict.add_contact("dag@customer.example")
    vip = next(tag["id"] for tag in strict.tags() if tag["name"] == "vip")

    def found(**query: Any) -> str:
        answer = ask(strict, "GET", "/contacts", **query)
        assert len(emails(answer)) == answer.json()["count"]
        return "".join(address[0] for address in emails(answer))

    assert "ab" == found(tags="news")
    assert "bc" == found(tags=vip)
    assert "abc" == found(tags="news, vip")
    assert "abc" == found(tags=["news", "vip"])
    assert "" == found(tags="none")
    assert ("b", "acd") == (found(status="unsubscribed"), found(status="active"))
    assert "b" == found(tags="vip", status="unsubscribed")
    assert ("a", "abcd", "") == (found(search="ANNA"), found(search="customer"), found(search="zoe"))


def test_adding_a_known_address_changes_its_contact(strict: SandboxServer, ask: Ask) -> None:
    """Tags are added, custom fields merged; the unsubscribed stay so unless the call says otherwise."""
    strict.add_contact("Ann@customer.example", status="unsubscribed", tags=["old"], custom_fields={"n": 1})
    answer = ask(strict, "POST", "/contacts", ANN).json()["data"]
    assert (["old", "news"], {"n": 1, "plan": "pro"}) == (answer["tags"], answer["customFields"])
    assert "unsubscribed" == answer["status"]
    assert 1 == len(strict.contacts())
    again = ask(strict, "POST", "/contacts", ANN | {"status": "subscribed"}).json()["data"]
    assert ("subscribed", False) == (again["status"], "unsubscribedAt" in again)


def test_the_moment_of_unsubscribing_is_kept(strict: SandboxServer, ask: Ask) -> None:
    """A later change of something else does not move it."""
    strict.add_contact("ann@customer.example", status="unsubscribed")
    (before,) = strict.contacts()
    strict.advance(60)
    after = ask(strict, "PATCH", f"/contacts/{before['id']}", {"lastName": "Lee"}).json()["data"]
    assert before["unsubscribedAt"] == after["unsubscribedAt"]
    assert before["updatedAt"] < after["updatedAt"]


def test_a_retry_with_its_idempotency_key_adds_nobody_twice(strict: SandboxServer, ask: Ask) -> None:
    """The first answer comes again, and another body under the same key is a conflict."""
    first = ask(strict, "POST", "/contacts", ANN, key="k")
    again = ask(strict, "POST", "/contacts", ANN, key="k")
    assert (first.content, "true") == (again.content, again.headers["Idempotent-Replayed"])
    other = ask(strict, "POST", "/contacts", ANN | {"lastName": "Lee"}, key="k")
    assert (409, "IDEMPOTENCY_CONFLICT") == (other.status_code, other.json()["code"])


def test_a_status_is_changed_by_address_and_takes_effect_in_sends(
    strict: SandboxServer, ask: Ask, post: Ask, batch: Body
) -> None:
    """An unsubscribed person is not mailed by the next batch; an unknown one is a 404."""
    for name in ("ann", "ben"):
        strict.add_contact(f"{name}@customer.example", tags=["news"])
    asked = {"email": "ann@customer.example", "status": "unsubscribed"}
    assert {"success": True} == ask(strict, "POST", "/contacts/status", asked).json()["data"]
    post(strict, batch(strict, strict.add_tag("news")["id"]))
    strict.drain()
    assert ["ben@customer.example"] == [mail["to"] for mail in strict.outbox()]
    unknown = ask(strict, "POST", "/contacts/status", asked | {"email": "zoe@customer.example"})
    assert 404 == unknown.status_code


def test_a_status_may_be_changed_for_some_tags_only(strict: SandboxServer, ask: Ask) -> None:
    """Tags go by ID; the contact leaves them and stays subscribed."""
    strict.add_contact("ann@customer.example", tags=["news", "vip"])
    news = strict.add_tag("news")["id"]
    asked = {"email": "ann@customer.example", "status": "unsubscribed", "allLists": False}
    ask(strict, "POST", "/contacts/status", asked | {"tags": [news]})
    (ann,) = strict.contacts()
    assert (["vip"], "subscribed") == (ann["tags"], ann["status"])
    ask(strict, "POST", "/contacts/status", asked | {"status": "subscribed", "tags": [news]})
    assert ["vip", "news"] == strict.contacts()[0]["tags"]
    assert 404 == ask(strict, "POST", "/contacts/status", asked | {"tags": ["news"]}).status_code
    assert 400 == ask(strict, "POST", "/contacts/status", asked).status_code


def test_contacts_are_taken_out_by_their_addresses(strict: SandboxServer, ask: Ask) -> None:
    """The answer counts them and names those that were not there; at most 1,000 go at once."""
    for name in ("ann", "ben"):
        strict.add_contact(f"{name}@customer.example", tags=["news"])
    asked = {"emails": ["ANN@customer.example", "zoe@customer.example"]}
    answer = ask(strict, "POST", "/contacts/bulk-delete", asked).json()["data"]
    assert {"deleted": 1, "notFound": ["zoe@customer.example"]} == answer
    assert 1 == strict.tags()[0]["subscriberCount"]
    too_many = {"emails": [f"p{number}@customer.example" for number in range(1001)]}
    assert 400 == ask(strict, "POST", "/contacts/bulk-delete", too_many).status_code


def test_a_contact_taken_out_of_a_waiting_batch_is_left_out(
    strict: SandboxServer, ask: Ask, post: Ask, batch: Body
) -> None:
    """The batch ends nevertheless, and says so."""
    for name in ("ann", "ben"):
        strict.add_contact(f"{name}@customer.example", tags=["news"])
    strict.pause_queue()
    post(strict, batch(strict, strict.add_tag("news")["id"]))
    ask(strict, "POST", "/contacts/bulk-delete", {"emails": ["ann@customer.example"]})
    strict.resume_queue()
    strict.drain()
    (sent,) = strict.batches()
    assert ("partial", 1, 1) == (sent["status"], sent["sentCount"], sent["failedCount"])
    assert ["deleted"] == [each["reason"] for each in strict.suppressed()]


def test_an_unknown_project_is_refused_or_stands_for_the_first(
    serve: Serve, strict: SandboxServer, get: Get
) -> None:
    """A strict sandbox knows its projects; in a rehearsal a real project's id finds the people put in."""
    assert 404 == get(strict, "/v1/contacts?projectId=elsewhere").status_code
    lax = serve()
    lax.add_contact("ann@customer.example")
    assert ["ann@customer.example"] == emails(get(lax, "/v1/contacts?projectId=elsewhere"))
    assert 400 == get(lax, "/v1/contacts").status_code
    other = lax.add_project("Other")["id"]
    assert [] == emails(get(lax, f"/v1/contacts?projectId={other}"))


def test_contacts_of_another_project_are_not_found(strict: SandboxServer, ask: Ask) -> None:
    """Neither in lists nor by id, and one address may be in both."""
    other = strict.add_project("Other")["id"]
    theirs = strict.add_contact("ann@customer.example", project_id=other, tags=["news"])
    strict.add_contact("ann@customer.example", first_name="Ours")
    assert ["Ours"] == [each["firstName"] for each in ask(strict, "GET", "/contacts").json()["data"]]
    assert 404 == ask(strict, "GET", f"/contacts/{theirs['id']}").status_code
    assert ["news"] == strict.contacts()[0]["tags"]
    assert 404 == ask(strict, "GET", f"/tags/{strict.tags()[0]['id']}").status_code


def test_the_older_name_answers_as_well(strict: SandboxServer, get: Get) -> None:
    """``/subscribers`` is ``/contacts``, below both prefixes."""
    strict.add_contact("ann@customer.example")
    for prefix in ("/v1", "/api/v1"):
        answer = get(strict, f"{prefix}/subscribers?projectId={strict.project_id}")
        assert ["ann@customer.example"] == emails(answer)


def test_generation_b_speaks_of_active_contacts(serve: Serve, ask: Ask) -> None:
    """The older word for subscribed, in lists and as a filter."""
    server = serve(generation="b")
    server.add_contact("ann@customer.example")
    answer = ask(server, "GET", "/contacts", status="active")
    assert ["active"] == [each["status"] for each in answer.json()["data"]]


def test_what_was_changed_and_taken_out_is_kept_in_the_file(serve: Serve, ask: Ask, tmp_path: Path) -> None:
    """After reopening the same people are there with the same tags, found by tag and address."""
    path = tmp_path / "account.sqlite"
    first = serve(path=path)
    for name in ("ann", "ben", "cem"):
        first.add_contact(f"{name}@customer.example", tags=["news", "vip"])
    ask(first, "POST", "/contacts/bulk-delete", {"emails": ["ann@customer.example"]})
    ask(first, "POST", "/contacts", {"email": "ann@customer.example", "tags": ["late"]})
    vip = next(tag["id"] for tag in first.tags() if tag["name"] == "vip")
    ask(first, "DELETE", f"/tags/{vip}")
    before = (first.contacts(), first.tags())
    first.close()
    second = serve(path=path)
    assert before == (second.contacts(), second.tags())
    assert ["ben@customer.example", "cem@customer.example"] == emails(
        ask(second, "GET", "/contacts", tags="news")
    )
    ask(second, "POST", "/contacts", ANN)
    assert 3 == len(second.contacts())
