"""Tags and segments over HTTP: made, listed, changed, taken out, and sent to (section 5)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Ask = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def names(answer: httpx.Response) -> list[str]:
    """The names of a list."""
    return [each["name"] for each in answer.json()["data"]]


@pytest.fixture
def people(strict: SandboxServer) -> SandboxServer:
    """A strict server with four people: two are pro, of whom one has unsubscribed; one address is invalid."""
    add = strict.add_contact
    add("ann@customer.example", tags=["news", "vip"], custom_fields={"plan": "pro"}, country="DE")
    add("ben@customer.example", tags=["news"], custom_fields={"plan": "pro"}, status="unsubscribed")
    add("cem@customer.example", tags=["vip"], custom_fields={"plan": "free", "seats": 12}, country="TR")
    add("dag@customer.example", status="invalid")
    return strict


def test_a_tag_is_made_read_changed_and_taken_out(strict: SandboxServer, ask: Ask) -> None:
    """Its people follow it to a new name and stay when it is gone."""
    tag = ask(strict, "POST", "/tags", {"name": "news", "description": "Monthly"}).json()["data"]
    assert {"name": "news", "description": "Monthly", "subscriberCount": 0}.items() <= tag.items()
    assert tag["color"].startswith("#")
    strict.add_contact("ann@customer.example", tags=["news", "vip"])
    path = f"/tags/{tag['id']}"
    assert 1 == ask(strict, "GET", path).json()["data"]["subscriberCount"]
    changed = ask(strict, "PATCH", path, {"name": "letter", "color": "#ff0000"}).json()["data"]
    assert {"name": "letter", "color": "#ff0000", "subscriberCount": 1}.items() <= changed.items()
    assert ["letter", "vip"] == strict.contacts()[0]["tags"]
    assert 201 == ask(strict, "POST", "/tags", {"name": "news"}).status_code
    assert {"id": tag["id"], "deleted": True} == ask(strict, "DELETE", path).json()["data"]
    assert 404 == ask(strict, "GET", path).status_code
    assert ["vip"] == strict.contacts()[0]["tags"]
    assert 201 == ask(strict, "POST", "/tags", {"name": "letter"}).status_code


def test_a_name_belongs_to_one_tag(strict: SandboxServer, ask: Ask) -> None:
    """Making or renaming another one to it is a conflict that names the id, in this project alone."""
    taken = strict.add_tag("news")["id"]
    answer = ask(strict, "POST", "/tags", {"name": "news"})
    assert (409, True) == (answer.status_code, taken in answer.json()["error"])
    other = ask(strict, "POST", "/tags", {"name": "vip"}).json()["data"]["id"]
    assert 409 == ask(strict, "PATCH", f"/tags/{other}", {"name": "news"}).status_code
    assert 200 == ask(strict, "PATCH", f"/tags/{other}", {"name": "vip"}).status_code
    elsewhere = strict.add_project("Other")["id"]
    assert 201 == ask(strict, "POST", "/tags", {"name": "news", "projectId": elsewhere}).status_code


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "x" * 101}, {}, {"name": "x", "color": "red"}, {"name": 3}]
)
def test_a_tag_that_does_not_fit_is_refused(strict: SandboxServer, ask: Ask, fields: dict[str, Any]) -> None:
    """Name, color and description have their limits."""
    assert 400 == ask(strict, "POST", "/tags", fields).status_code
    assert 400 == ask(strict, "POST", "/tags", {"name": "x", "description": "x" * 501}).status_code


def test_tags_are_searched_sorted_and_paged(strict: SandboxServer, ask: Ask) -> None:
    """By name or age, either way; the count is that of all that were found."""
    for name in ("news", "Old news", "vip"):
        strict.add_tag(name)
    assert ["news", "Old news", "vip"] == names(ask(strict, "GET", "/tags"))
    assert ["Old news", "news", "vip"] == names(ask(strict, "GET", "/tags", sortBy="name"))
    found = ask(strict, "GET", "/tags", search="NEWS", sortBy="name", sortOrder="desc", limit=1)
    assert (["news"], 2) == (names(found), found.json()["count"])
    assert ["vip"] == names(ask(strict, "GET", "/tags", page=2, limit=2))
    assert 400 == ask(strict, "GET", "/tags", sortBy="size").status_code


def test_a_tag_counts_its_people_whatever_their_status(people: SandboxServer, ask: Ask) -> None:
    """The unsubscribed count as well, and a list tells as much as a single tag."""
    counts = {tag["name"]: tag["subscriberCount"] for tag in ask(people, "GET", "/tags").json()["data"]}
    assert {"news": 2, "vip": 2} == counts


FILTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("abcd", {}),
    "a status": ("ac", {"status": ["active"]}),
    "two statuses": ("abc", {"status": ["subscribed", "unsubscribed"]}),
    "a custom field": ("c", {"customFields": {"seats": ["12", "13"]}}),
    "all": ("a", {"customFields": {"plan": ["pro"]}, "status": ["subscribed"]}),
    "any": ("abc", {"match": "any", "customFields": {"plan": ["pro"]}, "status": ["subscribed"]}),
    "is": ("a", {"fields": [{"key": "country", "values": ["DE", "FR"]}]}),
    "is not": ("bcd", {"fields": [{"key": "country", "mode": "is_not", "values": ["DE"]}]}),
    "contains": ("b", {"fields": [{"key": "email", "mode": "contains", "values": ["ben@"]}]}),
    "exists": ("abc", {"fields": [{"key": "plan", "mode": "exists"}]}),
    "not exists": ("d", {"fields": [{"key": "plan", "mode": "not_exists"}]}),
    "validation": ("d", {"validationStatus": ["invalid"]}),
    "groups": (
        "bc",
        {
            "match": "any",
            "groups": [
                {"status": ["unsubscribed"], "customFields": {"plan": ["pro"]}},
                {"fields": [{"key": "country", "values": ["TR"]}]},
            ],
        },
    ),
}


@pytest.mark.parametrize("case", FILTERS)
def test_a_segment_holds_whom_its_filters_let_through(people: SandboxServer, ask: Ask, case: str) -> None:
    """Its count is the number of those whom a transactional batch to it reaches, and of the invalid."""
    expected, filters = FILTERS[case]
    segment = ask(people, "POST", "/segments", {"name": case, "filters": filters}).json()["data"]
    assert len(expected) == segment["count"]


def test_a_segment_takes_tags_by_id(people: SandboxServer, ask: Ask) -> None:
    """Any of those named, and none of those excluded; an unknown id is nobody's."""
    news, vip = (people.add_tag(name)["id"] for name in ("news", "vip"))

    def size(**filters: Any) -> int:
        answer = ask(people, "POST", "/segments", {"name": "s", "filters": filters})
        return int(answer.json()["data"]["count"])

    assert (3, 2, 0) == (size(tags=[news, vip]), size(tags=[news]), size(tags=["news"]))
    assert (1, 2) == (size(tags=[news], excludeTags=[vip]), size(excludeTags=[news]))
    assert 1 == size(match="any", tags=[news], status=["subscribed"], excludeTags=[vip])


