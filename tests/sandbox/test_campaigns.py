"""Campaigns by plain HTTP: made, scheduled, sent, cancelled, archived, and their logs (section 7)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Draft = Callable[..., dict[str, Any]]
Step = Callable[..., dict[str, Any]]
DAY = 86400.0


def soon(**ahead: float) -> str:
    """A time that is so far ahead, in ISO 8601."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


@pytest.fixture
def sound() -> Draft:
    """Makes a sound body for a campaign to a tag of three, one of whom is unsubscribed."""

    def make(server: SandboxServer, **changes: Any) -> dict[str, Any]:
        for name, status in (("ann", "subscribed"), ("bob", "subscribed"), ("cy", "unsubscribed")):
            to = f"{name}@customer.example"
            server.add_contact(to, status=status, tags=["news"], first_name=name.title())
        email = server.add_email("Hi {{firstName}}", "<p>{{firstName}}, {{offer}}</p>")
        body = {
            "projectId": server.project_id,
            "name": "November",
            "conversationId": email["conversationId"],
            "from": "news@acme.example",
            "fromName": "Acme",
            "recipientType": "tag",
            "recipientId": server.add_tag("news")["id"],
            "variables": {"offer": "10 %"},
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    return make


@pytest.fixture
def draft(post_to: Post, sound: Draft) -> Draft:
    """Makes a campaign and returns it."""

    def make(server: SandboxServer, **changes: Any) -> dict[str, Any]:
        answer = post_to(server, "/v1/campaigns", sound(server, **changes))
        assert 201 == answer.status_code, answer.text
        made: dict[str, Any] = answer.json()["data"]
        return made

    return make


@pytest.fixture
def step(post_to: Post) -> Step:
    """Has a campaign take a step and returns it."""

    def take(server: SandboxServer, campaign: dict[str, Any], name: str, body: Any = None) -> dict[str, Any]:
        answer = post_to(server, f"/v1/campaigns/{campaign['id']}/{name}", body)
        assert 200 == answer.status_code, answer.text
        after: dict[str, Any] = answer.json()["data"]
        return after

    return take


@pytest.fixture
def shown(get: Get) -> Draft:
    """Asks for a campaign, or for what is below it."""

    def ask(server: SandboxServer, campaign: dict[str, Any], below: str = "") -> dict[str, Any]:
        answer = get(server, f"/v1/campaigns/{campaign['id']}{below}")
        assert 200 == answer.status_code, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    return ask


def test_a_campaign_goes_from_draft_to_sent_as_marketing(
    serve: Serve, draft: Draft, step: Step, shown: Draft, get: Get
) -> None:
    """Its subject is the email's own; who unsubscribed gets nothing (S20); its batch is one like others."""
    server = serve(strict=True, domains=["acme.example"], batch_seconds=0)
    made = draft(server)
    assert ("draft", "Hi {{firstName}}", 3, None, None) == tuple(
        made[name] for name in ("status", "subject", "estimatedRecipients", "batchId", "sentAt")
    )
    assert [] == server.outbox()
    going = step(server, made, "send")
    assert ("sending", 2, True) == (going["status"], going["estimatedRecipients"], bool(going["sentAt"]))
    server.drain()
    sent = shown(server, made)
    assert ("sent", True, None) == (sent["status"], sent["completedAt"] >= sent["sentAt"], sent["error"])
    batch = get(server, f"/v1/sending/batches/{sent['batchId']}").json()["data"]
    assert ("completed", 2) == (batch["status"], batch["sentCount"])
    mails = {mail["to"]: mail for mail in server.outbox()}
    assert {"ann@customer.example", "bob@customer.example"} == mails.keys()
    ann = mails["ann@customer.example"]
    assert ("Hi Ann", "<p>Ann, 10 %</p>") == (ann["subject"], ann["html"])
    assert "List-Unsubscribe" in ann["headers"]


def test_a_scheduled_campaign_goes_when_the_clock_has_come_there(
    serve: Serve, draft: Draft, step: Step, shown: Draft
) -> None:
    """Not before; the time that it was sent at is the one that was wanted."""
    server = serve(batch_seconds=0)
    made = draft(server)
    planned = step(server, made, "schedule", {"scheduledAt": soon(days=1)})
    assert ("scheduled", "UTC") == (planned["status"], planned["scheduledTimezone"])
    server.advance(DAY / 2)
    assert "scheduled" == shown(server, made)["status"]
    server.advance(DAY)
    server.drain()
    sent = shown(server, made)
    assert ("sent", planned["scheduledAt"]) == (sent["status"], sent["sentAt"])
    assert 2 == len(server.outbox())


def test_a_time_without_an_offset_is_one_of_its_zone(serve: Serve, draft: Draft, step: Step) -> None:
    """`scheduledTimezone`, an IANA name; UTC by default."""
    server = serve()
    naive = "2099-07-01T09:00:00"
    times = {}
    for zone in ("UTC", "America/New_York"):
        body = {"scheduledAt": naive, "scheduledTimezone": zone}
        times[zone] = step(server, draft(server), "schedule", body)["scheduledAt"]
    assert {"UTC": "2099-07-01T09:00:00.000Z", "America/New_York": "2099-07-01T13:00:00.000Z"} == times


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scheduledAt": "tomorrow"},
        {"scheduledAt": "2020-01-01T00:00:00Z"},
        {"scheduledAt": "2099-01-01T00:00:00", "scheduledTimezone": "Mars/Base"},
        {"scheduledAt": "2099-01-01T00:00:00", "scheduledTimezone": "../etc"},
    ],
    ids=["none", "words", "past", "no zone", "a path"],
)
def test_a_time_that_is_none_is_400(serve: Serve, draft: Draft, post_to: Post, body: dict[str, str]) -> None:
    """The campaign stays a draft."""
    server = serve()
    answer = post_to(server, f"/v1/campaigns/{draft(server)['id']}/schedule", body)
    assert (400, True) == (answer.status_code, "scheduled" in answer.json()["error"])
    assert ["draft"] == [each["status"] for each in server.campaigns()]


