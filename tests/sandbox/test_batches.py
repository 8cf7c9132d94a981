"""Batches that are throttled, fail half-way or never end, and the two ways to the contract (section 3)."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Serve = Callable[..., SandboxServer]
Post = Callable[..., httpx.Response]
Get = Callable[..., httpx.Response]
Body = Callable[..., dict[str, Any]]
Follow = Callable[..., dict[str, Any]]

COUNTS = ("totalCount", "queuedCount", "sentCount", "failedCount")
THROTTLE = {"throttledAt", "expiresAt", "resumeCount", "reason", "remainingCount", "resumeMessage"}


def fill(server: SandboxServer, number: int) -> str:
    """A tag of so many subscribed contacts; returns its ID."""
    for each in range(number):
        server.add_contact(f"person{each}@customer.example", tags=["news"])
    return str(server.add_tag("news")["id"])


@pytest.fixture
def begin(post: Post, batch: Body) -> Callable[..., str]:
    """Sends to a tag of so many people and returns the batch's id."""

    def make(server: SandboxServer, number: int) -> str:
        answer = post(server, batch(server, fill(server, number)))
        assert 200 == answer.status_code, answer.text
        return str(answer.json()["data"]["id"])

    return make


@pytest.fixture
def until(get: Get) -> Follow:
    """Asks for a batch until its status is the wanted one, or fails after ten seconds."""

    def follow(server: SandboxServer, batch_id: str, status: str, **wanted: Any) -> dict[str, Any]:
        end = time.monotonic() + 10
        while True:
            data: dict[str, Any] = get(server, f"/v1/sending/batches/{batch_id}").json()["data"]
            if status == data["status"] and wanted.items() <= data.items():
                return data
            assert time.monotonic() < end, data
            time.sleep(0.02)

    return follow


def test_a_throttled_batch_says_until_when_and_goes_on_by_itself(
    serve: Serve, begin: Callable[..., str], until: Follow
) -> None:
    """Its counts stand still meanwhile; when the sandbox's clock has passed the time, it ends."""
    server = serve(batch_seconds=0)
    server.throttle_batches(after=4, for_seconds=3600, reason="Daily limit")
    batch_id = begin(server, 10)
    shown = until(server, batch_id, "throttled")
    assert (10, 6, 4, 0) == tuple(shown[name] for name in COUNTS)
    assert THROTTLE == shown["throttle"].keys()
    assert (0, "Daily limit", 6) == tuple(
        shown["throttle"][name] for name in ("resumeCount", "reason", "remainingCount")
    )
    assert shown["throttle"]["throttledAt"] < shown["throttle"]["expiresAt"]
    with pytest.raises(TimeoutError, match="throttled"):
        server.drain(0.3)
    assert 4 == len(server.outbox())
    server.advance(3601)
    server.drain()
    ended = until(server, batch_id, "completed")
    assert (10, 0, 10, 0) == tuple(ended[name] for name in COUNTS)
    assert "throttle" not in ended
    assert 10 == len({mail["to"] for mail in server.outbox()})


def test_a_batch_can_be_throttled_again_and_counts_its_resumes(
    serve: Serve, begin: Callable[..., str], until: Follow
) -> None:
    """After so many further recipients each time."""
    server = serve(batch_seconds=0)
    server.throttle_batches(after=3, for_seconds=3600, times=2)
    batch_id = begin(server, 8)
    until(server, batch_id, "throttled", sentCount=3)
    server.advance(3601)
    assert 1 == until(server, batch_id, "throttled", sentCount=6)["throttle"]["resumeCount"]
    server.let_batches_run()
    server.drain()
    assert 8 == until(server, batch_id, "completed")["sentCount"]


def test_generation_b_has_no_word_for_throttled(
    serve: Serve, begin: Callable[..., str], until: Follow
) -> None:
    """It is processing, and the object is not shown either."""
    server = serve(batch_seconds=0, generation="b")
    server.throttle_batches(after=1, for_seconds=3600)
    shown = until(server, begin(server, 3), "processing", sentCount=1)
    assert "throttle" not in shown


def test_a_batch_that_fails_half_way_says_why_and_whom_it_reached(
    serve: Serve, begin: Callable[..., str], until: Follow
) -> None:
    """The rest is counted as failed, and nobody of it is mailed."""
    server = serve(batch_seconds=0)
    server.fail_batches(after=2, error="The provider stopped.")
    batch_id = begin(server, 5)
    server.drain()
    shown = until(server, batch_id, "failed")
    assert (5, 0, 2, 3) == tuple(shown[name] for name in COUNTS)
    assert "The provider stopped." == shown["error"]
    assert 2 == len(server.outbox())


