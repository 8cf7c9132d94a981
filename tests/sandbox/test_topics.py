"""Topics over HTTP: made, listed, changed, followed and left (section 5)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Ask = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]


def test_a_topic_is_made_read_changed_and_taken_out(strict: SandboxServer, ask: Ask) -> None:
    """Each step answers with the topic as it then is."""
    given = {"name": "Tips", "description": "Weekly", "visibility": "private", "displayOrder": 2}
    topic = ask(strict, "POST", "/topics", given).json()["data"]
    assert (given | {"defaultSubscription": "opt_in", "isActive": True}).items() <= topic.items()
    path = f"/topics/{topic['id']}"
    changed = ask(strict, "PATCH", path, {"isActive": False, "name": "Hints"}).json()["data"]
    assert {"name": "Hints", "isActive": False, "description": "Weekly"}.items() <= changed.items()
    assert changed == ask(strict, "GET", path).json()["data"]
    assert {"id": topic["id"], "deleted": True} == ask(strict, "DELETE", path).json()["data"]
    assert 404 == ask(strict, "GET", path).status_code


def test_topics_are_listed_in_their_order_without_the_inactive_ones(strict: SandboxServer, ask: Ask) -> None:
    """The inactive ones are shown when asked for."""
    for name, order, active in (("b", 2, True), ("a", 1, True), ("c", 3, False)):
        ask(strict, "POST", "/topics", {"name": name, "displayOrder": order, "isActive": active})

    def found(**query: Any) -> list[str]:
        return [each["name"] for each in ask(strict, "GET", "/topics", **query).json()["data"]]

    assert ["a", "b"] == found()
    assert ["a", "b", "c"] == found(includeInactive="true")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": ""},
        {"name": "x", "defaultSubscription": "maybe"},
        {"name": "x", "visibility": "secret"},
        {"name": "x", "isActive": "yes"},
        {"name": "x", "displayOrder": "first"},
    ],
)
def test_a_topic_that_does_not_fit_is_refused(
    strict: SandboxServer, ask: Ask, fields: dict[str, Any]
) -> None:
    """Nothing is made."""
    assert 400 == ask(strict, "POST", "/topics", fields).status_code
    assert [] == strict.topics()


@pytest.mark.parametrize("default", ["opt_in", "opt_out"])
def test_who_follows_a_topic_decides_who_gets_its_mail(
    strict: SandboxServer, ask: Ask, post: Ask, batch: Body, default: str
) -> None:
    """A contact's own choice goes before the default, and a later choice before an earlier one."""
    topic = ask(strict, "POST", "/topics", {"name": "Tips", "defaultSubscription": default}).json()["data"]
    people = {
        name: strict.add_contact(f"{name}@customer.example", tags=["news"])["id"]
        for name in ("quiet", "joins", "leaves")
    }

    def choose(name: str, choice: str) -> dict[str, Any]:
        body = {"subscriberId": people[name]}
        data: dict[str, Any] = ask(strict, "POST", f"/topics/{topic['id']}/{choice}", body).json()["data"]
        return data

    choose("joins", "unsubscribe")
    expected = {"topicId": topic["id"], "subscriberId": people["joins"], "subscribed": True}
    assert expected == choose("joins", "subscribe")
    assert choose("leaves", "unsubscribe")["subscribed"] is False
    post(strict, batch(strict, strict.add_tag("news")["id"], topicId=topic["id"]))
    strict.drain()
    reached = {mail["to"].partition("@")[0] for mail in strict.outbox()}
    assert ({"quiet", "joins"} if default == "opt_in" else {"joins"}) == reached


def test_choosing_needs_a_topic_and_a_contact(strict: SandboxServer, ask: Ask) -> None:
    """An unknown one of either is a 404, a missing one a 400."""
    topic, ann = strict.add_topic("Tips")["id"], strict.add_contact("ann@customer.example")["id"]
    path = f"/topics/{topic}/subscribe"
    assert 404 == ask(strict, "POST", path, {"subscriberId": "0" * 24}).status_code
    assert 404 == ask(strict, "POST", f"/topics/{'0' * 24}/subscribe", {"subscriberId": ann}).status_code
    assert 400 == ask(strict, "POST", path).status_code