def test_a_cancelled_campaign_never_goes(serve: Serve, draft: Draft, step: Step, shown: Draft) -> None:
    """Nor one that was scheduled anew at the time of its first schedule."""
    server = serve(batch_seconds=0)
    cancelled, moved = draft(server), draft(server, name="Moved")
    for each in (cancelled, moved):
        step(server, each, "schedule", {"scheduledAt": soon(days=1)})
    step(server, cancelled, "cancel")
    step(server, moved, "schedule", {"scheduledAt": soon(days=3)})
    server.advance(2 * DAY)
    server.drain()
    assert ("cancelled", "scheduled", []) == (
        shown(server, cancelled)["status"],
        shown(server, moved)["status"],
        server.outbox(),
    )
    server.advance(2 * DAY)
    server.drain()
    assert ("sent", 2) == (shown(server, moved)["status"], len(server.outbox()))


def test_a_going_campaign_is_stopped_where_it_is(
    serve: Serve, draft: Draft, step: Step, shown: Draft, get: Get
) -> None:
    """Whom it has not reached counts as failed in its batch."""
    server = serve(batch_seconds=0)
    server.throttle_batches(after=1, for_seconds=3600)
    made = draft(server)
    step(server, made, "send")
    with pytest.raises(TimeoutError):
        server.drain(0.3)
    assert "throttled" == shown(server, made)["status"]
    step(server, made, "cancel")
    server.advance(2 * 3600)
    server.drain()
    after = shown(server, made)
    batch = get(server, f"/v1/sending/batches/{after['batchId']}").json()["data"]
    assert ("cancelled", "failed", 1, 1, 0) == (
        after["status"],
        *(batch[name] for name in ("status", "sentCount", "failedCount", "queuedCount")),
    )
    assert 1 == len(server.outbox())


def test_a_batch_that_fails_fails_its_campaign(serve: Serve, draft: Draft, step: Step, shown: Draft) -> None:
    """Its error is the batch's; a campaign that is due and cannot be sent fails as well."""
    server = serve(batch_seconds=0, strict=True, domains=["acme.example"])
    server.fail_batches(after=1, error="The provider stopped.")
    failed, due = draft(server), draft(server, name="Due")
    step(server, failed, "send")
    step(server, due, "schedule", {"scheduledAt": soon(days=1)})
    server.drain()
    assert ("failed", "The provider stopped.") == tuple(
        shown(server, failed)[name] for name in ("status", "error")
    )
    server.add_domain("acme.example", verified=False)
    server.advance(2 * DAY)
    after = shown(server, due)
    assert ("failed", True) == (after["status"], "not verified" in after["error"])


def test_steps_that_its_status_forbids_are_400(serve: Serve, draft: Draft, step: Step, post_to: Post) -> None:
    """A sent campaign is not sent again, and only one that is to come or goes is cancelled."""
    server = serve(batch_seconds=0)
    made = draft(server)
    path = f"/v1/campaigns/{made['id']}"
    assert 400 == post_to(server, f"{path}/cancel").status_code
    step(server, made, "send")
    server.drain()
    for name, body in (("send", None), ("schedule", {"scheduledAt": soon(days=1)}), ("cancel", None)):
        answer = post_to(server, f"{path}/{name}", body)
        assert (400, "INVALID_STATUS") == (answer.status_code, answer.json()["code"])
    assert 2 == len(server.outbox())


