"""What becomes of mails as time passes: drawn from a seed, by the sandbox's clock (section 6)."""

from collections import Counter
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
Mailed = Callable[..., str]
Lines = Callable[..., list[dict[str, Any]]]
DAY = 86400.0


@pytest.fixture
def mailed(post: Post, batch: Body) -> Mailed:
    """Mails a stored email to a tag of so many and returns the email's id."""

    def send(server: SandboxServer, number: int) -> str:
        email_id = str(server.add_email("S", "<p>x</p>", conversation_id="c")["emailId"])
        for each in range(number):
            server.add_contact(f"p{each}@customer.example", tags=["news"], country="NZ")
        tag = server.add_tag("news")["id"]
        assert 200 == post(server, batch(server, tag, template=None, emailId=email_id)).status_code
        server.drain()
        return email_id

    return send


@pytest.fixture
def lines(get: Get) -> Lines:
    """All lines of an email's log, page by page."""

    def read(server: SandboxServer, email_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            data = get(server, f"/v1/emails/{email_id}/logs?limit=100{cursor}").json()["data"]
            found += data["emails"]
            if not data["hasMore"]:
                return found
            cursor = f"&cursor={data['nextCursor']}"

    return read


def test_nothing_becomes_of_mails_unless_it_is_let_happen(serve: Serve, mailed: Mailed, lines: Lines) -> None:
    """They are delivered at once and stay so."""
    server = serve(batch_seconds=0)
    email_id = mailed(server, 50)
    server.advance(7 * DAY)
    assert {"delivered"} == {line["status"] for line in lines(server, email_id)}


def test_mails_arrive_and_are_opened_and_clicked_as_time_passes(
    serve: Serve, mailed: Mailed, lines: Lines
) -> None:
    """First all are only sent, then they arrive, at last the shares are about those that were wanted."""
    server = serve(batch_seconds=0)
    server.let_happen(seed=7, opened=0.5, clicked=0.2, bounced=0.1, complained=0.05)
    email_id = mailed(server, 400)
    assert {"sent"} == {line["status"] for line in lines(server, email_id)}
    server.advance(60)
    early = Counter(line["status"] for line in lines(server, email_id))
    assert early["delivered"] > 300
    server.advance(7 * DAY)
    late = lines(server, email_id)
    statuses = Counter(line["status"] for line in late)
    assert statuses.keys() <= {"delivered", "opened", "clicked", "bounced", "complained"}
    for found, share in (
        (sum(line["opened_at"] is not None for line in late), 0.9 * 0.5),
        (sum(line["clicked_at"] is not None for line in late), 0.9 * 0.2),
        (statuses["bounced"], 0.1),
    ):
        assert 0.6 * share < found / 400 < 1.4 * share
    assert all(line["opened_at"] > line["created_at"] for line in late if line["opened_at"])
    assert all(line["clicked_at"] > line["opened_at"] for line in late if line["clicked_at"])
    assert all("Permanent" == line["bounce_type"] for line in late if line["status"] == "bounced")


def test_the_same_seed_gives_the_same_fates(serve: Serve, mailed: Mailed, lines: Lines) -> None:
    """And another seed others."""
    found = []
    for seed in (1, 1, 2):
        server = serve(batch_seconds=0)
        server.let_happen(seed=seed, opened=0.5, clicked=0.5)
        email_id = mailed(server, 60)
        server.advance(7 * DAY)
        found.append({line["to_email"]: line["status"] for line in lines(server, email_id)})
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_whoever_bounced_or_unsubscribed_is_left_out_of_the_next_batch(
    serve: Serve, mailed: Mailed, get: Get
) -> None:
    """What happened to a mail is known of the contact from then on (S20, S21)."""
    server = serve(batch_seconds=0)
    server.let_happen(opened=0, clicked=0, bounced=0.2, complained=0.1, unsubscribed=0.2)
    email_id = mailed(server, 100)
    server.advance(7 * DAY)
    gone = {each["email"] for each in server.contacts() if each["status"] != "subscribed"}
    assert 20 < len(gone) < 70
    mailed(server, 0)
    second = [mail["to"] for mail in server.outbox()[100:]]
    assert 100 - len(gone) == len(second)
    assert gone.isdisjoint(second)
    summary = get(server, f"/v1/emails/{email_id}/metrics").json()["data"]["summary"]
    assert len(gone) >= summary["bounced"] + summary["unsubscribed"] > 0


def test_metrics_add_up_what_the_log_says(serve: Serve, mailed: Mailed, lines: Lines, get: Get) -> None:
    """Counts, shares from 0 to 100, a point for each day and the countries of who opened."""
    server = serve(batch_seconds=0)
    server.let_happen(seed=3, opened=0.5, clicked=0.2, bounced=0.1)
    email_id = mailed(server, 200)
    server.advance(7 * DAY)
    late = lines(server, email_id)
    data = get(server, f"/v1/emails/{email_id}/metrics").json()["data"]
    opened = sum(line["opened_at"] is not None for line in late)
    bounced = sum(line["status"] == "bounced" for line in late)
    summary = data["summary"]
    assert (200, opened, bounced, 200 - bounced) == tuple(
        summary[name] for name in ("totalEmails", "opened", "bounced", "delivered")
    )
    assert round(100 * opened / (200 - bounced), 2) == summary["openRate"]
    assert [200] == [day["sent"] for day in data["timeSeries"]]
    assert [{"country": "NZ", "count": opened}] == data["countryBreakdown"]


def test_metrics_outlast_the_log(serve: Serve, mailed: Mailed, lines: Lines, get: Get) -> None:
    """The log forgets after 30 days, the figures do not."""
    server = serve(batch_seconds=0)
    email_id = mailed(server, 3)
    server.advance(31 * DAY)
    assert [] == lines(server, email_id)
    assert 3 == get(server, f"/v1/emails/{email_id}/metrics").json()["data"]["summary"]["totalEmails"]


def test_what_was_to_come_comes_after_a_restart(
    serve: Serve, mailed: Mailed, lines: Lines, tmp_path: Path
) -> None:
    """What was drawn is in the account's file."""
    first = serve(path=tmp_path / "account.sqlite3", batch_seconds=0)
    first.let_happen(opened=1, clicked=1, bounced=0, complained=0, unsubscribed=0)
    email_id = mailed(first, 20)
    first.close()
    again = serve(path=tmp_path / "account.sqlite3")
    assert {"sent"} == {line["status"] for line in lines(again, email_id)}
    again.advance(6 * 3600)
    assert 1 < len({line["status"] for line in lines(again, email_id)})
    again.advance(7 * DAY)
    late = lines(again, email_id)
    assert ({"clicked"}, {1}) == (
        {line["status"] for line in late},
        {line["open_count"] for line in late},
    )


def test_time_that_passes_by_itself_has_things_happen_too(serve: Serve, mailed: Mailed, lines: Lines) -> None:
    """Once mails are let be again, they are delivered at once."""
    server = serve(batch_seconds=0)
    server.let_happen(opened=0, clicked=0, bounced=1)
    first = mailed(server, 1)
    server.let_nothing_happen()
    server.advance(31)
    assert ["bounced"] == [line["status"] for line in lines(server, first)]


@pytest.mark.parametrize("shares", [{"opened": 1.5}, {"bounced": -1}, {"opened": 0.1, "clicked": 0.2}])
def test_shares_that_are_none_are_refused(serve: Serve, shares: dict[str, float]) -> None:
    """The error names the share."""
    with pytest.raises(ValueError, match=r"opened|bounced|clicked"):
        serve().let_happen(**shares)  # type: ignore[arg-type]