def test_a_segment_follows_a_renamed_tag(people: SandboxServer, ask: Ask) -> None:
    """Its filters hold IDs, so that nobody is lost."""
    news = people.add_tag("news")["id"]
    segment = ask(people, "POST", "/segments", {"name": "s", "filters": {"tags": [news]}}).json()["data"]
    ask(people, "PATCH", f"/tags/{news}", {"name": "letter"})
    assert 2 == ask(people, "GET", f"/segments/{segment['id']}").json()["data"]["count"]


def nested(levels: int) -> dict[str, Any]:
    """Filters with groups so many levels deep."""
    return {"groups": [nested(levels - 1)]} if levels else {"status": ["subscribed"]}


@pytest.mark.parametrize(
    "filters",
    [
        nested(4),
        {"groups": [{}] * 11},
        {"fields": [{"key": "plan", "mode": "exists"}] * 51},
        {"match": "some"},
        {"fields": [{"key": "plan", "mode": "rhymes"}]},
        {"activity": [{"action": "opened"}]},
        {"customFields": {"plan": "pro"}},
        [],
    ],
)
def test_filters_beyond_the_limits_are_refused(strict: SandboxServer, ask: Ask, filters: Any) -> None:
    """Ten groups, three levels, fifty conditions; what the sandbox cannot tell it refuses."""
    assert 400 == ask(strict, "POST", "/segments", {"name": "s", "filters": filters}).status_code
    assert 201 == ask(strict, "POST", "/segments", {"name": "s", "filters": nested(3)}).status_code


def test_a_segment_is_made_read_changed_and_taken_out(people: SandboxServer, ask: Ask) -> None:
    """New filters stand in place of the old ones, and its people stay when it is gone."""
    segment = ask(people, "POST", "/segments", {"name": "all", "description": "Everybody"}).json()["data"]
    assert {"name": "all", "description": "Everybody", "filters": {}, "count": 4}.items() <= segment.items()
    path = f"/segments/{segment['id']}"
    filters = {"status": ["unsubscribed"]}
    changed = ask(people, "PATCH", path, {"name": "gone", "filters": filters}).json()["data"]
    assert ("gone", filters, 1) == (changed["name"], changed["filters"], changed["count"])
    assert changed == ask(people, "GET", path).json()["data"]
    assert {"id": segment["id"], "deleted": True} == ask(people, "DELETE", path).json()["data"]
    assert 404 == ask(people, "GET", path).status_code
    assert 4 == len(people.contacts())


def test_segments_are_listed_under_either_name(people: SandboxServer, ask: Ask, get: Get) -> None:
    """``/audiences`` is ``/segments``; each says how many it holds."""
    people.add_segment("pro", custom_fields={"plan": ["pro"]})
    people.add_segment("all")
    listed = ask(people, "GET", "/segments")
    assert ([("pro", 2), ("all", 4)], 2) == (
        [(each["name"], each["count"]) for each in listed.json()["data"]],
        listed.json()["count"],
    )
    older = get(people, f"/v1/audiences?projectId={people.project_id}&limit=1&page=2")
    assert ["all"] == names(older)


def test_what_was_made_by_http_is_sent_to(people: SandboxServer, ask: Ask, post: Ask, batch: Body) -> None:
    """A tag and a segment reach their people, except those whose consent or mailbox forbids it."""
    ask(
        people,
        "POST",
        "/contacts/bulk",
        {"subscribers": [{"email": "eve@customer.example", "tags": ["new"]}]},
    )
    tag = ask(people, "GET", "/tags", search="new", sortOrder="desc").json()["data"][0]
    assert "new" == tag["name"]
    filters = {"status": ["subscribed", "unsubscribed"], "customFields": {"plan": ["pro"]}}
    segment = ask(people, "POST", "/segments", {"name": "pro", "filters": filters}).json()["data"]
    post(people, batch(people, tag["id"]))
    post(people, batch(people, segment["id"], recipientType="segment"))
    people.drain()
    assert {"eve@customer.example", "ann@customer.example"} == {mail["to"] for mail in people.outbox()}
    gone = ask(people, "DELETE", f"/tags/{tag['id']}")
    assert 200 == gone.status_code
    assert 404 == post(people, batch(people, tag["id"])).status_code