def test_a_stalled_batch_never_ends_until_it_is_let_go(
    serve: Serve, begin: Callable[..., str], until: Follow
) -> None:
    """It stays processing, however much time passes; waiting for the queue does not wait for it."""
    server = serve(batch_seconds=0)
    server.stall_batches(after=2)
    batch_id = begin(server, 5)
    server.drain()
    server.advance(7 * 24 * 3600)
    assert (5, 3, 2, 0) == tuple(until(server, batch_id, "processing")[name] for name in COUNTS)
    server.let_batches_run()
    server.drain()
    assert 5 == until(server, batch_id, "completed")["sentCount"]


def test_a_small_batch_runs_through_whatever_befalls_larger_ones(
    serve: Serve, begin: Callable[..., str]
) -> None:
    """What is to happen after so many recipients does not happen to fewer."""
    server = serve(batch_seconds=0)
    server.stall_batches(after=3)
    server.throttle_batches(after=3)
    begin(server, 3)
    server.drain()
    assert ["completed"] == [each["status"] for each in server.batches()]


def test_a_throttled_batch_waits_on_after_a_restart(
    serve: Serve, begin: Callable[..., str], tmp_path: Any
) -> None:
    """Its throttle is in the account's file, and it goes on where it stopped."""
    first = serve(batch_seconds=0, path=tmp_path / "account.sqlite3")
    first.throttle_batches(after=2, for_seconds=3600)
    begin(first, 4)
    with pytest.raises(TimeoutError):
        first.drain(0.3)
    first.close()
    again = serve(batch_seconds=0, path=tmp_path / "account.sqlite3")
    with pytest.raises(TimeoutError):
        again.drain(0.3)
    assert ["throttled"] == [each["status"] for each in again.batches()]
    again.advance(3601)
    again.drain()
    assert 4 == len({mail["to"] for mail in again.outbox()})


def test_a_server_may_know_batches_at_the_short_path_alone(
    serve: Serve, begin: Callable[..., str], get: Get
) -> None:
    """`GET /v1/sending/{batchId}`, as one public document has it; the other path is then 404."""
    server = serve(batch_seconds=0, short_batch_path=True)
    batch_id = begin(server, 1)
    assert batch_id == get(server, f"/v1/sending/{batch_id}").json()["data"]["batchId"]
    assert 404 == get(server, f"/v1/sending/batches/{batch_id}").status_code
    usual = serve()
    assert 404 == get(usual, f"/v1/sending/{begin(usual, 1)}").status_code


def test_the_newest_generation_takes_no_raw_template(serve: Serve, post: Post, single: Body) -> None:
    """400, in words that say what to do instead; a stored email is sent as ever."""
    server = serve(raw_template=False)
    refused = post(server, single(server))
    assert (400, "VALIDATION_ERROR") == (refused.status_code, refused.json()["code"])
    assert "template" in refused.json()["error"]
    assert "emailId" in refused.json()["error"]
    neither = post(server, single(server, template=None))
    assert (400, True) == (neither.status_code, "emailId" in neither.json()["error"])
    email_id = server.add_email("S", "<p>Hello {{name}}</p>")["emailId"]
    assert 200 == post(server, single(server, template=None, projectId=None, emailId=email_id)).status_code
    server.drain()
    assert ["<p>Hello Ann</p>"] == [mail["html"] for mail in server.outbox()]


def test_what_stands_still_costs_no_time(serve: Serve, begin: Callable[..., str]) -> None:
    """A batch that waits is looked at now and then, even where batches take no time at all."""
    server = serve(batch_seconds=0)
    server.stall_batches(after=1)
    begin(server, 2)
    server.drain()
    before = time.process_time()
    time.sleep(1)
    assert time.process_time() - before < 0.5


def test_the_outbox_does_not_wait_for_a_throttled_batch(serve: Serve, begin: Callable[..., str]) -> None:
    """What has been delivered can be looked at meanwhile."""
    server = serve(batch_seconds=0)
    server.throttle_batches(after=2, for_seconds=3600)
    begin(server, 5)
    server.drain(wait_for_throttled=False)
    assert 2 == len(server.outbox())
    server.let_batches_run()
    server.drain(wait_for_throttled=False)
    assert 5 == len(server.outbox())
