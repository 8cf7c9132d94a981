"""The queue: batch progress in both generations, pausing, blind copies, and people who are mailed once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]

COUNTS = ("totalCount", "queuedCount", "sentCount", "failedCount")


def fill(server: SandboxServer, number: int) -> str:
    """A tag of so many subscribed contacts; returns its ID."""
    for each in range(number):
        server.add_contact(f"person{each}@customer.example", tags=["news"])
    return str(server.add_tag("news")["id"])


def test_a_batch_goes_from_queued_over_processing_to_completed(
    serve: Serve, post: Post, get: Get, batch: Body
) -> None:
    """Its counts always add up and sentCount only grows."""
    server = serve(batch_seconds=0.5)
    body = batch(server, fill(server, 100))
    server.pause_queue()
    batch_id = post(server, body).json()["data"]["batchId"]
    seen = [get(server, f"/v1/sending/batches/{batch_id}").json()["data"]]
    assert ("queued", 100, 100, 0, 0) == (seen[0]["status"], *(seen[0][name] for name in COUNTS))
    server.resume_queue()
    while seen[-1]["status"] in {"queued", "processing"}:
        seen.append(get(server, f"/v1/sending/batches/{batch_id}").json()["data"])
    assert ["queued", "processing", "completed"] == list(dict.fromkeys(each["status"] for each in seen))
    assert (100, 0, 100, 0) == tuple(seen[-1][name] for name in COUNTS)
    sent = [each["sentCount"] for each in seen]
    assert sorted(sent) == sent
    assert len(set(sent)) > 3
    assert all(100 == each["queuedCount"] + each["sentCount"] + each["failedCount"] for each in seen)
    expected = {"batchId": batch_id, "recipientType": "tag", "provider": "migma", "fromName": "Acme Billing"}
    assert expected.items() <= seen[-1].items()


def test_generation_b_speaks_the_seeds_older_words(serve: Serve, post: Post, get: Get, batch: Body) -> None:
    """The batch id is only in id, and a waiting batch is pending."""
    server = serve(generation="b")
    tag = fill(server, 1)
    server.pause_queue()
    data = post(server, batch(server, tag)).json()["data"]
    assert {"id", "provider", "status", "message"} == data.keys()
    assert "pending" == get(server, f"/v1/sending/batches/{data['id']}").json()["data"]["status"]


def test_people_who_leave_while_the_batch_waits_count_as_failed(
    serve: Serve, post: Post, batch: Body
) -> None:
    """Consent is asked again at a person's turn; a batch that reached some is partial, none failed."""
    server = serve(batch_seconds=0)
    tag = fill(server, 4)
    server.pause_queue()
    post(server, batch(server, tag))
    server.add_contact("person1@customer.example", status="unsubscribed")
    server.resume_queue()
    server.drain()
    server.pause_queue()
    post(server, batch(server, tag))
    for number in range(4):
        server.add_contact(f"person{number}@customer.example", status="bounced")
    server.resume_queue()
    server.drain()
    partial, failed = server.batches()
    assert ("partial", 4, 0, 3, 1) == (partial["status"], *(partial[name] for name in COUNTS))
    assert ("failed", 3, 0, 0, 3) == (failed["status"], *(failed[name] for name in COUNTS))


def test_a_batch_that_reaches_nobody_fails_with_an_error(serve: Serve, post: Post, batch: Body) -> None:
    """It is accepted, and its status says why nothing happens."""
    server = serve()
    assert 200 == post(server, batch(server, server.add_tag("empty")["id"])).status_code
    server.drain()
    (shown,) = server.batches()
    assert ("failed", 0, True) == (shown["status"], shown["totalCount"], bool(shown["error"]))


def test_a_contact_twice_in_a_tag_gets_one_message(serve: Serve, post: Post, batch: Body) -> None:
    """Neither a second adding nor another spelling of the address makes a second message."""
    server = serve(batch_seconds=0)
    for spelling in ("ann@customer.example", "ann@customer.example", "Ann@Customer.example"):
        server.add_contact(spelling, tags=["news", "news"])
    post(server, batch(server, server.add_tag("news")["id"]))
    server.drain()
    assert ["ann@customer.example"] == [mail["to"] for mail in server.outbox()]


def test_a_segment_is_what_its_filters_let_through(serve: Serve, post: Post, batch: Body) -> None:
    """Tags, status and custom fields must all fit."""
    server = serve(batch_seconds=0)
    server.add_contact("yes@customer.example", tags=["a"], custom_fields={"plan": "pro"})
    server.add_contact("tagless@customer.example", custom_fields={"plan": "pro"})
    server.add_contact("free@customer.example", tags=["b"], custom_fields={"plan": "free"})
    server.add_contact(
        "gone@customer.example", tags=["b"], status="unsubscribed", custom_fields={"plan": "pro"}
    )
    segment = server.add_segment("pros", tags=["a", "b"], status=["active"], custom_fields={"plan": ["pro"]})
    post(server, batch(server, segment["id"], recipientType="segment", transactional=True))
    server.drain()
    assert ["yes@customer.example"] == [mail["to"] for mail in server.outbox()]
    assert [1] == [each["count"] for each in server.segments()]


def test_a_topic_of_opt_out_reaches_only_those_who_joined(serve: Serve, post: Post, batch: Body) -> None:
    """Without a word of its own a contact has the topic's default."""
    server = serve(batch_seconds=0)
    topic = server.add_topic("Beta", default_subscription="opt_out")["id"]
    server.add_contact("silent@customer.example", tags=["news"])
    server.add_contact("joined@customer.example", tags=["news"], topics={topic: True})
    post(server, batch(server, server.add_tag("news")["id"], topicId=topic))
    server.drain()
    assert ["joined@customer.example"] == [mail["to"] for mail in server.outbox()]


def test_blind_copies_are_messages_of_their_own(serve: Serve, post: Post, single: Body) -> None:
    """Each is marked, addressed to the recipient, and subject to the same exclusions."""
    server = serve()
    post(
        server, single(server, bcc=["boss@acme.example", "bounced@acme.example"], replyTo="help@acme.example")
    )
    server.drain()
    found = [(mail["to"], mail["is_bcc"], mail["headers"]["To"]) for mail in server.outbox()]
    to = "ann@customer.example"
    assert [(to, False, to), ("boss@acme.example", True, to)] == found
    assert {"help@acme.example"} == {mail["headers"]["Reply-To"] for mail in server.outbox()}
    assert ["bounced@acme.example"] == [each["to"] for each in server.suppressed()]


def test_complained_and_unsubscribed_addresses_get_no_marketing(
    serve: Serve, post: Post, single: Body
) -> None:
    """The meaning is in the local part, on any domain and with any plus-tag."""
    server = serve()
    for address in ("complained@a.example", "unsubscribed+3@b.example", "fine@a.example"):
        for transactional in (True, False):
            post(server, single(server, recipientEmail=address, transactional=transactional))
    server.drain()
    marketing = [mail["to"] for mail in server.outbox() if not mail["transactional"]]
    assert (4, ["fine@a.example"]) == (len(server.outbox()), marketing)


def test_waiting_for_a_paused_queue_ends_with_a_reason(serve: Serve, post: Post, single: Body) -> None:
    """The error says how many sends are left and how to go on."""
    server = serve()
    server.pause_queue()
    post(server, single(server))
    with pytest.raises(TimeoutError, match=r"1 sends .* resume_queue"):
        server.drain(0.05)
