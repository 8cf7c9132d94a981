"""What the account may send in a day and in a month, enforced and shown (sections 2, 6 and 8)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Ask = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]
DAY_S = 86_400


def metrics(server: SandboxServer, ask: Ask, **query: Any) -> dict[str, Any]:
    """The sending metrics."""
    data: dict[str, Any] = ask(server, "GET", "/metrics/sending", **query).json()["data"]
    return data


def to(name: str) -> dict[str, str]:
    """The change that sends to somebody else."""
    return {"recipientEmail": f"{name}@customer.example"}


def test_a_send_beyond_the_days_limit_is_refused(serve: Serve, post: Ask, single: Body) -> None:
    """The refusal says quota, nothing is accepted, and the next day it goes."""
    server = serve(daily_limit=2)
    assert [200, 200] == [post(server, single(server, **to(name))).status_code for name in ("ann", "ben")]
    answer = post(server, single(server, **to("cem")))
    assert (402, "SEND_QUOTA_EXCEEDED") == (answer.status_code, answer.json()["code"])
    assert "daily" in answer.json()["error"]
    server.drain()
    assert 2 == len(server.outbox())
    server.advance(DAY_S)
    assert 200 == post(server, single(server, **to("cem"))).status_code


def test_the_months_limit_holds_over_its_days(serve: Serve, post: Ask, single: Body) -> None:
    """It ends with the month, and it can be lifted."""
    server = serve(monthly_limit=1)
    assert 200 == post(server, single(server)).status_code
    server.drain()
    assert 402 == post(server, single(server, **to("ben"))).status_code
    server.advance(31 * DAY_S)
    assert 200 == post(server, single(server, **to("ben"))).status_code
    assert "monthly" in post(server, single(server, **to("cem"))).json()["error"]
    server.set_quota()
    assert 200 == post(server, single(server, **to("cem"))).status_code


def test_what_is_queued_counts_before_it_is_delivered(
    serve: Serve, ask: Ask, post: Ask, single: Body
) -> None:
    """The reserved mails are shown, and nothing is promised twice."""
    server = serve(daily_limit=2)
    server.pause_queue()
    for name in ("ann", "ben"):
        post(server, single(server, **to(name)))
    assert 402 == post(server, single(server, **to("cem"))).status_code
    assert {"sent": 0, "reserved": 2, "dailyLimit": 2, "remainingToday": 0} == metrics(server, ask)["today"]
    server.resume_queue()
    server.drain()
    assert {"sent": 2, "reserved": 0, "dailyLimit": 2, "remainingToday": 0} == metrics(server, ask)["today"]


def test_a_batch_needs_what_it_will_mail(serve: Serve, ask: Ask, post: Ask, batch: Body) -> None:
    """Those left out need nothing; a batch that needs too much is refused as a whole."""
    server = serve(daily_limit=3, batch_seconds=0)
    for number in range(4):
        server.add_contact(f"p{number}@customer.example", tags=["news"])
    news = server.add_tag("news")["id"]
    assert 402 == post(server, batch(server, news)).status_code
    assert ([], []) == (server.batches(), server.suppressed())
    server.add_contact("p0@customer.example", status="unsubscribed")
    assert 200 == post(server, batch(server, news)).status_code
    server.drain()
    assert (3, 0) == (metrics(server, ask)["today"]["sent"], metrics(server, ask)["today"]["remainingToday"])


def test_a_mail_that_is_suppressed_uses_no_quota(serve: Serve, post: Ask, single: Body) -> None:
    """Not even when there is none left."""
    server = serve(daily_limit=1)
    post(server, single(server))
    assert 200 == post(server, single(server, **to("bounced"))).status_code
    server.drain()
    assert ["bounced"] == [each["reason"] for each in server.suppressed()]


def test_metrics_are_what_was_sent_and_what_became_of_it(
    serve: Serve, ask: Ask, post: Ask, single: Body
) -> None:
    """Bounces and complaints are those of the log; without limits there is nothing that could remain."""
    server = serve()
    email = server.add_email("Kept", "<p>Kept</p>")
    for name in ("ann", "ben", "complained"):
        body = single(server, template=None, emailId=email["emailId"], **to(name))
        sent = post(server, body).json()["data"]["sendId"]
    server.drain()
    post(server, single(server, template=None, emailId=email["emailId"], **to("dag")))
    server.drain()
    server.note_event(server.sends()[0]["id"], "bounced")
    assert sent
    found = metrics(server, ask)
    assert {"sent": 4, "delivered": 3, "bounced": 1, "complained": 1} == found["monthly"]
    assert (None, None, False) == (found["monthlyLimit"], found["remainingMonth"], "history" in found)
    assert found["today"]["dailyLimit"] is None


def test_metrics_have_a_history_of_months(serve: Serve, ask: Ask, post: Ask, single: Body) -> None:
    """Newest first, the present one included."""
    server = serve()
    post(server, single(server))
    server.drain()
    server.advance(31 * DAY_S)
    history = metrics(server, ask, months=3)["history"]
    assert (3, 1) == (len(history), sum(month["sent"] for month in history))
    periods = [month["period"] for month in history]
    assert sorted(periods, reverse=True) == periods
    assert metrics(server, ask)["period"] == periods[0]
    assert 400 == ask(server, "GET", "/metrics/sending", months=-1).status_code


def test_what_was_sent_is_counted_after_reopening(
    serve: Serve, ask: Ask, post: Ask, single: Body, tmp_path: Path
) -> None:
    """A new process does not begin a new day."""
    first = serve(path=tmp_path / "account.sqlite")
    post(first, single(first))
    first.drain()
    first.close()
    second = serve(path=tmp_path / "account.sqlite", daily_limit=1)
    assert 1 == metrics(second, ask)["today"]["sent"]
    assert 402 == post(second, single(second, **to("ben"))).status_code