def test_a_campaign_is_sent_once_under_a_key(serve: Serve, draft: Draft, post_to: Post) -> None:
    """Creating, sending and scheduling honour `Idempotency-Key`; a repeat is the first answer."""
    server = serve(batch_seconds=0)
    made = draft(server)
    path = f"/v1/campaigns/{made['id']}/send"
    first, second = (post_to(server, path, key="k1") for _ in range(2))
    assert (200, first.content, "true") == (
        second.status_code,
        second.content,
        second.headers["Idempotent-Replayed"],
    )
    server.drain()
    assert 2 == len(server.outbox())


def test_a_campaign_is_made_and_scheduled_once_under_a_key(serve: Serve, sound: Draft, post_to: Post) -> None:
    """Another body under the same key is 409."""
    server = serve()
    body = sound(server)
    first, second = (post_to(server, "/v1/campaigns", body, key="k1") for _ in range(2))
    assert (201, first.content) == (second.status_code, second.content)
    assert 409 == post_to(server, "/v1/campaigns", body | {"name": "Other"}, key="k1").status_code
    assert 1 == len(server.campaigns())
    path = f"/v1/campaigns/{first.json()['data']['id']}/schedule"
    when = {"scheduledAt": soon(days=1)}
    answers = [post_to(server, path, when, key="k2") for _ in range(2)]
    assert [None, "true"] == [each.headers.get("Idempotent-Replayed") for each in answers]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"recipientType": "segment"}, (400, "recipientType")),
        ({"recipientType": "email"}, (400, "recipientType")),
        ({"conversationId": None}, (400, "conversationId")),
        ({"name": None}, (400, "name")),
        ({"from": "nobody"}, (400, "from")),
        ({"recipientId": "0" * 24}, (404, "recipientId")),
        ({"conversationId": "0" * 24}, (404, "conversationId")),
        ({"emailId": "0" * 24}, (404, "emailId")),
        ({"projectId": "0" * 24}, (404, "projectId")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_campaign_without_what_it_needs_is_refused(
    serve: Serve, sound: Draft, post_to: Post, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """Only an audience or a tag; the sentence names the field."""
    server = serve(strict=True, domains=["acme.example"])
    answer = post_to(server, "/v1/campaigns", sound(server, **changes))
    assert refusal == (answer.status_code, refusal[1] if refusal[1] in answer.json()["error"] else "")
    assert [] == server.campaigns()


def test_an_audience_is_a_segment(serve: Serve, draft: Draft, step: Step) -> None:
    """`recipientType: audience` with a segment's id."""
    server = serve(batch_seconds=0)
    segment = server.add_segment("news", tags=["news"])
    step(server, draft(server, recipientType="audience", recipientId=segment["id"]), "send")
    server.drain()
    assert 2 == len(server.outbox())


def test_either_of_two_permissions_does(serve: Serve, draft: Draft, sound: Draft, post_to: Post) -> None:
    """`email:send` or `campaign:write` to change, `email:read` or `campaign:read` to read."""
    server = serve()
    made, body = draft(server), sound(server)
    path = f"{server.url}/v1/campaigns/{made['id']}"
    for permissions, may_write, may_read in (
        (["email:send"], True, False),
        (["CAMPAIGN_WRITE"], True, False),
        (["email:read"], False, True),
        (["campaign:read"], False, True),
        (["audience:read"], False, False),
    ):
        key = server.make_key(permissions)
        assert (201 if may_write else 403) == post_to(server, "/v1/campaigns", body, api_key=key).status_code
        answer = httpx.get(path, headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        assert (200 if may_read else 403) == answer.status_code


def test_the_list_shows_campaigns_in_pages(serve: Serve, draft: Draft, step: Step, get: Get) -> None:
    """Newest first, by status and project; archived ones only when they are asked for."""
    server = serve(batch_seconds=0)
    made = [draft(server, name=f"c{number}") for number in range(4)]
    step(server, made[0], "send")
    server.drain()
    assert step(server, made[1], "archive")["archivedAt"] is not None

    def names(query: str) -> tuple[list[str], int]:
        data = get(server, f"/v1/campaigns?projectId={server.project_id}{query}").json()["data"]
        return [each["name"] for each in data["campaigns"]], data["total"]

    assert (["c3", "c2"], 3) == names("&limit=2")
    assert (["c0"], 3) == names("&limit=2&page=2")
    assert (["c0"], 1) == names("&status=sent")
    assert (["c1"], 1) == names("&archived=true")
    assert step(server, made[1], "unarchive")["archivedAt"] is None
    assert (["c3", "c2", "c1", "c0"], 4) == names("")
    assert {"campaigns": [], "total": 0} == get(server, "/v1/campaigns?projectId=other").json()["data"]


def test_logs_and_stats_tell_what_became_of_a_campaign(
    serve: Serve, draft: Draft, step: Step, shown: Draft
) -> None:
    """One line for each recipient, with more columns than an email's log has; the suppressed are in it."""
    server = serve(batch_seconds=0)
    made = draft(server)
    assert ([], 0) == (shown(server, made, "/logs")["emails"], shown(server, made, "/stats")["totalSent"])
    step(server, made, "send")
    server.drain()
    lines = {line["to_email"]: line for line in shown(server, made, "/logs")["emails"]}
    assert {"ann@customer.example": "delivered", "bob@customer.example": "delivered"} | {
        "cy@customer.example": "suppressed"
    } == {to: line["status"] for to, line in lines.items()}
    cy = lines["cy@customer.example"]
    assert ("unsubscribe", "unsubscribed") == (cy["suppression_type"], cy["suppression_reason"])
    assert {made["id"]} == {line["campaign_id"] for line in lines.values()}
    assert {made["conversationId"]} == {line["conversation_id"] for line in lines.values()}
    ids = {each["email"]: each["id"] for each in server.contacts()}
    assert ids == {to: line["subscriber_id"] for to, line in lines.items()}
    server.note_event(lines["ann@customer.example"]["tracking_id"], "clicked")
    server.note_event(lines["ann@customer.example"]["tracking_id"], "opened")
    server.note_event(lines["bob@customer.example"]["tracking_id"], "bounced")
    stats = shown(server, made, "/stats")
    figures = ("totalSent", "totalDelivered", "uniqueOpens", "totalOpens", "uniqueClicks", "bounces")
    assert (2, 1, 1, 2, 1, 1) == tuple(stats[name] for name in figures)
    assert (100.0, 100.0) == (stats["openRate"], stats["clickRate"])
    [clicked] = shown(server, made, "/logs?status=clicked")["emails"]
    assert "ann@customer.example" == clicked["to_email"]


def test_a_campaigns_log_has_no_word_for_suppressed(serve: Serve, draft: Draft, get: Get) -> None:
    """Its filter has five words where an email's has seven."""
    server = serve()
    path = f"/v1/campaigns/{draft(server)['id']}/logs"
    assert [400, 400, 200] == [
        get(server, f"{path}?status={word}").status_code for word in ("suppressed", "sent", "bounced")
    ]


def test_an_unknown_campaign_is_404(serve: Serve, post_to: Post, get: Get) -> None:
    """Everywhere below it, too."""
    server = serve()
    for below in ("", "/stats", "/logs"):
        assert 404 == get(server, f"/v1/campaigns/none{below}").status_code
    for name in ("send", "cancel", "archive", "unarchive"):
        assert 404 == post_to(server, f"/v1/campaigns/none/{name}").status_code


def test_a_rehearsal_takes_an_email_that_only_migma_knows(serve: Serve, draft: Draft, step: Step) -> None:
    """What is not known is said instead of shown."""
    server = serve(batch_seconds=0)
    step(server, draft(server, conversationId="conv_abc123"), "send")
    server.drain()
    assert {"[The subject of conversation conv_abc123]"} == {mail["subject"] for mail in server.outbox()}


def test_a_scheduled_campaign_outlives_the_server(
    serve: Serve, draft: Draft, step: Step, tmp_path: Path
) -> None:
    """It goes when it is due, whoever serves it then."""
    first = serve(path=tmp_path / "account.sqlite3")
    step(first, draft(first), "schedule", {"scheduledAt": soon(days=1)})
    first.close()
    again = serve(path=tmp_path / "account.sqlite3", batch_seconds=0)
    again.advance(2 * DAY)
    again.drain()
    assert (["sent"], 2) == ([each["status"] for each in again.campaigns()], len(again.outbox()))


def test_faults_befall_the_sending_of_a_campaign_too(serve: Serve, draft: Draft, post_to: Post) -> None:
    """An answer may be lost though the campaign goes; the key then brings the answer."""
    server = serve(batch_seconds=0)
    path = f"/v1/campaigns/{draft(server)['id']}/send"
    server.set_faults({"accept_then_drop": 1.0})
    with pytest.raises(httpx.TransportError):
        post_to(server, path, key="k1")
    server.set_faults({})
    again = post_to(server, path, key="k1")
    assert (200, "true") == (again.status_code, again.headers["Idempotent-Replayed"])
    server.drain()
    assert 2 == len(server.outbox())
